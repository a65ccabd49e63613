"""Saved views: places of the page, kept under a name: failures with a tag, a comparison, a page with a word's heat."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from workbench.errors import InputError
from workbench.service.open_collections import OpenCollections
from workbench.service.shelf import Shelf
from workbench.types import Gone, Receipt

LONGEST_ADDRESS = 8_000


@dataclass(frozen=True, slots=True)
class SavedView:
    """A place of the page. ``address`` is what follows the page's own: `?view=evaluate&...`; ``added`` ISO 8601."""

    name: str
    collection: str
    address: str
    added: str


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
        self._opened.get(collection)
        made = SavedView(title, collection, address, datetime.now(UTC).isoformat(timespec="seconds"))
        self._shelf.put(made)
        return made

    def remove(self, name: str) -> None:
        """Delete a view; `NotFoundError` when there is none of that name."""
        self._shelf.take(name)

    def forget(self, gone: Gone) -> Receipt:
        """Delete the views of a collection that leaves; one of a document that does shows what is left."""
        if not gone.document:
            self._shelf.drop(lambda view: view.collection == gone.collection)
        return Receipt.of(gone)

    def rename_collection(self, collection: str, name: str) -> None:
        """Let the views of a collection be of its new name, in their addresses too."""
        self._shelf.rename_collection(collection, name, lambda view: replace(view, address=_moved(view.address, name)))


def _moved(address: str, name: str) -> str:
    """An address of the page with another collection."""
    values = [(key, name if key == "c" else value) for key, value in parse_qsl(address[1:], keep_blank_values=True)]
    return f"?{urlencode(values)}"
