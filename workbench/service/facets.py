"""Facets: what the pages of some collections can be narrowed down to, and how many there are of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from workbench.errors import FilterError, PagelensError
from workbench.retrieval import parse_filter
from workbench.retrieval.filters import choosing, chosen
from workbench.service.open_collections import OpenCollections
from workbench.store import Collection, Snapshot
from workbench.types.filters import META, FieldTest

MOST = 50
"""Values of a field that are named: more is a list to search in, which the filter's text is for."""
FEW: dict[str, tuple[str, ...]] = {
    "kind": ("pdf", "image"),
    "words": ("text", "ocr", "mixed", "none", "later"),
}
"""Fields of a page that have few values: these, as filters know them."""


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
        """Documents, tags, kinds, where words came from, and fields of one's own, each with the pages of its values.

        Counted over ``collections`` (none: all that whoever asks may see); one that cannot be read counts nothing. A
        field is counted over what the filter leaves without the clauses that choose values of that field, so that what
        else could be chosen is told, too. A field that tells no pages apart is left out. `FilterError` for a filter
        that does not parse, and where none of the collections is there, the error of the first.
        """
        parse_filter(filter)
        counts: dict[str, Counter[str]] = {}
        for store in self._readable(dict.fromkeys(collections) or self._opened.names()):
            for field, value, pages in _counted(store, filter):
                counts.setdefault(field, Counter())[value] += pages
        found = (_facet(field, values, filter) for field, values in counts.items())
        return tuple(facet for facet in found if facet is not None)

    def _readable(self, names: Iterable[str]) -> list[Collection]:
        """Those that can be opened; a search says why the others cannot. The error of the first where none can."""
        found, errors = list[Collection](), list[PagelensError]()
        for name in names:
            try:
                found.append(self._opened.get(name))
            except PagelensError as error:
                errors.append(error)
        if errors and not found:
            raise errors[0]
        return found


def _counted(store: Collection, filter: str) -> Iterator[tuple[str, str, int]]:
    """Field, value and pages, of every value that a page has."""
    snapshot, documents = store.snapshot(), store.documents()
    for field in ("document", "tag"):
        pages = _pages(snapshot, filter, field)
        for document in documents:
            values = (document.name,) if field == "document" else document.tags
            yield from ((field, value, pages[document.name]) for value in values if pages[document.name])
    for field, values in FEW.items():
        where = parse_filter(choosing(filter, field, ()))
        rows = None if where is None else set(snapshot.matching(where).tolist())
        for value in values:
            there = snapshot.matching(FieldTest(field, "=", value)).tolist()
            if count := len(there) if rows is None else len(rows.intersection(there)):
                yield field, value, count
    for name in sorted({name for document in documents for name in document.meta}):
        field = META + name.lower()
        try:
            pages = _pages(snapshot, filter, field)
            choosing("", field, ["x"])
        except FilterError:
            continue  # its name cannot be written in a filter
        for document in documents:
            if name in document.meta and pages[document.name]:
                yield field, document.meta[name], pages[document.name]


def _pages(snapshot: Snapshot, filter: str, field: str) -> Counter[str]:
    """The pages of each document that a filter leaves, whatever it says of a field."""
    where = parse_filter(choosing(filter, field, ()))
    if where is None:
        return Counter(ref.document for ref in snapshot.refs)
    return Counter(snapshot.refs[row].document for row in snapshot.matching(where).tolist())


def _facet(field: str, counts: Counter[str], filter: str) -> Facet | None:
    """A field by its counts; None where all pages have the same of it, and nobody has chosen that."""
    asked = chosen(filter, field)
    counts.update(dict.fromkeys(asked, 0))  # what no page has can be taken out again
    if len(counts) < 2 and not asked:
        return None
    ranked = sorted(counts, key=lambda value: (value not in asked, -counts[value], value))
    values = []
    for value in ranked[:MOST]:
        other = [one for one in asked if one != value] if value in asked else [*asked, value]
        values.append(FacetValue(value, counts[value], value in asked, choosing(filter, field, other)))
    return Facet(field, tuple(values), max(len(ranked) - MOST, 0))
