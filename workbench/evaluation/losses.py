"""What became of every relevant page: found, or lost, with the stage that lost it and the least that would keep it.

All of it is read off a record, which knows the rank of each relevant page in each stage, also below what the stage
hands on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from workbench.errors import NotFoundError, PipelineError
from workbench.evaluation.record import EvaluatedPipeline, Record
from workbench.retrieval import Pipeline, is_worthwhile

FOUND, LOST, ABSENT, REFUSED = "found", "lost", "absent", "refused"
"""Fates: among the results; cut by a stage; not in the collection; the question could not be searched."""
NOT_THERE = "not in the collection"


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """One relevant page of one question.

    ``stage`` lost it and keeps ``keep`` pages; ``rank`` is the page's rank there and with it the smallest K that would
    have kept it, None where the stage did not rank it among as many as were looked at. ``cure`` is the pipeline with
    that K, empty where there is none, or it would keep most pages of the collection. ``first`` and ``final`` are its
    ranks in the first and the last stage. ``cause`` is what is wrong with the page itself, where somebody who knows the
    collection found that to be why; no K cures it then. ``step`` is the stage's text, as ``rows:256``.
    """

    page: str
    grade: int
    state: str
    stage: str = ""
    rank: int | None = None
    keep: int = 0
    cure: str = ""
    cause: str = ""
    first: int | None = None
    final: int | None = None
    step: str = ""

    @property
    def said(self) -> str:
        """The same in a few words, as they stand in a list."""
        if self.state == FOUND:
            return f"found at rank {self.final:,}"
        if self.state != LOST:
            return {ABSENT: NOT_THERE, REFUSED: "not searched"}[self.state]
        where = "not among the pages it ranked" if self.rank is None else f"rank {self.rank:,}, {self.keep:,} kept"
        return f"lost at {self.step}: {where}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one pipeline made of one question; ``value`` is of the measure asked for."""

    question: str
    value: float
    page_outcomes: tuple[PageOutcome, ...]
    refused: str = ""

    @property
    def failed(self) -> bool:
        """Whether a relevant page was not found."""
        return any(page_outcome.state != FOUND for page_outcome in self.page_outcomes)

    @property
    def telling(self) -> PageOutcome:
        """The relevant page that came furthest by its ranks, of those that were lost if any was."""
        lost = [page_outcome for page_outcome in self.page_outcomes if page_outcome.state != FOUND]
        return min(
            lost or self.page_outcomes,
            key=lambda page_outcome: (page_outcome.final or NOWHERE, page_outcome.first or NOWHERE),
        )


NOWHERE = 10**9
"""Stands for the rank of a page without one."""


def outcomes(record: Record, pipeline: str, measure: str = "") -> list[Outcome]:
    """Every question of a pipeline, failures first, the worst of them first, equal ones in the record's order.

    ``measure`` is the record's first one unless another is named. `NotFoundError` for a pipeline or measure that the
    record does not have.
    """
    measure = measure or record.measures[0]
    for name, known in ((pipeline, tuple(record.pipelines)), (measure, record.measures)):
        if name not in known:
            raise NotFoundError(f"The record has no '{name}'; it has {', '.join(known)}.")
    run = record.pipelines[pipeline]
    found = [_outcome(record, run, question, measure) for question in run.answers]
    return sorted(found, key=lambda outcome: (not outcome.failed, outcome.value))


def page_outcome(record: Record, run: EvaluatedPipeline, question: str, page: str) -> PageOutcome:
    """What became of one relevant page of one question."""
    answer = run.answers[question]
    ranks = answer.relevant[page]
    grade = record.questions[question].grades.get(page, 1)
    first, final = (ranks.get(step.name) for step in (run.stages[0], run.stages[-1]))
    told = PageOutcome(page, grade, FOUND, first=first, final=final)
    if page in record.missing:
        return replace(told, state=ABSENT)
    if answer.refused:
        return replace(told, state=REFUSED)
    for step in run.stages:
        rank = ranks.get(step.name)
        if rank is None or rank > step.keep:
            cure = "" if rank is None else cured(run, step.name, rank, record.collection.pages)
            return replace(told, state=LOST, stage=step.name, rank=rank, keep=step.keep, cure=cure, step=step.text)
    return told


def cured(run: EvaluatedPipeline, stage: str, keep: int, pages: int) -> str:
    """The pipeline with one stage keeping ``keep`` of a collection's pages; empty where that would not help.

    It is empty for a ranking made elsewhere too, which is no pipeline.
    """
    try:
        pipeline = Pipeline.parse(run.text)
    except PipelineError:
        return ""
    if len(pipeline.steps) != len(run.stages):
        return ""
    at = [step.name for step in run.stages].index(stage)
    if not is_worthwhile(keep, pages, at == len(run.stages) - 1):
        return ""
    steps = [replace(step, k=keep) if i == at else step for i, step in enumerate(pipeline.steps)]
    return str(Pipeline(tuple(steps)))


def _outcome(record: Record, run: EvaluatedPipeline, question: str, measure: str) -> Outcome:
    answer = run.answers[question]
    page_outcomes = tuple(page_outcome(record, run, question, page) for page in answer.relevant)
    return Outcome(question, answer.measures[measure], page_outcomes, answer.refused)
