"""Runs a pipeline over a collection: one step after another, each timed, each handing its candidates to the next.

A step scores either every page (the first step, after the filter) or the candidates it was given, keeps its best, and
records what that cost. Order is by score, then by page ref, so it depends neither on the order of insertion nor on
which other pages were scored.

Each stage compares the vectors of the encoder it names. A page that encoder has no vectors of comes after all that it
has, so that a later stage of another encoder may still find it. What this module does not do: encode queries (the
models do) or know how pages are stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import NoEncoderError, PipelineError, QueryError
from workbench.retrieval.ordering import Candidates
from workbench.retrieval.pipeline import Pipeline, Step
from workbench.retrieval.queries import Encoded, QueryModels
from workbench.retrieval.run import PipelineRun, StageCost
from workbench.timing import Stopwatch
from workbench.types import (
    Hit,
    PicturePart,
    Query,
    QueryEmbedding,
    RegionPart,
    SearchResult,
    StageTrace,
    Trace,
)
from workbench.types.filters import Filter

if TYPE_CHECKING:
    from workbench.encoders.rerankers import Reranker
    from workbench.store import Collection, CorpusPart, EncoderVectors, Snapshot


def spaces_of(pipeline: Pipeline, collection: Collection) -> dict[str, EncoderVectors]:
    """The spaces that a pipeline compares vectors of, by encoder as its stages name it (empty: the first).

    `PipelineError`, with the stage's place, for an encoder or index that the collection does not have, and for an
    encoder that has no page's vectors yet.
    """
    found: dict[str, EncoderVectors] = {}
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
        snapshot = collection.snapshot()
        if not space.primary and len(snapshot) and not len(snapshot.index(space, leaf.index).held):
            raise PipelineError(
                f"Stage '{leaf.label}'{_place(leaf)}: '{space.encoder}' has no page's vectors yet; run: "
                f"pagelens collections embed {collection.name} --encoder {space.encoder}",
                leaf.at,
            )
    return found


def _place(step: Step) -> str:
    return f" at character {step.at + 1}" if step.at >= 0 else ""


def _notes(spaces: Mapping[str, EncoderVectors], pipeline: Pipeline, snapshot: Snapshot) -> Iterator[str]:
    """What the search cannot see, a sentence an encoder."""
    pages = len(snapshot)
    for name, space in spaces.items():
        if space.primary:
            continue
        leaves = (leaf for leaf in pipeline.vector_leaves() if leaf.encoder == name)
        held = min(len(snapshot.index(space, leaf.index).held) for leaf in leaves)
        if held < pages:
            yield (f"'{space.encoder}' has vectors of {held:,} of {pages:,} pages; the others come last in its stages.")


def search_stages(
    collection: Collection,
    query: str | Query,
    pipeline: Pipeline,
    models: QueryModels,
    where: Filter | None = None,
    notes: tuple[str, ...] = (),
    among: CorpusPart | None = None,
) -> Iterator[SearchResult]:
    """Run a pipeline, yielding what is known after each step; the last result is ``complete``.

    ``where`` is applied before the first cut. The query is encoded once by every encoder whose vectors are compared,
    and rerankers that stages name are loaded. The result's notes begin with ``notes``. `PipelineError` when the
    collection lacks an encoder or index, or a reranker is unknown or unfit. A last stage that looks at the query's
    pictures is the whole pipeline where an encoder sees nothing in them. Words weigh ``among`` the pages of several
    collections where these are searched together.
    """
    watch = Stopwatch()
    query = Query.of(query)
    spaces = spaces_of(pipeline, collection)
    snapshot = collection.snapshot()
    notes += tuple(_notes(spaces, pipeline, snapshot))
    traces: list[StageTrace] = []
    assembling = watch.lap()
    encoded = _encoded(query, pipeline, spaces, models, watch, traces)
    if spaces and not encoded:
        pipeline, spaces = Pipeline(pipeline.steps[-1:]), {}
    notes += tuple(note for found in encoded.values() for note in found.notes)
    rerankers: dict[str, Reranker] = {}
    for leaf in pipeline.leaves():
        if leaf.stage.reranks and leaf.option("model") not in rerankers:
            model, cold = _reranker(leaf, models)
            rerankers[model.info.id] = model
            if cold:
                traces.append(StageTrace(f"load@{model.info.id}", watch.lap(), cold=True))
    embeddings = {name: encoded[space.encoder].embedding for name, space in spaces.items()}
    pages = len(snapshot)
    allowed = None if where is None else snapshot.matching(where)
    if allowed is not None:
        traces.append(StageTrace("filter", watch.lap(), pages, len(allowed)))
        pages = len(allowed)
    quoted = snapshot.exactly(query.text, among) if query.plain else None
    if quoted is not None and quoted[1]:
        allowed = quoted[0] if allowed is None else np.intersect1d(allowed, quoted[0])
        traces.append(StageTrace("quoted", watch.lap(), pages, len(allowed)))
        pages = len(allowed)
    elif quoted is not None:
        notes += ("No page has the quoted words one after the other, so pages with some of them are shown.",)
    run = PipelineRun(collection, snapshot, query, spaces, embeddings, where, allowed, rerankers, among)
    decider = collection.space(pipeline.decider()).encoder
    candidates: Candidates | None = None
    prologue = len(traces)
    for step in (*pipeline.steps[:-1], replace(pipeline.steps[-1], k=pipeline.k)):
        entering = pages if candidates is None else len(candidates)
        run.cost = StageCost()
        candidates = run.best(step, candidates)
        notes += run.cost.notes
        traces.append(_traced(list(run.records)[-1], watch.lap(), entering, len(candidates), run.cost))
        hits = _hits(collection, run, candidates, pipeline)
        assembling += watch.lap()
        yield SearchResult(
            str(query),
            collection.name,
            decider,
            str(pipeline),
            hits,
            Trace((*traces, StageTrace("results", assembling, len(candidates), len(hits)))),
            complete=len(traces) == len(pipeline.steps) + prologue,
            notes=notes,
            query=query,
        )
        watch.lap()  # the time the reader took over a partial result is not the search's


def _reranker(step: Step, models: QueryModels) -> tuple[Reranker, bool]:
    """The model that a stage names, and whether it had to be loaded; `PipelineError` when it cannot do the stage."""
    try:
        model, cold = models.reranker(step.option("model"))
    except NoEncoderError as error:
        raise PipelineError(f"Stage '{step.label}'{_place(step)}: {error}", step.at) from error
    if not (model.info.sees if step.stage.reranks == "pictures" else model.info.reads):
        raise PipelineError(
            f"Stage '{step.label}'{_place(step)}: '{model.info.id}' takes no {step.stage.reranks} of pages.", step.at
        )
    return model, cold


def _encoded(
    query: Query,
    pipeline: Pipeline,
    spaces: Mapping[str, EncoderVectors],
    models: QueryModels,
    watch: Stopwatch,
    traces: list[StageTrace],
) -> dict[str, Encoded]:
    """The query by every encoder that is compared, with a trace of each.

    None where one sees nothing in pictures that the last stage looks at by itself.
    """
    encoders = dict.fromkeys(space.encoder for space in spaces.values())
    encoded: dict[str, Encoded] = {}
    for encoder in encoders:
        name = f"encode@{encoder}" if len(encoders) > 1 else "encode"
        try:
            found = encoded[encoder] = models.encode(encoder, query)
        except QueryError:
            shown = any(part.weight > 0 and isinstance(part, PicturePart | RegionPart) for part in query.parts)
            if not (shown and pipeline.steps[-1].stage.looks):
                raise
            traces.append(StageTrace(name, watch.lap()))
            return {}
        _check(found.embedding)
        traces.append(StageTrace(name, watch.lap(), cold=found.cold, cache_hit=found.cache_hit))
    return encoded


def _check(embedding: QueryEmbedding) -> None:
    if not (np.isfinite(embedding.vectors).all() and np.isfinite(embedding.weights).all()):
        raise QueryError("The query's vectors are no numbers, so nothing can be compared with them; change the query.")


def _traced(name: str, ms: float, entering: int, leaving: int, cost: StageCost) -> StageTrace:
    return StageTrace(
        name,
        ms,
        entering,
        leaving,
        cost.vectors,
        cost.bytes,
        cost.kernel_ms,
        cost.cold,
        scored=cost.scored,
        weights=cost.weights,
        lifted=cost.lifted,
        device=cost.device,
        approximate=cost.approximate,
    )


def _hits(collection: Collection, run: PipelineRun, candidates: Candidates, pipeline: Pipeline) -> tuple[Hit, ...]:
    keep = pipeline.k
    rows = candidates.rows[:keep]
    ids = [run.snapshot.ids[row] for row in rows.tolist()]
    refs = collection.refs(ids)
    scores = candidates.scores[:keep].tolist()
    reads = any(leaf.stage.reads for leaf in pipeline.leaves())
    counts = run.snapshot.word_counts if reads else None
    words = [None] * len(rows) if counts is None else counts[rows].tolist()
    return tuple(
        Hit(page, refs[page], rank, score, candidates.kind, said, count)
        for rank, (page, score, said, count) in enumerate(zip(ids, scores, run.said(rows), words, strict=True), 1)
        if page in refs  # a page deleted while the search ran
    )
