"""Runs a pipeline over a collection: one step after another, each timed, each handing its candidates to the next.

A step scores either every page (the first step, after the filter) or the candidates it was given, keeps its best, and
records what that cost. Order is by score, then by page ref, so it depends neither on the order of insertion nor on
which other pages were scored; scores closer than the rounding of float32 sums count as equal. What this module does
not do: encode queries (the caller gives the embedding) or know how pages are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from workbench.errors import PipelineError
from workbench.maxsim import maxsim_of_ranges
from workbench.retrieval.pipeline import DEFAULT_PREFETCH, Pipeline, Step
from workbench.store import Collection
from workbench.timing import Stopwatch
from workbench.types import (
    Candidates,
    Float,
    Hit,
    PageRef,
    QueryEmbedding,
    ScoreKind,
    SearchResult,
    StageScore,
    StageTrace,
    Trace,
)

# A float32 sum of a few dozen products of unit vectors is good to about 1e-6 of its size; closer scores are ties.
_TIE = 4e-6


@dataclass(frozen=True, slots=True)
class Encoded:
    """A query's embedding as the caller got it, and whether that took loading the model (cold) or came from a cache."""

    embedding: QueryEmbedding
    cold: bool = False
    cache_hit: bool = False


@dataclass(slots=True)
class _Search:
    """The state of one search: what the steps share."""

    collection: Collection
    query: str
    embedding: QueryEmbedding | None
    where: str | None
    allowed: Sequence[str] | None
    tables: dict[str, dict[str, StageScore]] = field(default_factory=dict)
    vectors: int = 0
    bytes: int = 0
    kernel_ms: float = 0.0

    def run(self, step: Step, given: Candidates | None) -> Candidates:
        """Score, record and cut: the candidates this step hands on."""
        keep = step.keep or DEFAULT_PREFETCH
        if not step.legs:
            ids, scores = self._leaf(step, given.ids if given else None, keep)
            exact = step.name == "full" and step.option("query") == "tokens"
            kind = ScoreKind.EXACT if exact else ScoreKind.APPROXIMATE
            return self._record(step.name, self._best(ids, scores, keep, kind))
        fuse = {"rrf": self._rrf, "sum": self._sum}[step.name]
        ids, scores = fuse(step, given, keep)
        return self._record(step.name, self._best(ids, scores, keep, ScoreKind.APPROXIMATE))

    def _rrf(self, step: Step, given: Candidates | None, keep: int) -> tuple[Sequence[str], Float]:
        constant = float(step.option("k"))
        totals: dict[str, float] = {}
        for leg, weight in zip(step.legs, step.weights(), strict=True):
            depth = leg.keep or keep
            ranked = self.run(replace(leg, keep=depth), given)
            for rank, page in enumerate(ranked.ids, 1):
                totals[page] = totals.get(page, 0.0) + weight / (constant + rank)
        return list(totals), np.fromiter(totals.values(), np.float32, len(totals))

    def _sum(self, step: Step, given: Candidates | None, _keep: int) -> tuple[Sequence[str], Float]:
        """Normalise each leg over the pages all legs speak of; a page a text leg does not name scores 0 in it."""
        ids = list(given.ids if given else self.allowed if self.allowed is not None else self._all(step))
        position = {page: i for i, page in enumerate(ids)}
        total = np.zeros(len(ids), np.float32)
        for leg, weight in zip(step.legs, step.weights(), strict=True):
            ranked = self.run(replace(leg, keep=max(len(ids), 1)), given)
            column = np.zeros(len(ids), np.float32)
            for page, score in zip(ranked.ids, ranked.scores, strict=True):
                if page in position:
                    column[position[page]] = score
            total += np.float32(weight) * _normalise(column, step.option("norm"))
        return ids, total

    def _leaf(self, step: Step, ids: Sequence[str] | None, keep: int) -> tuple[Sequence[str], Float]:
        if step.name == "bm25":
            return self._bm25(ids, keep)
        if self.embedding is None:
            raise PipelineError(f"Stage '{step.name}' compares vectors, but the query has none.")
        query, weights = self.embedding.vectors, self.embedding.weights
        if step.option("query") == "mean":
            query, weights = _mean(query, weights), np.ones(1, np.float32)
        if step.option("engine") == "lance" and ids is None:
            pairs = self.collection.lance_maxsim(step.name, query * weights[:, None], keep, self.where)
            return _split(pairs)
        index = self.collection.vectors(step.name)
        wanted = ids if ids is not None else self.allowed
        if wanted is None:
            rows: NDArray[np.int64] | slice = slice(None)
            pages: Sequence[str] = index.page_ids
        else:
            pages = [page for page in wanted if page in index.row_of]
            rows = np.asarray([index.row_of[page] for page in pages], np.int64)
        starts, lengths = index.starts[rows], index.lengths[rows]
        kernel = Stopwatch()
        scores = maxsim_of_ranges(query, index.flat, starts, lengths, weights)
        self.kernel_ms += kernel.lap()
        compared = int(lengths.sum())
        self.vectors += compared
        self.bytes += compared * index.flat.shape[1] * index.flat.dtype.itemsize
        return pages, scores

    def _bm25(self, ids: Sequence[str] | None, keep: int) -> tuple[Sequence[str], Float]:
        limit = keep if ids is None else max(self.collection.page_count(), 1)
        pairs = self.collection.bm25(self.query, limit, self.where)
        if ids is not None:
            wanted = set(ids)
            pairs = [(page, score) for page, score in pairs if page in wanted]
        return _split(pairs)

    def _all(self, step: Step) -> Sequence[str]:
        """Every page: an index in memory knows them all, the store's table would have to be read."""
        index = next((leaf.name for leaf in step.leaves() if leaf.spec.vectors), None)
        return self.collection.page_ids(None) if index is None else self.collection.vectors(index).page_ids

    def _record(self, name: str, found: Candidates) -> Candidates:
        unique, n = name, 2
        while unique in self.tables:
            unique, n = f"{name}#{n}", n + 1
        self.tables[unique] = {
            page: StageScore(unique, rank, float(score), found.kind)
            for rank, (page, score) in enumerate(zip(found.ids, found.scores, strict=True), 1)
        }
        return found

    def _best(self, ids: Sequence[str], scores: Float, keep: int, kind: ScoreKind) -> Candidates:
        order = best(ids, scores, keep, self.collection.refs)
        return Candidates(tuple(ids[i] for i in order), scores[order], kind)


