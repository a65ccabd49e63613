"""A collection as a reader sees it: pages, documents, vectors and text search. Writing is `Writer`'s."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.query import MatchQuery

from workbench.encoders import EncoderInfo
from workbench.errors import NotFoundError
from workbench.settings import CollectionSettings
from workbench.store.flat import FlatFile, FlatVectors
from workbench.store.images import image_file
from workbench.store.manifest import Manifest
from workbench.store.schema import (
    DOCUMENTS,
    FAILED,
    FULL,
    OK,
    PAGES,
    DocumentRecord,
    embedding_of,
    page_id,
    stored_page,
    table_name,
    vectors_schema,
)
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

OPTIONS = {"new_table_enable_stable_row_ids": "true"}
COMMITTED = f"status = '{OK}'"
ALL = 1_000_000_000


def connect(folder: Path) -> Any:
    """The LanceDB database of a collection; every handle sees every commit."""
    return lancedb.connect(str(folder), read_consistency_interval=timedelta(0), storage_options=OPTIONS)


def quoted(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def within(column: str, values: Sequence[str]) -> str:
    """The SQL condition that a column is one of these texts."""
    return f"{column} IN ({', '.join(map(quoted, values))})" if values else "false"


def both(first: str, second: str | None) -> str:
    """Two SQL conditions joined by and."""
    return first if second is None else f"({first}) AND ({second})"


class Collection:
    """Pages with their text, pooled and full vectors, on disk in one folder. Safe to read from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self.manifest = Manifest.read(path)
        self._db = connect(path / "lance")
        self._tables: dict[str, Any] = {}
        self._flats: dict[str, FlatFile] = {}
        self._refs: dict[str, PageRef] = {}
        self._counted = (-1, 0)
        self._lock = threading.RLock()

    # -- what it is ---------------------------------------------------------------------------------------------------

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
        """Counts and sizes, from the tables and the files."""
        documents = self.table("documents").count_rows()
        pages, failed = self.page_count(), self.table("pages").count_rows(f"status = '{FAILED}'")
        return CollectionInfo(
            self.name,
            self.encoder,
            documents,
            pages,
            failed,
            _bytes(self.path),
            tuple(self._index_info(index, pages) for index in self.indexes),
            {**self.settings.as_dict(), "encoder": dict(self.manifest.encoder)},
        )

    def _index_info(self, index: str, pages: int) -> IndexInfo:
        dtype = "float16" if index == FULL else "float32"
        path = self.path / "lance" / f"{table_name(index, self.encoder)}.lance"
        vectors = int(self.vectors(index).lengths.sum())
        return IndexInfo(index, pages, vectors, self.manifest.dim, dtype, _bytes(path))

    # -- documents and pages ------------------------------------------------------------------------------------------

    def documents(self) -> list[DocumentInfo]:
        """Every document, by name."""
        rows = self._rows("pages", None, ["content_hash", "page", "status", "reason", "words_source"])
        by_hash: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_hash.setdefault(row["content_hash"], []).append(row)
        found = []
        for record in self.records():
            pages = sorted(by_hash.get(record.content_hash, []), key=lambda row: row["page"])
            sources = {row["words_source"] for row in pages if row["status"] == OK}
            found.append(
                DocumentInfo(
                    record.name,
                    record.pages,
                    sum(row["status"] == OK for row in pages),
                    tuple(PageFailureRecord(row["page"], row["reason"]) for row in pages if row["status"] == FAILED),
                    record.content_hash,
                    record.bytes,
                    record.added,
                    sources.pop() if len(sources) == 1 else "mixed" if sources else "none",
                    record.tags,
                )
            )
        return sorted(found, key=lambda info: info.name)

    def records(self) -> list[DocumentRecord]:
        """Every document as it was written."""
        return [DocumentRecord.of(row) for row in self._rows("documents", None, DOCUMENTS.names)]

    def document_by_hash(self, content_hash: str) -> DocumentRecord | None:
        """The document with this content, whatever its name."""
        rows = self._rows("documents", f"content_hash = {quoted(content_hash)}", DOCUMENTS.names)
        return DocumentRecord.of(rows[0]) if rows else None

    def indexed_pages(self, content_hash: str) -> set[int]:
        """Numbers of the committed pages of a document."""
        where = both(COMMITTED, f"content_hash = {quoted(content_hash)}")
        return {row["page"] for row in self._rows("pages", where, ["page"])}

    def failed_pages(self, document: str) -> tuple[PageFailureRecord, ...]:
        """Pages of a document that did not go in, and why."""
        where = both(f"status = '{FAILED}'", f"document = {quoted(document)}")
        rows = self._rows("pages", where, ["page", "reason"])
        return tuple(PageFailureRecord(row["page"], row["reason"]) for row in sorted(rows, key=lambda row: row["page"]))

    def page(self, ref: PageRef) -> StoredPage:
        """A committed page; `NotFoundError` says whether the document or only the page is missing."""
        where = both(COMMITTED, f"document = {quoted(ref.document)} AND page = {ref.page:d}")
        rows = self._rows("pages", where, PAGES.names)
        if rows:
            return stored_page(max(rows, key=lambda row: row["added"]))
        known = self._rows("documents", f"name = {quoted(ref.document)}", ["pages"])
        if not known:
            raise NotFoundError(f"There is no document '{ref.document}' in collection '{self.name}'.")
        failed = {failure.page: failure.reason for failure in self.failed_pages(ref.document)}
        if ref.page in failed:
            raise NotFoundError(f"Page {ref.page} of '{ref.document}' was not indexed: {failed[ref.page]}")
        raise NotFoundError(
            f"'{ref.document}' has no indexed page {ref.page}; it has {known[0]['pages']} pages, numbered from 1."
        )

    def page_ids(self, where: str | None) -> list[str]:
        """Ids of the committed pages that an SQL condition leaves, in order of document and page."""
        rows = self._columns("pages", both(COMMITTED, where), ["page_id", "document", "page"])
        order = sorted(zip(rows["document"], rows["page"], rows["page_id"], strict=True))
        return [page for _, _, page in order]

    def page_count(self) -> int:
        """How many pages are committed."""
        version = self._version()
        if self._counted[0] != version:
            self._counted = (version, int(self.table("pages").count_rows(COMMITTED)))
        return self._counted[1]

    def refs(self, ids: Sequence[str]) -> dict[str, PageRef]:
        """Page refs of ids; an id that is not there any more is left out."""
        with self._lock:
            missing = [page for page in ids if page not in self._refs]
            if missing:
                rows = self._rows("pages", within("page_id", missing), ["page_id", "document", "page"])
                self._refs.update({row["page_id"]: PageRef(row["document"], row["page"]) for row in rows})
            return {page: self._refs[page] for page in ids if page in self._refs}

    def image_path(self, page_id: str, size: str) -> Path:
        """The stored picture of a page, ``page`` or ``thumb``; `NotFoundError` when the file is gone."""
        path = image_file(self.path / "images", page_id, size)
        if not path.is_file():
            raise NotFoundError(f"The picture of page {page_id} is not in collection '{self.name}'.")
        return path

    # -- vectors ------------------------------------------------------------------------------------------------------

    def page_embedding(self, page_id: str) -> PageEmbedding:
        """Full vectors of a page (float16 as stored, returned as float32) with their places and labels."""
        where = f"page_id = {quoted(page_id)}"
        table = self.vector_table(FULL).search().where(where).limit(1).to_arrow()
        if not table.num_rows:
            raise NotFoundError(f"The vectors of page {page_id} are not in collection '{self.name}'.")
        row = {name: table[name][0].as_py() for name in ("boxes", "cell", "grid", "labels")}
        ((_, vectors),) = _batches(table)
        return embedding_of({**row, "vectors": vectors.flat}, self.manifest.dim)

    def vectors(self, index: str) -> FlatVectors:
        """An index as one memory-mapped array, brought in step with the committed pages first."""
        with self._lock:
            if index not in self._flats:
                dtype = np.float16 if index == FULL else np.float32
                self._flats[index] = FlatFile(
                    self.path / "flat", table_name(index, self.encoder), self.manifest.dim, dtype
                )

            def fetch(ids: Sequence[str]) -> Iterator[tuple[list[str], Ragged]]:
                query = self.vector_table(index).search().where(within("page_id", ids)).limit(len(ids))
                return _batches(query.select(["page_id", "vectors"]).to_arrow())

            return self._flats[index].current(self._version(), lambda: self.page_ids(None), fetch)

    # -- search -------------------------------------------------------------------------------------------------------

    def bm25(self, query: str, limit: int, where: str | None) -> list[tuple[str, float]]:
        """Pages by BM25 of their text, best first. The query is words, never query syntax."""
        if not self._has_text_index():
            return []
        found = (
            self.table("pages")
            .search(MatchQuery(query, "text"), query_type="fts")
            .where(both(COMMITTED, where), prefilter=True)
            .select(["page_id", "_score"])
            .limit(limit)
            .to_arrow()
        )
        return list(zip(found["page_id"].to_pylist(), found["_score"].to_pylist(), strict=True))

    def lance_maxsim(self, index: str, query: Float, limit: int, where: str | None) -> list[tuple[str, float]]:
        """Pages by MaxSim as LanceDB's own flat multivector search finds it: query rows minus its dot distance."""
        allowed = None if where is None else within("page_id", self.page_ids(where))
        search = self.vector_table(index).search(query, vector_column_name="vectors").distance_type("dot")
        search = search.where(allowed, prefilter=True) if allowed is not None else search
        found = search.select(["page_id", "_distance"]).limit(limit).to_arrow()
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
        """What is not as it should be: pages without vectors or pictures, vectors without pages."""
        committed = set(self.page_ids(None))
        problems = []
        for index in self.indexes:
            stored = set(self.stored_ids(index))
            if committed - stored:
                problems.append(f"{len(committed - stored)} pages have no vectors in '{index}'; ingest them again.")
            if stored - committed:
                problems.append(f"'{index}' holds vectors of {len(stored - committed)} pages that were not committed.")
        bare = sum(not image_file(self.path / "images", page, "page").is_file() for page in committed)
        if bare:
            problems.append(f"{bare} pages have no picture; ingest them again.")
        return problems

    def stored_ids(self, index: str) -> list[str]:
        """Page ids in a vectors table, committed or not."""
        ids: list[str] = (
            self.vector_table(index).search().select(["page_id"]).limit(ALL).to_arrow()["page_id"].to_pylist()
        )
        return ids

    # -- tables -------------------------------------------------------------------------------------------------------

    def table(self, name: str) -> Any:
        """A table by name."""
        with self._lock:
            if name not in self._tables:
                self._tables[name] = self._db.open_table(name)
            return self._tables[name]

    def vector_table(self, index: str) -> Any:
        """The vectors table of an index."""
        return self.table(table_name(index, self.encoder))

    def changed(self) -> None:
        """Forget what was remembered of the pages (after a deletion or a rename)."""
        with self._lock:
            self._refs.clear()
            self._counted = (-1, 0)

    def close(self) -> None:
        """Let go of mapped files and handles."""
        with self._lock:
            for flat in self._flats.values():
                flat.close()
            self._flats.clear()
            self._tables.clear()

    def _version(self) -> int:
        return int(self.table("pages").version)

    def _has_text_index(self) -> bool:
        return bool(self.table("pages").list_indices())

    def _columns(self, table: str, where: str | None, columns: Sequence[str]) -> Mapping[str, list[Any]]:
        query = self.table(table).search()
        query = query.where(where) if where is not None else query
        found: dict[str, list[Any]] = query.select(list(columns)).limit(ALL).to_arrow().to_pydict()
        return found

    def _rows(self, table: str, where: str | None, columns: Sequence[str]) -> list[dict[str, Any]]:
        found = self._columns(table, where, columns)
        names = list(found)
        return [dict(zip(names, values, strict=True)) for values in zip(*found.values(), strict=True)]


