"""Lists of pages that several collections found, made one: results merging, as federated search calls it.

Answers are of one scale where the last stage of their pipelines is the same, by the same encoder (`scale_of`): then it
scores all their pages together, from what its parts said of each (`Stage.across`). So z-scores and ranks inside a
fusion are over the pages of all collections, not of each, and words weigh by how many pages of all have them
(`store/corpus.py`): the list is nearly what one collection of all of them would have, and by words alone the very same.
Answers of different scales, as of
two encoders, are fused by their ranks (Cormack et al. 2009), one vote a scale: five collections of one encoder do not
outvote one of another. The same page of the same file, found in several collections, is one page with all its votes.
What this module does not do: search.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.retrieval.pipeline import Pipeline
from workbench.retrieval.stages.rrf import RRF_K, rrf
from workbench.retrieval.step import Column, Step
from workbench.types import Float, Hit, SearchResult, StageScore
from workbench.types.across import AcrossHit, CollectionAnswer, Merge

if TYPE_CHECKING:
    from workbench.store import Collection


POOL = 10
"""Pages that a collection gives at least where its scores are told anew: a z-score of fewer says little. With one page
of each of five collections a fifth of nDCG@5 is lost against one collection of all, with three a twentieth, and from
five on no more can be told apart; lists that take turns lose half of it."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A hit on its way into the merged list, its collection, and its score on the scale of its group (NaN: none)."""

    collection: str
    hit: Hit
    score: float

    @property
    def scored(self) -> bool:
        return not np.isnan(self.score)


_Group = dict[str, _Entry]
"""The pages of one scale by id, best first."""


def scale_of(result: SearchResult, collection: Collection) -> str:
    """What the scores of a result compare with, those of results of the same scale; empty: with no others.

    The encoder's own MaxSim over everything on a page depends on no other page, and neither does a reranker's word on
    it. Other scores compare where they come of the same stage, unless it says nothing outside of its collection, or
    compares with what was fitted on its pages.
    """
    last = Pipeline.parse(result.pipeline).steps[-1]
    infos = {
        name: collection.space(name).info for name in {leaf.encoder for leaf in last.leaves() if leaf.stage.vectors}
    }
    encoders = ", ".join(sorted(f"{info.id} ({info.page_policy} vectors)" for info in infos.values()))
    if last.exact:
        return f"exact MaxSim of {encoders}"
    if any(step.stage.across is None for step in _steps(last)) or any(
        leaf.stage.vectors and leaf.stored.needs_fit for leaf in last.leaves()
    ):
        return ""
    return f"{last.bare} of {encoders}" if encoders else str(last.bare)


def merged(answers: Sequence[CollectionAnswer], k: int) -> tuple[tuple[AcrossHit, ...], Merge]:
    """The ``k`` best pages of all answers, and what their order goes by.

    Equal ones go by the order of the answers. Pages that the last stage of no collection could score come last.
    """
    groups = [_group(together) for together in _by_scale(answers).values()]
    scores = _scores(groups)
    best: dict[str, tuple[bool, int, int]] = {}
    for number, group in enumerate(groups):
        for rank, (page, entry) in enumerate(group.items()):
            here = (not entry.scored, rank, number)
            best[page] = min(best.get(page, here), here)
    order = sorted(best, key=lambda page: (page not in scores, -scores.get(page, 0.0), best[page]))
    found_in = _collections_of(answers)
    hits = []
    for rank, page in enumerate(order[:k], 1):
        entry = groups[best[page][2]][page]
        also = tuple(name for name in found_in[page] if name != entry.collection)
        hits.append(AcrossHit(entry.collection, entry.hit, rank, scores.get(page, 0.0), also))
    return tuple(hits), "score" if len(groups) <= 1 else "ranks"


