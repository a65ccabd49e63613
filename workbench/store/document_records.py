"""The documents of a collection as its tables have them, and as a person sees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow.compute as pc

from workbench.errors import NotFoundError
from workbench.store.catalog import Catalog
from workbench.store.conditions import both, quoted
from workbench.store.files import intact
from workbench.store.legibility import legibility
from workbench.store.schema import (
    DOCUMENTS,
    FAILED,
    INCOMING,
    LATER,
    LEAVING,
    OK,
    DocumentRecord,
    document_name,
    file_part,
)
from workbench.types import DocumentInfo, PageFailureRecord, PageGap, PageNotice

_TOLD_OF = f"status = '{FAILED}' OR reason != ''"
_ALL = pc.CountOptions(mode="all")


@dataclass(slots=True)
class _Pages:
    """What is counted of a document's pages: those that are in by where their words come from."""

    by_source: Counter[str] = field(default_factory=Counter)
    picture_bytes: int = 0

    @property
    def indexed(self) -> int:
        return self.by_source.total()


@dataclass(frozen=True, slots=True)
class Troubles:
    """Numbers of a document's pages that failed, and of those that are in and could hardly be read."""

    failed: set[int] = field(default_factory=set)
    hardly: set[int] = field(default_factory=set)


class DocumentRecords:
    """The documents of one collection, read anew whenever they are asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def all(self) -> list[DocumentRecord]:
        """Every document as it was written, those on their way in or out as well."""
        return [DocumentRecord.of(row) for row in self._catalog.rows("documents", None, DOCUMENTS.names)]

    def listed(self) -> list[DocumentRecord]:
        """The documents as a person sees them. One whose pages are all gone is being deleted, whatever its row says."""
        there = self._catalog.values("pages", "content_hash")
        return [
            record
            for record in self.all()
            if record.state == INCOMING or (record.state != LEAVING and record.content_hash in there)
        ]

    def named(self, document: str) -> list[DocumentRecord]:
        """The document of that name, or its versions while one replaces another; `NotFoundError` without any."""
        wanted = document_name(document)
        found = [record for record in self.all() if record.name == wanted and record.state != LEAVING]
        if not found:
            raise NotFoundError(f"There is no document '{document}' in collection '{self._catalog.name}'.")
        return found

    def all_named(self, names: Iterable[str]) -> list[DocumentRecord]:
        """The documents of these names, each once; `NotFoundError` when one of them is not there."""
        there = {record.name: record for record in self.all() if record.state != LEAVING}
        wanted = dict.fromkeys(document_name(name) for name in names)
        unknown = [name for name in wanted if name not in there]
        if unknown:
            more = f" and {len(unknown) - 1} more of these" if len(unknown) > 1 else ""
            raise NotFoundError(f"There is no document '{unknown[0]}'{more} in collection '{self._catalog.name}'.")
        return [there[name] for name in wanted]

    def by_hash(self, content_hash: str) -> DocumentRecord | None:
        """The document with this content, whatever its name."""
        where = f"content_hash = {quoted(content_hash)} AND state != '{LEAVING}'"
        rows = self._catalog.rows("documents", where, DOCUMENTS.names)
        return DocumentRecord.of(rows[0]) if rows else None

    def failed_pages(self, document: str) -> tuple[PageFailureRecord, ...]:
        """Pages of a document that did not go in, and why."""
        where = both(f"status = '{FAILED}'", f"document = {quoted(document_name(document))}")
        rows = self._catalog.rows("pages", where, ["page", "reason"])
        return tuple(PageFailureRecord(row["page"], row["reason"]) for row in sorted(rows, key=lambda row: row["page"]))

    def troubles(self) -> dict[str, Troubles]:
        """Numbers of the pages that did not go in, or could hardly be read, by the content of their document."""
        found: dict[str, Troubles] = {}
        for row in self._catalog.rows("pages", _TOLD_OF, ["content_hash", "page", "status"]):
            of_it = found.setdefault(row["content_hash"], Troubles())
            (of_it.failed if row["status"] == FAILED else of_it.hardly).add(row["page"])
        return found

    def failed_count(self) -> int:
        """How many pages of all documents did not go in."""
        with intact(self._catalog.name):
            return int(self._catalog.table("pages").count_rows(f"status = '{FAILED}'"))

    def infos(self, sizes: Mapping[str, int], lacking: Mapping[str, Sequence[PageGap]]) -> list[DocumentInfo]:
        """Every document as it is listed, by name.

        ``sizes`` are the bytes of vectors by the part of a file's hash that page ids carry, ``lacking`` by page id the
        encoders that failed on it.
        """
        counted, told_of = self._counted(), self._told_of()
        gaps: dict[str, list[PageGap]] = {}
        there = self._catalog.directory().ids if lacking else ()
        for page in lacking:
            if page in there:
                gaps.setdefault(page.partition(":")[0], []).extend(lacking[page])
        found = []
        for record in self.listed():
            pages, rows = counted.get(record.content_hash, _Pages()), told_of.get(record.content_hash, [])
            notices = tuple(PageNotice(r["page"], r["reason"], r.get("quality")) for r in rows if r["status"] == OK)
            unread, wordless = pages.by_source[LATER], pages.by_source["none"]
            sources = [source for source in pages.by_source if source != "none"]
            told = legibility(record.pages, pages.indexed, unread, len(notices), wordless)
            part = file_part(record.content_hash)
            found.append(
                DocumentInfo(
                    record.name,
                    record.pages,
                    pages.indexed,
                    tuple(PageFailureRecord(row["page"], row["reason"]) for row in rows if row["status"] == FAILED),
                    record.content_hash,
                    sizes.get(part, 0) + pages.picture_bytes,
                    record.added,
                    sources[0] if len(sources) == 1 else "mixed" if sources else "none",
                    record.tags,
                    tuple(sorted(gaps.get(part, ()), key=lambda gap: gap.page)),
                    record.meta,
                    unread,
                    notices,
                    told.verdict,
                    told.why,
                )
            )
        return sorted(found, key=lambda info: (info.name, info.added))

    def _counted(self) -> dict[str, _Pages]:
        """The pages of each document, by its content, counted by Arrow: a row a page would take seconds of many."""
        rows = self._catalog.arrow("pages", ["content_hash", "status", "words_source", "picture_bytes"])
        keys = ["content_hash", "status", "words_source"]
        grouped = rows.group_by(keys).aggregate([("picture_bytes", "sum"), ("picture_bytes", "count", _ALL)])
        found: dict[str, _Pages] = {}
        for row in grouped.to_pylist():
            pages = found.setdefault(row["content_hash"], _Pages())
            pages.picture_bytes += row["picture_bytes_sum"] or 0
            if row["status"] == OK:
                pages.by_source[row["words_source"]] += row["picture_bytes_count"]
        return found

    def _told_of(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of pages that failed, or that something is to be said of, by the content of their document."""
        found: dict[str, list[dict[str, Any]]] = {}
        names = ["content_hash", "page", "status", "reason", "quality"]
        for row in self._catalog.rows("pages", _TOLD_OF, names):
            found.setdefault(row["content_hash"], []).append(row)
        return {content: sorted(rows, key=lambda row: row["page"]) for content, rows in found.items()}
