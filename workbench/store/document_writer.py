"""Writes the documents of a collection: their rows, what their pages carry of them, and their removal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from workbench.store.conditions import quoted, sql_list, within
from workbench.store.files import is_disk_full, room
from workbench.store.images import remove_images
from workbench.store.names import Documents, place, settled
from workbench.store.schema import COMPLETE, DOCUMENTS, PAGES, DocumentRecord, file_part, meta_rows
from workbench.store.table_writer import KEEP_VERSIONS, merge
from workbench.store.tables import columns
from workbench.store.write_session import WriteSession

log = logging.getLogger(__name__)

FRAGMENTS = 32
"""Small files of the documents table after which it is tidied: each write reads them all to find its rows."""


class DocumentWriter:
    """The rows of documents in an open collection."""

    def __init__(self, session: WriteSession) -> None:
        self._session = session
        self._catalog = session.catalog
        self._tables = session.tables

    def write(self, records: Sequence[DocumentRecord]) -> None:
        """Write rows of documents, each in the place of the one of its content."""
        self._tables.check()
        rows = pa.Table.from_pylist([record.row() for record in records], DOCUMENTS)
        with room(self._session.name):
            merge(self._catalog.table("documents"), "content_hash", rows)
            if self._tables.fragments("documents")[0] > FRAGMENTS:
                self._tables.tidy("documents", KEEP_VERSIONS)

    def finish_all(self, records: Sequence[DocumentRecord]) -> list[tuple[DocumentRecord, ...]]:
        """`finish` documents; those that nobody leaves for go in one commit."""
        there = Documents(self._session.records.all())
        found = [place(record, there) for record in records]
        plain = [record for record, one in zip(records, found, strict=True) if not (one.staying or one.leaving)]
        done = [replace(settled(record), state=COMPLETE) for record in plain]
        whole = {record.content_hash: record for record in done if there.get(record.content_hash) != record}
        if whole:
            self.write(list(whole.values()))
        return [self.finish(r) if one.staying or one.leaving else () for r, one in zip(records, found, strict=True)]

    def finish(self, record: DocumentRecord) -> tuple[DocumentRecord, ...]:
        """Mark a document complete, and before that drop those it replaces, which are returned: its pages are in.

        A document that another source still holds stays; see `names.place`.
        """
        there = Documents(self._session.records.all())
        found = place(record, there)
        if found.staying:
            self.write(found.staying)
        for other in found.staying:
            before = there.get(other.content_hash)
            if before is not None and other.name != before.name:
                self.rename(other)
        self.remove(found.leaving)
        whole = replace(settled(record), state=COMPLETE)
        if there.get(whole.content_hash) != whole:
            self.write([whole])
        return found.leaving

    def remove(self, records: Sequence[DocumentRecord]) -> int:
        """Take documents out and return how many pages they had.

        The first commit takes their rows out of the pages table, and with them the pages out of every search, list and
        count of every process. What follows is litter to everybody but the next writer, who sweeps up what is left.
        """
        if not records:
            return 0
        ids = [page for record in records for page in self._page_ids(record)]
        these = within("content_hash", [record.content_hash for record in records])
        with room(self._session.name):
            self._making_room(ids, lambda: self._catalog.table("pages").delete(these))
            self._tables.stored["pages"].difference_update(ids)
            self._tables.text_stale = True
            remove_images(self._session.storage, ids)
            self._catalog.table("documents").delete(these)
            for encoder in self._session.encoders():
                encoder.delete(ids)
            self._tables.delete("gaps", ids)
        return len(ids)

    def _making_room(self, ids: Sequence[str], work: Callable[[], object]) -> None:
        """Begin a deletion; on a full disk after making room, first with the copies, then with these pages' pictures.

        It takes some kilobytes: a list of the rows that are gone, and the table's new version.
        """
        for free in (self._session.drop_copies, lambda: remove_images(self._session.storage, ids)):
            try:
                work()
                return
            except Exception as error:
                if not is_disk_full(error):
                    raise
                log.warning("the disk is full; making room in collection '%s' to delete from it", self._session.name)
                free()
        work()

    def rename(self, record: DocumentRecord) -> None:
        """Let the pages of a document go by its name."""
        where = f"content_hash = {quoted(record.content_hash)}"
        with room(self._session.name):
            self._catalog.table("pages").update(where=where, values={"document": record.name})
        self._tables.text_stale = True  # an update is a deletion to the text index

    def stamp(self, record: DocumentRecord) -> None:
        """Give a document's pages its tags and fields, in one commit. The text index is left as it is: rows keep their
        ids, and no word changes."""
        if self._page_ids(record):
            fields = {"tags": sql_list(record.tags), "meta": sql_list(meta_rows(record.meta))}
            where = f"content_hash = {quoted(record.content_hash)}"
            self._catalog.table("pages").update(where=where, values_sql=fields)

    def note(self, said: Mapping[str, Mapping[str, Any]]) -> None:
        """Say more of pages, as columns by page id, the same of each, in one commit that leaves all else as it is."""
        rows = [{"page_id": page, **columns} for page, columns in said.items()]
        if rows:
            schema = pa.schema([PAGES.field(name) for name in rows[0]])
            update = self._catalog.table("pages").merge_insert("page_id").when_matched_update_all().use_index(False)
            update.execute(pa.Table.from_pylist(rows, schema))

    def stamp_all(self) -> None:
        """Complete changes of fields that were cut short: the documents' rows say what their pages should."""
        borne: dict[str, set[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
        bearing = "array_length(tags) > 0 OR array_length(meta) > 0"
        rows = columns(self._catalog.table("pages"), bearing, ["content_hash", "tags", "meta"])
        for content, tags, meta in zip(*rows.values(), strict=True):
            borne.setdefault(content, set()).add((tuple(tags), tuple(meta)))
        for record in self._session.records.all():
            wanted = record.tags, tuple(meta_rows(record.meta))
            if borne.get(record.content_hash, {((), ())}) != {wanted}:
                self.stamp(record)

    def _page_ids(self, record: DocumentRecord) -> list[str]:
        part = f"{file_part(record.content_hash)}:"
        ids = {page for known in self._tables.stored.values() for page in known if page.startswith(part)}
        return sorted(ids)
