"""Evaluations: datasets on a shelf, evaluations as jobs, kept records set against each other, notes and judgements.

What the screen keeps and what ``pagelens eval --save`` keeps are the same records in the same place.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from workbench import evaluation, permits, resources
from workbench.errors import InputError, NotFoundError, PagelensError
from workbench.evaluation import Dataset, DatasetCheck, Record, reports
from workbench.evaluation.dataset_library import DatasetLibrary
from workbench.evaluation.judgements import Judgements
from workbench.evaluation.losses import ABSENT, LOST, Outcome, outcomes
from workbench.evaluation.oddities import counts
from workbench.evaluation.provenance import collection_facts
from workbench.evaluation.record import EvaluatedPipeline
from workbench.evaluation.reports import Pictures
from workbench.evaluation.runs import qrels_text, trec_lines
from workbench.evaluation.saved_runs import Note, SavedRun, SavedRuns
from workbench.evaluation.scopes import in_scope
from workbench.ingestion import JobRun
from workbench.legibility import goes_by_words, hindrance
from workbench.retrieval import Pipeline
from workbench.service.explanations import Explanations
from workbench.service.ingestion import Ingestion
from workbench.service.search import clean_query, fitted_pipeline
from workbench.store import Collection
from workbench.types import Gone, IngestReport, Job, JobStage, PageRef, Progress, Receipt

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
class DatasetInfo:
    """A dataset of the shelf; ``problem`` says why it cannot be used.

    ``collection`` is the one whose pages it is about, ``scope`` what it is evaluated in unless another is asked for,
    ``oddities`` the rows that were left out or mended, by kind; ``warnings`` say so in sentences.
    """

    name: str
    questions: int
    relevant_pages: int
    scope: str
    collection: str
    warnings: tuple[str, ...]
    removable: bool
    problem: str = ""
    oddities: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EvaluationJob:
    """An evaluation on its way, with what was asked; ``record`` is the name it is kept under when it has ended."""

    job: Job
    dataset: str
    scope: str
    pipelines: tuple[str, ...]
    measures: tuple[str, ...]
    record: str


class _Stopped(Exception):
    """Ends an evaluation at a person's wish; the pipelines that are done are kept."""


