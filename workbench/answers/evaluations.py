"""Evaluations: what was measured, what became of each question, and what people say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from workbench.answers import Answer
from workbench.answers.jobs import JobState
from workbench.answers.searches import NamedPage
from workbench.errors import InputError
from workbench.evaluation.losses import ABSENT, FOUND, NOT_THERE, Outcome, PageOutcome
from workbench.evaluation.record import RankedPage, Record, StageText
from workbench.evaluation.saved_runs import Note
from workbench.retrieval import document_filter
from workbench.types import PageRef

SHOWN = 10
"""Results of a question that are shown for a pipeline."""


class EvaluationState(Answer):
    """An evaluation on its way, with what was asked; `record` is the name it is kept under when it has ended."""

    job: JobState
    dataset: str
    scope: str
    pipelines: list[str]
    measures: list[str]
    record: str


class Fate(BaseModel):
    """What became of some relevant pages of a pipeline: found, lost at the stage of this name, or absent."""

    name: str
    said: str
    count: int


class MeasuredPipeline(BaseModel):
    """A pipeline of a record, and where it lost relevant pages."""

    name: str
    pipeline: str
    stages: list[StageText]
    lost: Mapping[str, int] = Field(description="Relevant pages by the stage that lost them.")
    relevant: int = Field(description="Relevant pages over all questions.")
    fates: list[Fate] = Field(description="The same as all that became of them, in the order of the stages.")

    @classmethod
    def of(cls, record: Record, name: str) -> MeasuredPipeline:
        """From a record and the pipeline's name in it."""
        run, lost = record.pipelines[name], record.lost_at(name)
        relevant = sum(len(answer.relevant) for answer in run.answers.values())
        at = [Fate(name=one.name, said=f"lost at {one.text}", count=lost.get(one.name, 0)) for one in run.stages]
        found = Fate(name=FOUND, said="found", count=relevant - sum(lost.values()))
        absent = Fate(name=ABSENT, said=NOT_THERE, count=lost.get("", 0))
        return cls(
            name=name,
            pipeline=run.text,
            stages=list(run.stages),
            lost=lost,
            relevant=relevant,
            fates=[found, *at, absent],
        )


class Evaluated(BaseModel):
    """What a record says of itself: settings, machine, warnings; not its questions."""

    name: str
    dataset: str
    scope: str
    collection: str
    measures: list[str]
    date: str
    seconds: float
    missing: list[str] = Field(description="Relevant pages that are not in the collection.")
    warnings: list[str]
    pipelines: list[MeasuredPipeline]

    @classmethod
    def of(cls, name: str, value: Record) -> Evaluated:
        """From a record and the name it is kept under."""
        return cls(
            name=name,
            dataset=value.dataset.name,
            scope=value.dataset.scope,
            collection=value.collection.name,
            measures=list(value.measures),
            date=value.measured.date,
            seconds=value.measured.seconds,
            missing=list(value.missing),
            warnings=list(value.warnings),
            pipelines=[MeasuredPipeline.of(value, pipeline) for pipeline in value.pipelines],
        )


class EvaluationReport(BaseModel):
    """Records set against each other on one measure, a report for each set of questions, and the records themselves."""

    reports: list[dict[str, Any]]
    records: dict[str, Evaluated]


class PageFate(NamedPage):
    """What became of a relevant page: `state`, the stage that lost it, its ranks, and the pipeline that would not.

    `cause` says what is wrong with the page itself, where that is why: it was not read, or not well.
    """

    grade: int
    state: str
    stage: str
    rank: int | None
    keep: int
    cure: str
    cause: str
    said: str = Field(description="What became of it in a few words.")
    first: int | None = Field(description="Rank in the first stage.")
    final: int | None = Field(description="Rank in the last stage.")

    @classmethod
    def of(cls, value: PageOutcome) -> PageFate:
        """From what became of a page."""
        return cls.like(value, **_named(value.page))


class QuestionOutcome(Answer):
    """What a pipeline made of a question. `first` and `final` are ranks of the page that tells most of it."""

    question: str
    query: str
    document: str = Field(description="The document it is asked of, where the dataset says one.")
    value: float = Field(description="Of the measure asked for.")
    failed: bool
    refused: str
    first: int | None
    final: int | None
    pages: list[PageFate] = Field(description="Its relevant pages.")
    note: Note

    @classmethod
    def of(cls, value: Outcome, record: Record, notes: Mapping[str, Note]) -> QuestionOutcome:
        """From an outcome, its record, and what was noted about the record's questions."""
        asked = record.questions[value.question]
        return cls.like(
            value,
            query=asked.text,
            document=asked.document,
            first=value.telling.first,
            final=value.telling.final,
            pages=[PageFate.of(outcome) for outcome in value.page_outcomes],
            note=notes.get(value.question, Note()),
        )


class AnsweredPage(NamedPage):
    """A page among a question's results."""

    rank: int
    score: float
    stages: Mapping[str, int] = Field(description="Its rank in each stage.")
    said: str = Field(description="Its rank, and those that it had before the last stage.")

    @classmethod
    def of(cls, rank: int, hit: RankedPage) -> AnsweredPage:
        """From a result of a record and its rank."""
        before = [f"{name} {at:,}" for name, at in hit.stages.items()][:-1]
        said = f"rank {rank} (was {', '.join(before)})" if before else f"rank {rank}"
        return cls(**_named(hit.page), rank=rank, score=hit.score, stages=hit.stages, said=said)


class PipelineAnswer(BaseModel):
    """What a pipeline answered to a question."""

    name: str
    measures: Mapping[str, float]
    top: list[AnsweredPage]


class JudgedAnswers(BaseModel):
    """One question of a record: what every pipeline answered, with grades from labels and from people since."""

    question: str
    query: str
    collection: str
    version: str = Field(description="Hash of the collection as it was measured.")
    gone: bool = Field(description="Whether that collection is no longer there.")
    filter: str
    tags: Mapping[str, list[str]]
    grades: Mapping[str, int] = Field(description="By page, of the dataset's labels.")
    judged: Mapping[str, int] = Field(description="By page, of people since.")
    boxes: Mapping[str, Mapping[str, float]]
    pipelines: list[PipelineAnswer]

    @classmethod
    def of(cls, value: Record, identifier: str, judged: Mapping[str, int] | None) -> JudgedAnswers:
        """From a record; ``judged`` is None where the collection is gone. `InputError` for a question it has not."""
        if identifier not in value.questions:
            raise InputError(f"The record has no question '{identifier}'.")
        asked = value.questions[identifier]
        return cls(
            question=identifier,
            query=asked.text,
            collection=value.collection.name,
            version=value.collection.hash,
            gone=judged is None,
            filter=document_filter(asked.document) if value.dataset.scope == "document" else "",
            tags={key: list(values) for key, values in asked.tags.items()},
            grades=asked.grades,
            judged=judged or {},
            boxes={box.page: box.values for box in value.boxes if box.question == identifier},
            pipelines=[
                PipelineAnswer(
                    name=name,
                    measures=run.answers[identifier].measures,
                    top=[AnsweredPage.of(rank, hit) for rank, hit in enumerate(run.answers[identifier].top[:SHOWN], 1)],
                )
                for name, run in value.pipelines.items()
            ],
        )


def _named(text: str) -> dict[str, Any]:
    """A page reference with its document and number; one made elsewhere may be none of a page here."""
    try:
        return NamedPage.parts(PageRef.parse(text))
    except ValueError:
        return {"page": text, "document": "", "number": 0}