def statement(answers: Sequence[CollectionAnswer]) -> str:
    """What the order of the merged list goes by, as a sentence; empty where nothing was found."""
    told = [
        f"{together[0].scale or 'scores of its own'} in {', '.join(answer.collection for answer in together)}"
        for together in _by_scale(answers).values()
    ]
    if len(told) <= 1:
        return f"In order of score: {told[0]}." if told else ""
    fusion = f"Fused by rank (reciprocal rank fusion, k = {RRF_K}), since these scores do not compare"
    return f"{fusion}: {'; '.join(told)}."


def _steps(step: Step) -> list[Step]:
    """A stage and all that it takes."""
    return [step, *(inner for taken in step.inputs for inner in _steps(taken))]


def _by_scale(answers: Sequence[CollectionAnswer]) -> dict[str, list[CollectionAnswer]]:
    """The answers that found something, those of one scale together."""
    found: dict[str, list[CollectionAnswer]] = {}
    for number, answer in enumerate(answers):
        if answer.result and answer.result.hits:
            found.setdefault(answer.scale or f"\0{number}", []).append(answer)
    return found


def _group(answers: Sequence[CollectionAnswer]) -> _Group:
    """Answers of one scale as one list; a page that several found is what the best of them says, or the first."""
    results = [(answer.collection, answer.result) for answer in answers if answer.result]
    hits = [(collection, hit) for collection, result in results for hit in result.hits]
    if len(results) == 1:
        scores = np.asarray([hit.score if hit.scored else np.nan for _, hit in hits])
    else:
        scores = _together(results)
    entries = [_Entry(name, hit, score) for (name, hit), score in zip(hits, scores.tolist(), strict=True)]
    group: _Group = {}
    for entry in sorted(entries, key=lambda entry: (not entry.scored, -entry.score if entry.scored else 0.0)):
        group.setdefault(entry.hit.page_id, entry)
    return group


def _scores(groups: Sequence[_Group]) -> dict[str, float]:
    """The score of every page that has one: its own where there is one scale, else that of its ranks."""
    scored = [{page: entry.score for page, entry in group.items() if entry.scored} for group in groups]
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


# --- the last stage over the pages of several collections


@dataclass(frozen=True, slots=True)
class _Node:
    """A stage of the last step, the name that a hit has its score under, and the stages that it takes."""

    step: Step
    name: str
    inputs: tuple[_Node, ...]


def _together(results: Sequence[tuple[str, SearchResult]]) -> Float:
    """What the last stage says of all hits of results of one scale, in their order; NaN where it cannot."""
    entries = []
    for _, result in results:
        node = _last(Pipeline.parse(result.pipeline))
        entries += [(node, {said.name: said for said in hit.stages}) for hit in result.hits]
    words = np.asarray(
        [np.inf if hit.words is None else hit.words for _, result in results for hit in result.hits], np.float32
    )
    told = _column(entries, words).told
    return np.where(np.isfinite(told), told, np.nan)


def _last(pipeline: Pipeline) -> _Node:
    """The last step with the names of its stages: a second one of a name is ``name#2``, as a run records them."""
    met: Counter[str] = Counter()

    def node(step: Step) -> _Node:
        inputs = tuple(node(taken) for taken in step.inputs)
        met[step.label] += 1
        name = step.label if met[step.label] == 1 else f"{step.label}#{met[step.label]}"
        return _Node(step, name, inputs)

    return [node(step) for step in pipeline.steps][-1]


def _column(entries: Sequence[tuple[_Node, Mapping[str, StageScore]]], words: Float) -> Column:
    """The column of a stage over all hits, from the columns of the stages that it takes."""
    step = entries[0][0].step
    said = np.asarray([_said(node.name, stages) for node, stages in entries], np.float32)
    inputs = [_column([(node.inputs[i], stages) for node, stages in entries], words) for i in range(len(step.inputs))]
    across = step.stage.across
    return Column(said, said if across is None else across(step, inputs, said), words)


def _said(name: str, stages: Mapping[str, StageScore]) -> float:
    if name not in stages:
        return -np.inf
    return stages[name].score if stages[name].scored else np.nan
