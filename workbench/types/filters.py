"""A filter over page fields as a value: tests, joined and negated. Texts are read by `retrieval.filters`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from workbench.types.days import Stretch

META = "meta."
"""What the fields of a person's own begin with."""


@dataclass(frozen=True, slots=True)
class FieldTest:
    """One comparison: ``field`` as it stands in filters, a field of one's own in small letters after `META`.

    ``operator`` is one of = != < <= > >= contains. A number is meant as one, all else as text or as a date.
    """

    field: str
    operator: str
    value: str | Decimal | Stretch


@dataclass(frozen=True, slots=True)
class OnlyPages:
    """The page is one of these."""

    page_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """What ``part`` says is not so."""

    part: Filter


@dataclass(frozen=True, slots=True)
class AllOf:
    """Everything is so."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Something is so."""

    parts: tuple[Filter, ...]


Filter: TypeAlias = FieldTest | OnlyPages | Not | AllOf | AnyOf


def tests_of(filter: Filter) -> Iterator[FieldTest]:
    """Every comparison that a filter makes."""
    match filter:
        case FieldTest():
            yield filter
        case Not(part):
            yield from tests_of(part)
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from tests_of(part)
