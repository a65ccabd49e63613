"""Routes of evaluations: datasets, measurements, what became of each question, and what people judge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from workbench.answers.collections import Named
from workbench.answers.evaluations import (
    Evaluated,
    EvaluationReport,
    EvaluationState,
    JudgedAnswers,
    QuestionOutcome,
)
from workbench.answers.jobs import JobState
from workbench.api.answers import Evaluations
from workbench.api.requests import (
    BringRequest,
    DatasetRequest,
    EvaluationRequest,
    JudgedRequest,
    JudgeRequest,
    KeepRequest,
    Name,
    NoteRequest,
    Text,
    page_ref,
)
from workbench.api.state import Bench, Staged
from workbench.api.taking import FILE, disposition
from workbench.errors import InputError, NotFoundError
from workbench.evaluation import DEFAULT, SCOPES, DatasetCheck
from workbench.evaluation.saved_runs import Note
from workbench.service import DatasetInfo, EvaluationJob
from workbench.service.asked import Asked
from workbench.service.evaluations import FORMS

ANY_FILE = "application/octet-stream"
MAX_RECORDS = 50
"""Records that are set against each other at once."""
Names = Annotated[list[Name], Query(min_length=1, max_length=MAX_RECORDS, description="Names of records.")]

router = APIRouter(tags=["Evaluating"])


@router.get("/evaluations")
def evaluations(workbench: Bench) -> Evaluations:
    """The datasets and records there are, what is being measured, and what there is to choose from."""
    return Evaluations(
        datasets=workbench.datasets.all(),
        records=workbench.evaluations.all(),
        jobs=[_state(found) for found in workbench.evaluations.jobs()],
        measures=list(DEFAULT),
        scopes=list(SCOPES),
        forms=Named.all(FORMS),
    )


@router.post("/evaluations", status_code=202)
def start_evaluation(workbench: Bench, body: EvaluationRequest) -> EvaluationState:
    """Measure pipelines on a dataset, in the background; it can be stopped and resumed as a job."""
    measures = body.measures or DEFAULT
    return _state(workbench.evaluations.start(body.dataset, body.collection, body.pipelines, body.scope, measures))


@router.get("/evaluations/{name}")
def evaluation(workbench: Bench, name: str) -> Evaluated:
    """What a record says of itself."""
    return Evaluated.of(name, workbench.evaluations.get(name))


@router.delete("/evaluations/{name}", status_code=204)
def delete_evaluation(workbench: Bench, name: str) -> None:
    """Delete a record with its notes."""
    workbench.evaluations.delete(name)


@router.get("/evaluations/{name}/outcomes")
def outcomes(workbench: Bench, name: str, pipeline: Text, measure: Text = "") -> list[QuestionOutcome]:
    """Every question of one pipeline of a record, failures first, and what lost their pages."""
    record, notes = workbench.evaluations.get(name), workbench.evaluations.notes(name)
    found = workbench.evaluations.outcomes(name, pipeline, measure)
    return [QuestionOutcome.of(outcome, record, notes) for outcome in found]


@router.get("/evaluations/{name}/questions/{question:path}")
def question(workbench: Bench, name: str, question: str) -> JudgedAnswers:
    """One question of a record: what every pipeline answered, with what was judged for it since."""
    record = workbench.evaluations.get(name)
    asked = record.questions.get(question)
    try:
        judged = workbench.judgements.of(asked.text, record.collection.name) if asked is not None else {}
    except NotFoundError:
        return JudgedAnswers.of(record, question, None)  # the collection was deleted since
    return JudgedAnswers.of(record, question, judged)


@router.put("/evaluations/{name}/notes/{question:path}")
def note(workbench: Bench, name: str, question: str, body: NoteRequest) -> Note:
    """Tags and words about a question of a record, in place of those before."""
    return workbench.evaluations.note(name, question, body.tags, body.text)


@router.get("/reports")
def report(workbench: Bench, names: Names, measure: Text = "") -> EvaluationReport:
    """Records set against each other on one measure, with intervals and paired tests; takes seconds for large ones."""
    records = {name: Evaluated.of(name, workbench.evaluations.get(name)) for name in names}
    return EvaluationReport(reports=workbench.evaluations.compare(names, measure), records=records)


@router.get("/reports/{form}", response_class=Response, responses={200: {"content": {ANY_FILE: FILE}}})
def report_file(workbench: Bench, form: str, names: Names, pipeline: Text = "") -> Response:
    """A record, or a report of several, as a file of one of the `forms` of `GET /evaluations`."""
    content = workbench.evaluations.export(names, form, pipeline)
    headers = {"Content-Disposition": disposition(f"{'-'.join(names)[:80]}-{form}"), "Cache-Control": "no-store"}
    return Response(content, media_type=ANY_FILE, headers=headers)


# -- what people judge ------------------------------------------------------------------------------------------------


@router.get("/judgements")
def judgements(workbench: Bench, collection: Name, query: Text) -> dict[str, int]:
    """Grades by page that were given for a query."""
    return workbench.judgements.of(query, collection)


@router.post("/judgements")
def judge(workbench: Bench, body: JudgeRequest) -> dict[str, int]:
    """Grade a page for a query, 0 (not relevant) to 3, or take the grade back (null); answers the query's grades."""
    return workbench.judgements.judge(body.query, page_ref(body.page), body.collection, body.grade)


