"""Saved views: places of the page, kept under a name: failures with a tag, a comparison, a page with a word's heat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from workbench.errors import InputError
from workbench.service.open_collections import OpenCollections
from workbench.service.shelf import Shelf
from workbench.types import Gone, Receipt

LONGEST_ADDRESS = 8_000
COLLECTION, ACROSS, ALL = "c", "in", "*"
"""What an address names the collection at hand by, and those that are searched together; all of them."""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A place of the page. ``address`` is what follows the page's own: `?view=evaluate&...`; ``added`` ISO 8601."""

    name: str
    collection: str
    address: str
    added: str

    @property
    def about(self) -> Sequence[str]:
        """The collections that it names: the one at hand, and those that are searched together."""
        return [self.collection, *(value for key, value in _pairs(self.address) if key == ACROSS and value != ALL)]


class SavedViews:
    """Views kept by name, newest first."""

    def __init__(self, home: Path, opened: OpenCollections) -> None:
        self._shelf = Shelf(home / "state" / "views.json", SavedView, "view")
        self._opened = opened

    def all(self) -> list[SavedView]:
        """All of them."""
        return self._shelf.all()

    def save(self, name: str, collection: str, address: str) -> SavedView:
        """Keep a place of the page; `InputError` for an address that is none of its own."""
        title = self._shelf.title(name)
        if not address.startswith("?") or len(address) > LONGEST_ADDRESS:
            raise InputError("A view is the part of the page's address from the question mark on.")
        made = SavedView(title, collection, address, datetime.now(UTC).isoformat(timespec="seconds"))
        for each in made.about:
            self._opened.get(each)
        self._shelf.put(made)
        return made

    def remove(self, name: str) -> None:
        """Delete a view; `NotFoundError` when there is none of that name."""
        self._shelf.take(name)

    def forget(self, gone: Gone) -> Receipt:
        """Delete the views of a collection that leaves; others forget it. One of a document shows what is left."""
        where = gone.collection
        if not gone.document:
            self._shelf.change(lambda view: None if view.collection == where else _moved(view, where))
        return Receipt.of(gone)

    def rename_collection(self, collection: str, name: str) -> None:
        """Let the views of a collection be of its new name, in their addresses too."""
        self._shelf.change(lambda view: _moved(view, collection, name))


def _moved(view: SavedView, collection: str, name: str = "") -> SavedView:
    """A view with another name of a collection wherever it names it, or without what names it."""
    values = [
        (key, name if key in (COLLECTION, ACROSS) and value == collection else value)
        for key, value in _pairs(view.address)
    ]
    kept = [(key, value) for key, value in values if value or key != ACROSS]
    address = f"?{urlencode(kept)}" if collection in view.about else view.address
    return replace(view, collection=name if view.collection == collection else view.collection, address=address)


def _pairs(address: str) -> list[tuple[str, str]]:
    return parse_qsl(address[1:], keep_blank_values=True)