def best(
    ids: Sequence[str], scores: Float, keep: int, refs: Callable[[Sequence[str]], Mapping[str, PageRef]]
) -> NDArray[np.int64]:
    """Positions of the ``keep`` best scores, best first; equal scores (to float32 rounding) in order of page ref."""
    if len(scores) == 0:
        return np.zeros(0, np.int64)
    quantum = max(float(np.abs(scores).max()) * _TIE, 1e-12)
    keys = -np.rint(scores.astype(np.float64) / quantum)
    order = np.argsort(keys, kind="stable")
    last = keys[order[min(keep, len(order)) - 1]]
    order = order[: int(np.searchsorted(keys[order], last, side="right"))]  # the cut, with all that tie at it
    tied = np.zeros(len(order), bool)
    same = keys[order][1:] == keys[order][:-1]
    tied[1:] |= same
    tied[:-1] |= same
    if tied.any():
        names = refs([ids[i] for i in order[tied]])
        order = np.asarray(sorted(order, key=lambda i: (keys[i], *_key(names.get(ids[i]), ids[i]))), np.int64)
    return order[:keep]


def _split(pairs: Sequence[tuple[str, float]]) -> tuple[Sequence[str], Float]:
    return [page for page, _ in pairs], np.asarray([score for _, score in pairs], np.float32)


