"""Saved searches: a question with its collection, pipeline and filter, kept under a name in the home folder."""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench import permits
from workbench.errors import FilterError, InputError, NotFoundError
from workbench.retrieval import Pipeline, parse_filter
from workbench.service.open_collections import OpenCollections
from workbench.service.searches import clean_query
from workbench.types import Gone, MarkPart, PicturePart, Query, RegionPart
from workbench.types.filters import tests_of
from workbench.types.text import wellformed

log = logging.getLogger(__name__)

MAX_SAVED = 500
LONGEST_NAME = 120


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
    """Searches kept by name; the newest first, and a name taken again replaces what it stood for."""

    def __init__(self, home: Path, opened: OpenCollections) -> None:
        self._path = home / "state" / "searches.json"
        self._opened = opened
        self._lock = threading.Lock()

    def all(self) -> list[SavedSearch]:
        """All of them, newest first; entries that another version wrote and this one cannot read are left out."""
        with self._lock:
            return [saved for saved in _read(self._path) if permits.sees(saved.collection)]

    def save(
        self, name: str, query: str | Query, collection: str, pipeline: str, filter: str = "", k: int | None = None
    ) -> SavedSearch:
        """Keep a search; what could not be searched is refused as a search would refuse it."""
        title, filter = wellformed(" ".join(name.split())), wellformed(filter)
        if not title or len(title) > LONGEST_NAME:
            raise InputError(f"Give the search a name of 1 to {LONGEST_NAME} characters.")
        cleaned = clean_query(query)
        Pipeline.parse(pipeline)
        parse_filter(filter)
        self._opened.get(collection)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        made = SavedSearch(title, collection, cleaned.as_dict(), str(cleaned), pipeline, filter, k, now)
        with self._lock:
            others = [saved for saved in _read(self._path) if saved.name != title]
            if any(one.name == title and not permits.sees(one.collection) for one in _read(self._path)):
                raise InputError(f"There is another search '{title}'; choose another name.")
            if len(others) >= MAX_SAVED:
                raise InputError(f"There are {MAX_SAVED} saved searches already; delete some first.")
            _write(self._path, [made, *others])
        return made

    def forget(self, name: str) -> None:
        """Delete a saved search; `NotFoundError` when there is none of that name."""
        with self._lock:
            saved = _read(self._path)
            rest = [one for one in saved if one.name != name or not permits.sees(one.collection)]
            if len(rest) == len(saved):
                raise NotFoundError(f"There is no saved search '{name}'.")
            _write(self._path, rest)

    def forget_about(self, gone: Gone) -> tuple[str, ...]:
        """Delete the searches that point at what leaves; their names."""
        with self._lock:
            saved = _read(self._path)
            rest = [one for one in saved if not _points_at(one, gone)]
            if len(rest) < len(saved):
                _write(self._path, rest)
        return tuple(one.name for one in saved if one not in rest)

    def rename_collection(self, collection: str, name: str) -> None:
        """Let the searches of a collection be those of its new name."""
        with self._lock:
            saved = _read(self._path)
            if any(one.collection == collection for one in saved):
                renamed = [replace(one, collection=name) if one.collection == collection else one for one in saved]
                _write(self._path, renamed)


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


def _read(path: Path) -> list[SavedSearch]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError):
        log.warning("the saved searches in %s cannot be read", path)
        return []
    found = []
    for row in rows if isinstance(rows, list) else []:
        try:
            found.append(SavedSearch(**row))
        except TypeError:
            log.warning("a saved search in %s is of another version", path)
    return found


def _write(path: Path, saved: list[SavedSearch]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    rows = [{name: getattr(one, name) for name in SavedSearch.__slots__} for one in saved]
    partial.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(partial, path)
