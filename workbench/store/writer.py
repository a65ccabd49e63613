"""The one writer of a collection: pages go in so that a crash at any moment leaves neither a hole nor a double.

Order of a batch: pictures, vectors, then the pages rows, which are the commit. What a crash left before the commit is
swept when the next writer opens. Only one writer can be open, in any process; the lock goes with its process.
"""

from __future__ import annotations

import errno
import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
from filelock import FileLock, Timeout
from lancedb.index import FTS
from PIL.Image import Image

from workbench.errors import CollectionBusyError, DiskFullError, NotFoundError
from workbench.pooling import pool
from workbench.store.collection import Collection, quoted, within
from workbench.store.images import remove_images, save_images, sweep_images
from workbench.store.schema import (
    DOCUMENTS,
    FULL,
    PAGES,
    DocumentRecord,
    failed_row,
    full_table,
    page_id,
    page_row,
    vectors_table,
)
from workbench.types import Page, PageEmbedding, PageFailure

log = logging.getLogger(__name__)

TEXT_INDEX = FTS(
    with_position=False, base_tokenizer="icu", language="English", stem=True, remove_stop_words=True, ascii_folding=True
)
COMPACT_FRAGMENTS = 20
"""Small files of the pages table after which a finished ingest tidies it."""


class Writer:
    """Writes to one collection; use it as a context manager."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._path = collection.path
        self._lock = FileLock(self._path / ".lock", timeout=0)

    def __enter__(self) -> Writer:
        try:
            self._lock.acquire()
        except Timeout:
            raise CollectionBusyError(
                f"Another ingest is writing to collection '{self._collection.name}'; wait for it to end, or stop it."
            ) from None
        try:
            self._sweep()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    # -- documents ----------------------------------------------------------------------------------------------------

    def begin_document(self, record: DocumentRecord) -> DocumentRecord:
        """Announce a document and get it back under the name it will have in the collection.

        The same content keeps its name; a new content of the same source takes over the name of the old one; a name
        that another source holds is told apart by its folders, or by a number.
        """
        known = self._collection.document_by_hash(record.content_hash)
        if known is not None:
            return known
        others = [other for other in self._collection.records() if other.source != record.source]
        earlier = [other for other in self._collection.records() if other.source == record.source]
        name = earlier[0].name if earlier else _free_name(record, {other.name for other in others})
        started = replace(record, name=name, added=datetime.now(UTC).isoformat(timespec="seconds"), complete=False)
        self._upsert("documents", "content_hash", pa.Table.from_pylist([started.row()], DOCUMENTS))
        return started

    def finish_document(self, record: DocumentRecord) -> None:
        """Mark a document complete and drop what the same source held before."""
        self._upsert(
            "documents", "content_hash", pa.Table.from_pylist([replace(record, complete=True).row()], DOCUMENTS)
        )
        for other in self._collection.records():
            if other.source == record.source and other.content_hash != record.content_hash:
                self._remove(other)

    def delete_document(self, name: str) -> int:
        """Delete a document by name and return how many pages went; `NotFoundError` when there is none."""
        found = [record for record in self._collection.records() if record.name == name]
        if not found:
            raise NotFoundError(f"There is no document '{name}' in collection '{self._collection.name}'.")
        return sum(self._remove(record) for record in found)

    # -- pages --------------------------------------------------------------------------------------------------------

    def add_pages(
        self, record: DocumentRecord, pages: Sequence[tuple[Page, PageEmbedding, Image]]
    ) -> list[PageFailure]:
        """Commit a batch. Pages whose vectors cannot be stored come back as failures; the others are in."""
        good: list[tuple[Page, PageEmbedding, Image]] = []
        failures: list[PageFailure] = []
        for page, embedding, image in pages:
            reason = self._unfit(embedding)
            if reason:
                failures.append(PageFailure(page.ref, reason))
            else:
                good.append((page, embedding, image))
        if not good:
            return failures
        ids = [page_id(record.content_hash, page.ref.page) for page, _, _ in good]
        embeddings = [embedding for _, embedding, _ in good]
        dim = self._collection.manifest.dim
        with self._room():
            for key, (_, _, image) in zip(ids, good, strict=True):
                save_images(self._path / "images", key, image)
            for index in self._collection.settings.indexes:
                pooled = [pool(embedding, index).vectors for embedding in embeddings]
                self._upsert_vectors(index, vectors_table(index, dim, ids, pooled))
            self._upsert_vectors(FULL, full_table(dim, ids, embeddings))
            rows = [page_row(page, record, _kind(record)) for page, _, _ in good]
            self._upsert("pages", "page_id", pa.Table.from_pylist(rows, PAGES))
        return failures

    def add_failures(self, record: DocumentRecord, failures: Sequence[PageFailure]) -> None:
        """Record pages that did not go in, with their reasons."""
        rows = [failed_row(failure.ref, failure.reason, record, _kind(record)) for failure in failures]
        self._upsert("pages", "page_id", pa.Table.from_pylist(rows, PAGES))

    def finish(self) -> None:
        """Bring the text index and the memory-mapped copies up to date; a failure here loses nothing."""
        pages = self._collection.table("pages")
        with self._room():
            if not pages.list_indices():
                pages.create_index("text", config=TEXT_INDEX)
            elif pages.stats()["fragment_stats"]["num_fragments"] > COMPACT_FRAGMENTS:
                self._tidy(pages, timedelta(hours=1))
            for index in self._collection.indexes:
                self._collection.vectors(index)

    def compact(self) -> None:
        """Rewrite the tables without their dead rows and versions, and drop the memory-mapped copies' dead part."""
        for name in ("documents", "pages"):
            self._tidy(self._collection.table(name), timedelta(0))
        for index in self._collection.indexes:
            self._tidy(self._collection.vector_table(index), timedelta(0))
        self._collection.close()
        shutil.rmtree(self._path / "flat", ignore_errors=True)
        self.finish()

    # -- inside -------------------------------------------------------------------------------------------------------

    def _unfit(self, embedding: PageEmbedding) -> str:
        dim, vectors = self._collection.manifest.dim, embedding.vectors
        if vectors.ndim != 2 or vectors.shape[1] != dim:
            return f"The encoder gave vectors of shape {vectors.shape}; this collection holds {dim} numbers a vector."
        if len(vectors) == 0 or len(embedding.geometry) != len(vectors):
            return f"The encoder gave {len(vectors)} vectors for {len(embedding.geometry)} places."
        norms = np.linalg.norm(vectors, axis=1)
        if not np.isfinite(norms).all() or np.abs(norms - 1).max() > 1e-2:
            return "The encoder gave vectors that are not finite or not of length 1."
        return ""

    def _upsert_vectors(self, index: str, rows: pa.Table) -> None:
        self._merge(self._collection.vector_table(index), "page_id", rows)

    def _upsert(self, table: str, key: str, rows: pa.Table) -> None:
        with self._room():
            self._merge(self._collection.table(table), key, rows)

    @staticmethod
    def _merge(table: Any, key: str, rows: pa.Table) -> None:
        # use_index(False): with a scalar index on the key, LanceDB 0.40 was seen to duplicate rows upserted at once.
        table.merge_insert(key).when_matched_update_all().when_not_matched_insert_all().use_index(False).execute(rows)

    def _remove(self, record: DocumentRecord) -> int:
        """Take a document out: first its pages, so that it is not found any more, then what belonged to them."""
        pages = self._collection.table("pages")
        where = f"content_hash = {quoted(record.content_hash)}"
        ids = pages.search().where(where).select(["page_id"]).limit(record.pages + 1).to_arrow()["page_id"].to_pylist()
        pages.delete(where)
        for index in self._collection.indexes:
            self._collection.vector_table(index).delete(within("page_id", ids))
        self._collection.table("documents").delete(where)
        remove_images(self._path / "images", ids)
        self._collection.changed()
        return len(ids)

    def _sweep(self) -> None:
        """Remove what a crash left: vectors and pictures of pages never committed, and LanceDB's half-written files."""
        committed = set(self._collection.page_ids(None))
        for index in self._collection.indexes:
            orphans = [page for page in self._collection.stored_ids(index) if page not in committed]
            for start in range(0, len(orphans), 500):
                self._collection.vector_table(index).delete(within("page_id", orphans[start : start + 500]))
        sweep_images(self._path / "images", committed)
        for path in (self._path / "lance").glob("*.lance/data/.tmp*"):
            log.info("removing %s, left by a process that was killed", path.name)
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    @staticmethod
    def _tidy(table: Any, older_than: timedelta) -> None:
        """Compact; LanceDB refuses in rare cases, and then the table stays as it is, which is only larger."""
        try:
            table.optimize(cleanup_older_than=older_than)
        except Exception:
            log.warning("could not compact table %s", table.name, exc_info=True)

    @contextmanager
    def _room(self) -> Iterator[None]:
        """Turn a full disk, however it is reported, into its one sentence."""
        try:
            yield
        except Exception as error:
            if (isinstance(error, OSError) and error.errno == errno.ENOSPC) or "No space left" in str(error):
                raise DiskFullError(
                    f"The disk with collection '{self._collection.name}' is full; what was indexed so far is safe. "
                    "Free some space and ingest again to do the rest."
                ) from error
            raise


def _kind(record: DocumentRecord) -> str:
    return "pdf" if record.name.lower().endswith(".pdf") else "image"


def _free_name(record: DocumentRecord, taken: set[str]) -> str:
    if record.name not in taken:
        return record.name
    folders = list(PurePosixPath(Path(record.source).as_posix()).parts[:-1])[::-1]
    name = record.name
    for folder in (part for part in folders if part.strip("/:\\")):
        name = f"{folder}/{name}"
        if name not in taken:
            return name
    return next(candidate for n in range(2, len(taken) + 3) if (candidate := f"{record.name} ({n})") not in taken)
