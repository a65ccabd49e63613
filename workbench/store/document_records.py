"""The documents of a collection as its tables have them, and as a person sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    page_id,
)
from workbench.types import DocumentInfo, PageFailureRecord, PageGap, PageNotice


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
        where = f"status = '{FAILED}' OR reason != ''"
        for row in self._catalog.rows("pages", where, ["content_hash", "page", "status"]):
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
        names = ["content_hash", "page", "status", "reason", "words_source", "picture_bytes", "quality"]
        by_hash: dict[str, list[dict[str, Any]]] = {}
        for row in self._catalog.rows("pages", None, names):
            by_hash.setdefault(row["content_hash"], []).append(row)
        found = []
        for record in self.listed():
            pages = sorted(by_hash.get(record.content_hash, []), key=lambda row: row["page"])
            indexed = [row for row in pages if row["status"] == OK]
            sources = {row["words_source"] for row in indexed} - {"none"}
            unread = sum(row["words_source"] == LATER for row in indexed)
            notices = tuple(
                PageNotice(row["page"], row["reason"], row.get("quality")) for row in indexed if row["reason"]
            )
            wordless = sum(row["words_source"] == "none" for row in indexed)
            told = legibility(record.pages, len(indexed), unread, len(notices), wordless)
            found.append(
                DocumentInfo(
                    record.name,
                    record.pages,
                    len(indexed),
                    tuple(PageFailureRecord(row["page"], row["reason"]) for row in pages if row["status"] == FAILED),
                    record.content_hash,
                    sizes.get(file_part(record.content_hash), 0) + sum(row["picture_bytes"] for row in pages),
                    record.added,
                    sources.pop() if len(sources) == 1 else "mixed" if sources else "none",
                    record.tags,
                    tuple(gap for row in indexed for gap in lacking.get(page_id(record.content_hash, row["page"]), ())),
                    record.meta,
                    unread,
                    notices,
                    told.verdict,
                    told.why,
                )
            )
        return sorted(found, key=lambda info: (info.name, info.added))
