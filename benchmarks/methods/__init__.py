"""Every way to search pages cheaply, measured against the others over one collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from benchmarks.methods.catalogue import PIPELINES, families, representations
from benchmarks.methods.keeping import MeasuredRows
from benchmarks.methods.measuring import Measuring, ScopedQuestions
from benchmarks.methods.report import EXACT, MethodRow, MethodsReport, fronts, merge_or_prune
from benchmarks.methods.trial import Trial
from workbench.bench.machine import measure_machine
from workbench.evaluation import Dataset
from workbench.evaluation.provenance import collection_facts, versions
from workbench.representations import Representation
from workbench.retrieval import PRESETS, Pipeline
from workbench.settings import Settings

KEEPS = (50, 100)
"""Candidates that are reranked exactly."""
SCOPES = ("corpus", "document")

__all__ = [
    "EXACT",
    "KEEPS",
    "PIPELINES",
    "SCOPES",
    "MethodRow",
    "MethodsReport",
    "fronts",
    "methods",
    "representations",
    "sorted_out",
]


def methods(
    settings: Settings,
    collection: str,
    dataset: Dataset,
    forms: Sequence[str] | None = None,
    pipelines: Sequence[str] | None = None,
    scopes: Sequence[str] | None = None,
    keeps: Sequence[int] = KEEPS,
    progress: Callable[[str], None] = lambda what: None,
    kept_in: Path | None = None,
    more: Sequence[str] = (),
) -> MethodsReport:
    """Measure representations alone and before an exact rerank, and pipelines, in each scope.

    ``scopes`` are those of `SCOPES` that the dataset has questions for, unless others are named. ``forms`` are
    representations, without them all of `representations` that the vectors can have; ``pipelines`` presets or pipeline
    texts, without them the presets and those of `PIPELINES` that the vectors can have; ``more`` pipelines besides.
    Indexes that the collection lacks are worked out in memory from its stored vectors, one method at a time. Exact
    search is always measured, since the others are told beside it. ``kept_in`` is a file that keeps what is measured
    until all is. Errors as a search and an evaluation have them.
    """
    trial = Trial(settings, collection)
    wanted = [*(representations() if forms is None else ()), *(PIPELINES if pipelines is None else ())]
    left_out = {name: why for name in wanted if (why := trial.why_not(Pipeline.parse(name)))}
    chosen = [name for name in representations() if name not in left_out] if forms is None else list(forms)
    named = [*PRESETS, *(text for text in PIPELINES if text not in left_out)] if pipelines is None else pipelines
    scoped = [ScopedQuestions.of(trial, dataset, collection, scope) for scope in scopes or scopes_of(dataset)]
    measuring = [Measuring(trial, collection, asked) for asked in scoped]
    parsed = {name: trial.preset(name) for name in (EXACT, *named, *more)}
    info = trial.library.info(collection)
    facts = collection_facts(info, trial.library.documents(collection))
    asked_of = [(asked.scope, [asdict(query) for query in asked.queries], asked.qrels) for asked in scoped]
    kept = MeasuredRows(kept_in, [asked_of, asdict(facts), versions()])

    def by_pipeline(name: str, pipeline: Pipeline) -> list[MethodRow]:
        with trial.holding(pipeline):
            return [one.pipeline(name, pipeline) for one in measuring]

    def by_representation(name: str) -> list[MethodRow]:
        with trial.holding(Pipeline.parse(name)):
            return [row for one in measuring for row in one.representation(name, keeps)]

    rows: list[MethodRow] = []
    for number, (name, pipeline) in enumerate(parsed.items(), 1):
        progress(f"Pipeline {number} of {len(parsed)}: {name}")
        rows += kept.rows([name, str(pipeline)], partial(by_pipeline, name, pipeline))
    for number, name in enumerate(chosen, 1):
        progress(f"Representation {number} of {len(chosen)}: {name}")
        rows += kept.rows([name, list(keeps)], partial(by_representation, name))
    by_scope = {asked.scope: [row for row in rows if row.scope == asked.scope] for asked in scoped}
    return MethodsReport(
        dataset.name,
        collection,
        info.encoder,
        info.pages,
        {asked.scope: len(asked.queries) for asked in scoped},
        tuple(row for found in by_scope.values() for row in found),
        tuple(one for found in by_scope.values() for one in merge_or_prune(found, families())),
        measure_machine(),
        (
            *(f"{name} was left out: {why}" for name, why in left_out.items()),
            *(warning for asked in scoped for warning in asked.warnings),
        ),
    )


def scopes_of(dataset: Dataset) -> list[str]:
    """The scopes that a dataset can be asked in: in questions' own documents only where they name one."""
    return [scope for scope in SCOPES if scope == "corpus" or any(query.document for query in dataset.queries)]


def sorted_out(only: Sequence[str]) -> tuple[list[str], list[str]]:
    """(representations, pipelines) among names: a preset or whatever has stages is a pipeline.

    `PipelineError` for what is neither.
    """
    forms, pipelines = [], []
    for text in only:
        try:
            representation = None if text in PRESETS else Representation.parse(text)
        except ValueError:
            representation = None
        if representation is None:
            pipelines.append(text)
        else:
            forms.append(str(representation))
    return forms, pipelines
