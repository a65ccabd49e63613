"""A collection as a reader sees it: pages, documents and text search. Vectors are `EncoderVectors`'s, writing is
`Writer`'s."""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from workbench.errors import NotFoundError, StoreError
from workbench.settings import CollectionSettings
from workbench.store import quarantine, textindex
from workbench.store.directory import COMMITTED, PageDirectory
from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.files import intact, tree_bytes
from workbench.store.images import image_file, stored_images
from workbench.store.manifest import FILE, Manifest
from workbench.store.postings import Postings, PostingsFile
from workbench.store.quarantine import Quarantine
from workbench.store.schema import (
    DOCUMENTS,
    FAILED,
    INCOMING,
    LATER,
    LEAVING,
    OK,
    PAGES,
    DocumentRecord,
    document_name,
    file_part,
    page_id,
    rebuilt_page,
    stored_page,
)
from workbench.store.snapshot import Snapshot
from workbench.store.tables import FOLDER, both, columns, connect, quoted, within
from workbench.types import (
    CollectionInfo,
    DocumentInfo,
    Page,
    PageFailureRecord,
    PageGap,
    PageRef,
    Quarantined,
    StoredPage,
)
from workbench.types.text import wellformed

if TYPE_CHECKING:
    from workbench.store.writer import Writer

log = logging.getLogger(__name__)

_MAX_PAGE = 2**31 - 1


