"""Pages kept out of search without being deleted, beside the collection in ``quarantine.json``.

A page is named by its id, which is made of its file's content: the mark survives deleting and ingesting the same bytes
again, and leaves other versions of the file alone. A whole document is named by the part of the id its pages share.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import asdict, dataclass, field

import numpy as np

from workbench.errors import StoreError
from workbench.store.directory import PageDirectory
from workbench.store.storage import Storage
from workbench.types import Quarantined

FILE = "quarantine.json"


@dataclass(frozen=True)
class Quarantine:
    """What is kept out, by page id or by the part of it that all pages of a file share."""

    entries: Mapping[str, Quarantined] = field(default_factory=dict)
    signature: Hashable | None = None

    def __bool__(self) -> bool:
        return bool(self.entries)

    def of(self, page_id: str) -> Quarantined | None:
        """Why a page is kept out, or None; its own entry comes before its document's."""
        return self.entries.get(page_id) or self.entries.get(page_id.partition(":")[0])

    def without(self, directory: PageDirectory) -> PageDirectory:
        """The pages of a directory that a search may find."""
        kept = np.ones(len(directory), np.bool_)
        kept[np.fromiter(self._among(directory), np.int64)] = False
        return directory.only(kept)

    def _among(self, directory: PageDirectory) -> Iterator[int]:
        """The numbers of the pages of a directory that are kept out."""
        for key in self.entries:
            place = directory.ids.place(key)
            yield from directory.of_file(key).tolist() if place < 0 else (place,)


def read(storage: Storage) -> Quarantine:
    """The list as it is on disk. `StoreError` when it is damaged: a page kept out must not come back by accident."""
    seen = storage.signature(FILE)
    try:
        return Quarantine(_entries(storage, storage.read(FILE)), seen)
    except FileNotFoundError:
        return Quarantine()


def change(storage: Storage, add: Mapping[str, Quarantined], drop: frozenset[str] = frozenset()) -> Quarantine:
    """Add and drop entries. Safe against another process doing so, and while an ingest writes."""

    def changed(held: bytes | None) -> bytes | None:
        entries = {**(_entries(storage, held) if held is not None else {}), **add}
        kept = {key: asdict(entry) for key, entry in entries.items() if key not in drop}
        return json.dumps(kept).encode() if kept else None

    storage.update(FILE, changed)
    return read(storage)


def _entries(storage: Storage, held: bytes) -> dict[str, Quarantined]:
    try:
        return {key: Quarantined(**row) for key, row in json.loads(held).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise StoreError(
            f"The quarantine of collection '{storage.name}' cannot be read ({error}); mend or delete {FILE} beside it."
        ) from None
