"""Evaluations: pipelines measured as jobs, kept records set against each other, and notes about them.

What the screen keeps and what ``pagelens eval --save`` keeps are the same records in the same place.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from workbench import evaluation, permits
from workbench.errors import InputError, NotFoundError
from workbench.evaluation import Record, reports
from workbench.evaluation.losses import Outcome, outcomes
from workbench.evaluation.provenance import collection_facts
from workbench.evaluation.record import CollectionFacts
from workbench.evaluation.reports import Pictures, StoredPages
from workbench.evaluation.runs import qrels_text, trec_lines
from workbench.evaluation.saved_runs import Note, SavedRun, SavedRuns
from workbench.evaluation.scopes import in_scope
from workbench.ingestion import Jobs
from workbench.retrieval import Pipeline
from workbench.service.causes import with_causes
from workbench.service.collections import Collections
from workbench.service.counted import Count, counted
from workbench.service.datasets import Datasets
from workbench.service.explanations import Explanations
from workbench.service.open_collections import OpenCollections
from workbench.service.searches import Searches
from workbench.types import IngestReport, Job, Progress

EVALUATE = "evaluate"
FORMS: Mapping[str, str] = {
    "record.json": "The whole record",
    "report.html": "Report, one HTML page",
    "systems.csv": "Table, CSV",
    "questions.csv": "Every question, CSV",
    "systems.tex": "Table, LaTeX",
    "run.trec": "Run, TREC",
    "qrels.trec": "Labels, TREC",
}
"""What a record can be exported as, by file name."""


@dataclass(frozen=True, slots=True)
class EvaluationJob:
    """An evaluation on its way, with what was asked; ``record`` is the name it is kept under when it has ended."""

    job: Job
    dataset: str
    scope: str
    pipelines: tuple[str, ...]
    measures: tuple[str, ...]
    record: str


class Evaluations:
    """Measuring pipelines on datasets, and what people make of the figures."""

    def __init__(
        self,
        home: Path,
        opened: OpenCollections,
        library: Collections,
        searches: Searches,
        explanations: Explanations,
        datasets: Datasets,
        jobs: Jobs,
    ) -> None:
        self.library = library
        self.searches = searches
        self.explanations = explanations
        self._opened = opened
        self._datasets = datasets
        self._jobs = jobs
        self._saved_runs = SavedRuns(home / "evaluations")
        # Tests take seconds on large records, which do not change: the last few are remembered.
        self._compared: Callable[[tuple[tuple[str, int], ...], str], list[dict[str, Any]]]
        self._compared = lru_cache(maxsize=16)(self._compare)
        jobs.does(EVALUATE, self._run)

    def start(
        self,
        dataset: str,
        collection: str,
        pipelines: Sequence[str],
        scope: str = "",
        measures: Sequence[str] = evaluation.DEFAULT,
    ) -> EvaluationJob:
        """Queue an evaluation and return at once; what can be refused is refused now.

        It can be stopped and resumed: pipelines that are done are not measured again. ``scope`` is the dataset's own
        unless one is named; a pipeline with choices in braces stands for all of them (`evaluation.expanded`). Times are
        those of a machine that may be doing other things meanwhile.
        """
        found = self._datasets.get(dataset)
        scope = scope or found.scope
        given = [text.strip() for text in pipelines if text.strip()]
        spread = (evaluation.expanded([text]) if "{" in text else [text] for text in given)
        named = list(dict.fromkeys(text for texts in spread for text in texts))
        if not named:
            raise InputError("Choose a pipeline to measure.")
        for text in named:
            Pipeline.parse(text)
        evaluation.parsed(measures)
        in_scope(found, scope)
        self.library.info(collection)
        request = {
            "collection": collection,
            "dataset": dataset,
            "scope": scope,
            "pipelines": named,
            "measures": list(measures),
            "record": self._saved_runs.claim(),
        }
        return _evaluation_job(self._jobs.start(collection, request, EVALUATE), request)

    def jobs(self) -> list[EvaluationJob]:
        """Evaluations that run, wait or were stopped, newest first."""
        found = (job for job in self._jobs.all() if job.kind == EVALUATE and job.state != "done")
        return [_evaluation_job(job, self._jobs.request(job.id)) for job in found]

    def _run(
        self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: threading.Event
    ) -> IngestReport:
        name = request["record"]
        parts = evaluation.Parts(self._saved_runs.folder(name))

        def work(count: Count) -> Sequence[str]:
            record = evaluation.evaluate(
                self,
                self._datasets.get(request["dataset"]),
                request["collection"],
                request["pipelines"],
                request["scope"],
                request["measures"],
                lambda done, total: count(done, total, request["dataset"]),
                parts=parts,
            )
            self._saved_runs.save(record, name)
            parts.clear()
            return record.warnings

        return counted("search", request["collection"], report, stop, work)

    def all(self) -> list[SavedRun]:
        """The kept records in brief, newest first."""
        return [run for run in self._saved_runs.all() if permits.sees(run.collection)]

    def get(self, name: str) -> Record:
        """A kept record."""
        found = self._saved_runs.load(name)
        if not permits.sees(found.collection.name):
            raise NotFoundError(f"There is no evaluation '{name}'.")
        return found

    def save(self, record: Record) -> str:
        """Keep a record that was made elsewhere; returns the name it is kept under."""
        return self._saved_runs.save(record)

    def delete(self, name: str) -> None:
        """Delete a kept record with its notes."""
        if not permits.sees_all():
            self.get(name)
        self._saved_runs.delete(name)

    def compare(self, names: Sequence[str], measure: str = "") -> list[dict[str, Any]]:
        """The pipelines of kept records with intervals, letters and paired tests, one report for each set of questions.

        As `reports.values`, without the answers; ``measure`` is the one compared, the records' first by default.
        """
        for name in names:
            self.get(name)
        return self._compared(tuple((name, self._saved_runs.stamp(name)) for name in names), measure)

    def outcomes(self, name: str, pipeline: str, measure: str = "") -> list[Outcome]:
        """Every question of a pipeline of a kept record, failures first, with what lost their pages."""
        record = self.get(name)
        return with_causes(self._opened, record, pipeline, outcomes(record, pipeline, measure))

    def notes(self, name: str) -> dict[str, Note]:
        """What people noted about the questions of a record."""
        self.get(name)
        return self._saved_runs.notes(name)

    def note(self, name: str, question: str, tags: Sequence[str], text: str) -> Note:
        """Note tags and words about a question of a record, in place of those before."""
        self.get(name)
        return self._saved_runs.note(name, question, tags, text)

    def export(self, names: Sequence[str], form: str, pipeline: str = "") -> str:
        """Kept records as one of `FORMS`; a run is of the ``pipeline`` named, or the record's first."""
        if form not in FORMS:
            raise InputError(f"'{form}' is none of {', '.join(FORMS)}.")
        records = [self.get(name) for name in names]
        if not records:
            raise InputError("Choose an evaluation to export.")
        first = records[0]
        if form == "record.json":
            return first.text()
        if form == "qrels.trec":
            return qrels_text({query: question.grades for query, question in first.questions.items()})
        if form == "run.trec":
            run = first.pipelines[pipeline] if pipeline in first.pipelines else next(iter(first.pipelines.values()))
            found = {query: [(hit.page, hit.score) for hit in answer.top] for query, answer in run.answers.items()}
            return "".join(trec_lines(found, run.text))
        table, suffix = form.split(".")
        facts = [record.collection for record in records if record.collection.name in self.library.names()]
        pictures = (
            Pictures(StoredPages(self), {held.name for held in facts if self.unchanged(held)})
            if suffix == "html"
            else None
        )
        text: str = reports.written(records, f".{suffix}", ("systems" if table == "report" else table,), pictures)
        return text

    def unchanged(self, facts: CollectionFacts) -> bool:
        """Whether a collection that is there is what it was when a record was made, so that its pages can be shown."""
        name = facts.name
        return collection_facts(self.library.info(name), self.library.documents(name)).hash == facts.hash

    def _compare(self, stamped: tuple[tuple[str, int], ...], measure: str) -> list[dict[str, Any]]:
        if not stamped:
            raise InputError("Choose an evaluation to show.")
        records = [(name, _by(self._saved_runs.load(name), measure)) for name, _ in stamped]
        found = []
        for view in reports.views([record for _, record in records]):
            kept = [next(name for name, record in records if record is system.record) for system in view.systems]
            named = Counter(system.name for system in view.systems)
            systems = tuple(
                replace(system, label=system.name if named[system.name] == 1 else f"{system.name}, {name}")
                for system, name in zip(view.systems, kept, strict=True)
            )
            named_view = replace(view, systems=systems)
            told = reports.summary(named_view, reports.Verdicts(named_view))
            for told_of, system, name in zip(told["systems"], systems, kept, strict=True):
                del told_of["answers"]
                told_of |= {"evaluation": name, "name": system.name}
            found.append(told)
        return found


def _by(record: Record, measure: str) -> Record:
    """The record with another measure first, which is the one that comparisons are about."""
    if not measure:
        return record
    if measure not in record.measures:
        raise InputError(f"A record has no measure {measure}; it has {', '.join(record.measures)}.")
    measures = [measure, *(other for other in record.measures if other != measure)]
    return replace(record, settings={**record.settings, "measures": measures})


def _evaluation_job(job: Job, request: Mapping[str, Any]) -> EvaluationJob:
    return EvaluationJob(
        job,
        request["dataset"],
        request["scope"],
        tuple(request["pipelines"]),
        tuple(request["measures"]),
        request["record"],
    )
