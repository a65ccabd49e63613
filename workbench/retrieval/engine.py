"""Runs a pipeline over a collection: one step after another, each timed, each handing its candidates to the next.

A step scores either every page (the first step, after the filter) or the candidates it was given, keeps its best, and
records what that cost. Order is by score, then by page ref, so it depends neither on the order of insertion nor on
which other pages were scored; scores closer than the rounding of float32 sums count as equal.

Each stage compares the vectors of the encoder it names. A page that encoder has no vectors of comes after all that it
has, so that a later stage of another encoder may still find it. What this module does not do: encode queries (the
caller gives the embeddings) or know how pages are stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from workbench.errors import PipelineError
from workbench.retrieval import fusion, lexical
from workbench.retrieval.pipeline import DEFAULT_PREFETCH, Pipeline, Step
from workbench.timing import Stopwatch
from workbench.types import (
    Candidates,
    Float,
    Hit,
    PageRef,
    Query,
    QueryEmbedding,
    ScoreKind,
    SearchResult,
    StageScore,
    StageTrace,
    Trace,
)

if TYPE_CHECKING:
    from workbench.store import Collection, Space

# A float32 sum of a few dozen products of unit vectors is good to about 1e-6 of its size; closer scores are ties.
_TIE = 4e-6


@dataclass(frozen=True, slots=True)
class Encoded:
    """A query's embedding as the caller got it, and whether that took loading the model (cold) or came from a cache.

    ``notes`` are sentences on what of the query the encoder could not take.
    """

    embedding: QueryEmbedding
    cold: bool = False
    cache_hit: bool = False
    notes: tuple[str, ...] = ()


Encode = Callable[[str, Query], Encoded]
"""Gives the embedding of a query by an encoder: (encoder id, query)."""


@dataclass(frozen=True, slots=True)
class _Scored:
    """Pages and their scores, in any order; and pages without one, for want of vectors, to follow after them."""

    ids: Sequence[str]
    scores: Float
    unscored: Sequence[str] = ()


@dataclass(slots=True)
class _Search:
    """The state of one search: what the steps share."""

    collection: Collection
    query: Query
    spaces: Mapping[str, Space]
    embeddings: Mapping[str, QueryEmbedding]
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
            kind = ScoreKind.EXACT if step.exact else ScoreKind.APPROXIMATE
            return self._record(step.label, self._best(self._leaf(step, given, keep), keep, kind))
        fuse = {"rrf": self._rrf, "sum": self._sum}[step.name]
        return self._record(step.name, self._best(fuse(step, given, keep), keep, ScoreKind.APPROXIMATE))

    def _rrf(self, step: Step, given: Candidates | None, keep: int) -> _Scored:
        """By rank over the legs; a page without vectors gets nothing from that leg."""
        legs = [self.run(replace(leg, keep=leg.keep or keep), given) for leg in step.legs]
        scored = [leg.ids[: len(leg) - leg.unscored] for leg in legs]
        totals = {page: 0.0 for leg in legs for page in leg.ids}
        totals |= fusion.rrf(scored, step.weights(), float(step.option("k")))
        return _Scored(list(totals), np.fromiter(totals.values(), np.float32, len(totals)))

    def _sum(self, step: Step, given: Candidates | None, _keep: int) -> _Scored:
        """By score over the legs.

        A page that a text leg does not name scores 0 in it; one that a leg has no vectors of counts as the worst of
        those it has.
        """
        ids = list(given.ids if given is not None else self._all())
        position = {page: i for i, page in enumerate(ids)}
        columns = []
        for leg in step.legs:
            ranked = self.run(replace(leg, keep=max(len(ids), 1)), given)
            column = np.zeros(len(ids), np.float32)
            for rank, (page, score) in enumerate(zip(ranked.ids, ranked.scores, strict=True), 1):
                if page in position:
                    column[position[page]] = score if rank <= len(ranked) - ranked.unscored else np.nan
            columns.append(column)
        norm = cast(fusion.Norm, step.option("norm"))
        return _Scored(ids, fusion.weighted_sum(columns, step.weights(), norm))

    def _leaf(self, step: Step, given: Candidates | None, keep: int) -> _Scored:
        ids = given.ids if given is not None else None
        if not step.spec.vectors:
            return self._bm25(ids, keep)
        space, embedding = self.spaces[step.encoder], self.embeddings[step.encoder]
        query, weights = embedding.vectors, embedding.weights
        if step.option("query") == "mean":
            query, weights = _mean(query, weights), np.ones(1, np.float32)
        # The library's search has no weights; those of a query scale its vectors, which negative ones would turn.
        if step.option("engine") == "lance" and ids is None and (weights >= 0).all():
            pairs = space.lance_maxsim(step.index, query * weights[:, None], keep, self.where)
            return _scored(pairs, self._rest([page for page, _ in pairs]) if len(pairs) < keep else ())
        index, form = space.vectors(step.index), space.form(step.index)
        wanted = ids if ids is not None else self.allowed
        unscored: Sequence[str] = ()
        if wanted is None:
            rows: NDArray[np.int64] | slice = slice(None)
            pages: Sequence[str] = index.page_ids
            if len(pages) < keep and len(pages) < self.collection.page_count():
                unscored = self._rest(pages)
        else:
            pages = [page for page in wanted if page in index.row_of]
            rows = np.asarray([index.row_of[page] for page in pages], np.int64)
            if len(pages) < len(wanted):
                unscored = [page for page in wanted if page not in index.row_of]
        starts, lengths = index.starts[rows], index.lengths[rows]
        kernel = Stopwatch()
        scores = form.score(query, weights, index.flat, starts, lengths)
        self.kernel_ms += kernel.lap()
        compared = int(lengths.sum())
        self.vectors += compared
        self.bytes += compared * index.flat.shape[1] * index.flat.dtype.itemsize
        return _Scored(pages, scores, unscored)

    def _bm25(self, ids: Sequence[str] | None, keep: int) -> _Scored:
        limit = keep if ids is None else max(self.collection.page_count(), 1)
        pairs = lexical.bm25(self.collection, self.query, limit, self.where)
        if ids is not None:
            wanted = set(ids)
            pairs = [(page, score) for page, score in pairs if page in wanted]
        return _scored(pairs)

    def _all(self) -> Sequence[str]:
        """Every page that the filter leaves."""
        return self.allowed if self.allowed is not None else self.collection.page_ids(None)

    def _rest(self, pages: Sequence[str]) -> Sequence[str]:
        """Every other page that the filter leaves, in order of page ref."""
        there = set(pages)
        return [page for page in self._all() if page not in there]

    def _record(self, name: str, found: Candidates) -> Candidates:
        unique, n = name, 2
        while unique in self.tables:
            unique, n = f"{name}#{n}", n + 1
        scored = len(found) - found.unscored
        self.tables[unique] = {
            page: StageScore(unique, rank, float(score), found.kind, rank <= scored)
            for rank, (page, score) in enumerate(zip(found.ids, found.scores, strict=True), 1)
        }
        return found

    def _best(self, found: _Scored, keep: int, kind: ScoreKind) -> Candidates:
        order = best(found.ids, found.scores, keep, self.collection.refs)
        after = tuple(found.unscored[: keep - len(order)])
        scores = np.concatenate([found.scores[order], np.zeros(len(after), np.float32)])
        return Candidates((*(found.ids[i] for i in order), *after), scores, kind, len(after))


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


def _scored(pairs: Sequence[tuple[str, float]], unscored: Sequence[str] = ()) -> _Scored:
    return _Scored([page for page, _ in pairs], np.asarray([score for _, score in pairs], np.float32), unscored)


def _key(ref: PageRef | None, page_id: str) -> tuple[str, int, str]:
    return ("", 0, page_id) if ref is None else (ref.document, ref.page, page_id)


def _mean(query: Float, weights: Float) -> Float:
    mean = (query * weights[:, None]).sum(axis=0, keepdims=True)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


def spaces_of(pipeline: Pipeline, collection: Collection) -> dict[str, Space]:
    """The spaces that a pipeline compares vectors of, by encoder as its stages name it (empty: the first).

    `PipelineError`, with the stage's place, for an encoder or index that the collection does not have, and for an
    encoder that has no page's vectors yet.
    """
    found: dict[str, Space] = {}
    for leaf in pipeline.vector_leaves():
        if leaf.encoder and leaf.encoder not in collection.encoders:
            raise PipelineError(
                f"Stage '{leaf.label}'{_place(leaf)}: collection '{collection.name}' has no vectors of encoder "
                f"'{leaf.encoder}'; it has those of {', '.join(collection.encoders)}.",
                leaf.at,
            )
        space = found.setdefault(leaf.encoder, collection.space(leaf.encoder))
        if leaf.index not in space.indexes:
            one = " gives one vector a page, so it" if space.info.kind == "page" else ""
            whose = f"'{space.encoder}'{one}" if leaf.encoder or one else f"Collection '{collection.name}'"
            raise PipelineError(
                f"Stage '{leaf.label}'{_place(leaf)}: {whose} has no '{leaf.index}' index; "
                f"it has {', '.join(space.indexes)} and bm25.",
                leaf.at,
            )
        if not space.primary and collection.page_count() and not space.vectors(leaf.index).page_ids:
            raise PipelineError(
                f"Stage '{leaf.label}'{_place(leaf)}: '{space.encoder}' has no page's vectors yet; run: "
                f"pagelens collections embed {collection.name} --encoder {space.encoder}",
                leaf.at,
            )
    return found


def _place(step: Step) -> str:
    return f" at character {step.at + 1}" if step.at >= 0 else ""


def _notes(spaces: Mapping[str, Space], pipeline: Pipeline, collection: Collection) -> Iterator[str]:
    """What the search cannot see, a sentence an encoder."""
    pages = collection.page_count()
    for name, space in spaces.items():
        if space.primary:
            continue
        held = min(len(space.vectors(leaf.index).page_ids) for leaf in pipeline.vector_leaves() if leaf.encoder == name)
        if held < pages:
            yield (f"'{space.encoder}' has vectors of {held:,} of {pages:,} pages; the others come last in its stages.")


def search_stages(
    collection: Collection,
    query: str | Query,
    pipeline: Pipeline,
    encode: Encode,
    where: str | None = None,
    notes: tuple[str, ...] = (),
) -> Iterator[SearchResult]:
    """Run a pipeline, yielding what is known after each step; the last result is ``complete``.

    ``where`` is compiled SQL (`filters.compile_filter`) and is applied before the first cut. The query is encoded once
    by every encoder whose vectors are compared. The result's notes begin with ``notes``. `PipelineError` when the
    collection lacks an encoder or index.
    """
    watch = Stopwatch()
    query = Query.of(query)
    spaces = spaces_of(pipeline, collection)
    notes += tuple(_notes(spaces, pipeline, collection))
    traces: list[StageTrace] = []
    encoded: dict[str, Encoded] = {}
    several = len({space.encoder for space in spaces.values()}) > 1
    assembling = watch.lap()
    for space in spaces.values():
        if space.encoder not in encoded:
            found = encoded[space.encoder] = encode(space.encoder, query)
            name = f"encode@{space.encoder}" if several else "encode"
            notes += found.notes
            traces.append(StageTrace(name, watch.lap(), cold=found.cold, cache_hit=found.cache_hit))
    embeddings = {name: encoded[space.encoder].embedding for name, space in spaces.items()}
    pages = collection.page_count()
    allowed = None if where is None else collection.page_ids(where)
    if allowed is not None:
        traces.append(StageTrace("filter", watch.lap(), pages, len(allowed)))
        pages = len(allowed)
    state = _Search(collection, query, spaces, embeddings, where, allowed)
    decider = collection.space(pipeline.decider()).encoder
    given: Candidates | None = None
    prologue = len(traces)
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
            str(query),
            collection.name,
            decider,
            str(pipeline),
            hits,
            Trace((*traces, StageTrace("results", assembling, len(given), len(hits)))),
            complete=len(traces) == len(pipeline.steps) + prologue,
            notes=notes,
            asked=query,
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