def create_tables(path: Path, manifest: Manifest) -> None:
    """Make the empty tables of a new collection."""
    db = connect(path / "lance")
    for name, schema, key in [
        ("documents", DOCUMENTS, "content_hash"),
        ("pages", PAGES, "page_id"),
        *(
            (table_name(index, str(manifest.encoder["id"])), vectors_schema(index, manifest.dim), "page_id")
            for index in (*manifest.settings.indexes, FULL)
        ),
    ]:
        # Without a primary key, two upserts of one page at once would leave it twice.
        db.create_table(name, schema=schema).set_unenforced_primary_key(key)


def _batches(table: pa.Table) -> Iterator[tuple[list[str], Ragged]]:
    """Arrow chunks of a vectors table as ids and ragged arrays, without a copy. A slice's offsets do not start at 0."""
    ids = table["page_id"].to_pylist()
    done = 0
    for chunk in table["vectors"].chunks:
        offsets = chunk.offsets.to_numpy().astype(np.int64)
        width = chunk.values.type.list_size
        numbers = chunk.values.values.to_numpy(zero_copy_only=True)
        flat = numbers[chunk.values.offset * width :].reshape(-1, width)[offsets[0] : offsets[-1]]
        yield ids[done : done + len(chunk)], Ragged(flat, offsets - offsets[0])
        done += len(chunk)


def _bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) if path.exists() else 0


__all__ = ["Collection", "connect", "create_tables", "page_id"]
