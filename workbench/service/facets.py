"""Facets: what the pages of some collections can be narrowed down to, and how many there are of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.errors import FilterError, PagelensError
from workbench.retrieval import parse_filter
from workbench.retrieval.filters import choosing, chosen
from workbench.service.open_collections import OpenCollections
from workbench.store import Collection, Snapshot
from workbench.types import DocumentInfo
from workbench.types.filters import META

MOST = 50
"""Values of a field that are named: more is a list to search in, which the filter's text is for."""
PAGED = ("shows", "language", "year", "kind", "words")
"""Fields that each page has for itself, as filters know them, in the order they are told in."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a field, and the pages that have it: of those that the rest of the filter leaves.

    ``chosen`` says that the filter asks for it by now; ``filter`` is the one that has it the other way.
    """

    value: str
    pages: int
    chosen: bool
    filter: str


@dataclass(frozen=True, slots=True)
class Facet:
    """A field of filters with its values, most pages first; of ``more`` nothing is told."""

    field: str
    values: tuple[FacetValue, ...]
    more: int


class Facets:
    """What collections can be narrowed down to."""

    def __init__(self, opened: OpenCollections) -> None:
        self._opened = opened

    def of(self, collections: Sequence[str] = (), filter: str = "") -> tuple[Facet, ...]:
        """Documents, tags, what pages are each for themselves (`PAGED`), and fields of one's own, with their values.

        Counted over ``collections`` (none: all that whoever asks may see); one that cannot be read, or of whose pages
        is not known what the filter asks for, counts nothing: a search says why. A field is counted over what the
        filter leaves without the clauses that choose values of that field, so that what else could be chosen is told,
        too. A field that tells no pages apart is left out. `FilterError` for a filter that does not parse, and where
        none of the collections can be counted, the error of the first.
        """
        where = parse_filter(filter)
        stores, errors = list[Collection](), list[PagelensError]()
        for name in dict.fromkeys(collections) or self._opened.names():
            try:
                store = self._opened.get(name)
                if where is not None:
                    store.snapshot().matching(where)
                stores.append(store)
            except PagelensError as error:
                errors.append(error)
        if errors and not stores:
            raise errors[0]
        documents = [(store.snapshot(), store.documents()) for store in stores]
        own = sorted({META + name.lower() for _, found in documents for document in found for name in document.meta})
        fields = ["document", "tag", *PAGED, *_writable(own)]
        facets = (_facet(field, documents, filter) for field in fields)
        return tuple(facet for facet in facets if facet is not None)


def _facet(field: str, stores: Sequence[tuple[Snapshot, Sequence[DocumentInfo]]], filter: str) -> Facet | None:
    """A field over collections; None where all pages have the same of it, or nothing, and nobody has chosen that."""
    pages, counts, asked = 0, Counter[str](), chosen(filter, field)
    for snapshot, documents in stores:
        left = _left(snapshot, filter, field)
        pages += int(left.sum())
        if field in PAGED:
            counts.update({value: int(left[rows].sum()) for value, rows in snapshot.by(field).items()})
        else:
            each = np.bincount(snapshot.documents[left], minlength=len(snapshot.names)).tolist()
            of = dict(zip(snapshot.names, each, strict=True))
            for document in documents:
                counts.update(dict.fromkeys(_values(document, field), of.get(document.name, 0)))
    counts = +counts
    if not asked and all(count == pages for count in counts.values()):
        return None
    counts.update(dict.fromkeys(asked, 0))  # what no page has can be taken out again
    ranked = sorted(counts, key=lambda value: (value not in asked, -counts[value], value))
    values = []
    for value in ranked[:MOST]:
        other = [one for one in asked if one != value] if value in asked else [*asked, value]
        values.append(FacetValue(value, counts[value], value in asked, choosing(filter, field, other)))
    return Facet(field, tuple(values), max(len(ranked) - MOST, 0))


def _values(document: DocumentInfo, field: str) -> Sequence[str]:
    """What a document has of a field that all its pages share."""
    if field == "document":
        return (document.name,)
    if field == "tag":
        return document.tags
    return tuple(value for name, value in document.meta.items() if META + name.lower() == field)


def _left(snapshot: Snapshot, filter: str, field: str) -> NDArray[np.bool_]:
    """Which rows a filter leaves, whatever it says of a field: ``(rows,)``."""
    where = parse_filter(choosing(filter, field, ()))
    left = np.full(len(snapshot), where is None)
    if where is not None:
        left[snapshot.matching(where)] = True
    return left


def _writable(fields: Iterable[str]) -> Iterator[str]:
    """Those of a person's own fields whose names can be written in a filter."""
    for field in fields:
        with suppress(FilterError):
            choosing("", field, ["x"])
            yield field
