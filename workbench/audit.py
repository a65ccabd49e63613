"""Pages to look at twice: found by too many unrelated questions, or copies of one another.

A single picture can be made so that any question finds it ("One Pic is All it Takes", arXiv 2504.02132), and natural
pages can be hubs too: tables of contents, index pages, dense text. Each page is held against probe questions that have
nothing to do with it; the numbers are evidence for a person, not a verdict. A page made for one question only does not
show here. What this module does not do: remove anything, or change a ranking.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float, QueryEmbedding, Words

Z_LIMIT = 6.0
SHARE_LIMIT = 0.10
FLOOR_LIMIT = 2.0
MIN_PAGES = 100
"""Below so many pages a count of top places says little, and the floor alone is held against its limit."""
NEAR_COSINE = 0.985
NEAR_WORDS = 0.8
_SHINGLE = 3
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class PageHubness:
    """One page against all probes.

    ``count`` probes with the page among their best k, ``z`` how far that lies above chance (in standard deviations of a
    binomial count), ``floor`` the 10th percentile over probes of the page's robust z-score among all pages: near or
    below 0 for a natural page, high for one that every question finds. ``suspicious`` when a limit is passed.
    """

    page_id: str
    count: int
    z: float
    floor: float
    suspicious: bool


@dataclass(frozen=True, slots=True)
class Concentration:
    """How few of a page's vectors win: ``share`` of all (probe, token) maxima won by its best eight ``vectors``."""

    share: float
    vectors: tuple[int, ...]


def probe_texts(pages: Sequence[Words], count: int, seed: int = 0) -> list[str]:
    """``count`` probe questions: half are text lines of the pages, half random words of them. The same for a seed.

    Neither is a question anybody asked; hold them apart from evaluation questions.
    """
    lines = sorted({line for words in pages for line in _lines(words)})
    vocabulary = sorted({word.lower() for words in pages for text in words.texts for word in _WORD.findall(text)})
    if not vocabulary:
        return []
    generator = random.Random(seed)
    asked = generator.sample(lines, min(count // 2, len(lines)))
    while len(asked) < count:
        asked.append(" ".join(generator.choices(vocabulary, k=generator.randint(3, 7))))
    return asked


def hubness(page_ids: Sequence[str], scores: Float, k: int = 10) -> list[PageHubness]:
    """Every page against the probes, the most suspicious first.

    ``scores (probes, pages) float32``, a probe's score for each page. Ties at the k-th place go to the first page id.
    """
    probes, pages = scores.shape
    if not probes or not pages:
        return []
    k = min(k, pages)
    order = np.argsort(np.asarray(page_ids, object))
    best = order[np.argsort(-scores[:, order], axis=1, kind="stable")[:, :k]]
    counts = np.bincount(best.ravel(), minlength=pages)
    expected = probes * k / pages
    z = (counts - expected) / max(expected * (1 - k / pages), 1e-9) ** 0.5
    floors = np.percentile(_robust(scores), 10, axis=0)
    crowded = (z > Z_LIMIT) & (counts > SHARE_LIMIT * probes) if pages >= MIN_PAGES else np.zeros(pages, bool)
    suspicious = crowded | (floors > FLOOR_LIMIT)
    found = [
        PageHubness(page, int(counts[i]), float(z[i]), float(floors[i]), bool(suspicious[i]))
        for i, page in enumerate(page_ids)
    ]
    return sorted(found, key=lambda page: (not page.suspicious, -page.floor, -page.count, page.page_id))


def skewness(counts: Sequence[int]) -> float:
    """Skewness of the counts over the pages (Radovanovic et al. 2010): 0 without hubs, large with them."""
    values = np.asarray(counts, np.float64)
    spread = values.std()
    return float((((values - values.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0


def concentration(probes: Sequence[QueryEmbedding], vectors: Float, best: int = 8) -> Concentration:
    """Which of a page's ``vectors (n, dim)`` win the tokens of unrelated probes: on a natural page, many."""
    wins = np.zeros(len(vectors), np.int64)
    for probe in probes:
        np.add.at(wins, (probe.vectors @ vectors.T).argmax(axis=1), 1)
    top = np.argsort(-wins, kind="stable")[:best]
    return Concentration(float(wins[top].sum() / max(wins.sum(), 1)), tuple(int(i) for i in top if wins[i]))


def near_copies(
    page_ids: Sequence[str], vectors: Float, text_of: Callable[[str], str], limit: int = 200
) -> list[tuple[str, str, float]]:
    """Pairs of pages that look and read alike: ``(page, page, cosine)``, the most alike first.

    ``vectors (pages, dim)`` has a unit row per page. A pair counts when the cosine is at least `NEAR_COSINE` and the
    texts share at least `NEAR_WORDS` of their runs of three words. Pages are compared in blocks, so that memory grows
    with the pages, not with their pairs.
    """
    pairs: list[tuple[float, int, int]] = []
    step = 1024
    for start in range(0, len(vectors), step):
        close = vectors[start : start + step] @ vectors.T
        rows, cols = np.nonzero(close >= NEAR_COSINE)
        pairs += [
            (float(close[row, col]), start + int(row), int(col))
            for row, col in zip(rows, cols, strict=True)
            if start + row < col
        ]
    found = []
    for cosine, a, b in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if jaccard(text_of(page_ids[a]), text_of(page_ids[b])) >= NEAR_WORDS:
            found.append((page_ids[a], page_ids[b], cosine))
            if len(found) == limit:
                break
    return found


def jaccard(a: str, b: str) -> float:
    """Runs of three words that two texts share, over all they have; 1 for two texts without words."""
    first, second = _shingles(a), _shingles(b)
    union = first | second
    return len(first & second) / len(union) if union else 1.0


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[i : i + _SHINGLE]) for i in range(max(1, len(words) - _SHINGLE + 1))} if words else set()


def _robust(scores: Float) -> NDArray[np.float64]:
    """Each probe's scores as distances from their median, in units of their spread (1.4826 MAD)."""
    wide = scores.astype(np.float64)
    median = np.median(wide, axis=1, keepdims=True)
    spread = 1.4826 * np.median(np.abs(wide - median), axis=1, keepdims=True)
    return np.asarray((wide - median) / np.maximum(spread, 1e-9), np.float64)


def _lines(words: Words) -> list[str]:
    """Text lines of four to twelve words, which read like something a person might ask."""
    if not len(words):
        return []
    cuts = np.flatnonzero(np.diff(words.lines)) + 1
    found = []
    for part in np.split(np.arange(len(words)), cuts):
        text = [words.texts[i] for i in part]
        if 4 <= len(text) <= 12 and sum(bool(_WORD.search(word)) for word in text) >= 3:
            found.append(" ".join(text))
    return found