# -- what people ask --------------------------------------------------------------------------------------------------


@router.get("/collections/{collection}/asked")
def asked(workbench: Bench, collection: str) -> Asked:
    """What was searched for in a collection, last first, with how many pages were judged for it; and if it is kept."""
    return workbench.asked.of(collection)


@router.put("/collections/{collection}/asked")
def keep_asked(workbench: Bench, collection: str, body: KeepRequest) -> Asked:
    """Keep what people search for in a collection from now on, or no more."""
    return workbench.asked.keep(collection, body.kept)


@router.delete("/collections/{collection}/asked", status_code=204)
def clear_asked(workbench: Bench, collection: str) -> None:
    """Delete what was kept."""
    workbench.asked.clear(collection)


# -- datasets ---------------------------------------------------------------------------------------------------------


@router.get("/datasets")
def datasets(workbench: Bench) -> list[DatasetInfo]:
    """The datasets there are; one that cannot be used says why."""
    return workbench.datasets.all()


@router.post("/datasets", status_code=201)
def bring_dataset(workbench: Bench, body: BringRequest) -> DatasetInfo:
    """Put a folder of the server's machine on the shelf, or a benchmark by its name."""
    return workbench.datasets.bring(body.path)


@router.post("/datasets/made", status_code=201)
def make_dataset(workbench: Bench, uploads: Staged, body: DatasetRequest) -> DatasetInfo:
    """A dataset over a collection, from an upload of questions and labels, which ends with this."""
    sent = {path.name: path for path in uploads.paths(body.batch)}
    try:
        labels = _sent(sent, body.labels) if body.labels else None
        return workbench.datasets.make(body.name, body.collection, _sent(sent, body.questions), labels)
    finally:
        uploads.discard(body.batch)


@router.post("/datasets/judged", status_code=201)
def judged_dataset(workbench: Bench, body: JudgedRequest) -> DatasetInfo:
    """Everything that was judged in a collection as a dataset, in place of one made so before."""
    return workbench.datasets.judged(body.collection, body.name.strip())


@router.get("/datasets/{name}/check")
def check_dataset(workbench: Bench, name: str) -> DatasetCheck:
    """What a dataset holds, and what would spoil its figures; opens every file of it."""
    return workbench.datasets.check(name)


@router.delete("/datasets/{name}", status_code=204)
def remove_dataset(workbench: Bench, name: str) -> None:
    """Take a dataset off the shelf; records that were made with it stay."""
    workbench.datasets.remove(name)


@router.post("/datasets/{name}/ingest", status_code=202)
def ingest_dataset(workbench: Bench, name: str, collection: Name) -> JobState:
    """Index a dataset's own documents into a collection, in the background."""
    return JobState.of(workbench.datasets.ingest(name, collection))


def _sent(files: dict[str, Path], name: str) -> Path:
    if name not in files:
        raise InputError(f"The file '{name}' did not arrive; choose it again.")
    return files[name]


def _state(value: EvaluationJob) -> EvaluationState:
    return EvaluationState.like(value, job=JobState.of(value.job))
