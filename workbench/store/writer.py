"""The one writer of a collection: pages go in so that a crash at any moment leaves neither a hole nor a double.

Order of a batch: pictures, vectors, then the pages rows, which are the commit. What a crash left before the commit, or
of a deletion it cut short, is put right when the next writer opens. Only one writer can be open, in any process; the
lock goes with its process.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
from filelock import FileLock, Timeout
from PIL.Image import Image

from workbench.errors import CollectionBusyError, DiskFullError, NotFoundError
from workbench.pooling import Pooled, pool
from workbench.store import textindex
from workbench.store.collection import Collection
from workbench.store.files import is_disk_full, room
from workbench.store.images import remove_images, save_images, sweep_images
from workbench.store.schema import (
    COMPLETE,
    DOCUMENTS,
    FULL,
    INCOMING,
    LEAVING,
    PAGES,
    DocumentRecord,
    failed_row,
    file_part,
    full_table,
    page_id,
    page_row,
    storable,
    vectors_table,
)
from workbench.store.tables import FOLDER, quoted, within
from workbench.types import Float, Page, PageEmbedding, PageFailure

log = logging.getLogger(__name__)

Pool = Callable[[PageEmbedding, str], Pooled]

LOCK = ".lock"
PAGES_FRAGMENTS = 100
"""Small files of the pages table after which it is tidied while an ingest runs; each costs every query some time."""
VECTOR_FRAGMENTS = 200
"""The same for a vectors table, after an ingest; dearer to tidy, and seldom read but through its mapped copy."""
KEEP_VERSIONS = timedelta(minutes=10)
"""How long a query in another process may go on reading what a tidying replaced."""
NOW = timedelta(milliseconds=1)
_IDS_AT_ONCE = 500
_UNIT = 1e-2


def write_lock(path: Path) -> FileLock:
    """The lock that the writer of the collection in this folder holds. Taking it never waits."""
    return FileLock(path / LOCK, timeout=0)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A page that can be stored."""

    id: str
    page: Page
    embedding: PageEmbedding
    pooled: tuple[Float, ...]
    picture_bytes: int


