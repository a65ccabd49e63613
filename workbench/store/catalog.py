"""What a collection consists of at this moment: its tables, manifest, committed pages, and pages kept out of search.

Readers of pages, words and vectors and the writer all stand on one catalog, and it knows none of them. Every call sees
the last commit of any process; a collection deleted and made again under the same name is noticed.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from workbench.atomic import write_whole
from workbench.errors import InputError, NotFoundError, StoreError
from workbench.store import quarantine
from workbench.store.conditions import both, column_of, condition
from workbench.store.directory import COMMITTED, PageDirectory
from workbench.store.files import intact
from workbench.store.manifest import FILE, Manifest
from workbench.store.quarantine import Quarantine
from workbench.store.schema import LATE_COLUMNS
from workbench.store.soundness import SETTLED
from workbench.store.storage import Storage
from workbench.store.tables import FOLDER, columns, connect, steadily
from workbench.types import Quarantined
from workbench.types.filters import Filter, tests_of

_UNKNOWN = {
    "shows": "Nothing has looked for figures on the pages of collection '{name}': the encoder 'reader' does, in "
    "collections made since Pagelens 0.3.0. To filter by figures, ingest the files into a new collection.",
    "language": "Nothing has looked for the language of the pages of collection '{name}': it was made by an earlier "
    "Pagelens. To have it looked for, run: pagelens collections repair {name}",
    "year": "Nothing has looked for the years of the files of collection '{name}': it was made by an earlier Pagelens. "
    "To filter by year, ingest the files into a new collection.",
    "quality": "How well the pages of collection '{name}' were read is not known: they went in before Pagelens 0.3.0. "
    "To filter by quality, ingest the files into a new collection, or read their pages again.",
}
"""What is said of a filter by a field that is known of no page."""


class Catalog:
    """The collection in one place. Safe to use from several threads, while another thread or process writes.

    A collection that is gone is a `NotFoundError`, a damaged one a `StoreError`.
    """

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.path = storage.cache
        self.name = storage.name
        self._lock = threading.RLock()
        self._tables: dict[str, Any] = {}
        self._directory: PageDirectory | None = None
        self._quarantine = Quarantine()
        self._searchable: tuple[PageDirectory, Quarantine, PageDirectory] | None = None
        self._versions = f"{storage.uri}/{FOLDER}"
        self._version: dict[str, tuple[int, frozenset[str], int]] = {}
        self._records: dict[str, tuple[Hashable | None, Mapping[str, Any]]] = {}
        self._seen = self._signature()
        self._manifest = Manifest.read(storage)
        self._settle_cache()
        self._db = connect(storage)

    @property
    def manifest(self) -> Manifest:
        """What made it, and the version of its layout."""
        self._refresh()
        return self._manifest

    @property
    def encoders(self) -> tuple[str, ...]:
        """Ids of all its encoders, the first one first."""
        return tuple(space.encoder.id for space in self.manifest.spaces)

    # -- tables -------------------------------------------------------------------------------------------------------

    def table(self, name: str) -> Any:
        """A table by name; `StoreError` when it cannot be opened."""
        with self._lock:
            self._refresh()
            if name not in self._tables:
                try:
                    table = self._db.open_table(name)
                    if not table.schema.names:  # a list of columns that was overwritten with zeros reads as none
                        raise ValueError("it has no columns")
                    self._tables[name] = table
                except Exception as error:
                    raise StoreError(
                        f"Collection '{self.name}' is damaged: its table '{name}' cannot be opened; "
                        f"to see what is wrong, run: pagelens collections verify {self.name}"
                    ) from error
            return self._tables[name]

    def has_table(self, name: str) -> bool:
        """Whether there is a table of that name; collections of an older layout lack some."""
        return f"{name}.lance" in self.storage.folders(FOLDER)

    def table_bytes(self, name: str) -> int:
        """Bytes of a table's files, those of its earlier versions included."""
        return self.storage.bytes(f"{FOLDER}/{name}.lance")

    def version(self, table: str = "pages") -> int:
        """A number that grows with every change of a table; of the committed pages without a name.

        LanceDB is asked only when the files that name the table's versions are others than before, and these are listed
        only when their folder has changed: after a thousand commits that takes most of a millisecond.
        """
        handle = self.table(table)
        if self.storage.remote:  # LanceDB asks no more often than `fresh_for` has it
            with intact(self.name):
                return int(handle.version)
        folder, known = os.path.join(self._versions, f"{table}.lance", "_versions"), self._version.get(table)
        try:
            changed = _settled(folder)
            if known is not None and changed and known[0] == changed:
                return known[2]
            names = frozenset(os.listdir(folder))
        except OSError:
            changed, names = 0, frozenset()  # LanceDB says what is wrong
        if known is not None and names and known[1] == names:
            version = known[2]
        else:
            with intact(self.name):
                version = int(handle.version)
        self._version[table] = changed, names, version
        return version

    def database(self) -> Any:
        """The LanceDB database, to make and drop tables in."""
        self._refresh()
        return self._db

    def rows(self, table: str, where: str | None, names: Sequence[str]) -> list[dict[str, Any]]:
        """Columns of the rows of a table that an SQL condition leaves, a dict a row.

        Those of `LATE_COLUMNS` are left out where a collection has not got them yet.
        """
        with intact(self.name):
            there = self.table(table)
            names = [name for name in names if name not in LATE_COLUMNS or name in there.schema.names]
            found = columns(there, where, names)
        return [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]

    def values(self, table: str, name: str) -> set[Any]:
        """The different values of a column of a table."""
        with intact(self.name):
            return set(self.arrow(table, [name])[name].unique().to_pylist())

    def total(self, table: str, name: str) -> int:
        """The sum of a column of whole numbers of a table."""
        with intact(self.name):
            return int(pc.sum(self.arrow(table, [name])[name]).as_py() or 0)

    def arrow(self, table: str, names: Sequence[str]) -> pa.Table:
        """Columns of all rows of a table, as Arrow has them."""
        with intact(self.name):
            return steadily(self.table(table).search().select(list(names)).to_arrow)

    def gaps(self) -> dict[str, dict[str, str]]:
        """By encoder: the pages it failed on that are in the collection all the same, and why."""
        found: dict[str, dict[str, str]] = {}
        if self.has_table("gaps"):
            for row in self.rows("gaps", None, ["page_id", "encoder", "reason"]):
                found.setdefault(row["encoder"], {})[row["page_id"]] = row["reason"]
        return found

    # -- pages --------------------------------------------------------------------------------------------------------

    def directory(self) -> PageDirectory:
        """The committed pages as they are now."""
        version = self.version()
        directory = self._directory
        if directory is None or directory.version != version:
            with self._lock:
                if self._directory is None or self._directory.version != version:
                    with intact(self.name):
                        self._directory = PageDirectory.read(self.table("pages"), version)
                directory = self._directory
        return directory

    def searchable(self) -> PageDirectory:
        """The committed pages but those in quarantine."""
        directory, kept_out = self.directory(), self.quarantine()
        if not kept_out:
            return directory
        known = self._searchable
        if known is None or known[0] is not directory or known[1] is not kept_out:
            known = self._searchable = directory, kept_out, kept_out.without(directory)
        return known[2]

    def page_ids(self, where: Filter | None) -> list[str]:
        """Ids of the pages a search may find that a filter leaves, in order of document and page."""
        if where is None:
            return list(self.searchable().ids)
        self._check_known(where)
        with intact(self.name):
            found = PageDirectory.read(self.table("pages"), -1, condition(where))
        return [*self.quarantine().without(found).ids]

    def matching(self, where: Filter) -> list[str]:
        """Ids of the committed pages that a filter leaves, in no order."""
        self._check_known(where)
        with intact(self.name):
            return columns(self.table("pages"), both(COMMITTED, condition(where)), ["page_id"])["page_id"]

    def pages_by(self, field: str) -> dict[str, list[str]]:
        """The committed pages that have each value of a field of pages, by their ids; those of which none is known in
        none."""
        column, found = column_of(field), dict[str, list[str]]()
        schema = self.table("pages").schema
        if column not in schema.names:
            return found
        there = (
            f"array_length({column}) > 0" if pa.types.is_list(schema.field(column).type) else f"{column} IS NOT NULL"
        )
        for row in self.rows("pages", both(COMMITTED, there), ["page_id", column]):
            value = row[column]
            for each in value if isinstance(value, list) else [value] if value else ():
                found.setdefault(str(each), []).append(row["page_id"])
        return found

    def _check_known(self, where: Filter) -> None:
        """`InputError` for a filter by what is known of no page, as of collections made before it was looked for."""
        table = self.table("pages")
        for field in {test.field for test in tests_of(where)} & _UNKNOWN.keys():
            with intact(self.name):
                known = field in table.schema.names and table.count_rows(f"{field} IS NOT NULL")
                known = known or not table.count_rows(COMMITTED)
            if not known:
                raise InputError(_UNKNOWN[field].format(name=self.name))

    # -- beside the tables --------------------------------------------------------------------------------------------

    def quarantine(self) -> Quarantine:
        """What is kept out of search as it is now; read again only when it has changed."""
        if self._quarantine.signature != self.storage.signature(quarantine.FILE):
            self._quarantine = quarantine.read(self.storage)
        return self._quarantine

    def change_quarantine(self, add: Mapping[str, Quarantined], drop: frozenset[str] = frozenset()) -> None:
        """Keep pages and documents out of search, and let others in again; it needs no writer."""
        self._quarantine = quarantine.change(self.storage, add, drop)

    def record(self, name: str) -> Mapping[str, Any]:
        """What `write_record` wrote under that name; empty when it did not, or what it wrote is damaged."""
        signature, known = self.storage.signature(f"{name}.json"), self._records.get(name)
        if known is not None and known[0] == signature:
            return known[1]
        try:
            held = json.loads(self.storage.read(f"{name}.json")) if signature is not None else {}
        except (OSError, ValueError):
            held = {}
        found: Mapping[str, Any] = held if isinstance(held, dict) else {}
        self._records[name] = signature, found
        return found

    def write_record(self, name: str, held: Mapping[str, Any]) -> None:
        """Keep something that was worked out of the collection beside it; `OSError` where that cannot be."""
        self.storage.write(f"{name}.json", json.dumps(held).encode())

    def close(self) -> None:
        """Let go of handles and of what was read; it comes back when needed."""
        with self._lock:
            self._tables.clear()
            self._directory = None
            self._searchable = None
            self._version.clear()

    def refresh(self) -> None:
        """Believe nothing that was read before: a writer begins with what is there now."""
        self.storage.refresh()
        self.close()

    def _signature(self) -> Hashable:
        found = self.storage.signature(FILE)
        if found is None:
            raise NotFoundError(f"There is no collection '{self.name}' any more.")
        return found

    def _settle_cache(self) -> None:
        """Let go of what the cache of an object store has of an earlier collection of the same name."""
        if not self.storage.remote:
            return
        mark = self.path / "id"
        with suppress(OSError):
            if mark.read_text(encoding="utf-8") == self._manifest.id:
                return
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True, exist_ok=True)
        write_whole(mark, self._manifest.id)

    def _refresh(self) -> None:
        """Notice that the manifest changed: an index came or went, or the collection was deleted and made again."""
        if self._signature() != self._seen:
            with self._lock:
                signature = self._signature()
                self._manifest, self._db = Manifest.read(self.storage), connect(self.storage)
                self._settle_cache()
                self.close()
                self._seen = signature


def _settled(folder: str) -> int:
    """When names in a folder last changed (ns), where whatever changes now is sure to show in that; else 0."""
    changed = os.stat(folder).st_mtime_ns
    return changed if os.name == "posix" and time.time_ns() - changed > SETTLED * 1e9 else 0
