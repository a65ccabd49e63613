"""What is asked: a query as a value, made of parts with signed weights.

A part with a positive weight is wanted, one with a negative weight is not. Most queries are one text of weight 1.
What this module does not do: know pictures, pages or vectors; it names them by content hash and page reference.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from workbench.types.arrays import Box
from workbench.types.documents import PageRef

NOT = 0.5
"""Weight that a text to stay away from takes off by default; ours."""
GOOD, BAD = 0.75, 0.15
"""What all pages marked good, and all marked bad, weigh beside a query of 1: beta and gamma of Rocchio's formula as
Manning, Raghavan and Schütze, "Introduction to Information Retrieval" (2008), section 9.1.1, advise."""
MAX_REPAIRS = 8
"""Repairs of a picture, one after the other: each kind once, and a second thought."""
MIN_WEIGHT, MAX_WEIGHT = 1e-6, 1e6
"""Sizes of a part's weight: sums of such scores are numbers in float32, whatever they are multiplied with."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a text says of where to look: the stretch ``text``, from ``start`` to ``end`` in characters.

    ``means`` are pages by what they are called: ``page 12`` by its number, ``sheet 2`` as counted from the first and
    ``sheet -1`` from the last, ``figure 5``, ``section 3.2``.
    """

    text: str
    means: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TextPart:
    """Words to look for; ``literal`` are stretches of them that refer to no page though they read as if they did."""

    text: str
    weight: float = 1.0
    literal: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"“{self.text}”"


@dataclass(frozen=True, slots=True)
class PicturePart:
    """An uploaded picture, named by the sha256 of its file, as ``repairs`` (in their text form) leave it.

    ``words`` are those read in it, for stages that compare words, and ``file`` is where it is kept, for those that look
    at it; filled in for a search that has such a stage.
    """

    picture: str
    repairs: tuple[str, ...] = ()
    weight: float = 1.0
    words: str = field(default="", compare=False)
    file: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"picture {self.picture[:8]}"


@dataclass(frozen=True, slots=True)
class RegionPart:
    """A box of an indexed page, fractions of it; ``words`` are those that stand in it, as of `PicturePart`."""

    ref: PageRef
    box: Box
    weight: float = 1.0
    words: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"part of {self.ref}"


@dataclass(frozen=True, slots=True)
class MarkPart:
    """An indexed page that the person found good (positive weight) or bad (negative)."""

    ref: PageRef
    weight: float = GOOD

    def __str__(self) -> str:
        return f"{'more' if self.weight > 0 else 'less'} like {self.ref}"


Part = TextPart | PicturePart | RegionPart | MarkPart


@dataclass(frozen=True, slots=True)
class Query:
    """Something to ask: parts that add up, each with its signed weight. ``str(query)`` is how it is shown.

    `of` makes one of a text. The methods return new values: ``Query.of("sales").but_not("forecast")``.
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        for part in self.parts:
            if not MIN_WEIGHT <= abs(part.weight) <= MAX_WEIGHT:  # a NaN is in no range
                raise ValueError(
                    f"The weight of {part} is {part.weight:g}; give a number that is not 0, from {MIN_WEIGHT:f} to "
                    f"{MAX_WEIGHT:,.0f} or below 0 by as much."
                )
            if isinstance(part, RegionPart) and not _is_box(part.box):
                raise ValueError("A region is four numbers from 0 to 1, x0,y0,x1,y1, with x0 < x1 and y0 < y1.")

    @classmethod
    def of(cls, query: str | Query) -> Query:
        """A text as a query; a query as it is."""
        return query if isinstance(query, Query) else cls((TextPart(query),))

    @classmethod
    def empty(cls) -> Query:
        """Nothing yet, to be added to."""
        return cls(())

    def adding(self, *parts: Part) -> Query:
        """This and more parts."""
        return Query((*self.parts, *parts))

    def also(self, text: str, weight: float = 1.0) -> Query:
        """This and another text."""
        return self.adding(TextPart(text, weight))

    def but_not(self, text: str, weight: float = NOT) -> Query:
        """This, away from a text; ``weight`` (positive) is taken off."""
        return self.adding(TextPart(text, -weight))

    def picture(self, picture: str, repairs: Sequence[str] = (), weight: float = 1.0) -> Query:
        """This and a kept picture, by its hash."""
        return self.adding(PicturePart(picture, tuple(repairs), weight))

    def region(self, ref: PageRef, box: Box, weight: float = 1.0) -> Query:
        """This and a box of an indexed page."""
        return self.adding(RegionPart(ref, box, weight))

    def marking(self, good: Sequence[PageRef] = (), bad: Sequence[PageRef] = ()) -> Query:
        """This with these pages marked, in place of those marked before.

        Good pages share the weight `GOOD` and bad ones `BAD`, so that the mean of each counts, as in Rocchio's formula.
        """
        rest = tuple(part for part in self.parts if not isinstance(part, MarkPart))
        good, bad = tuple(dict.fromkeys(good)), tuple(dict.fromkeys(bad))
        return Query(
            (
                *rest,
                *(MarkPart(ref, GOOD / len(good)) for ref in good),
                *(MarkPart(ref, -BAD / len(bad)) for ref in bad),
            )
        )

    @property
    def plain(self) -> bool:
        """Whether it is one text and nothing else."""
        return len(self.parts) == 1 and isinstance(self.parts[0], TextPart) and self.parts[0].weight == 1

    @property
    def text(self) -> str:
        """The wanted words: the positive texts, and the words of the wanted pictures and regions where known."""
        return " ".join(words for words, weight in self.weighted_words if weight > 0)

    @property
    def weighted_words(self) -> tuple[tuple[str, float], ...]:
        """The words of every part that has some, with its weight."""
        said = ((part.text if isinstance(part, TextPart) else _words(part), part.weight) for part in self.parts)
        return tuple((words, weight) for words, weight in said if words)

    def __str__(self) -> str:
        """A plain text as it is; else the parts in order: ``“sales” and picture 3f2a9c1d, not “forecast” ×0.8``.

        Weights are shown where they are not the usual ones; those of marked pages follow from their number.
        """
        if self.plain:
            return self.text
        shown = ""
        for part in self.parts:
            mark = isinstance(part, MarkPart)
            shown += "" if not shown else " and " if part.weight > 0 else ", "
            shown += f"{'not ' if part.weight < 0 and not mark else ''}{part}"
            if not mark and part.weight not in (1, -NOT):
                shown += f" ×{abs(part.weight):.3g}"
        return shown

    def as_dict(self) -> dict[str, Any]:
        """As JSON values; `from_dict` reads it back. Words filled in for a search are not part of it."""
        return {"parts": [_record(part) for part in self.parts]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Query:
        """Read what `as_dict` gave; `ValueError` in one sentence when it is not of that form."""
        rows = data.get("parts")
        if not isinstance(rows, list):
            raise ValueError("A query is an object with a list of 'parts'.")
        return cls(tuple(_part(row) for row in rows))

    def with_words(self, words: Mapping[int, str]) -> Query:
        """The same query, with the words read in its pictures and regions, by their place among the parts."""
        return Query(
            tuple(
                replace(part, words=words[i]) if i in words and isinstance(part, PicturePart | RegionPart) else part
                for i, part in enumerate(self.parts)
            )
        )

    def with_files(self, files: Mapping[int, str]) -> Query:
        """The same query, with the files of its pictures, by their place among the parts."""
        return Query(
            tuple(
                replace(part, file=files[i]) if i in files and isinstance(part, PicturePart) else part
                for i, part in enumerate(self.parts)
            )
        )


def _words(part: Part) -> str:
    return part.words if isinstance(part, PicturePart | RegionPart) else ""


def _is_box(box: Sequence[float]) -> bool:
    if len(box) != 4 or not all(0 <= value <= 1 for value in box):  # a NaN is in no range
        return False
    return box[0] < box[2] and box[1] < box[3]


def _record(part: Part) -> dict[str, Any]:
    match part:
        case TextPart(text, weight, literal):
            told = {"literal": list(literal)} if literal else {}
            return {"kind": "text", "text": text, "weight": weight, **told}
        case PicturePart(picture, repairs, weight):
            return {"kind": "picture", "picture": picture, "repairs": list(repairs), "weight": weight}
        case RegionPart(ref, box, weight):
            return {"kind": "region", "page": str(ref), "box": list(box), "weight": weight}
        case MarkPart(ref, weight):
            return {"kind": "mark", "page": str(ref), "weight": weight}


def _part(row: Any) -> Part:
    if not isinstance(row, Mapping) or not isinstance(row.get("kind"), str):
        raise ValueError("Each part of a query is an object with a 'kind': text, picture, region or mark.")
    kind = row["kind"]
    try:
        match kind:
            case "text":
                literal = row.get("literal", [])
                if not isinstance(literal, list) or not all(isinstance(stretch, str) for stretch in literal):
                    raise ValueError('What is literal is a list of texts, as "page 12".')
                return TextPart(_string(row, "text"), _number(row.get("weight", 1.0), "weight"), tuple(literal))
            case "picture":
                repairs = row.get("repairs", [])
                if not isinstance(repairs, list) or not all(isinstance(step, str) for step in repairs):
                    raise ValueError('Repairs are a list of texts, as "rotate:90".')
                return PicturePart(_string(row, "picture"), tuple(repairs), _number(row.get("weight", 1.0), "weight"))
            case "region":
                return RegionPart(
                    PageRef.parse(_string(row, "page")), _box(row), _number(row.get("weight", 1.0), "weight")
                )
            case "mark":
                return MarkPart(PageRef.parse(_string(row, "page")), _number(row.get("weight", GOOD), "weight"))
    except _FormError as error:
        raise ValueError(f"The {kind} part of the query is incomplete or not of the right form: {error}.") from None
    raise ValueError(f"A query has parts of kind text, picture, region and mark, not '{kind[:40]}'.")


class _FormError(Exception):
    """What is wrong with a value of a part."""


def _string(row: Mapping[str, Any], name: str) -> str:
    if not isinstance(row.get(name), str):
        raise _FormError(f"'{name}' is no text")
    return str(row[name])


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _FormError(f"'{name}' is no number")
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _box(row: Mapping[str, Any]) -> Box:
    values = row.get("box")
    if not isinstance(values, list | tuple) or len(values) != 4:
        raise _FormError("'box' is not a list of four numbers")
    x0, y0, x1, y1 = (_number(value, "box") for value in values)
    return x0, y0, x1, y1
