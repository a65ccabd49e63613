"""A semantic cache: what was found for the same query, or for one much like it, used again and said so. Off by default.

A query asked before is answered as it was then: the same pages, the same scores. For one that is like an earlier query
(the cosine of their mean vectors reaches the threshold, by every encoder that is used), only where to look is reused:
the earlier query's `CACHE_DEPTH` best pages are scored anew, exactly and by the new query's own vectors, which spares
the stages that look at every page. So no score is ever another query's, and the only loss can be a page that the
earlier query did not rank among so many. This happens only where a pipeline ends in exact scores, which do not depend
on the other candidates. (Verified reuse is Krites' idea, arXiv 2602.13165; what it has judged by a language model is
computed here.)

Everything that could change an answer is part of what is compared: the collection with its changes, its quarantine, the
indexes, the encoders' weights and token policies, the pipeline and the filter.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from workbench.retrieval import Pipeline, QueryModels, search_stages
from workbench.timing import Stopwatch
from workbench.types import Float, Gone, Query, QueryEmbedding, Receipt, SearchResult, StageTrace, Trace
from workbench.types.filters import AllOf, Filter, OnlyPages

if TYPE_CHECKING:
    from workbench.store import Collection

CACHE_DEPTH = 100
"""Pages of an answer that are remembered, to be scored for a query like its own."""
CACHE_SIZE = 256


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was found, ``CACHE_DEPTH`` pages or as many as were asked for; ``means`` has the query's direction by
    encoder."""

    result: SearchResult
    situation: Hashable
    means: Mapping[str, Float]
    at: datetime


class SemanticCache:
    """The last answers. Safe to use from several threads.

    ``likeness`` is the least cosine at which a query counts as like another; at 1 only the same query is.
    """

    def __init__(self, likeness: float) -> None:
        self._likeness = likeness
        self._known: OrderedDict[tuple[Hashable, Query], _Answer] = OrderedDict()
        self._lock = threading.Lock()

    def stages(
        self,
        collection: Collection,
        query: Query,
        pipeline: Pipeline,
        models: QueryModels,
        where: Filter | None,
        notes: tuple[str, ...],
    ) -> Iterator[SearchResult]:
        """As `search_stages`, answered from memory where that may be; a note and the trace say what was reused."""
        watch = Stopwatch()
        situation = _situation(collection, pipeline, where)
        with self._lock:
            same = self._known.get((situation, query))
            if same is not None:
                self._known.move_to_end((situation, query))
        if same is not None:
            yield _again(same, pipeline.k, watch.lap())
            return
        last = pipeline.steps[-1]
        if not last.exact or last.cuts:  # its scores hold for these candidates only
            yield from self._anew(collection, query, pipeline, models, where, notes, situation, {})
            return
        used = {collection.space(leaf.encoder).encoder for leaf in pipeline.vector_leaves()}
        means = {encoder: _mean(models.encode(encoder, query).embedding) for encoder in sorted(used)}
        near, likeness = self._nearest(situation, means)
        if near is None:
            yield from self._anew(collection, query, pipeline, models, where, notes, situation, means)
            return
        pages = [hit.page_id for hit in near.result.hits]
        sentence = (
            f"Only the {len(pages)} best pages for '{near.result.query_text}', asked at {near.at:%H:%M:%S}, were "
            f"scored; its cosine to this query is {likeness:.3f}."
        )
        short = Pipeline((last,)).returning(pipeline.k)
        remembered = OnlyPages(tuple(pages))
        only = remembered if where is None else AllOf((remembered, where))
        for result in search_stages(collection, query, short, models, only, (*notes, sentence)):
            yield replace(result, pipeline=str(pipeline), trace=_told(result.trace))

    def forget(self, gone: Gone) -> Receipt:
        """Forget every answer, for any may hold a page of what leaves."""
        self._clear()
        return Receipt.of(gone)

    def rename_collection(self, collection: str, name: str) -> None:
        """Forget every answer, for they name the collection."""
        self._clear()

    def _clear(self) -> None:
        with self._lock:
            self._known.clear()

    def _anew(
        self,
        collection: Collection,
        query: Query,
        pipeline: Pipeline,
        models: QueryModels,
        where: Filter | None,
        notes: tuple[str, ...],
        situation: Hashable,
        means: Mapping[str, Float],
    ) -> Iterator[SearchResult]:
        """Search, and remember the answer; deeper where (with ``means``) it may serve queries like it."""
        deep = pipeline.returning(max(pipeline.k, CACHE_DEPTH)) if means else pipeline
        result = None
        for result in search_stages(collection, query, deep, models, where, notes):
            yield replace(result, hits=result.hits[: pipeline.k], pipeline=str(pipeline))
        if result is None or not result.complete or situation != _situation(collection, pipeline, where):
            return  # the collection changed meanwhile
        answer = _Answer(replace(result, pipeline=str(pipeline)), situation, means, datetime.now())
        with self._lock:
            self._known[situation, query] = answer
            while len(self._known) > CACHE_SIZE:
                self._known.popitem(last=False)

    def _nearest(self, situation: Hashable, means: Mapping[str, Float]) -> tuple[_Answer | None, float]:
        """The answer to the query most like one of these ``means``, if it is like enough, and how like it is."""
        if self._likeness >= 1:
            return None, 1.0
        best, likeness = None, self._likeness
        with self._lock:
            for answer in self._known.values():
                if answer.situation == situation and answer.means:
                    cosine = min(float(answer.means[encoder] @ mean) for encoder, mean in means.items())
                    if cosine >= likeness:
                        best, likeness = answer, cosine
        return best, likeness


def _situation(collection: Collection, pipeline: Pipeline, where: Filter | None) -> Hashable:
    """All that an answer depends on beside the query."""
    leaves = list(pipeline.vector_leaves())
    spaces = [collection.space(leaf.encoder) for leaf in leaves]
    return (
        collection.manifest.id,
        collection.version(),
        collection.quarantine().signature,
        tuple(
            (space.info.id, space.info.revision, space.info.weights_hash, space.info.policy, leaf.index)
            + ((int(space.vector_table(leaf.index).version),) if leaf.index in space.indexes else ())
            for space, leaf in zip(spaces, leaves, strict=True)
        ),
        str(pipeline),
        where,
    )


def _again(answer: _Answer, keep: int, ms: float) -> SearchResult:
    """An answer as it was, but for what it cost this time."""
    hits = answer.result.hits[:keep]
    stage = StageTrace("cache", ms, candidates_out=len(hits), cache_hit=True)
    sentence = f"Found at {answer.at:%H:%M:%S}, when the same was asked; nothing has changed since."
    return replace(answer.result, hits=hits, trace=Trace((stage,)), notes=(*answer.result.notes, sentence))


def _told(trace: Trace) -> Trace:
    """A trace in which the restriction to remembered pages goes by its name."""
    return Trace(
        tuple(
            replace(stage, name="cache", cache_hit=True) if stage.name == "filter" else stage for stage in trace.stages
        )
    )


def _mean(query: QueryEmbedding) -> Float:
    """The direction of a query's weighted sum ``(dim,)``; zeros where it has none."""
    total = query.weights @ query.vectors
    return np.asarray(total / max(float(np.linalg.norm(total)), 1e-12), np.float32)
