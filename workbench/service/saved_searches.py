"""Saved searches: a question with its collection, pipeline and filter, kept under a name in the home folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.errors import FilterError
from workbench.retrieval import Pipeline, parse_filter
from workbench.service.open_collections import OpenCollections
from workbench.service.searches import clean_query
from workbench.service.shelf import Shelf
from workbench.types import Gone, MarkPart, PicturePart, Query, Receipt, RegionPart
from workbench.types.filters import tests_of
from workbench.types.text import wellformed


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search to run again. ``query`` is the JSON form of a `Query`; ``added`` an ISO 8601 time."""

    name: str
    collection: str
    query: dict[str, Any]
    shown: str
    pipeline: str
    filter: str
    k: int | None
    added: str


class SavedSearches:
    """Searches kept by name, newest first; see `Shelf`."""

    def __init__(self, home: Path, opened: OpenCollections) -> None:
        self._shelf = Shelf(home / "state" / "searches.json", SavedSearch, "saved search")
        self._opened = opened

    def all(self) -> list[SavedSearch]:
        """All of them."""
        return self._shelf.all()

    def save(
        self, name: str, query: str | Query, collection: str, pipeline: str, filter: str = "", k: int | None = None
    ) -> SavedSearch:
        """Keep a search; what could not be searched is refused as a search would refuse it."""
        title, filter = self._shelf.title(name), wellformed(filter)
        cleaned = clean_query(query)
        Pipeline.parse(pipeline)
        parse_filter(filter)
        self._opened.get(collection)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        made = SavedSearch(title, collection, cleaned.as_dict(), str(cleaned), pipeline, filter, k, now)
        self._shelf.put(made)
        return made

    def remove(self, name: str) -> None:
        """Delete a saved search; `NotFoundError` when there is none of that name."""
        self._shelf.take(name)

    def forget(self, gone: Gone) -> Receipt:
        """Delete the searches that point at what leaves."""
        return Receipt.of(gone, searches=self._shelf.drop(lambda saved: _points_at(saved, gone)))

    def rename_collection(self, collection: str, name: str) -> None:
        """Let the searches of a collection be those of its new name."""
        self._shelf.rename_collection(collection, name)


def _points_at(saved: SavedSearch, gone: Gone) -> bool:
    """Whether a search asks about what leaves, by its collection, a filter, a page or a picture."""
    if saved.collection == gone.collection and not gone.document:
        return True
    try:
        parts, where = Query.from_dict(saved.query).parts, parse_filter(saved.filter)
    except (ValueError, FilterError):
        return False  # of another version; it cannot be run
    if any(isinstance(part, PicturePart) and part.picture in gone.contents for part in parts):
        return True
    named = any(isinstance(part, RegionPart | MarkPart) and part.ref.document == gone.document for part in parts)
    tests = () if where is None else tests_of(where)
    named = named or any((test.field, test.value) == ("document", gone.document) for test in tests)
    return saved.collection == gone.collection and named