class Evaluations(Ingestion, Explanations):
    """Measuring pipelines on datasets, and what people make of the figures."""

    # -- datasets -----------------------------------------------------------------------------------------------------

    def datasets(self) -> list[DatasetInfo]:
        """Every dataset there is; one that cannot be used says why."""
        found = (self._dataset_info(name) for name in self._datasets.names())
        return [info for info in found if _seen(info.collection)]

    def dataset_names(self) -> list[str]:
        """The names alone, which is quick for who may see all of them."""
        return self._datasets.names() if permits.sees_all() else [info.name for info in self.datasets()]

    def dataset(self, name: str) -> Dataset:
        """One dataset, read and checked."""
        if not permits.sees_all() and name not in self.dataset_names():
            raise NotFoundError(f"There is no dataset '{name}'.")
        return self._datasets.load(name)

    def bring_dataset(self, path: str) -> DatasetInfo:
        """Put a folder on the shelf (in the folder form, BEIR's or ViDoRe's) or a benchmark by its name."""
        return self._dataset_info(self._datasets.bring(path, self.settings.offline))

    def make_dataset(self, name: str, collection: str, questions: Path, labels: Path | None = None) -> DatasetInfo:
        """Make a dataset over a collection from files of questions and labels: JSON lines, CSV, tabs or TREC."""
        self._collection(collection)
        return self._dataset_info(self._datasets.make(name, collection, questions, labels))

    def remove_dataset(self, name: str) -> None:
        """Take a dataset off the shelf; records that were made with it stay."""
        if not permits.sees_all():
            self.dataset(name)
        self._datasets.remove(name)

    def check_dataset(self, name: str) -> DatasetCheck:
        """Open every file of a dataset and hold its labels against the pages there are."""
        found = self.dataset(name)
        return evaluation.check(found, self.documents(found.collection) if found.collection else ())

    def ingest_dataset(self, name: str, collection: str) -> Job:
        """Queue the indexing of a dataset's own documents into a collection."""
        found = self.dataset(name)
        if not found.files():
            raise InputError(f"Dataset '{name}' has no documents of its own; it is about those of a collection.")
        return self.start_ingest([part.documents for part in found.parts] or [found.documents], collection)

    # -- running ------------------------------------------------------------------------------------------------------

    def start_evaluation(
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
        found = self.dataset(dataset)
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
        self._collection(collection)
        request = {
            "collection": collection,
            "dataset": dataset,
            "scope": scope,
            "pipelines": named,
            "measures": list(measures),
            "record": self._saved_runs.claim(),
        }
        return _evaluation_job(self._jobs.start(collection, request, EVALUATE), request)

    def evaluation_jobs(self) -> list[EvaluationJob]:
        """Evaluations that run, wait or were stopped, newest first."""
        found = (job for job in self.jobs() if job.kind == EVALUATE and job.state != "done")
        return [_evaluation_job(job, self._jobs.request(job.id)) for job in found]

    def _job_runs(self) -> Mapping[str, JobRun]:
        return {**super()._job_runs(), EVALUATE: self._run_evaluation}

    def _run_evaluation(
        self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: threading.Event
    ) -> IngestReport:
        started = time.monotonic()
        name, collection = request["record"], request["collection"]
        parts = evaluation.Parts(self._saved_runs.folder(name))

        def tell(done: int, total: int) -> None:
            if stop.is_set():
                raise _Stopped
            seconds = time.monotonic() - started
            report(Progress((JobStage("search", done, total, seconds),), done, total, seconds, request["dataset"], ()))

        try:
            record = evaluation.evaluate(
                self,
                self._datasets.load(request["dataset"]),
                collection,
                request["pipelines"],
                request["scope"],
                request["measures"],
                tell,
                parts=parts,
            )
        except _Stopped:
            return IngestReport(collection, (), time.monotonic() - started, stopped=True)
        self._saved_runs.save(record, name)
        parts.clear()
        return IngestReport(collection, (), time.monotonic() - started, notes=record.warnings)

    # -- records ------------------------------------------------------------------------------------------------------

    def evaluations(self) -> list[SavedRun]:
        """The kept records in brief, newest first."""
        return [run for run in self._saved_runs.all() if permits.sees(run.collection)]

    def evaluation(self, name: str) -> Record:
        """A kept record."""
        found = self._saved_runs.load(name)
        if not permits.sees(found.collection.name):
            raise NotFoundError(f"There is no evaluation '{name}'.")
        return found

    def save_evaluation(self, record: Record) -> str:
        """Keep a record that was made elsewhere; returns the name it is kept under."""
        return self._saved_runs.save(record)

    def delete_evaluation(self, name: str) -> None:
        """Delete a kept record with its notes."""
        if not permits.sees_all():
            self.evaluation(name)
        self._saved_runs.delete(name)

    def compare_evaluations(self, names: Sequence[str], measure: str = "") -> list[dict[str, Any]]:
        """The pipelines of kept records with intervals, letters and paired tests, one report for each set of questions.

        As `reports.values`, without the answers; ``measure`` is the one compared, the records' first by default.
        """
        for name in names:
            self.evaluation(name)
        return self._compared(tuple((name, self._saved_runs.stamp(name)) for name in names), measure)

    def outcomes(self, name: str, pipeline: str, measure: str = "") -> list[Outcome]:
        """Every question of a pipeline of a kept record, failures first, with what lost their pages."""
        return outcomes(self.evaluation(name), pipeline, measure)

    def causes(self, name: str, pipeline: str, outcomes: Sequence[Outcome]) -> dict[tuple[str, str], str]:
        """What is wrong with lost pages themselves, in a sentence, by (stage that lost the page, page).

        Only where it matters to the stage (see `legibility`); a page that was never indexed stands under stage "".
        Empty where the collection is gone.
        """
        record = self.evaluation(name)
        if record.collection.name not in self.collection_names():
            return {}
        store = self._collection(record.collection.name)
        reading = _word_stages(record.pipelines[pipeline], store)
        fates = [fate for outcome in outcomes for fate in outcome.page_outcomes]
        lost = {(fate.stage, fate.page) for fate in fates if fate.state == LOST and fate.stage in reading}
        refs = {page: ref for _, page in lost if (ref := _page_ref(page)) is not None}
        there, unread = store.pages(list(refs.values())), set(store.unread()) if lost else set()
        said = {page: hindrance(there[ref], store, unread) for page, ref in refs.items() if ref in there}
        causes = {(stage, page): found.sentence for stage, page in lost if (found := said.get(page)) is not None}
        failed = {page.page: page.reason for page in record.failed}
        absent = {fate.page for fate in fates if fate.state == ABSENT}
        return causes | {("", page): f"It was not read: {failed[page]}" for page in absent if page in failed}

    def notes(self, name: str) -> dict[str, Note]:
        """What people noted about the questions of a record."""
        self.evaluation(name)
        return self._saved_runs.notes(name)

    def note(self, name: str, question: str, tags: Sequence[str], text: str) -> Note:
        """Note tags and words about a question of a record, in place of those before."""
        self.evaluation(name)
        return self._saved_runs.note(name, question, tags, text)

    def export_evaluation(self, names: Sequence[str], form: str, pipeline: str = "") -> str:
        """Kept records as one of `FORMS`; a run is of the ``pipeline`` named, or the record's first."""
        if form not in FORMS:
            raise InputError(f"'{form}' is none of {', '.join(FORMS)}.")
        records = [self.evaluation(name) for name in names]
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
        pictures = Pictures(self, self._unchanged(records)) if suffix == "html" else None
        text: str = reports.written(records, f".{suffix}", ("systems" if table == "report" else table,), pictures)
        return text

    # -- judgements ---------------------------------------------------------------------------------------------------

    def judge(self, query: str, ref: PageRef, collection: str, grade: int | None) -> dict[str, int]:
        """Say how well a page answers a query (0 not at all), or take that back (None); returns the query's grades.

        `NotFoundError` for a page that is not there.
        """
        there = self._collection(collection).page(ref)
        return self._judgements.judge(collection, str(clean_query(query)), there.ref, grade)

    def judgements(self, query: str, collection: str) -> dict[str, int]:
        """Grades by page that were given for a query."""
        self._collection(collection)
        return self._judgements.of(collection, str(clean_query(query)))

    def judged_dataset(self, collection: str, name: str) -> DatasetInfo:
        """Everything judged in a collection as a dataset of the shelf, in place of one made so before."""
        self._collection(collection)
        judged = self._judgements.all(collection)
        if not any(grade > 0 for grades in judged.grades.values() for grade in grades.values()):
            raise InputError(f"No page of '{collection}' has been judged relevant yet.")
        if name in self._datasets.names() and self._datasets.load(name).collection != collection:
            raise InputError(f"There is another dataset '{name}'; give this one another name.")
        made = Dataset(name, self._judgements.folder(collection), judged.queries, judged.grades)
        self._datasets.write(name, made, collection)
        return self._dataset_info(name)

    def _forget(self, gone: Gone) -> Receipt:
        receipt = super()._forget(gone)
        try:
            return replace(receipt, labels=self._judgements.forget(gone.collection, gone.document))
        except InputError as error:  # what cannot be read stays for a person to mend
            return replace(receipt, notes=(*receipt.notes, str(error)))

    # -- inside -------------------------------------------------------------------------------------------------------

    @cached_property
    def _datasets(self) -> DatasetLibrary:
        return DatasetLibrary(self.settings.home / "datasets", resources.sample_data())

    @cached_property
    def _saved_runs(self) -> SavedRuns:
        return SavedRuns(self.settings.home / "evaluations")

    @cached_property
    def _judgements(self) -> Judgements:
        return Judgements(self.settings.home / "judgements")

    @cached_property
    def _compared(self) -> Callable[[tuple[tuple[str, int], ...], str], list[dict[str, Any]]]:
        """Tests take seconds on large records, which do not change: the last few are remembered."""
        return lru_cache(maxsize=16)(self._compare)

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

    def _dataset_info(self, name: str) -> DatasetInfo:
        removable = self._datasets.removable(name)
        try:
            found = self._datasets.load(name)
        except InputError as error:
            return DatasetInfo(name, 0, 0, "", "", (), removable, str(error))
        relevant = {page for grades in found.qrels.values() for page, grade in grades.items() if grade > 0}
        return DatasetInfo(
            name,
            len(found.queries),
            len(relevant),
            found.scope,
            found.collection,
            found.warnings,
            removable,
            oddities=counts(found.oddities),
        )

    def _unchanged(self, records: Sequence[Record]) -> set[str]:
        """Collections that are what they were when the records were made, so that their pages can be shown."""
        facts = {record.collection.name: record.collection.hash for record in records}
        here = {name: made for name, made in facts.items() if name in self.collection_names()}
        return {
            name
            for name, made in here.items()
            if collection_facts(self.collection(name), self.documents(name)).hash == made
        }


def _word_stages(run: EvaluatedPipeline, store: Collection) -> set[str]:
    """The stages of a measured pipeline that go by words alone; none of a ranking made elsewhere."""
    try:
        steps = fitted_pipeline(run.text, None, store).steps
        if len(steps) == len(run.stages):
            return {told.name for told, step in zip(run.stages, steps, strict=True) if goes_by_words(step, store)}
    except PagelensError:  # it is none, or of an encoder that is gone
        pass
    return set()


def _page_ref(text: str) -> PageRef | None:
    try:
        return PageRef.parse(text)
    except ValueError:
        return None


def _seen(collection: str) -> bool:
    """Whether a dataset about a collection (empty: about documents of its own) is there for whoever asks."""
    return not collection or permits.sees(collection)


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
