"""The one writer of a collection: pages go in so that a crash at any moment leaves neither a hole nor a double.

Order of a batch: pictures, vectors of the later encoders, of the first one, then the pages rows, which are the commit.
What a crash left before the commit, or of a deletion it cut short, is put right when the next writer opens. Only one
writer can be open, in any process; the lock goes with its process.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from PIL.Image import Image

from workbench.encoders import EncoderInfo
from workbench.errors import CollectionBusyError, DiskFullError, InputError
from workbench.representations import Form
from workbench.store import textindex
from workbench.store.collection import Collection
from workbench.store.files import is_disk_full, room
from workbench.store.forms import fitted_form, sweep_forms, write_form
from workbench.store.images import remove_images, save_images, sweep_images
from workbench.store.manifest import FULL, IndexRecord, SpaceRecord
from workbench.store.names import place, settled
from workbench.store.rows import Rows, merge
from workbench.store.schema import (
    COMPLETE,
    DOCUMENTS,
    GAPS,
    INCOMING,
    LEAVING,
    PAGES,
    DocumentRecord,
    document_name,
    failed_row,
    file_part,
    gap_rows,
    page_id,
    page_row,
    storable,
    vectors_table,
)
from workbench.store.space import Space
from workbench.store.spacewriter import Derive, Ready, SpaceWriter
from workbench.store.tables import FOLDER, both, create_index, create_table, quoted, within
from workbench.types import Page, PageEmbedding, PageFailure

log = logging.getLogger(__name__)

LOCK = ".lock"
PAGES_FRAGMENTS = 100
"""Small files of the pages table after which it is tidied while an ingest runs; each costs every query some time."""
KEEP_VERSIONS = timedelta(minutes=10)
"""How long a query in another process may go on reading what a tidying replaced."""
NOW = timedelta(milliseconds=1)
_PAGES_AT_ONCE = 64
_OWN_TABLES = ("documents", "pages", "gaps")


def write_lock(path: Path) -> FileLock:
    """The lock that the writer of the collection in this folder holds. Taking it never waits."""
    return FileLock(path / LOCK, timeout=0)


@dataclass(frozen=True, slots=True)
class _New:
    """A page that can be stored."""

    id: str
    page: Page
    vectors: Ready
    picture_bytes: int


def derive(form: Form, page: PageEmbedding) -> NDArray[Any]:
    """The rows of a page in an index of that form."""
    return form.derive(page).rows


class Writer:
    """Writes to one collection; use it as a context manager. ``derive`` makes a page's rows in an index."""

    def __init__(self, collection: Collection, derive: Derive = derive) -> None:
        self._collection = collection
        self._path = collection.path
        self._images = collection.path / "images"
        self._derive = derive
        self._lock = write_lock(collection.path)
        self._rows = Rows(collection)
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
        """Announce a document and get it back under the name it will have in the collection; see `names.place`.

        A content that is known keeps its name and gains the sources.
        """
        record = replace(
            record, name=document_name(record.name), sources=tuple(dict.fromkeys(map(storable, record.sources)))
        )
        known = self._collection.document_by_hash(record.content_hash)
        if known is not None:
            held = replace(known, sources=tuple(dict.fromkeys((*known.sources, *record.sources))))
            if held != known:
                self._write_documents([held])
            return held
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        name = place(record, self._collection.records()).name
        started = replace(record, name=name, added=now, state=INCOMING)
        self._write_documents([started])
        return started

    def hold(self, records: Sequence[DocumentRecord]) -> None:
        """Write down which sources known documents have now, all in one commit."""
        there = {other.content_hash: other.sources for other in self._collection.records()}
        changed = [record for record in records if there.get(record.content_hash) != record.sources]
        if changed:
            self._write_documents(changed)

    def finish_document(self, record: DocumentRecord) -> tuple[DocumentRecord, ...]:
        """Mark a document complete and drop, and return, those it replaces: one commit says both.

        A document that another source still holds stays; see `names.place`.
        """
        there = self._collection.records()
        found = place(record, there)
        whole = replace(settled(record), state=COMPLETE)
        before = {other.content_hash: other.name for other in there}
        leaving = [replace(other, state=LEAVING) for other in found.leaving]
        if leaving or found.staying or whole not in there:
            self._write_documents([whole, *found.staying, *leaving])
        for other in found.staying:
            if other.name != before[other.content_hash]:
                self._rename(other)
        for other in leaving:
            self._remove(other)
        return found.leaving

    def delete_document(self, name: str) -> int:
        """Delete a document by name and return how many pages went; `NotFoundError` when there is none."""
        found = self._collection.named(name)
        self._write_documents([replace(record, state=LEAVING) for record in found])
        return sum(self._remove(record) for record in found)

    def erase(self) -> tuple[str, ...]:
        """Take what was deleted off the disk as well: rewrite the tables and copies, drop their earlier versions.

        Returns sentences on what cannot go yet. What a table held is in its files until they are rewritten, and in the
        versions that readers may still be at; a reader in another process that is at one has to ask again.
        """
        try:
            with room(self._collection.name):
                tables = (*_OWN_TABLES, *self._collection.manifest.tables)
                for name in tables:
                    self._rows.touch(name)
                self._index_text()  # rows in the index and rows that are not are not merged
                for name in tables:
                    self._rows.purge(name)
                for space in self._collection.spaces():
                    space.rebuild_copies()
                self.finish()
        except DiskFullError:
            cure = f"free some space, then run: pagelens collections compact {self._collection.name}"
            return (f"The disk is too full to rewrite the files that held it: {cure}",)
        copies = [path.name.split(".")[0] for path in (self._path / "flat").glob("*.bin")]
        if len(copies) > len(set(copies)):  # Windows keeps a file that is mapped
            return ("Another process still has copies of its vectors open; the next writer deletes them.",)
        return ()

    # -- pages --------------------------------------------------------------------------------------------------------

    def add_pages(
        self,
        record: DocumentRecord,
        pages: Sequence[tuple[Page, PageEmbedding, Image]],
        others: Mapping[str, Sequence[PageEmbedding | PageFailure]] | None = None,
    ) -> list[PageFailure]:
        """Commit a batch. Pages that cannot be stored come back as failures, to be recorded; the others are in.

        ``others`` are the outcomes of the collection's later encoders by their ids, one for each of ``pages``; a page
        on which one of them failed is in all the same, and what it lacks is recorded. The larger the batch the better
        (16 to 64 pages): each costs one commit per table. `DiskFullError` loses nothing that was committed earlier.
        """
        ready: dict[int, _New] = {}
        failures: list[PageFailure] = []
        with room(self._collection.name):
            for i, (page, embedding, image) in enumerate(pages):
                made = self._prepare(record, page, embedding, image)
                if isinstance(made, _New):
                    ready[i] = made
                else:
                    failures.append(PageFailure(page.ref, made))
            if ready:
                for encoder, outcomes in (others or {}).items():
                    self._add_vectors(encoder, [(new.id, outcomes[i]) for i, new in ready.items()])
                self._commit(record, list(ready.values()))
        return failures

    def add_failures(self, record: DocumentRecord, failures: Sequence[PageFailure]) -> None:
        """Record pages that did not go in, with their reasons."""
        if failures:
            rows = [failed_row(failure.ref, failure.reason, record) for failure in failures]
            with room(self._collection.name):
                self._write_pages(pa.Table.from_pylist(rows, PAGES))

    # -- encoders and indexes -----------------------------------------------------------------------------------------

    def add_space(self, info: EncoderInfo, indexes: Sequence[str]) -> Space:
        """Make room for the vectors of one encoder more, with these pooled indexes as far as its kind has them.

        One that is there already is left as it is; `MismatchError` when it was another version of the encoder.
        """
        if info.id in self._collection.encoders:
            self._collection.space(info.id).check(info)
            return self._collection.space(info.id)
        record = SpaceRecord.of(info, indexes)
        with room(self._collection.name):
            for index in record.indexes:
                create_index(self._collection.database(), index)
            self._collection.manifest.with_space(record).write(self._path)
            self._rows.look([index.table for index in record.indexes])
        return self._collection.space(info.id)

    def add_vectors(self, encoder_id: str, pages: Sequence[tuple[str, PageEmbedding | PageFailure]]) -> dict[str, str]:
        """Write an encoder's vectors of pages that are committed, by page id; returns why some could not be.

        Those are recorded too, as pages that lack this encoder's vectors.
        """
        with room(self._collection.name):
            return self._add_vectors(encoder_id, pages)

    def add_index(self, encoder_id: str, name: str, progress: Callable[[int], None] | None = None) -> int:
        """Make an index from the stored full vectors; returns how many pages it holds.

        One that learns is fitted on pages taken evenly from all there are, and holds later ones in the same way.

        ``progress`` hears how many are done. The full vectors are stored in half precision, so the pooled ones differ
        from those made at ingestion by its rounding, at most 1e-3. `InputError` when the encoder has the index already
        or its kind of vectors cannot have it.
        """
        space = self._collection.space(encoder_id)
        index = IndexRecord.of(name, space.info)
        if index.name in space.indexes:
            raise InputError(f"'{space.encoder}' has the index '{index.name}' in '{self._collection.name}' already.")
        with room(self._collection.name):
            table = create_index(self._collection.database(), index)
            ids, done = sorted(space.stored_ids(FULL)), 0
            form = fitted_form(space, index.name, ids)
            write_form(self._path, index.table, form)
            for start in range(0, len(ids), _PAGES_AT_ONCE):
                found = dict(space.embeddings(ids[start : start + _PAGES_AT_ONCE]))
                arrays = [self._derive(form, embedding) for embedding in found.values()]
                table.add(vectors_table(index.dim, index.dtype, list(found), arrays))
                done += len(found)
                if progress is not None:
                    progress(done)
            self._collection.manifest.with_space(space.record.adding(index)).write(self._path)
            self._rows.look([index.table])
            self._collection.space(encoder_id).vectors(index.name)
        return done

    def remove_space(self, encoder_id: str) -> None:
        """Take an encoder's vectors out; `InputError` for the first, which holds the collection together."""
        space = self._collection.space(encoder_id)
        if space.primary:
            raise InputError(
                f"Collection '{self._collection.name}' was made with '{space.encoder}'; delete the collection instead."
            )
        space.close()
        with room(self._collection.name):
            self._collection.manifest.without(space.encoder).write(self._path)
            self._drop_unnamed()

    # -- the end ------------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Tidy what was written and bring the text index and the memory-mapped copies up to date.

        Nothing committed depends on it: all pages are found without it, only more slowly. `DiskFullError` when there
        is no room for the copies.
        """
        with room(self._collection.name):
            self._rows.tidy("pages", KEEP_VERSIONS)
            if self._removed:
                self._index_text()
            for space in self._spaces():
                space.finish(KEEP_VERSIONS)

    def compact(self) -> None:
        """Rewrite the tables without their dead rows and old versions, and the copies without their dead part."""
        with room(self._collection.name):
            self._index_text()
            for name in (*_OWN_TABLES, *self._collection.manifest.tables):
                self._rows.tidy(name, NOW)
            for space in self._collection.spaces():
                space.rebuild_copies()
            self.finish()

    # -- a batch ------------------------------------------------------------------------------------------------------

    def _prepare(self, record: DocumentRecord, page: Page, embedding: PageEmbedding, image: Image) -> _New | str:
        """A page ready to be committed, its pictures written; or why it cannot be stored."""
        made = self._space("").prepare(embedding)
        if isinstance(made, str):
            return made
        key = page_id(record.content_hash, page.ref.page)
        try:
            return _New(key, page, made, save_images(self._images, key, image))
        except Exception as error:  # one page must not cost the batch, but a full disk is everybody's
            if isinstance(error, DiskFullError) or is_disk_full(error):
                raise
            log.exception("%s could not be stored", page.ref)
            return f"The page could not be stored: {error}"

    def _commit(self, record: DocumentRecord, ready: Sequence[_New]) -> None:
        self._space("").write([new.id for new in ready], [new.vectors for new in ready])
        rows = [page_row(new.page, record, new.picture_bytes) for new in ready]
        self._write_pages(pa.Table.from_pylist(rows, PAGES))
        if self._rows.fragments("pages") > PAGES_FRAGMENTS:
            self._rows.tidy("pages", KEEP_VERSIONS)

    def _add_vectors(self, encoder_id: str, pages: Sequence[tuple[str, PageEmbedding | PageFailure]]) -> dict[str, str]:
        space = self._space(encoder_id)
        ready: dict[str, Ready] = {}
        lacking: dict[str, str] = {}
        for page, outcome in pages:
            made = outcome.reason if isinstance(outcome, PageFailure) else space.prepare(outcome)
            if isinstance(made, Ready):
                ready[page] = made
            else:
                lacking[page] = made
        if lacking:
            gaps = gap_rows([(page, space.space.encoder, reason) for page, reason in lacking.items()])
            merge(self._collection.table("gaps"), "id", gaps)
        space.write(list(ready), list(ready.values()))
        return lacking

    def _write_pages(self, rows: pa.Table) -> None:
        self._removed |= self._rows.write("pages", rows)  # an update is a deletion to the text index

    def _space(self, encoder_id: str) -> SpaceWriter:
        return SpaceWriter(self._collection.space(encoder_id), self._rows, self._derive)

    def _spaces(self) -> list[SpaceWriter]:
        return [SpaceWriter(space, self._rows, self._derive) for space in self._collection.spaces()]

    def _write_documents(self, records: Sequence[DocumentRecord]) -> None:
        rows = pa.Table.from_pylist([record.row() for record in records], DOCUMENTS)
        with room(self._collection.name):
            merge(self._collection.table("documents"), "content_hash", rows)

    # -- removal and repair -------------------------------------------------------------------------------------------

    def _remove(self, record: DocumentRecord) -> int:
        """Take a document out: first its pages, so that it is not found any more, then what belonged to them.

        Its row in documents, which says that it is leaving, goes last: until then the next writer finishes the job.
        """
        with room(self._collection.name):
            ids = self._page_ids_of(record)
            self._collection.table("pages").delete(f"content_hash = {quoted(record.content_hash)}")
            for space in self._spaces():
                space.delete(ids)
            self._rows.delete("gaps", ids)
            remove_images(self._images, ids)
            self._collection.table("documents").delete(f"content_hash = {quoted(record.content_hash)}")
        self._rows.stored["pages"].difference_update(ids)
        self._removed = True
        return len(ids)

    def _rename(self, record: DocumentRecord) -> None:
        """Let the pages of a document go by its name."""
        where = f"content_hash = {quoted(record.content_hash)}"
        with room(self._collection.name):
            self._collection.table("pages").update(where=where, values={"document": record.name})
        self._removed = True  # an update is a deletion to the text index

    def _page_ids_of(self, record: DocumentRecord) -> list[str]:
        part = f"{file_part(record.content_hash)}:"
        ids = {page for known in self._rows.stored.values() for page in known if page.startswith(part)}
        return sorted(ids)

    def _reconcile(self) -> None:
        """Put right what a process that was killed left behind."""
        for path in (self._path / FOLDER).glob("*.lance/data/.tmp*"):
            log.info("removing %s, left by a process that was killed", path.name)
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        if not self._collection.has_table("gaps"):
            create_table(self._collection.database(), "gaps", GAPS, "id")
        self._drop_unnamed()
        self._rows.look(["pages", *self._collection.manifest.tables])
        self._finish_changes()
        committed = set(self._collection.directory().ids)
        for space in self._spaces():
            space.reconcile(committed)
        self._drop_old_gaps(committed)
        sweep_images(self._images, committed)

    def _drop_unnamed(self) -> None:
        """Drop what the manifest does not name: tables and copies of encoders and indexes half made or taken out."""
        tables = {*_OWN_TABLES, *self._collection.manifest.tables}
        for path in (self._path / FOLDER).glob("*.lance"):
            if path.stem not in tables:
                log.info("removing table %s, which no encoder of the collection has", path.stem)
                self._collection.database().drop_table(path.stem)
        for path in (self._path / "flat").glob("*"):
            if path.name.split(".")[0] not in tables:
                with suppress(OSError):  # Windows keeps a file that is mapped; the next writer takes it
                    path.unlink()
        sweep_forms(self._path, tables)

    def _drop_old_gaps(self, committed: set[str]) -> None:
        """Forget gaps of pages and encoders that are gone, and those that were filled meanwhile."""
        for encoder, pages in self._collection.gaps().items():
            known = encoder in self._collection.encoders
            held = self._collection.space(encoder).held() if known else set(pages)
            old = [page for page in pages if page in held or page not in committed]
            for start in range(0, len(old), _PAGES_AT_ONCE):
                part = within("page_id", old[start : start + _PAGES_AT_ONCE])
                self._collection.table("gaps").delete(both(part, f"encoder = {quoted(encoder)}"))

    def _finish_changes(self) -> None:
        """Complete documents all of whose pages went in, and removals and renamings that had begun."""
        written: dict[str, int] = {}
        for page in self._rows.stored["pages"]:
            part = page.partition(":")[0]
            written[part] = written.get(part, 0) + 1
        called: dict[str, str] = {}
        for page, ref in self._collection.directory().refs.items():
            called[page.partition(":")[0]] = ref.document
        for record in self._collection.records():
            if called.get(file_part(record.content_hash), record.name) != record.name and record.state != LEAVING:
                self._rename(record)
            if record.state == LEAVING:
                self._remove(record)
            elif record.state == INCOMING and written.get(file_part(record.content_hash), 0) == record.pages:
                self.finish_document(record)

    def _index_text(self) -> None:
        textindex.build(self._collection.table("pages"))
        self._removed = False
