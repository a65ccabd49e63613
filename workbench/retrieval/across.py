"""Lists of pages that several collections found, made one: results merging, as federated search calls it.

Scores are compared only where they stand on one scale: the same function of query and page, whatever else is in the
collection (`scale_of`). Lists of one scale become one list in order of score, as if their pages lay in one collection.
Lists of different scales, as of two encoders, of words (whose weight hangs on how many pages of a collection have them)
or of z-scores, are fused by their ranks (Cormack et al. 2009), one vote a scale: five collections of one encoder do not
outvote one of another. The same page of the same file, found in several collections, is one page, and has all its
votes. What this module does not do: search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.retrieval.pipeline import Pipeline
from workbench.retrieval.stages.rrf import RRF_K, rrf
from workbench.types import Hit, SearchResult
from workbench.types.across import AcrossHit, CollectionAnswer, Merge

if TYPE_CHECKING:
    from workbench.store import Collection


@dataclass(frozen=True, slots=True)
class _Entry:
    """A hit on its way into the merged list, and its collection."""

    collection: str
    hit: Hit


_Group = dict[str, _Entry]
"""The pages of one scale by id, best first."""


def scale_of(result: SearchResult, collection: Collection) -> str:
    """What the scores of a result compare with; empty: with those of no other collection.

    An exact score is the encoder's own MaxSim, and a reranker's is its model's word on query and page: neither depends
    on other pages. All other scores do, or stand in for one that they miss by more in one collection than in another.
    """
    last = Pipeline.parse(result.pipeline).steps[-1]
    if last.stage.reranks:
        return f"{last.name} by {last.option('model')}"
    if last.exact:
        info = collection.space(last.encoder).info
        return f"exact MaxSim of {info.id}, {info.page_policy} vectors"
    return ""


def merged(answers: Sequence[CollectionAnswer], k: int | None = None) -> tuple[tuple[AcrossHit, ...], Merge]:
    """The ``k`` best pages of all answers (None: as many as the longest of their lists), and what their order goes by.

    Equal ones go by the order of the answers. Pages that the last stage of no collection could score come last.
    """
    groups = [_group(together) for together in _by_scale(answers).values()]
    depth = k or max((len(answer.result.hits) for answer in answers if answer.result), default=0)
    scores = _scores(groups)
    best: dict[str, tuple[bool, int, int]] = {}
    for number, group in enumerate(groups):
        for rank, (page, entry) in enumerate(group.items()):
            here = (not entry.hit.scored, rank, number)
            best[page] = min(best.get(page, here), here)
    order = sorted(best, key=lambda page: (page not in scores, -scores.get(page, 0.0), best[page]))
    found_in = _collections_of(answers)
    hits = []
    for rank, page in enumerate(order[:depth], 1):
        entry = groups[best[page][2]][page]
        also = tuple(name for name in found_in[page] if name != entry.collection)
        hits.append(AcrossHit(entry.collection, entry.hit, rank, scores.get(page, 0.0), also))
    return tuple(hits), "score" if len(groups) <= 1 else "ranks"


def statement(answers: Sequence[CollectionAnswer]) -> str:
    """What the order of the merged list goes by, as a sentence; empty where nothing was found."""
    groups = _by_scale(answers)
    told = [
        f"{together[0].scale or 'its own scores'} ({', '.join(answer.collection for answer in together)})"
        for together in groups.values()
    ]
    if len(told) <= 1:
        return f"In order of score: {told[0]}." if told else ""
    fusion = f"Fused by rank (reciprocal rank fusion, k = {RRF_K}), since these scores do not compare"
    return f"{fusion}: {'; '.join(told)}."


def _by_scale(answers: Sequence[CollectionAnswer]) -> dict[str, list[CollectionAnswer]]:
    """The answers that found something, those of one scale together."""
    found: dict[str, list[CollectionAnswer]] = {}
    for number, answer in enumerate(answers):
        if answer.result and answer.result.hits:
            found.setdefault(answer.scale or f"\0{number}", []).append(answer)
    return found


def _group(answers: Sequence[CollectionAnswer]) -> _Group:
    """Answers of one scale as one list; a page that several found is what the best of them says, or the first."""
    entries = [_Entry(answer.collection, hit) for answer in answers if answer.result for hit in answer.result.hits]
    group: _Group = {}
    for entry in sorted(entries, key=lambda entry: (not entry.hit.scored, -entry.hit.score)):
        group.setdefault(entry.hit.page_id, entry)
    return group


def _scores(groups: Sequence[_Group]) -> dict[str, float]:
    """The score of every page that has one: its own where there is one scale, else that of its ranks."""
    scored = [{page: entry.hit.score for page, entry in group.items() if entry.hit.scored} for group in groups]
    if len(scored) <= 1:
        return scored[0] if scored else {}
    row_of = {page: row for row, page in enumerate(dict.fromkeys(page for group in scored for page in group))}
    lists = [np.asarray([row_of[page] for page in group], np.int64) for group in scored]
    fused = rrf(np.arange(len(row_of)), lists, (1.0,) * len(lists))
    return dict(zip(row_of, fused.tolist(), strict=True))


def _collections_of(answers: Sequence[CollectionAnswer]) -> dict[str, list[str]]:
    """Which collections found each page, in the order asked."""
    found: dict[str, list[str]] = {}
    for answer in answers:
        for hit in answer.result.hits if answer.result else ():
            found.setdefault(hit.page_id, []).append(answer.collection)
    return found