class Writer:
    """Writes to one collection; use it as a context manager. ``pool`` makes the vectors of a pooled index."""

    def __init__(self, collection: Collection, pool: Pool = pool) -> None:
        self._collection = collection
        self._path = collection.path
        self._images = collection.path / "images"
        self._pool = pool
        self._lock = write_lock(collection.path)
        self._stored: dict[str, set[str]] = {}
        self._removed = False

    def __enter__(self) -> Writer:
        try:
            self._lock.acquire()
        except Timeout:
            raise CollectionBusyError(
                f"Another ingest is writing to collection '{self._collection.name}'; wait for it to end, or stop it."
            ) from None
        with ExitStack() as undo:
            undo.callback(self._lock.release)
            with room(self._collection.name):
                self._reconcile()
            undo.pop_all()
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
        record = replace(record, name=storable(record.name), source=storable(record.source))
        there = self._collection.records()
        earlier = [other.name for other in there if other.source == record.source]
        name = earlier[0] if earlier else _free_name(record, {other.name for other in there})
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        started = replace(record, name=name, added=now, state=INCOMING)
        self._write_documents([started])
        return started

    def finish_document(self, record: DocumentRecord) -> None:
        """Mark a document complete and drop what the same source held before: one commit says both."""
        there = self._collection.records()
        old = [other for other in there if other.source == record.source and other.content_hash != record.content_hash]
        self._write_documents([replace(record, state=COMPLETE), *(replace(other, state=LEAVING) for other in old)])
        for other in old:
            self._remove(other)

    def delete_document(self, name: str) -> int:
        """Delete a document by name and return how many pages went; `NotFoundError` when there is none."""
        found = [record for record in self._collection.records() if record.name == storable(name)]
        if not found:
            raise NotFoundError(f"There is no document '{name}' in collection '{self._collection.name}'.")
        self._write_documents([replace(record, state=LEAVING) for record in found])
        return sum(self._remove(record) for record in found)

    # -- pages --------------------------------------------------------------------------------------------------------

    def add_pages(
        self, record: DocumentRecord, pages: Sequence[tuple[Page, PageEmbedding, Image]]
    ) -> list[PageFailure]:
        """Commit a batch. Pages that cannot be stored come back as failures, to be recorded; the others are in.

        The larger the batch the better (16 to 64 pages): each costs one commit per table. `DiskFullError` loses
        nothing that an earlier batch committed.
        """
        ready: list[_Ready] = []
        failures: list[PageFailure] = []
        with room(self._collection.name):
            for page, embedding, image in pages:
                made = self._prepare(record, page, embedding, image)
                if isinstance(made, _Ready):
                    ready.append(made)
                else:
                    failures.append(PageFailure(page.ref, made))
            if ready:
                self._commit(record, ready)
        return failures

    def add_failures(self, record: DocumentRecord, failures: Sequence[PageFailure]) -> None:
        """Record pages that did not go in, with their reasons."""
        if failures:
            rows = [failed_row(failure.ref, failure.reason, record) for failure in failures]
            with room(self._collection.name):
                self._write("pages", pa.Table.from_pylist(rows, PAGES))

    def finish(self) -> None:
        """Tidy what was written and bring the text index and the memory-mapped copies up to date.

        Nothing committed depends on it: all pages are found without it, only more slowly. `DiskFullError` when there
        is no room for the copies.
        """
        with room(self._collection.name):
            self._tidy("pages", KEEP_VERSIONS)
            if self._removed:
                self._index_text()
            for index in self._collection.indexes:
                if self._fragments(self._vectors(index)) > VECTOR_FRAGMENTS:
                    self._tidy(self._vectors(index), KEEP_VERSIONS)
                self._collection.vectors(index)

    def compact(self) -> None:
        """Rewrite the tables without their dead rows and old versions, and the copies without their dead part."""
        with room(self._collection.name):
            self._index_text()
            for name in ("documents", "pages", *map(self._vectors, self._collection.indexes)):
                self._tidy(name, NOW)
            self._collection.rebuild_copies()
            self.finish()

    # -- a batch ------------------------------------------------------------------------------------------------------

    def _prepare(self, record: DocumentRecord, page: Page, embedding: PageEmbedding, image: Image) -> _Ready | str:
        """A page ready to be committed, its pictures written; or why it cannot be stored."""
        reason = unfit(embedding, self._collection.manifest.dim)
        if reason:
            return reason
        key = page_id(record.content_hash, page.ref.page)
        try:
            pooled = tuple(self._pool(embedding, index).vectors for index in self._collection.settings.indexes)
            return _Ready(key, page, embedding, pooled, save_images(self._images, key, image))
        except Exception as error:  # one page must not cost the batch, but a full disk is everybody's
            if isinstance(error, DiskFullError) or is_disk_full(error):
                raise
            log.exception("%s could not be stored", page.ref)
            return f"The page could not be stored: {error}"

    def _commit(self, record: DocumentRecord, ready: Sequence[_Ready]) -> None:
        ids, dim = [item.id for item in ready], self._collection.manifest.dim
        for i, index in enumerate(self._collection.settings.indexes):
            self._write(self._vectors(index), vectors_table(index, dim, ids, [item.pooled[i] for item in ready]))
        self._write(self._vectors(FULL), full_table(dim, ids, [item.embedding for item in ready]))
        rows = [page_row(item.page, record, item.picture_bytes) for item in ready]
        self._write("pages", pa.Table.from_pylist(rows, PAGES))
        if self._fragments("pages") > PAGES_FRAGMENTS:
            self._tidy("pages", KEEP_VERSIONS)

    def _write(self, name: str, rows: pa.Table) -> None:
        """Write rows by page id: appended when none of them is there, or else merged, which has to read all ids."""
        table, ids = self._collection.table(name), set(rows["page_id"].to_pylist())
        known = self._stored[name]
        if known.isdisjoint(ids) and len(ids) == rows.num_rows:
            known |= ids  # before the attempt: one that fails may have been committed nevertheless
            table.add(rows)
        else:
            known |= ids
            self._removed |= name == "pages"  # an update is a deletion to the text index
            _merge(table, "page_id", rows)

    def _write_documents(self, records: Sequence[DocumentRecord]) -> None:
        rows = pa.Table.from_pylist([record.row() for record in records], DOCUMENTS)
        with room(self._collection.name):
            _merge(self._collection.table("documents"), "content_hash", rows)

    def _vectors(self, index: str) -> str:
        return str(self._collection.vector_table(index).name)

    # -- removal and repair -------------------------------------------------------------------------------------------

    def _remove(self, record: DocumentRecord) -> int:
        """Take a document out: first its pages, so that it is not found any more, then what belonged to them.

        Its row in documents, which says that it is leaving, goes last: until then the next writer finishes the job.
        """
        with room(self._collection.name):
            ids = self._page_ids_of(record)
            self._collection.table("pages").delete(f"content_hash = {quoted(record.content_hash)}")
            for index in self._collection.indexes:
                self._delete(self._vectors(index), ids)
            remove_images(self._images, ids)
            self._collection.table("documents").delete(f"content_hash = {quoted(record.content_hash)}")
        for known in self._stored.values():
            known.difference_update(ids)
        self._removed = True
        return len(ids)

    def _page_ids_of(self, record: DocumentRecord) -> list[str]:
        part = f"{file_part(record.content_hash)}:"
        ids = {page for known in self._stored.values() for page in known if page.startswith(part)}
        return sorted(ids)

    def _delete(self, name: str, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), _IDS_AT_ONCE):
            self._collection.table(name).delete(within("page_id", ids[start : start + _IDS_AT_ONCE]))

    def _reconcile(self) -> None:
        """Put right what a process that was killed left behind."""
        for path in (self._path / FOLDER).glob("*.lance/data/.tmp*"):
            log.info("removing %s, left by a process that was killed", path.name)
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        names = ("pages", *map(self._vectors, self._collection.indexes))
        self._stored = {name: set(_ids(self._collection.table(name))) for name in names}
        self._finish_changes()
        committed = set(self._collection.directory().ids)
        for index in self._collection.indexes:
            name = self._vectors(index)
            orphans = sorted(self._stored[name] - committed)
            self._delete(name, orphans)
            self._stored[name].difference_update(orphans)
        sweep_images(self._images, committed)

    def _finish_changes(self) -> None:
        """Complete documents all of whose pages went in, and removals that had begun."""
        written: dict[str, int] = {}
        for page in self._stored["pages"]:
            part = page.partition(":")[0]
            written[part] = written.get(part, 0) + 1
        for record in self._collection.records():
            if record.state == LEAVING:
                self._remove(record)
            elif record.state == INCOMING and written.get(file_part(record.content_hash), 0) == record.pages:
                self.finish_document(record)

    # -- tidying ------------------------------------------------------------------------------------------------------

    def _fragments(self, name: str) -> int:
        return int(self._collection.table(name).stats()["fragment_stats"]["num_fragments"])

    def _index_text(self) -> None:
        textindex.build(self._collection.table("pages"))
        self._removed = False

    def _tidy(self, name: str, older_than: timedelta) -> None:
        """Compact a table, index its new rows, drop old versions. Where LanceDB refuses, it stays as it is: larger."""
        try:
            self._collection.table(name).optimize(cleanup_older_than=older_than)
        except Exception as error:
            if is_disk_full(error):
                raise
            log.warning("could not compact table %s", name, exc_info=True)


