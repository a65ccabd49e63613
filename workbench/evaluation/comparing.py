"""Pipelines of one record or of several set against each other, over the questions that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import InputError
from workbench.evaluation.record import Record
from workbench.evaluation.statistics import Interval, Paired, Values, compare, interval, winner


@dataclass(frozen=True, slots=True)
class RecordComparison:
    """One measure over the same questions: the mean of each pipeline, each against the baseline, and who wins.

    ``winner`` is significantly better than every other, corrected for all pairs; None when the test names none.
    """

    measure: str
    questions: int
    baseline: str
    means: Mapping[str, Interval]
    pairs: tuple[Paired, ...]
    winner: str | None

    @property
    def verdict(self) -> str:
        """One sentence that claims no more than the test supports."""
        if self.winner is not None:
            return (
                f"{self.winner} is better than every other in {self.measure} (paired test, p < .05 after correction)."
            )
        if len(self.means) < 2:
            return f"One pipeline alone in {self.measure}."
        return f"No pipeline is shown to be better than all others in {self.measure} with {self.questions} questions."


def within(record: Record) -> RecordComparison:
    """The pipelines of one record against its first, by its first measure."""
    return between({"": record})


def between(records: Mapping[str, Record], measure: str = "", baseline: str = "") -> RecordComparison:
    """The pipelines of several records, called ``LABEL: PIPELINE``, over the questions all of them asked.

    A question is shared when its text and grades are the same in all of them. `InputError` when there is none, when a
    record lacks the measure, or when there is no such baseline.
    """
    first, *others = records.values()
    measure = measure or first.measures[0]
    for label, record in records.items():
        if measure not in record.measures:
            raise InputError(f"{label or 'The record'} has no measure {measure}; it has {', '.join(record.measures)}.")
    shared = [
        q for q, asked in first.questions.items() if all(_same(asked, other.questions.get(q)) for other in others)
    ]
    if not shared:
        raise InputError("The records have no question in common; compare runs of one dataset.")
    values: dict[str, Values] = {
        f"{label}: {name}" if label else name: record.values(name, measure, shared)
        for label, record in records.items()
        for name in record.pipelines
    }
    baseline = baseline or next(iter(values))
    if baseline not in values:
        raise InputError(f"There is no pipeline '{baseline}' to compare with; there are {', '.join(values)}.")
    means = {name: interval(column) for name, column in values.items()}
    return RecordComparison(measure, len(shared), baseline, means, tuple(compare(values, baseline)), winner(values))


def _same(a: Any, b: Any) -> bool:
    return b is not None and a.text == b.text and sorted(a.grades.values()) == sorted(b.grades.values())


def labels(paths: Sequence[str]) -> list[str]:
    """Short labels for files, as short as tells them apart.

    >>> labels(["a/one/record.json", "a/two/record.json"])
    ['one', 'two']
    """
    parts = [[part for part in path.replace("\\", "/").split("/") if part not in ("record.json", "")] for path in paths]
    for length in range(1, max(map(len, parts), default=1) + 1):
        short = ["/".join(pieces[-length:]).removesuffix(".json") for pieces in parts]
        if len(set(short)) == len(short):
            return short
    return [str(number) for number in range(1, len(paths) + 1)]
