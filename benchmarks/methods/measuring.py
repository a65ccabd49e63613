"""Asks a collection a dataset's questions by one method after another, and keeps what the table is made of.

A representation is asked once for each number of candidates, as ``REPRESENTATION:K > full:K``: where its stage puts a
page, what that cost, and the order after the exact rerank are all in one result. Ranks, milliseconds and vectors
compared are the engine's own, out of its traces.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.corpus import text_index_bytes
from benchmarks.methods.report import ALONE, PIPELINE, PRESET, RERANKED, MethodRow
from benchmarks.methods.trial import Trial
from workbench.bench.cost import stages_of
from workbench.errors import InputError
from workbench.evaluation import Dataset, Question, per_query
from workbench.evaluation.locating import locate
from workbench.evaluation.query_runner import QueryRunner
from workbench.evaluation.ranking import deepened
from workbench.evaluation.scopes import in_scope, restriction
from workbench.retrieval import PRESETS, Pipeline
from workbench.types import SearchResult

NDCG, RECALL, CANDIDATES = "nDCG@5", "R@10", "R@100"
MIN_DEPTH = 100
"""Pages of a first stage among which relevant ones are counted as candidates."""
SHOWN = 10

Results = Mapping[str, SearchResult]
Run = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class ScopedQuestions:
    """The questions of one scope, and their labels under the collection's page names."""

    scope: str
    queries: Sequence[Question]
    qrels: Mapping[str, Mapping[str, int]]
    runner: QueryRunner
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, trial: Trial, dataset: Dataset, collection: str, scope: str) -> ScopedQuestions:
        """The questions that a scope asks; `DatasetError` when there are none."""
        queries = in_scope(dataset, scope)
        places = locate(dataset, trial.library.documents(collection))
        qrels: dict[str, dict[str, int]] = {}
        for query in queries:
            grades = qrels[query.id] = {}
            for page, grade in dataset.qrels[query.id].items():
                name = places.page(page)
                grades[name] = max(grade, grades.get(name, grade))
        runner = QueryRunner(trial.searches.search, collection, restriction(dataset, places, scope), None, 0)
        return cls(scope, queries, qrels, runner)

    def search(self, pipeline: Pipeline) -> Results:
        """Every question's result; one asked before the others, whose time is not counted, warms up.

        One that cannot be searched counts as a miss and is in ``warnings``; `InputError` when none can.
        """
        self.runner.begin()
        self.runner.one(self.queries[0], pipeline)
        found = self.runner.all(self.queries, pipeline)
        if not found:
            raise InputError(f"'{pipeline}' answers no question. {next(iter(self.runner.refused.values()))}")
        self.warnings.extend(f"{pipeline}: question {one}: {why}" for one, why in self.runner.refused.items())
        return found


class Measuring:
    """The rows of one collection for one scope. Indexes that a method needs have to be held by the trial."""

    def __init__(self, trial: Trial, collection: str, asked: ScopedQuestions) -> None:
        self._trial = trial
        self._asked = asked
        self._words = text_index_bytes(trial, collection) / max(trial.library.info(collection).pages, 1)

    @property
    def scope(self) -> str:
        """The scope it asks in."""
        return self._asked.scope

    def representation(self, name: str, keeps: Sequence[int]) -> list[MethodRow]:
        """A representation alone, and before an exact rerank of so many candidates."""
        deepest, rows, candidates = max(MIN_DEPTH, *keeps), [], {}
        for keep in sorted({deepest, *keeps}, reverse=True):
            pipeline = Pipeline.parse(f"{name}:{keep} > full:{keep}")
            results = self._asked.search(pipeline)
            if keep == deepest:
                candidates = {query: _first(result) for query, result in results.items()}
                alone = Pipeline(pipeline.steps[:1]).returning(SHOWN)
                rows.append(self._row(name, ALONE, alone, candidates, candidates, results))
            if keep in keeps:
                ranked = {query: _pages(result) for query, result in results.items()}
                rows.append(
                    self._row(name, RERANKED, pipeline.returning(min(SHOWN, keep)), ranked, candidates, results)
                )
        return rows

    def pipeline(self, name: str, pipeline: Pipeline) -> MethodRow:
        """Any pipeline; candidates are the first pages of its first step."""
        results = self._asked.search(pipeline)
        ranked = {query: _pages(result) for query, result in results.items()}
        first = self._asked.runner.all(self._asked.queries, deepened(pipeline, 0))
        kind = PRESET if name in PRESETS else PIPELINE
        return self._row(name, kind, pipeline, ranked, {q: _pages(found) for q, found in first.items()}, results)

    def _row(
        self, name: str, kind: str, pipeline: Pipeline, ranked: Run, candidates: Run, results: Results
    ) -> MethodRow:
        scores = per_query(self._asked.qrels, ranked, (NDCG, RECALL))
        found = per_query(self._asked.qrels, candidates, (CANDIDATES,))
        steps = len(pipeline.steps)
        traces = [stages_of(result.trace.stages)[:steps] for result in results.values()]
        vectors, size = self._trial.stored(pipeline)
        if any(not leaf.stage.vectors for leaf in pipeline.leaves()):
            size += self._words
        return MethodRow(
            self._asked.scope,
            name,
            kind,
            str(pipeline),
            vectors,
            size,
            _mean([row[CANDIDATES] for row in found.values()]),
            _mean([row[NDCG] for row in scores.values()]),
            _mean([row[RECALL] for row in scores.values()]),
            tuple(round(statistics.median(step.ms for step in column), 3) for column in zip(*traces, strict=True)),
            round(statistics.median(sum(step.ms for step in trace) for trace in traces), 3),
            _mean([sum(step.vectors_compared for step in trace) for trace in traces]),
            {query: round(row[NDCG], 6) for query, row in scores.items()},
        )


def _pages(result: SearchResult) -> list[str]:
    return [str(hit.ref) for hit in result.hits]


def _first(result: SearchResult) -> list[str]:
    """The pages as the first of the stages ranked them."""
    return [str(hit.ref) for hit in sorted(result.hits, key=lambda hit: hit.stages[0].rank)]


def _mean(values: Sequence[float]) -> float:
    return float(statistics.fmean(values)) if values else 0.0
