"""Rows going into and out of a collection's tables, for the one writer: by page id, in few commits, kept tidy."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa

from workbench.store.catalog import Catalog
from workbench.store.conditions import quoted, within
from workbench.store.files import is_disk_full
from workbench.store.fragments import Fragments, append_fragments

log = logging.getLogger(__name__)

IDS_AT_ONCE = 500
"""Pages that are named in one condition."""
NOW = timedelta(milliseconds=1)
"""The age from which on old versions go where none is to stay; LanceDB warns of 0."""
KEEP_VERSIONS = timedelta(minutes=10)
"""How long a query in another process may go on reading what a tidying replaced."""


class TableWriter:
    """The tables whose rows are pages. ``stored`` says which pages each has, which only the writer changes.

    ``text_stale`` once rows left the pages table, or were replaced in it, which is the same to its text index: its word
    statistics are then those of pages that are gone.
    """

    def __init__(self, catalog: Catalog, check: Callable[[], None]) -> None:
        self._catalog = catalog
        self.check = check
        self.stored: dict[str, set[str]] = {}
        self.text_stale = False

    def look(self, names: Iterable[str]) -> None:
        """Read which pages these tables hold."""
        for name in names:
            found = self._catalog.table(name).search().select(["page_id"]).to_arrow()
            self.stored[name] = set(found["page_id"].to_pylist())

    def write(self, name: str, rows: pa.Table) -> bool:
        """Write rows by page id; true when some of them replaced others.

        They are appended when none of them is there, or else merged, which has to read all ids.
        """
        self.check()
        table, ids = self._catalog.table(name), set(rows["page_id"].to_pylist())
        known = self.stored[name]
        new = known.isdisjoint(ids) and len(ids) == rows.num_rows
        known |= ids  # before the attempt: one that fails may have been committed nevertheless
        if new:
            table.add(rows)
        else:
            merge(table, "page_id", rows)
        return not new

    def put(self, name: str, rows: pa.Table | Fragments) -> int:
        """Write rows, or make files of rows part of the table; how many pages they are of."""
        if isinstance(rows, Fragments):
            self.append(name, [rows])
            return len(rows.pages)
        self.write(name, rows)
        return int(rows.num_rows)

    def append(self, name: str, written: Sequence[Fragments]) -> bool:
        """Make files of rows that another process wrote part of a table, in one commit; true when some of their pages
        had rows before, which go first: a crash in between has those pages read again."""
        self.check()
        ids = {page for one in written for page in one.pages}
        known = self.stored[name] & ids
        self.delete(name, sorted(known))
        self.stored[name] |= ids
        append_fragments(self._catalog.storage, name, written)
        self._catalog.table(name).checkout_latest()
        return bool(known)

    def delete(self, name: str, ids: Sequence[str]) -> None:
        """Delete the rows of these pages, if there are any."""
        self.check()
        for start in range(0, len(ids), IDS_AT_ONCE):
            self._catalog.table(name).delete(within("page_id", ids[start : start + IDS_AT_ONCE]))
        if name in self.stored:
            self.stored[name].difference_update(ids)

    def fragments(self, name: str) -> tuple[int, int]:
        """How many files a table consists of, and how many rows the largest has."""
        told = self._catalog.table(name).stats()["fragment_stats"]
        return int(told["num_fragments"]), int(told["lengths"]["max"])

    def tidy(self, name: str, older_than: timedelta, if_room: bool = False) -> None:
        """Compact a table, index its new rows, drop old versions. Where LanceDB refuses, it stays as it is: larger.

        With ``if_room`` too where the disk has no room for it twice: what a tidying that failed wrote stays for a week.
        In an object store versions always stay for `KEEP_VERSIONS`: readers elsewhere ask for the newest now and then.
        """
        if if_room and self._catalog.storage.free_bytes() < self._catalog.table_bytes(name):
            log.warning("the disk has no room to tidy table %s", name)
            return
        if self._catalog.storage.remote:
            older_than = max(older_than, KEEP_VERSIONS)
        try:
            self._catalog.table(name).optimize(cleanup_older_than=older_than)
        except Exception as error:
            if is_disk_full(error):
                raise
            log.warning("could not compact table %s", name, exc_info=True)

    def touch(self, name: str) -> None:
        """Write a row of a table again, which gives a single file a neighbour for `purge` to merge it with."""
        table = self._catalog.table(name)
        key = table.schema.names[0]
        for value in table.search().select([key]).limit(1).to_arrow()[key].to_pylist():
            table.update(where=f"{key} = {quoted(value)}", values_sql={key: key})

    def purge(self, name: str) -> None:
        """Rewrite a table without its deleted rows, and drop every earlier version of it and what no version names.

        LanceDB merges neighbouring files and leaves dead rows out of them, but a file that has no neighbour and few
        dead rows stays as it is: `touch` first. Nobody else may be writing.
        """
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"optimize\(cleanup_older_than=0\)")
            self._catalog.table(name).optimize(cleanup_older_than=timedelta(0), delete_unverified=True)


def merge(table: Any, key: str, rows: pa.Table) -> None:
    """Write rows, each in the place of the one with its key if there is one."""
    # use_index(False): with a scalar index on the key, LanceDB 0.40 was seen to duplicate rows upserted at once.
    table.merge_insert(key).when_matched_update_all().when_not_matched_insert_all().use_index(False).execute(rows)