def unfit(embedding: PageEmbedding, dim: int) -> str:
    """Why an embedding cannot be stored, in one sentence; empty when it can."""
    vectors, places = embedding.vectors, embedding.geometry
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        return f"The encoder gave vectors of shape {vectors.shape}; this collection holds {dim} numbers a vector."
    n = len(vectors)
    if n == 0 or places.boxes.shape != (n, 4) or places.cell.shape != (n,) or len(embedding.labels) not in (0, n):
        return (
            f"The encoder gave {n} vectors, {len(places)} places and {len(embedding.labels)} labels, which do not fit."
        )
    if not np.isfinite(places.boxes).all():
        return "The encoder gave places that are not numbers."
    norms = np.linalg.norm(vectors.astype(np.float32), axis=1)
    if not np.isfinite(norms).all() or np.abs(norms - 1).max() > _UNIT:
        return "The encoder gave vectors that are not finite or not of length 1."
    return ""


def _merge(table: Any, key: str, rows: pa.Table) -> None:
    # use_index(False): with a scalar index on the key, LanceDB 0.40 was seen to duplicate rows upserted at once.
    table.merge_insert(key).when_matched_update_all().when_not_matched_insert_all().use_index(False).execute(rows)


def _ids(table: Any) -> list[str]:
    ids: list[str] = table.search().select(["page_id"]).to_arrow()["page_id"].to_pylist()
    return ids


def _free_name(record: DocumentRecord, taken: set[str]) -> str:
    """The document's name, or, when another holds it, its name with folders of its path, or with a number."""
    if record.name not in taken:
        return record.name
    folders = list(PurePosixPath(Path(record.source).as_posix()).parts[:-1])[::-1]
    name = record.name
    for folder in (part for part in folders if part.strip("/:\\")):
        name = f"{folder}/{name}"
        if name not in taken:
            return name
    return next(candidate for n in range(2, len(taken) + 3) if (candidate := f"{record.name} ({n})") not in taken)
