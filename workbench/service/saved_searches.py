"""Saved searches: a question with where it is asked, pipeline and filter, kept under a name in the home folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
    """A search to run again. ``query`` is the JSON form of a `Query`; ``added`` an ISO 8601 time.

    ``across`` are the collections that are searched together, none for all; None for a search of ``collection`` alone.
    """

    name: str
    collection: str
    query: dict[str, Any]
    shown: str
    pipeline: str
    filter: str
    k: int | None
    added: str
    across: Sequence[str] | None = None

    @property
    def about(self) -> Sequence[str]:
        """The collections that it names."""
        return [self.collection] if self.across is None else self.across


class SavedSearches:
    """Searches kept by name, newest first; see `Shelf`."""

    def __init__(self, home: Path, opened: OpenCollections) -> None:
        self._shelf = Shelf(home / "state" / "searches.json", SavedSearch, "saved search")
        self._opened = opened

    def all(self) -> list[SavedSearch]:
        """All of them."""
        return self._shelf.all()

    def save(
        self,
        name: str,
        query: str | Query,
        collection: str,
        pipeline: str,
        filter: str = "",
        k: int | None = None,
        across: Sequence[str] | None = None,
    ) -> SavedSearch:
        """Keep a search, of a collection or ``across`` several; what could not be searched is refused as a search would
        refuse it."""
        title, filter = self._shelf.title(name), wellformed(filter)
        cleaned = clean_query(query)
        if pipeline or across is None:
            Pipeline.parse(pipeline)
        parse_filter(filter)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        named = None if across is None else list(dict.fromkeys(across))
        alone = collection if named is None else ""
        made = SavedSearch(title, alone, cleaned.as_dict(), str(cleaned), pipeline, filter, k, now, named)
        for each in made.about:
            self._opened.get(each)
        self._shelf.put(made)
        return made

    def remove(self, name: str) -> None:
        """Delete a saved search; `NotFoundError` when there is none of that name."""
        self._shelf.take(name)

    def forget(self, gone: Gone) -> Receipt:
        """Delete the searches that point at what leaves; one of several collections asks those that stay."""
        return Receipt.of(gone, searches=self._shelf.change(lambda saved: _without(saved, gone)))

    def rename_collection(self, collection: str, name: str) -> None:
        """Let the searches of a collection be those of its new name."""

        def renamed(saved: SavedSearch) -> SavedSearch:
            if saved.across is None:
                return replace(saved, collection=name) if saved.collection == collection else saved
            return replace(saved, across=[name if one == collection else one for one in saved.across])

        self._shelf.change(renamed)


def _without(saved: SavedSearch, gone: Gone) -> SavedSearch | None:
    if _points_at(saved, gone):
        return None
    if gone.document or not saved.across or gone.collection not in saved.across:
        return saved
    left = [one for one in saved.across if one != gone.collection]
    return replace(saved, across=left) if left else None


def _points_at(saved: SavedSearch, gone: Gone) -> bool:
    """Whether a search asks about what leaves, by its collection, a filter, a page or a picture."""
    if saved.across is None and saved.collection == gone.collection and not gone.document:
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
    return named and (saved.across == [] or gone.collection in saved.about)
