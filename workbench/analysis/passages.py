"""The passage that a result is shown with: the lines of its page that answer best, and its heat in a few bytes.

Read from the stored words and vectors of all pages at once; no picture is opened. The heat is that of `heatmap`, so a
small picture of a page and the open page show the same. What this module does not do: rank, or find blocks of a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np

from workbench import heatmap
from workbench.analysis.explanation import scored
from workbench.regions import intersection, lines
from workbench.store import Collection
from workbench.store.textindex import tokens
from workbench.types import Explanation, Float, Page, PageRef, Passage, QueryEmbedding, Words

MAX_LINES = 3
"""Lines of a passage: what is read at a glance beside a small picture."""
MAX_PLACES = 256
"""Hottest places of a page that are told of: those of a thumbnail, which is some hundred pixels wide."""
MAX_WORDS = 3
"""Query words that are named as the reason."""
NEAR = 1.2
"""Heights of a line that may lie between it and the next one of a passage; more is another paragraph or column."""
SAME = 0.5
"""The part of a word's or a line's box that a vector's has to share to stand for it."""
ALIKE = sum(heatmap.SHARED["one"]) / 2
"""The cosine from which on a word of the page answers a word of the query: the middle of what the heat shows."""


def passages(
    collection: Collection, refs: Mapping[str, PageRef], query: QueryEmbedding, rarity: Float, encoder: str
) -> Iterator[Passage]:
    """The passages of pages by id, in their order, for a query as an encoder has it (empty: the first).

    ``rarity (m,)`` as in `explain`. A page without vectors of that encoder is left out.
    """
    space = collection.space(encoder)
    embeddings = dict(space.embeddings(list(refs)))
    pages = {page.ref: page for page in collection.rebuilt(list(refs))}
    said = set(tokens(query.text))
    for page_id, ref in refs.items():
        if page_id in embeddings and ref in pages:
            yield passage(pages[ref], scored(ref, embeddings[page_id], query, rarity, space.encoder), said)


def passage(page: Page, found: Explanation, said: set[str]) -> Passage:
    """The passage of one page; ``said`` are the words of the query as the text index has them."""
    chosen, share = best_lines(page.words, found)
    text, marks = _marked(page.words, chosen, _answering(page.words, chosen, found, said))
    boxes = page.words.boxes[chosen]
    around = np.r_[boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)].tolist() if len(chosen) else [0.0] * 4
    low, high = heatmap.bounds(found, heatmap.USUAL)
    strength = heatmap.scaled(heatmap.values(found), low, high) * found.geometry.placed
    hottest = np.argsort(-strength, kind="stable")[:MAX_PLACES]
    hottest = hottest[strength[hottest] > 0]
    wanted = sorted((row for row in found.ledger if row.share > 0), key=lambda row: -row.share)
    return Passage(
        ref=page.ref,
        text=text,
        marks=marks,
        box=(around[0], around[1], around[2], around[3]),
        share=share,
        words=tuple((row.label, row.share) for row in wanted[:MAX_WORDS]),
        places=found.geometry.boxes[hottest],
        heat=strength[hottest],
    )


def best_lines(words: Words, found: Explanation) -> tuple[list[int], float]:
    """Words (indices) of the lines, one below another, that would score most as a page of their own; and how much.

    That is as a part of the page's MaxSim, at most 1. None where no line has a vector that any query token is like.
    """
    areas = lines(words)
    if not areas:
        return [], 0.0
    boxes = np.asarray([area.box for area in areas], np.float32)
    places = found.geometry.boxes
    smaller = np.minimum(_sizes(boxes)[:, None], _sizes(places)[None])
    within = (intersection(boxes, places) >= SAME * smaller) & (smaller > 0) & found.geometry.placed
    gains = found.query.weights[:, None] * found.similarities
    by_line = np.stack([gains[:, inside].max(axis=1, initial=0) for inside in within], axis=1)
    best, first, last = 0.0, 0, -1
    for start in range(len(areas)):
        won = np.zeros(len(gains))
        for end in range(start, min(start + MAX_LINES, len(areas))):
            if end > start and not _follows(boxes[end - 1], boxes[end]):
                break
            won = np.maximum(won, by_line[:, end])
            if won.sum() > best:
                best, first, last = float(won.sum()), start, end
    numbers, at = np.unique(words.lines, return_index=True)
    order = numbers[np.argsort(at)][first : last + 1]
    return np.flatnonzero(np.isin(words.lines, order)).tolist(), best / max(found.score, best) if best else 0.0


def _sizes(boxes: Float) -> Float:
    return np.asarray(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1), np.float32)


def _follows(upper: Float, lower: Float) -> bool:
    """Whether a line stands right below another, in one column."""
    height = max(float(upper[3] - upper[1]), float(lower[3] - lower[1]))
    gap = float(lower[1] - upper[3])
    return bool(-height < gap < NEAR * height and min(upper[2], lower[2]) > max(upper[0], lower[0]))


def _answering(words: Words, chosen: Sequence[int], found: Explanation, said: set[str]) -> set[int]:
    """Those of the words that the query says, or that a query word was met in, which is how a synonym shows."""
    winners = [row.box for row in found.ledger if row.weight > 0 and row.similarity >= ALIKE]
    boxes = np.asarray(winners, np.float32).reshape(-1, 4)
    own = words.boxes[list(chosen)]
    larger = np.maximum(_sizes(own)[:, None], _sizes(boxes)[None])
    met = np.any((intersection(own, boxes) > SAME * larger) & (larger > 0), axis=1).tolist()
    return {i for i, here in zip(chosen, met, strict=True) if here or said & _stems(words.texts[i])}


@lru_cache(maxsize=65_536)
def _stems(word: str) -> frozenset[str]:
    return frozenset(tokens(word))


def _marked(words: Words, chosen: Sequence[int], answering: set[int]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Words joined by spaces, and where those stand that answer; neighbours are marked as one."""
    text = ""
    marks: list[tuple[int, int]] = []
    for i in chosen:
        start = len(text) + bool(text)
        text = f"{text} {words.texts[i]}" if text else words.texts[i]
        if i not in answering:
            continue
        if marks and marks[-1][1] == start - 1:
            marks[-1] = (marks[-1][0], len(text))
        else:
            marks.append((start, len(text)))
    return text, tuple(marks)