def _key(ref: PageRef | None, page_id: str) -> tuple[str, int, str]:
    return ("", 0, page_id) if ref is None else (ref.document, ref.page, page_id)


def _mean(query: Float, weights: Float) -> Float:
    mean = (query * weights[:, None]).sum(axis=0, keepdims=True)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


def _normalise(column: Float, norm: str) -> Float:
    """z-score or min-max over the column; a constant column says nothing and becomes zeros."""
    if len(column) == 0:
        return column
    if norm == "minmax":
        low, span = column.min(), column.max() - column.min()
        return (column - low) / span if span > 0 else np.zeros_like(column)
    spread = column.std()
    return (column - column.mean()) / spread if spread > 1e-12 else np.zeros_like(column)


def check(pipeline: Pipeline, collection: Collection) -> None:
    """Refuse a pipeline that names an index the collection does not have (`PipelineError`)."""
    for leaf in pipeline.leaves():
        if leaf.encoder not in ("", collection.encoder):
            raise PipelineError(
                f"'{collection.name}' has no vectors of encoder '{leaf.encoder}'; it has {collection.encoder}.",
                leaf.at,
            )
        if leaf.spec.vectors and leaf.name not in collection.indexes:
            raise PipelineError(
                f"Collection '{collection.name}' has no '{leaf.name}' index; "
                f"it has {', '.join(collection.indexes)} and bm25."
            )


def search_stages(
    collection: Collection,
    query: str,
    pipeline: Pipeline,
    encode: Callable[[str], Encoded],
    where: str | None = None,
) -> Iterator[SearchResult]:
    """Run a pipeline, yielding what is known after each step; the last result is ``complete``.

    ``where`` is compiled SQL (`filters.compile_filter`) and is applied before the first cut. `PipelineError` when the
    collection lacks an index.
    """
    watch = Stopwatch()
    check(pipeline, collection)
    traces: list[StageTrace] = []
    embedding = None
    if any(leaf.spec.vectors for leaf in pipeline.leaves()):
        encoded = encode(query)
        embedding = encoded.embedding
        traces.append(StageTrace("encode", watch.lap(), cold=encoded.cold, cache_hit=encoded.cache_hit))
    pages = collection.page_count()
    allowed = None if where is None else collection.page_ids(where)
    if allowed is not None:
        traces.append(StageTrace("filter", watch.lap(), pages, len(allowed)))
        pages = len(allowed)
    state = _Search(collection, query, embedding, where, allowed)
    given: Candidates | None = None
    before, assembling = len(traces), 0.0
    for step in (*pipeline.steps[:-1], replace(pipeline.steps[-1], keep=pipeline.keep)):
        entering = pages if given is None else len(given)
        state.vectors = state.bytes = 0
        state.kernel_ms = 0.0
        given = state.run(step, given)
        name = list(state.tables)[-1]
        traces.append(StageTrace(name, watch.lap(), entering, len(given), state.vectors, state.bytes, state.kernel_ms))
        hits = _hits(collection, given, state.tables, pipeline.keep)
        assembling += watch.lap()
        yield SearchResult(
            query,
            collection.name,
            collection.encoder,
            str(pipeline),
            hits,
            Trace((*traces, StageTrace("results", assembling, len(given), len(hits)))),
            complete=len(traces) == len(pipeline.steps) + before,
        )
        watch.lap()  # the time the reader took over a partial result is not the search's


def _hits(
    collection: Collection, given: Candidates, tables: Mapping[str, Mapping[str, StageScore]], keep: int
) -> tuple[Hit, ...]:
    ids = given.ids[:keep]
    refs = collection.refs(ids)
    return tuple(
        Hit(
            page,
            refs[page],
            rank,
            float(given.scores[rank - 1]),
            given.kind,
            tuple(table[page] for table in tables.values() if page in table),
        )
        for rank, page in enumerate(ids, 1)
        if page in refs  # a page deleted while the search ran
    )
