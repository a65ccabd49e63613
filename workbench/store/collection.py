"""A collection as a reader sees it: pages, documents, vectors and text search. Writing is `Writer`'s."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.encoders import EncoderInfo
from workbench.errors import NotFoundError, StoreError
from workbench.settings import CollectionSettings
from workbench.store import textindex
from workbench.store.directory import COMMITTED, PageDirectory
from workbench.store.files import room, tree_bytes
from workbench.store.flat import FlatFile, FlatVectors
from workbench.store.images import image_file, stored_images
from workbench.store.manifest import FILE, Manifest
from workbench.store.schema import (
    DOCUMENTS,
    FAILED,
    FULL,
    LEAVING,
    OK,
    PAGES,
    DocumentRecord,
    embedding_of,
    file_part,
    stored_page,
    table_name,
)
from workbench.store.tables import FOLDER, both, connect, quoted, ragged_batches, within
from workbench.types import (
    CollectionInfo,
    DocumentInfo,
    Float,
    IndexInfo,
    PageEmbedding,
    PageFailureRecord,
    PageRef,
    Ragged,
    StoredPage,
)

if TYPE_CHECKING:
    from workbench.store.writer import Writer

_MAX_PAGE = 2**31 - 1


class Collection:
    """Pages with their text, pooled and full vectors, on disk in one folder.

    Safe to read from several threads, while another thread or process writes: every call sees the last commit. A
    collection deleted and made again under the same name is noticed, one that is gone is a `NotFoundError`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self._lock = threading.RLock()
        self._tables: dict[str, Any] = {}
        self._flats: dict[str, FlatFile] = {}
        self._directory: PageDirectory | None = None
        self._whole: tuple[int, set[str]] = (-1, set())
        self._counted: dict[str, tuple[int, dict[str, int]]] = {}
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
        """Id of the encoder that made its vectors."""
        return str(self.manifest.encoder["id"])

    @property
    def indexes(self) -> tuple[str, ...]:
        """Names of its vector indexes, full last."""
        return (*self.settings.indexes, FULL)

    def check_encoder(self, info: EncoderInfo) -> None:
        """`MismatchError` unless this encoder made the collection."""
        self.manifest.check(info)

    def info(self) -> CollectionInfo:
        """Counts and sizes, from the tables and the files; no vector is read."""
        directory = self.directory()
        return CollectionInfo(
            self.name,
            self.encoder,
            self.table("documents").count_rows(f"state != '{LEAVING}'"),
            len(directory.refs),
            self.table("pages").count_rows(f"status = '{FAILED}'"),
            tree_bytes(self.path),
            tuple(self._index_info(index, directory) for index in self.indexes),
            {**self.settings.as_dict(), "encoder": dict(self.manifest.encoder)},
        )

    def _index_info(self, index: str, directory: PageDirectory) -> IndexInfo:
        counts = self._counts(index)
        held = [counts[page] for page in directory.ids if page in counts]
        folder = self.path / FOLDER / f"{table_name(index, self.encoder)}.lance"
        return IndexInfo(
            index, len(held), sum(held), self.manifest.dim, np.dtype(_dtype(index)).name, tree_bytes(folder)
        )

    # -- documents and pages ------------------------------------------------------------------------------------------

    def documents(self) -> list[DocumentInfo]:
        """Every document, by name; ``bytes`` are those of its vectors (without compression) and pictures."""
        rows = self._rows("pages", None, ["content_hash", "page", "status", "reason", "words_source", "picture_bytes"])
        by_hash: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_hash.setdefault(row["content_hash"], []).append(row)
        sizes = self._vector_bytes()
        found = []
        for record in self.records():
            if record.state == LEAVING:
                continue
            pages = sorted(by_hash.get(record.content_hash, []), key=lambda row: row["page"])
            indexed = [row for row in pages if row["status"] == OK]
            sources = {row["words_source"] for row in indexed} - {"none"}
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
                )
            )
        return sorted(found, key=lambda info: (info.name, info.added))

    def records(self) -> list[DocumentRecord]:
        """Every document as it was written, those on their way in or out as well."""
        return [DocumentRecord.of(row) for row in self._rows("documents", None, DOCUMENTS.names)]

    def document_by_hash(self, content_hash: str) -> DocumentRecord | None:
        """The document with this content, whatever its name."""
        where = f"content_hash = {quoted(content_hash)} AND state != '{LEAVING}'"
        rows = self._rows("documents", where, DOCUMENTS.names)
        return DocumentRecord.of(rows[0]) if rows else None

    def indexed_pages(self, content_hash: str) -> set[int]:
        """Numbers of the pages of a document that are committed and whole: vectors in every index, and pictures."""
        directory = self.directory()
        with self._lock:
            if self._whole[0] != directory.version:
                held = [self._counts(index).keys() for index in self.indexes]
                self._whole = (directory.version, stored_images(self.path / "images").intersection(*held))
            whole = self._whole[1]
        pages = directory.by_file.get(file_part(content_hash), [])
        return {directory.refs[page].page for page in pages if page in whole}

    def failed_pages(self, document: str) -> tuple[PageFailureRecord, ...]:
        """Pages of a document that did not go in, and why."""
        where = both(f"status = '{FAILED}'", f"document = {quoted(document)}")
        rows = self._rows("pages", where, ["page", "reason"])
        return tuple(PageFailureRecord(row["page"], row["reason"]) for row in sorted(rows, key=lambda row: row["page"]))

    def page(self, ref: PageRef) -> StoredPage:
        """A committed page; `NotFoundError` says whether the document or only the page is missing."""
        if 1 <= ref.page <= _MAX_PAGE:
            rows = self._rows(
                "pages", both(COMMITTED, f"document = {quoted(ref.document)} AND page = {ref.page:d}"), PAGES.names
            )
            if rows:  # two while a new content replaces an old one
                return stored_page(max(rows, key=lambda row: row["added"]))
        known = self._rows("documents", f"name = {quoted(ref.document)}", ["pages"])
        if not known:
            raise NotFoundError(f"There is no document '{ref.document}' in collection '{self.name}'.")
        failed = {failure.page: failure.reason for failure in self.failed_pages(ref.document)}
        if ref.page in failed:
            raise NotFoundError(f"Page {ref.page} of '{ref.document}' was not indexed: {failed[ref.page]}")
        raise NotFoundError(
            f"'{ref.document}' has no indexed page {ref.page}; its pages are numbered 1 to {known[0]['pages']}."
        )

    def page_by_id(self, page_id: str) -> StoredPage:
        """A committed page by its id."""
        rows = self._rows("pages", both(COMMITTED, f"page_id = {quoted(page_id)}"), PAGES.names)
        if not rows:
            raise NotFoundError(f"There is no page {page_id} in collection '{self.name}' any more.")
        return stored_page(rows[0])

    def page_ids(self, where: str | None) -> list[str]:
        """Ids of the committed pages that an SQL condition leaves, in order of document and page."""
        if where is None:
            return list(self.directory().ids)
        return list(PageDirectory.read(self.table("pages"), -1, where).ids)

    def page_count(self) -> int:
        """How many pages are committed."""
        return len(self.directory().refs)

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

    # -- vectors ------------------------------------------------------------------------------------------------------

    def page_embedding(self, page_id: str) -> PageEmbedding:
        """Full vectors of a page (float16 as stored, returned as float32) with their places and labels."""
        table = self.vector_table(FULL).search().where(f"page_id = {quoted(page_id)}").limit(1).to_arrow()
        if not table.num_rows:
            raise NotFoundError(f"The vectors of page {page_id} are not in collection '{self.name}'.")
        row = {name: table[name][0].as_py() for name in ("boxes", "cell", "grid", "labels")}
        ((_, vectors),) = ragged_batches(table)
        return embedding_of({**row, "vectors": vectors.flat}, self.manifest.dim)

    def vectors(self, index: str) -> FlatVectors:
        """An index as one memory-mapped array, first brought in step with the committed pages.

        Only pages the copy lacks are read from the table. `DiskFullError` when there is no room for it.
        """
        version = self._version()

        def fetch(ids: Sequence[str]) -> Iterator[tuple[list[str], Ragged]]:
            query = self.vector_table(index).search().where(within("page_id", ids))
            return ragged_batches(query.select(["page_id", "vectors"]).to_arrow())

        with room(self.name):
            return self._flat(index).current(f"{self.manifest.id}:{version}", lambda: self.directory().ids, fetch)

    # -- search -------------------------------------------------------------------------------------------------------

    def bm25(self, query: str, limit: int, where: str | None) -> list[tuple[str, float]]:
        """Pages by BM25 of their text, best first. The query is words, never query syntax.

        Only committed pages have text, so that only they are found.
        """
        return textindex.search(self.table("pages"), query, limit, where)

    def lance_maxsim(self, index: str, query: Float, limit: int, where: str | None) -> list[tuple[str, float]]:
        """Pages by MaxSim as LanceDB's own flat multivector search finds it: query rows minus its dot distance."""
        table, directory = self.vector_table(index), self.directory()
        allowed: Sequence[str] | None = None if where is None else self.page_ids(where)
        if allowed is None and table.count_rows() != len(directory.refs):
            allowed = directory.ids  # vectors go in before their page is committed
        if limit < 1 or (allowed is not None and not allowed):
            return []
        search = table.search(query, vector_column_name="vectors").distance_type("dot").limit(limit)
        search = search.where(within("page_id", allowed), prefilter=True) if allowed is not None else search
        found = search.select(["page_id", "_distance"]).to_arrow()
        return [
            (page, len(query) - distance)
            for page, distance in zip(found["page_id"].to_pylist(), found["_distance"].to_pylist(), strict=True)
        ]

    # -- writing ------------------------------------------------------------------------------------------------------

    def writer(self) -> Writer:
        """The one writer, as a context manager; `CollectionBusyError` while there is another."""
        from workbench.store.writer import Writer

        return Writer(self)

    def verify(self) -> list[str]:
        """What is not as it should be, in words: pages without vectors or pictures, vectors without pages."""
        committed = set(self.directory().ids)
        problems = []
        for index in self.indexes:
            stored = self.stored_ids(index)
            if len(stored) != len(set(stored)):
                problems.append(
                    f"'{index}' holds {len(stored) - len(set(stored))} pages twice; delete and ingest again."
                )
            if lacking := len(committed.difference(stored)):
                problems.append(f"{lacking} pages have no vectors in '{index}'; ingest their files again.")
            if orphans := len(set(stored) - committed):
                problems.append(
                    f"'{index}' holds vectors of {orphans} pages never committed; the next ingest drops them."
                )
        if bare := len(committed - stored_images(self.path / "images")):
            problems.append(f"{bare} pages have no picture; ingest their files again.")
        return problems

    def stored_ids(self, index: str) -> list[str]:
        """Page ids in a vectors table, committed or not."""
        return self._columns(self.vector_table(index), None, ["page_id"])["page_id"]

    # -- tables -------------------------------------------------------------------------------------------------------

    def directory(self) -> PageDirectory:
        """The committed pages as they are now."""
        version = self._version()
        directory = self._directory
        if directory is None or directory.version != version:
            with self._lock:
                if self._directory is None or self._directory.version != version:
                    self._directory = PageDirectory.read(self.table("pages"), version)
                directory = self._directory
        return directory

    def table(self, name: str) -> Any:
        """A table by name; `StoreError` when it cannot be opened."""
        with self._lock:
            self._refresh()
            if name not in self._tables:
                try:
                    self._tables[name] = self._db.open_table(name)
                except Exception as error:
                    raise StoreError(
                        f"Collection '{self.name}' is damaged: its table '{name}' cannot be opened; "
                        "delete the collection and ingest its files again."
                    ) from error
            return self._tables[name]

    def vector_table(self, index: str) -> Any:
        """The vectors table of an index."""
        return self.table(table_name(index, self.encoder))

    def rebuild_copies(self) -> None:
        """Have the memory-mapped copies made anew when they are next asked for."""
        for index in self.indexes:
            self._flat(index).rebuild()

    def close(self) -> None:
        """Let go of mapped files and handles; they come back when needed."""
        with self._lock:
            for flat in self._flats.values():
                flat.close()
            self._flats.clear()
            self._tables.clear()
            self._counted.clear()
            self._directory = None
            self._whole = (-1, set())

    def _flat(self, index: str) -> FlatFile:
        with self._lock:
            if index not in self._flats:
                name = table_name(index, self.encoder)
                self._flats[index] = FlatFile(self.path / "flat", name, self.manifest.dim, _dtype(index))
            return self._flats[index]

    def _signature(self) -> tuple[int, int, int]:
        try:
            stat = (self.path / FILE).stat()
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

    def _version(self) -> int:
        return int(self.table("pages").version)

    def _counts(self, index: str) -> dict[str, int]:
        """Vectors of each page in an index, read again when its table has changed."""
        table = self.vector_table(index)
        version, known = int(table.version), self._counted.get(index)
        if known is None or known[0] != version:
            columns = self._columns(table, None, ["page_id", "count"])
            known = version, dict(zip(columns["page_id"], columns["count"], strict=True))
            self._counted[index] = known
        return known[1]

    def _vector_bytes(self) -> Counter[str]:
        """Bytes of the vectors of each file, by the part of its hash that page ids carry."""
        total: Counter[str] = Counter()
        for index in self.indexes:
            width = self.manifest.dim * np.dtype(_dtype(index)).itemsize
            for page, count in self._counts(index).items():
                total[page.partition(":")[0]] += count * width
        return total

    @staticmethod
    def _columns(table: Any, where: str | None, columns: Sequence[str]) -> Mapping[str, list[Any]]:
        query = table.search()
        query = query.where(where) if where is not None else query
        found: dict[str, list[Any]] = query.select(list(columns)).to_arrow().to_pydict()
        return found

    def _rows(self, table: str, where: str | None, columns: Sequence[str]) -> list[dict[str, Any]]:
        found = self._columns(self.table(table), where, columns)
        return [dict(zip(found, values, strict=True)) for values in zip(*found.values(), strict=True)]


def _dtype(index: str) -> type[np.floating[Any]]:
    """Numbers of an index: half precision for the many, single for the few that are scanned."""
    return np.float16 if index == FULL else np.float32
