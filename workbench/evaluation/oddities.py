"""What was odd about a dataset's rows and what was done about it: one odd row never costs the others.

Every reader of questions, labels, boxes and pages (the folder form, BEIR, tables of the hub, lists that people have)
tells it here, so that all of them forgive the same, count the same and say the same. What this module does not do:
decide what is odd.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from workbench.errors import DatasetError

KINDS: Mapping[str, str] = {
    "row": "rows that cannot be read, left out",
    "question_id": "questions without an id, left out",
    "question_text": "questions without a text, left out",
    "question_repeated": "ids of questions that come again, the first counts",
    "question_again": "questions asked again of another page, the last page counts",
    "label_question": "labels on questions that are not there, left out",
    "label_page": "labels whose page is no page reference, left out",
    "label_repeated": "labels that come again, the first counts",
    "label_nowhere": "labels on pages that are not in the corpus, which count as misses",
    "grade": "labels whose grade is no whole number, left out",
    "grade_negative": "labels with a grade below 0, read as 0",
    "page_id": "pages without an id, left out",
    "page_repeated": "ids of pages that come again, the first counts",
    "page_blank": "pages without a text, kept as blank ones",
    "page_unread": "pages that cannot be read, labels on them count as misses",
    "box": "boxes that are none, left out",
    "box_question": "boxes of questions that are not there, left out",
    "box_clipped": "boxes that reach beyond their page, clipped to it",
}
"""The kinds of oddity: what they are and what was done about them."""
SHOWN = 3
"""Places of a kind that a sentence names; its number tells of all."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """How many times a kind of `KINDS` was met, and the first places."""

    kind: str
    count: int
    places: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.places[:SHOWN]) + (", ..." if self.count > min(len(self.places), SHOWN) else "")
        return f"{self.count} {KINDS[self.kind]}" + (f" ({shown})" if shown else "")

    def of(self, dataset: str) -> Oddity:
        """The same of a dataset among several."""
        return replace(self, places=tuple(f"{dataset}: {place}" for place in self.places))


class Oddities:
    """Gathers what is odd while a dataset is read."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, list[str]]] = {}

    def add(self, kind: str, place: str = "") -> None:
        """Count one more of a kind; ``place`` says where, with the reason if there is more to say."""
        count, places = self._found.get(kind, (0, []))
        if place and len(places) < SHOWN:
            places.append(place)
        self._found[kind] = (count + 1, places)

    def all(self) -> tuple[Oddity, ...]:
        """What was gathered, in the order it was met."""
        return tuple(Oddity(kind, count, tuple(places)) for kind, (count, places) in self._found.items())

    def summary(self) -> str:
        """All of it as the end of a sentence that says why nothing is left; empty where nothing was odd."""
        return ": " + "; ".join(map(str, self.all())) if self._found else ""


def counts(found: Iterable[Oddity]) -> dict[str, int]:
    """How many there are of each kind."""
    total: dict[str, int] = {}
    for oddity in found:
        total[oddity.kind] = total.get(oddity.kind, 0) + oddity.count
    return total


def from_json(rows: Any) -> tuple[Oddity, ...]:
    """What an import kept beside its dataset; `DatasetError` for anything else."""
    try:
        return tuple(Oddity(row["kind"], int(row["count"]), tuple(row["places"])) for row in rows)
    except (TypeError, KeyError, ValueError) as error:
        raise DatasetError(f"What was odd about the dataset cannot be read ({error}).") from None