class Collection:
    """Pages with their text and pictures, and the vectors of one encoder or more, on disk in one folder.

    Safe to read from several threads, while another thread or process writes: every call sees the last commit. A
    collection deleted and made again under the same name is noticed, one that is gone is a `NotFoundError`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self._lock = threading.RLock()
        self._tables: dict[str, Any] = {}
        self._spaces: dict[str, EncoderVectors] = {}
        self._directory: PageDirectory | None = None
        self._quarantine = Quarantine()
        self._searchable: tuple[PageDirectory, Quarantine, PageDirectory] | None = None
        self._snapshot: Snapshot | None = None
        self._postings = PostingsFile(path / "words")
        self._whole: tuple[int, set[str]] = (-1, set())
        self._versions = str(path / FOLDER)
        self._version: dict[str, tuple[frozenset[str], int]] = {}
        self._manifest_file = str(path / FILE)
        self._seen = self._signature()
        self._manifest = Manifest.read(path)
        self._db = connect(path)

    # -- what it is ---------------------------------------------------------------------------------------------------

    @property
    def manifest(self) -> Manifest:
        """What made it, and the version of its layout."""
        self._refresh()
        return self._manifest

    @property
    def settings(self) -> CollectionSettings:
        """What its pages are made with."""
        return self.manifest.settings

    @property
    def encoder(self) -> str:
        """Id of its first encoder, whose vectors are meant where none is named."""
        return self.manifest.spaces[0].encoder.id

    @property
    def encoders(self) -> tuple[str, ...]:
        """Ids of all its encoders, the first one first."""
        return tuple(space.encoder.id for space in self.manifest.spaces)

    def space(self, encoder_id: str = "") -> EncoderVectors:
        """The vectors of one encoder, of the first without a name; `NotFoundError` names the encoders there are."""
        with self._lock:
            records = self.manifest.spaces
            wanted = encoder_id or records[0].encoder.id
            for i, record in enumerate(records):
                if record.encoder.id == wanted:
                    if wanted not in self._spaces:
                        self._spaces[wanted] = EncoderVectors(self, record, primary=i == 0)
                    return self._spaces[wanted]
        raise NotFoundError(
            f"Collection '{self.name}' has no vectors of encoder '{wanted}'; it has those of "
            f"{', '.join(record.encoder.id for record in records)}."
        )

    def spaces(self) -> list[EncoderVectors]:
        """The vectors of every encoder, the first one first."""
        return [self.space(encoder) for encoder in self.encoders]

    def info(self) -> CollectionInfo:
        """Counts and sizes, from the tables and the files; no vector is read."""
        gaps = self.gaps()
        spaces = tuple(space.describe(gaps.get(space.encoder, {})) for space in self.spaces())
        return CollectionInfo(
            self.name,
            self.encoder,
            len(self.listed()),
            len(self.directory().refs),
            len(self._rows("pages", f"status = '{FAILED}'", ["page"])),
            tree_bytes(self.path),
            spaces[0].indexes,
            {**self.settings.as_dict(), "encoder": asdict(self.manifest.spaces[0].encoder)},
            spaces,
            len(self.directory().refs) - self.page_count(),
            len(self.unread()),
        )

    # -- documents and pages ------------------------------------------------------------------------------------------

    def documents(self) -> list[DocumentInfo]:
        """Every document, by name; ``bytes`` are those of its vectors (without compression) and pictures."""
        rows = self._rows("pages", None, ["content_hash", "page", "status", "reason", "words_source", "picture_bytes"])
        by_hash: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_hash.setdefault(row["content_hash"], []).append(row)
        sizes: Counter[str] = sum((space.bytes_by_file() for space in self.spaces()), Counter())
        lacking = self._lacking()
        found = []
        for record in self.listed():
            pages = sorted(by_hash.get(record.content_hash, []), key=lambda row: row["page"])
            indexed = [row for row in pages if row["status"] == OK]
            sources = {row["words_source"] for row in indexed} - {"none"}
            unread = sum(row["words_source"] == LATER for row in indexed)
            found.append(
                DocumentInfo(
                    record.name,
                    record.pages,
                    len(indexed),
                    tuple(PageFailureRecord(row["page"], row["reason"]) for row in pages if row["status"] == FAILED),
                    record.content_hash,
                    sizes[file_part(record.content_hash)] + sum(row["picture_bytes"] for row in pages),
                    record.added,
                    sources.pop() if len(sources) == 1 else "mixed" if sources else "none",
                    record.tags,
                    tuple(gap for row in indexed for gap in lacking.get(page_id(record.content_hash, row["page"]), ())),
                    record.meta,
                    unread,
                )
            )
        return sorted(found, key=lambda info: (info.name, info.added))

    def records(self) -> list[DocumentRecord]:
        """Every document as it was written, those on their way in or out as well."""
        return [DocumentRecord.of(row) for row in self._rows("documents", None, DOCUMENTS.names)]

    def listed(self) -> list[DocumentRecord]:
        """The documents as a person sees them. One whose pages are all gone is being deleted, whatever its row says."""
        there = {row["content_hash"] for row in self._rows("pages", None, ["content_hash"])}
        return [
            record
            for record in self.records()
            if record.state == INCOMING or (record.state != LEAVING and record.content_hash in there)
        ]

    def named(self, document: str) -> list[DocumentRecord]:
        """The document of that name, or its versions while one replaces another; `NotFoundError` without any."""
        wanted = document_name(document)
        found = [record for record in self.records() if record.name == wanted and record.state != LEAVING]
        if not found:
            raise NotFoundError(f"There is no document '{document}' in collection '{self.name}'.")
        return found

    def document_by_hash(self, content_hash: str) -> DocumentRecord | None:
        """The document with this content, whatever its name."""
        where = f"content_hash = {quoted(content_hash)} AND state != '{LEAVING}'"
        rows = self._rows("documents", where, DOCUMENTS.names)
        return DocumentRecord.of(rows[0]) if rows else None

    def indexed_pages(self, content_hash: str) -> set[int]:
        """Numbers of the pages of a document that need not be read again.

        They are committed, and have their pictures and the first encoder's vectors in every index.
        """
        directory = self.directory()
        with self._lock:
            if self._whole[0] != directory.version:
                held = self.space().held() & stored_images(self.path / "images")
                self._whole = (directory.version, held)
            whole = self._whole[1]
        pages = directory.by_file.get(file_part(content_hash), [])
        return {directory.refs[page].page for page in pages if page in whole}

    def failed_pages(self, document: str) -> tuple[PageFailureRecord, ...]:
        """Pages of a document that did not go in, and why."""
        where = both(f"status = '{FAILED}'", f"document = {quoted(document_name(document))}")
        rows = self._rows("pages", where, ["page", "reason"])
        return tuple(PageFailureRecord(row["page"], row["reason"]) for row in sorted(rows, key=lambda row: row["page"]))

    def gaps(self) -> dict[str, dict[str, str]]:
        """By encoder: the pages it failed on that are in the collection all the same, and why."""
        found: dict[str, dict[str, str]] = {}
        if self.has_table("gaps"):
            for row in self._rows("gaps", None, ["page_id", "encoder", "reason"]):
                found.setdefault(row["encoder"], {})[row["page_id"]] = row["reason"]
        return found

    def _lacking(self) -> dict[str, list[PageGap]]:
        """By page: the encoders that failed on it."""
        found: dict[str, list[PageGap]] = {}
        for encoder, pages in self.gaps().items():
            held = self.space(encoder).held() if encoder in self.encoders else set(pages)
            for page, reason in pages.items():
                if page not in held:
                    found.setdefault(page, []).append(PageGap(int(page.rpartition(":")[2]), encoder, reason))
        return found

    def page(self, ref: PageRef) -> StoredPage:
        """A committed page; `NotFoundError` says whether the document or only the page is missing."""
        name = quoted(document_name(ref.document))
        if 1 <= ref.page <= _MAX_PAGE:
            rows = self._rows("pages", both(COMMITTED, f"document = {name} AND page = {ref.page:d}"), PAGES.names)
            if rows:  # two while a new content replaces an old one
                return stored_page(max(rows, key=lambda row: row["added"]))
        known = self._rows("documents", f"name = {name} AND state != '{LEAVING}'", ["pages"])
        if not known:
            raise NotFoundError(f"There is no document '{ref.document}' in collection '{self.name}'.")
        failed = {failure.page: failure.reason for failure in self.failed_pages(ref.document)}
        if ref.page in failed:
            raise NotFoundError(f"Page {ref.page} of '{ref.document}' was not indexed: {failed[ref.page]}")
        raise NotFoundError(
            f"'{ref.document}' has no indexed page {ref.page}; its pages are numbered 1 to {known[0]['pages']}."
        )

    def rebuilt(self, page_ids: Sequence[str]) -> list[Page]:
        """Pages as encoders take them, from their stored pictures and words; those not there any more are left out.

        The picture is the stored one (`images.SIDES`, WebP), which a page drawn larger was reduced to; ``size`` is
        still what it was drawn at, and crop and word boxes are fractions, so they fit either. Decoding it raises
        `NotFoundError` when its file is lost.
        """
        rows = self._rows("pages", both(COMMITTED, within("page_id", page_ids)), PAGES.names)
        found = {row["page_id"]: rebuilt_page(row, partial(self._picture, row["page_id"])) for row in rows}
        return [found[page] for page in page_ids if page in found]

    def _picture(self, page_id: str) -> Image.Image:
        with Image.open(self.image_path(page_id, "page")) as picture:
            return picture.convert("RGB")

    def unread(self) -> list[str]:
        """Ids of the committed pages whose pictures are still to be read, in order of document and page."""
        waiting = set(self.matching(f"words_source = '{LATER}'"))
        return [page for page in self.directory().ids if page in waiting]

    def page_ids(self, where: str | None) -> list[str]:
        """Ids of the pages a search may find that an SQL condition leaves, in order of document and page."""
        if where is None:
            return list(self.searchable().ids)
        with intact(self.name):
            found = PageDirectory.read(self.table("pages"), -1, where)
        return list(self.quarantine().without(found).ids)

    def matching(self, where: str) -> list[str]:
        """Ids of the committed pages that an SQL condition leaves, in no order."""
        with intact(self.name):
            return columns(self.table("pages"), both(COMMITTED, where), ["page_id"])["page_id"]

    def page_count(self) -> int:
        """How many pages a search looks through: the committed ones but those in quarantine."""
        return len(self.searchable().refs)

    def refs(self, ids: Sequence[str]) -> dict[str, PageRef]:
        """Page refs of ids; an id that is not there any more is left out."""
        known = self.directory().refs
        return {page: known[page] for page in ids if page in known}

    def image_path(self, page_id: str, size: str) -> Path:
        """The stored picture of a page, ``page`` or ``thumb``; `NotFoundError` when there is none."""
        if page_id in self.directory().refs:
            path = image_file(self.path / "images", page_id, size)
            if path.is_file():
                return path
        raise NotFoundError(f"There is no picture of page {page_id} in collection '{self.name}'.")

    # -- search -------------------------------------------------------------------------------------------------------

    def bm25(self, query: str, limit: int, where: str | None) -> list[tuple[str, float]]:
        """Pages by BM25 of their text, best first. The query is words, never query syntax.

        Only committed pages have text, so that only they are found.
        """
        kept_out = self.quarantine()
        hidden = len(self.directory().refs) - self.page_count() if kept_out else 0
        with intact(self.name):
            found = textindex.search(self.table("pages"), query, limit + hidden if limit > 0 else 0, where)
        return [pair for pair in found if kept_out.of(pair[0]) is None][: max(limit, 0)] if kept_out else found

    def postings(self, wait: bool = False) -> Postings | None:
        """The words of the committed pages as arrays; None, unless one waits for it, while many are to be read."""
        directory = self.directory()
        try:
            return self._postings.current(f"{self.manifest.id}:{directory.version}", directory.ids, self._texts, wait)
        except (OSError, StoreError) as error:
            log.warning("the words of '%s' cannot be read into arrays (%s)", self.name, error)
            return None

    def forget_words(self, page_ids: Sequence[str]) -> None:
        """Have the words of these pages read again: their text may have changed."""
        self._postings.forget(page_ids)

    def _texts(self, page_ids: Sequence[str]) -> Iterable[tuple[str, str]]:
        with intact(self.name):
            found = columns(self.table("pages"), within("page_id", page_ids), ["page_id", "text"])
        return zip(found["page_id"], found["text"], strict=True)

    def frequency(self, word: str) -> int:
        """On how many pages a word stands, as the text index finds words."""
        with intact(self.name):
            return textindex.frequency(self.table("pages"), word, self.page_count())

    # -- quarantine ---------------------------------------------------------------------------------------------------

    def quarantine(self) -> Quarantine:
        """What is kept out of search as it is now; read again only when it has changed."""
        if self._quarantine.signature != quarantine.signature(self.path):
            self._quarantine = quarantine.read(self.path)
        return self._quarantine

    def put_away(self, document: str, page: int, reason: str = "") -> Quarantined:
        """Keep a page, or a whole document (``page`` 0), out of search; nothing of it is deleted.

        It needs no writer. `NotFoundError` when there is no such page or document.
        """
        document = document_name(document)
        entry = Quarantined(document, page, wellformed(reason.strip()), datetime.now(UTC).isoformat(timespec="seconds"))
        keys = self._content_keys(document, page)
        self._quarantine = quarantine.change(self.path, dict.fromkeys(keys, entry))
        return entry

    def release(self, document: str, page: int) -> None:
        """Let a page or a whole document (``page`` 0) be found again; `NotFoundError` when it was not put away."""
        document, entries = document_name(document), self.quarantine().entries
        named = {key for key, entry in entries.items() if (entry.document, entry.page) == (document, page)}
        with suppress(NotFoundError):  # it may be in quarantine and out of the collection
            named |= entries.keys() & self._content_keys(document, page)
        if not named:
            name = f"{document}#page={page}" if page else document
            whole = page and any((entry.document, entry.page) == (document, 0) for entry in entries.values())
            cure = f"; release the document '{document}', which is there as a whole" if whole else ""
            raise NotFoundError(f"'{name}' is not in the quarantine of collection '{self.name}'{cure}.")
        self._quarantine = quarantine.change(self.path, {}, frozenset(named))

    def _content_keys(self, document: str, page: int) -> set[str]:
        """What names a page, or all of a document, in the quarantine."""
        if page:
            return {self.page(PageRef(document, page)).page_id}
        return {file_part(record.content_hash) for record in self.named(document)}

    # -- writing ------------------------------------------------------------------------------------------------------

    def writer(self) -> Writer:
        """The one writer, as a context manager; `CollectionBusyError` while there is another."""
        from workbench.store.writer import Writer

        return Writer(self)

    def verify(self) -> list[str]:
        """What is not as it should be, in words, with what cures it; see `checks`."""
        from workbench.store.checks import problems

        return problems(self)

    # -- tables -------------------------------------------------------------------------------------------------------

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

    def snapshot(self) -> Snapshot:
        """The pages that a search may find now, by row."""
        directory, known = self.searchable(), self._snapshot
        if known is None or known.directory is not directory:
            known = self._snapshot = Snapshot(self, directory)
        return known

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
        return (self.path / FOLDER / f"{name}.lance").is_dir()

    def version(self, table: str = "pages") -> int:
        """A number that grows with every change of a table; of the committed pages without a name.

        LanceDB is asked only when the files that name the table's versions are others than before.
        """
        handle = self.table(table)
        try:
            names = frozenset(os.listdir(os.path.join(self._versions, f"{table}.lance", "_versions")))
        except OSError:
            names = frozenset()  # LanceDB says what is wrong
        known = self._version.get(table)
        if known is None or known[0] != names or not names:
            with intact(self.name):
                known = self._version[table] = names, int(handle.version)
        return known[1]

    def database(self) -> Any:
        """The LanceDB database, to make and drop tables in."""
        self._refresh()
        return self._db

    def close(self) -> None:
        """Let go of mapped files and handles; they come back when needed."""
        with self._lock:
            for space in self._spaces.values():
                space.close()
            self._spaces.clear()
            self._tables.clear()
            self._directory = None
            self._searchable = None
            self._snapshot = None
            self._postings.close()
            self._whole = (-1, set())
            self._version.clear()

    def _signature(self) -> tuple[int, int, int]:
        try:
            stat = os.stat(self._manifest_file)
        except OSError:
            raise NotFoundError(f"There is no collection '{self.name}' any more.") from None
        return stat.st_mtime_ns, stat.st_ino, stat.st_size

    def _refresh(self) -> None:
        """Notice that the collection was deleted, or deleted and made again, by whoever did it."""
        if self._signature() != self._seen:
            with self._lock:
                signature = self._signature()
                self._manifest, self._db = Manifest.read(self.path), connect(self.path)
                self.close()
                self._seen = signature

    def _rows(self, table: str, where: str | None, names: Sequence[str]) -> list[dict[str, Any]]:
        with intact(self.name):
            found = columns(self.table(table), where, names)
        return [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]
