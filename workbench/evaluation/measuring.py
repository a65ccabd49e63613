"""One pipeline over all questions of an evaluation: asked, ranked, measured and timed; or a ranking made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.evaluation.datasets import Question
from workbench.evaluation.locating import LocatedPages
from workbench.evaluation.measures import per_query
from workbench.evaluation.parts import Part
from workbench.evaluation.query_runner import QueryRunner, is_encoding, is_stage
from workbench.evaluation.ranking import StageRanks, stage_texts
from workbench.evaluation.record import Answer, EvaluatedPipeline, RankedPage, StageText, StageWork
from workbench.retrieval import Pipeline
from workbench.types import CollectionInfo, SearchResult

WARM_UP = 3
"""Questions asked once before a pipeline is timed."""

Qrels = Mapping[str, Mapping[str, int]]
Run = Mapping[str, Sequence[tuple[str, float]]]
"""For each question ``(page, score)``, best first."""


def measure(
    runner: QueryRunner,
    ranks: StageRanks,
    name: str,
    pipeline: Pipeline,
    queries: Sequence[Question],
    qrels: Qrels,
    measures: Sequence[str],
    info: CollectionInfo,
) -> Part:
    """Ask, rank and time one pipeline; `PipelineError` when the collection lacks an index it names."""
    runner.begin()
    for query in queries[:WARM_UP]:
        runner.one(query, pipeline)
    results = runner.all(queries, pipeline)
    run = {query: [str(hit.ref) for hit in result.hits] for query, result in results.items()}
    scores = per_query(qrels, run, measures)
    stages = stage_texts(pipeline, next(iter(results.values()), None))
    found = ranks.of(pipeline, [stage.name for stage in stages])
    answers = {
        query.id: _answer(scores[query.id], found[query.id], results.get(query.id), runner.refused.get(query.id, ""))
        for query in queries
    }
    encodes = any(leaf.stage.vectors for leaf in pipeline.leaves())
    times = {
        query: {stage.name: round(stage.ms, 3) for stage in result.trace.stages if not is_encoding(stage.name)}
        for query, result in results.items()
    }
    run_of = EvaluatedPipeline(name, str(pipeline), encodes, stages, _storage(info, pipeline), answers)
    return Part(run_of, times, runner.encode_ms, runner.refused)


def from_elsewhere(
    name: str, run: Run, places: LocatedPages, qrels: Mapping[str, Mapping[str, int]], measures: Sequence[str]
) -> EvaluatedPipeline:
    """A ranking made elsewhere as a pipeline of one stage, without times or work."""
    found: dict[str, list[tuple[str, float]]] = {}
    for query in qrels:
        best: dict[str, float] = {}
        for page, score in run.get(query, ()):
            best.setdefault(places.page(page), score)
        found[query] = list(best.items())
    scores = per_query(qrels, {query: [page for page, _ in pages] for query, pages in found.items()}, measures)
    answers: dict[str, Answer] = {}
    for query, pages in found.items():
        rank = {page: place for place, (page, _) in enumerate(pages, 1)}
        relevant = {page: {"run": rank.get(page)} for page, grade in qrels[query].items() if grade > 0}
        top = tuple(RankedPage(page, float(f"{score:.5g}"), {"run": rank[page]}) for page, score in pages)
        answers[query] = Answer({m: round(v, 6) for m, v in scores[query].items()}, relevant, top)
    depth = max((len(pages) for pages in found.values()), default=0)
    return EvaluatedPipeline(name, f"run {name}", False, (StageText("run", "run", depth),), {}, answers)


def _answer(
    measures: Mapping[str, float],
    relevant: Mapping[str, Mapping[str, int | None]],
    result: SearchResult | None,
    refused: str,
) -> Answer:
    measures = {name: round(value, 6) for name, value in measures.items()}
    if result is None:
        return Answer(measures, relevant, refused=refused)
    return Answer(
        measures,
        relevant,
        tuple(
            RankedPage(str(hit.ref), float(f"{hit.score:.5g}"), {s.name: s.rank for s in hit.stages})
            for hit in result.hits
        ),
        tuple(
            StageWork(s.name, s.candidates_in, s.candidates_out, s.vectors_compared, s.bytes_read)
            for s in result.trace.stages
            if is_stage(s.name)
        ),
    )


def deep_enough(pipeline: Pipeline, deep: int) -> Pipeline:
    """The pipeline with as many results as the measures look at, or as many as the stage before lets through."""
    most = min((step.k for step in pipeline.steps[:-1] if step.k is not None), default=deep)
    return pipeline.returning(max(pipeline.k, min(deep, most)))


def _storage(info: CollectionInfo, pipeline: Pipeline) -> dict[str, float]:
    """Vectors and their bytes per page for each index the pipeline reads, under the name that its stage goes by."""
    held = {(space.encoder, index.name): index for space in info.spaces for index in space.indexes}
    held |= {("", index.name): index for index in info.indexes}
    pages = max(info.pages, 1)
    found: dict[str, float] = {}
    for leaf in pipeline.leaves():
        index = held.get((leaf.encoder, leaf.index)) if leaf.stage.vectors else None
        if index is not None:
            width = index.dim * np.dtype(index.dtype).itemsize
            found[f"{leaf.label}_vectors_per_page"] = round(index.vectors / pages, 1)
            found[f"{leaf.label}_bytes_per_page"] = round(index.vectors * width / pages)
    return found
