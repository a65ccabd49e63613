"""What a report shows: the systems of one or several records that answered the same questions, under short names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import InputError
from workbench.evaluation.record import Answer, EvaluatedPipeline, JudgedQuestion, Record, differences

FOUND, ABSENT = "found", "not in the collection"
_PIPELINES = "settings.pipelines"
"""Which pipelines a record has tells no setting apart: their names stand beside it."""
_NAMES = ("collection.encoder", "collection.name", "versions.pagelens")


@dataclass(frozen=True, slots=True)
class ReportedSystem:
    """One pipeline of one record; ``number`` (from 1) stands for it on charts, ``label`` in tables.

    ``by_document``: a value is the mean over the questions of one document, so that each document counts the same.
    """

    number: int
    label: str
    record: Record
    name: str
    by_document: bool = False

    @property
    def run(self) -> EvaluatedPipeline:
        """The pipeline as it ran."""
        return self.record.pipelines[self.name]

    def answer(self, question: str) -> Answer:
        """What it answered to one question."""
        return self.run.answers[question]

    def values(self, measure: str, questions: Sequence[str] | None = None) -> NDArray[np.float64]:
        """``(n,) float64``: a measure for each question (of those named), or each document, in the record's order."""
        if not self.by_document:
            return np.asarray(self.record.values(self.name, measure, questions), np.float64)
        groups: dict[str, list[float]] = {}
        for question in self.record.questions if questions is None else questions:
            value = self.answer(question).measures[measure]
            groups.setdefault(self.record.questions[question].document, []).append(value)
        return np.asarray([np.mean(values) for values in groups.values()], np.float64)

    def mean(self, measure: str, questions: Sequence[str] | None = None) -> float:
        """The mean over questions or documents, not rounded."""
        return float(self.values(measure, questions).mean())

    @property
    def bytes_per_page(self) -> float:
        """Vector bytes a page of the indexes that the pipeline reads; 0 for one that reads words alone."""
        return float(sum(value for key, value in self.run.storage.items() if key.endswith("_bytes_per_page")))

    @property
    def milliseconds(self) -> float | None:
        """Median time of a search without encoding the query; None when the record has no times."""
        return self.record.latency(self.name).get("p50")

    def page_outcome(self, question: str, page: str) -> str:
        """What became of a relevant page: `FOUND`, `ABSENT`, or the name of the stage that did not hand it on."""
        if page in self.record.missing:
            return ABSENT
        ranks = self.answer(question).relevant[page]
        for step in self.run.stages:
            rank = ranks.get(step.name)
            if rank is None or rank > step.keep:
                return step.name
        return FOUND

    def page_outcomes(self) -> Iterator[tuple[str, str, str]]:
        """(question, relevant page, fate) for all of them."""
        for question, answer in self.run.answers.items():
            for page in answer.relevant:
                yield question, page, self.page_outcome(question, page)


@dataclass(frozen=True, slots=True)
class View:
    """Systems that answered the same questions of one dataset in one scope; the first measure is the one compared."""

    records: tuple[Record, ...]
    systems: tuple[ReportedSystem, ...]
    measures: tuple[str, ...]

    @property
    def title(self) -> str:
        """The dataset and how it was searched."""
        facts = self.records[0].dataset
        return f"{facts.name}, scope {facts.scope}"

    @property
    def unit(self) -> str:
        """What means are taken over: ``38 questions``, ``23 documents``."""
        count = len(self.systems[0].values(self.measure))
        noun = "document" if self.systems[0].by_document else "question"
        return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

    @property
    def measure(self) -> str:
        """The measure that comparisons are about."""
        return self.measures[0]

    @property
    def questions(self) -> Mapping[str, JudgedQuestion]:
        """The questions by id, in the records' order."""
        return self.records[0].questions

    @property
    def slices(self) -> Mapping[str, tuple[str, ...]]:
        """Question ids by tag value."""
        return self.records[0].slices

    def ranked(self) -> list[ReportedSystem]:
        """Systems from the highest mean of the first measure to the lowest; equal ones in the order given."""
        return sorted(self.systems, key=lambda system: -system.mean(self.measure))


def views(records: Sequence[Record], by_document: bool = False) -> list[View]:
    """One view for each set of questions among the records; `InputError` when there is nothing to show.

    ``by_document`` takes means over documents of their questions' means, where all questions name one.
    """
    groups: dict[Any, list[Record]] = {}
    for record in records:
        facts = record.dataset
        group = groups.setdefault((facts.name, facts.hash, facts.scope, tuple(record.questions)), [])
        if record not in group:
            group.append(record)
    found = [_view(group, by_document) for group in groups.values()]
    if not found or not all(view.systems and view.questions for view in found):
        raise InputError("There is nothing to report: a record without pipelines or questions was given.")
    return found


def _view(records: Sequence[Record], by_document: bool) -> View:
    if by_document and not all(question.document for question in records[0].questions.values()):
        raise InputError(
            f"Not every question of dataset '{records[0].dataset.name}' names a document to take means by."
        )
    measures = [m for m in records[0].measures if all(m in record.measures for record in records)]
    if not measures:
        raise InputError(
            f"The records of dataset '{records[0].dataset.name}' have no measure in common; run one of them again with "
            f"--measure {records[0].measures[0]}."
        )
    labels = _labels(records)
    named = [(f"{name}{label}", record, name) for record, label in zip(records, labels, strict=True)
             for name in record.pipelines]  # fmt: skip
    systems = tuple(ReportedSystem(number, *parts, by_document) for number, parts in enumerate(named, 1))
    return View(tuple(records), systems, tuple(measures))


def _labels(records: Sequence[Record]) -> list[str]:
    """What tells each record from the others, to stand behind its pipelines' names; the shortest that does."""
    if len(records) == 1:
        return [""]
    differing = {key for other in records[1:] for key in differences(records[0], other)}
    keys = sorted((key for key in differing if not key.startswith(_PIPELINES)), key=_priority)
    found = [_value(record, key) for record in records for key in keys[:1]] if keys else []
    if len(set(found)) == len(records):
        return [f", {value}" for value in found]
    return [f", record {number}" for number in range(1, len(records) + 1)]


def _priority(key: str) -> tuple[int, str]:
    order = [*_NAMES, "collection.settings", "settings", "collection"]
    return next((i for i, start in enumerate(order) if key == start or key.startswith(f"{start}.")), len(order)), key


def _value(record: Record, key: str) -> str:
    """A differing setting as a person would name it, ``dpi 144``; encoders and collections by their names alone."""
    import dataclasses

    value: Any = record
    for part in key.split("."):
        value = getattr(value, part, None) if dataclasses.is_dataclass(value) else (value or {}).get(part)
    return str(value) if key in ("collection.encoder", "collection.name") else f"{key.rpartition('.')[2]} {value}"
