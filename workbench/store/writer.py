"""The one writer of a collection: pages go in so that a crash at any moment leaves neither a hole nor a double.

Order of a batch: pictures, vectors of the later encoders, of the first one, then the pages rows, which are the commit.
What a crash left before the commit, or of a deletion it cut short, is put right when the next writer opens. Only one
writer can be open, in any process; the lock goes with its process.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from PIL.Image import Image

from workbench.encoders import EncoderInfo
from workbench.errors import CollectionBusyError, DiskFullError, InputError, NotFoundError, StoreError
from workbench.representations import FittedIndex
from workbench.store import textindex
from workbench.store.collection import Collection
from workbench.store.directory import COMMITTED
from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.encoder_writer import Derive, EncoderWriter, Ready
from workbench.store.fields import FieldsChange
from workbench.store.files import is_disk_full, room, tree_bytes
from workbench.store.fitted import fitted_index, sweep_forms, write_fitted
from workbench.store.images import copy_image, image_file, remove_images, save_images, sweep_images
from workbench.store.manifest import FULL, SpaceRecord
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
    meta_rows,
    page_id,
    page_row,
    vectors_table,
    words_columns,
)
from workbench.store.tables import (
    FOLDER,
    OWN_TABLES,
    both,
    columns,
    create_index,
    create_table,
    quoted,
    sql_list,
    within,
)
from workbench.table import bytes_text
from workbench.types import Page, PageEmbedding, PageFailure, Words
from workbench.types.text import storable

log = logging.getLogger(__name__)

LOCK = ".lock"
PAGES_FRAGMENTS = 100
"""Small files of the pages table after which it is tidied while an ingest runs; each costs every query some time."""
KEEP_VERSIONS = timedelta(minutes=10)
"""How long a query in another process may go on reading what a tidying replaced."""
NOW = timedelta(milliseconds=1)
ERASE_AT_ONCE = 2 << 30
"""Bytes of a table of vectors that a deletion rewrites at once, which takes seconds; of 100,000 pages, minutes."""
_PAGES_AT_ONCE = 64


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


def derive(fitted: FittedIndex, page: PageEmbedding) -> NDArray[Any]:
    """The rows of a page in an index of that form."""
    return fitted.derive(page).rows


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
        stands = place(record, self._collection.records())
        for other in (*stands.leaving, *stands.staying):  # a new version of a file is tagged as the old one was
            if not (record.tags or record.meta):
                record = replace(record, tags=other.tags, meta=other.meta)
        started = replace(record, name=stands.name, added=now, state=INCOMING)
        self._write_documents([started])
        return started

    def hold(self, records: Sequence[DocumentRecord]) -> None:
        """Write down which sources known documents have now, all in one commit."""
        there = {other.content_hash: other.sources for other in self._collection.records()}
        changed = [record for record in records if there.get(record.content_hash) != record.sources]
        if changed:
            self._write_documents(changed)

    def finish_document(self, record: DocumentRecord) -> tuple[DocumentRecord, ...]:
        """Mark a document complete, and before that drop those it replaces, which are returned: its pages are in.

        A document that another source still holds stays; see `names.place`.
        """
        there = self._collection.records()
        found = place(record, there)
        before = {other.content_hash: other.name for other in there}
        if found.staying:
            self._write_documents(found.staying)
        for other in found.staying:
            if other.name != before[other.content_hash]:
                self._rename(other)
        self._remove(found.leaving)
        whole = replace(settled(record), state=COMPLETE)
        if whole not in there:
            self._write_documents([whole])
        return found.leaving

    def delete_document(self, name: str) -> int:
        """Delete a document by name and return how many pages went; `NotFoundError` when there is none.

        Works on a full disk too.
        """
        return self._remove(self._collection.named(name))

    def documents(self, names: Iterable[str]) -> list[DocumentRecord]:
        """The documents of these names, each once; `NotFoundError` when one of them is not there."""
        there = {record.name: record for record in self._collection.records() if record.state != LEAVING}
        wanted = dict.fromkeys(document_name(name) for name in names)
        unknown = [name for name in wanted if name not in there]
        if unknown:
            more = f" and {len(unknown) - 1} more of these" if len(unknown) > 1 else ""
            raise NotFoundError(f"There is no document '{unknown[0]}'{more} in collection '{self._collection.name}'.")
        return [there[name] for name in wanted]

    def change_fields(self, records: Sequence[DocumentRecord], change: FieldsChange) -> list[DocumentRecord]:
        """Change tags and fields of documents that are there; returns them as they are then.

        Filters find all pages of a document by the new ones at once, in every process: they change in one commit, and
        nothing of them is read or embedded again. `InputError` before any is changed, if one would bear too much.
        """
        changed = [change.applied(record) for record in records]
        new = [now for record, now in zip(records, changed, strict=True) if now != record]
        if new:
            self._write_documents(new)
            with room(self._collection.name):
                for record in new:
                    self._stamp(record)
        return changed

    def erase(self) -> tuple[str, ...]:
        """Take what was deleted off the disk as well: rewrite the tables and copies, drop their earlier versions.

        Returns sentences on what cannot go yet. What a table held is in its files until they are rewritten, and in the
        versions that readers may still be at; a reader in another process that is at one has to ask again. Tables
        of vectors (which hold the words of each) of more than `ERASE_AT_ONCE` wait for `compact`.
        """
        large = {name: size for name in self._collection.manifest.tables if (size := self._bytes(name)) > ERASE_AT_ONCE}
        try:
            with room(self._collection.name):
                tables = [name for name in (*OWN_TABLES, *self._collection.manifest.tables) if name not in large]
                for name in tables:
                    self._rows.touch(name)
                self.index_text()  # rows in the index and rows that are not are not merged
                for name in tables:
                    self._rows.purge(name)
                for space in self._collection.spaces():
                    space.drop_copies(but=large)
                self.finish()
        except DiskFullError:
            cure = f"free some space, then run: pagelens collections compact {self._collection.name}"
            return (f"The disk is too full to rewrite the files that held it: {cure}",)
        if large:
            return (
                "Its vectors, and its words beside them, are out of every search, but the files that held them "
                f"({bytes_text(sum(large.values()))}) are rewritten only by: "
                f"pagelens collections compact {self._collection.name}",
            )
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

    def set_words(self, words: Mapping[str, Words]) -> None:
        """Give committed pages the words that were read meanwhile, by page id, in one commit; others stay out.

        Searches in every process find the pages by them at once; their vectors are as they were.
        """
        with room(self._collection.name):
            where = both(COMMITTED, within("page_id", list(words)))
            rows = self._collection.table("pages").search().where(where).select(PAGES.names).to_arrow().to_pylist()
            new = [{**row, **words_columns(words[row["page_id"]])} for row in rows]
            if new:
                self._write_pages(pa.Table.from_pylist(new, PAGES))

    def add_failures(self, record: DocumentRecord, failures: Sequence[PageFailure]) -> None:
        """Record pages that did not go in, with their reasons."""
        if failures:
            rows = [failed_row(failure.ref, failure.reason, record) for failure in failures]
            with room(self._collection.name):
                self._write_pages(pa.Table.from_pylist(rows, PAGES))

    def restore(
        self, pages: pa.Table, vectors: Mapping[str, pa.Table], pictures: Mapping[tuple[str, str], Path]
    ) -> None:
        """Commit pages that were committed elsewhere, as they are: rows of `PAGES`, of each vectors table, pictures.

        ``pictures`` are by page id and size; one that is not there stays missing. Pages without the vectors of a later
        encoder wait for them.
        """
        with room(self._collection.name):
            for (page, size), source in pictures.items():
                if source.is_file():
                    copy_image(source, image_file(self._images, page, size))
            for space in reversed(self._collection.spaces()):
                for index in space.record.indexes:
                    if len(vectors[index.table]):
                        self._rows.write(index.table, vectors[index.table])
            self._write_pages(pages)

    def restore_gaps(self, gaps: pa.Table) -> None:
        """Record what encoders failed on elsewhere, as rows of `GAPS`."""
        with room(self._collection.name):
            if len(gaps):
                merge(self._collection.table("gaps"), "id", gaps)

    # -- encoders and indexes -----------------------------------------------------------------------------------------

    def add_space(self, info: EncoderInfo, indexes: Sequence[str]) -> EncoderVectors:
        """Make room for the vectors of one encoder more, with these pooled indexes as far as its kind has them.

        One that is there already is left as it is; `MismatchError` when it was another version of the encoder.
        """
        if info.id in self._collection.encoders:
            self._collection.space(info.id).check(info)
            return self._collection.space(info.id)
        record = SpaceRecord.of(info, indexes)
        with room(self._collection.name):
            for index in record.indexes:
                create_index(self._collection.database(), index, info)
            self._collection.manifest.with_space(record).write(self._path)
            self._rows.look([index.table for index in record.indexes])
        return self._collection.space(info.id)

    def add_vectors(self, encoder_id: str, pages: Sequence[tuple[str, PageEmbedding | PageFailure]]) -> dict[str, str]:
        """Write an encoder's vectors of pages that are committed, by page id; returns why some could not be.

        Those are recorded too, as pages that lack this encoder's vectors.
        """
        with room(self._collection.name):
            return self._add_vectors(encoder_id, pages)

    def add_index(
        self,
        encoder_id: str,
        name: str,
        progress: Callable[[int], None] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> int | None:
        """Make an index from the stored full vectors; returns how many pages it holds.

        One that learns is fitted on pages taken evenly from all there are, and holds later ones in the same way.

        ``progress`` hears how many are done. ``stopped`` is asked before each batch: if so, what was made is dropped,
        and None returned. The full vectors are stored in half precision, so the pooled ones differ
        from those made at ingestion by its rounding, at most 1e-3. `InputError` when the encoder has the index already
        or its kind of vectors cannot have it.
        """
        space = self._collection.space(encoder_id)
        index = space.new_index(name)
        with room(self._collection.name):
            table = create_index(self._collection.database(), index, space.info, space.primary)
            ids, done = sorted(space.stored_ids(FULL)), 0
            fitted = fitted_index(space, index.name, ids)
            write_fitted(self._path, index.table, fitted)
            for start in range(0, len(ids), _PAGES_AT_ONCE):
                if stopped():
                    self._drop_unnamed()
                    return None
                found = dict(space.embeddings(ids[start : start + _PAGES_AT_ONCE]))
                arrays = [self._derive(fitted, embedding) for embedding in found.values()]
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

        Nothing committed depends on it: all pages are found without it, only more slowly. What a full disk has no room
        for is left as it is.
        """
        with room(self._collection.name):
            pages = self._bytes("pages")
            self._if_room("tidy the pages", lambda: self._rows.tidy("pages", KEEP_VERSIONS), pages)
            if self._removed:
                self._if_room("renew the text index", self.index_text, pages)
            for space in self._spaces():
                self._if_room(f"tidy the vectors of {space.space.encoder}", partial(space.finish, KEEP_VERSIONS))
            self._collection.postings(wait=True)

    def compact(self) -> None:
        """Rewrite the tables without their dead rows and old versions, and the copies without their dead part.

        On a full disk too: the copies go first, the small tables before the large ones, and a table that there is no
        room to rewrite stays as it is.
        """
        tables = (*OWN_TABLES, *self._collection.manifest.tables)
        with room(self._collection.name):
            for space in self._collection.spaces():
                space.drop_copies()
            for name in sorted(tables, key=self._bytes):
                self._if_room(f"rewrite table {name}", partial(self._rows.tidy, name, NOW))
            self._removed = True
            self.finish()
            self._if_room("drop the old text index", lambda: self._rows.tidy("pages", NOW))

    def _bytes(self, table: str) -> int:
        return tree_bytes(self._path / FOLDER / f"{table}.lance")

    def _if_room(self, what: str, work: Callable[[], object], needs: int = 0) -> None:
        """Do what can as well be left undone, unless the disk is full, or has no room for so many bytes more.

        Where LanceDB runs out of room half way, what it wrote stays for a week; so that is better not begun.
        """
        try:
            if shutil.disk_usage(self._path).free < needs:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            work()
        except Exception as error:
            if not (isinstance(error, DiskFullError) or is_disk_full(error)):
                raise
            log.warning("the disk is full: no room to %s of collection '%s'", what, self._collection.name)

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
        if self._rows.write("pages", rows):  # some were there already
            self._removed = True  # an update is a deletion to the text index
            self._collection.forget_words(rows["page_id"].to_pylist())

    def _space(self, encoder_id: str) -> EncoderWriter:
        return EncoderWriter(self._collection.space(encoder_id), self._rows, self._derive)

    def _spaces(self) -> list[EncoderWriter]:
        return [EncoderWriter(space, self._rows, self._derive) for space in self._collection.spaces()]

    def _write_documents(self, records: Sequence[DocumentRecord]) -> None:
        rows = pa.Table.from_pylist([record.row() for record in records], DOCUMENTS)
        with room(self._collection.name):
            merge(self._collection.table("documents"), "content_hash", rows)

    # -- removal and repair -------------------------------------------------------------------------------------------

    def _remove(self, records: Sequence[DocumentRecord]) -> int:
        """Take documents out and return how many pages they had.

        The first commit takes their rows out of the pages table, and with them the pages out of every search, list and
        count of every process. What follows is litter to everybody but the next writer, who sweeps up what is left.
        """
        if not records:
            return 0
        ids = [page for record in records for page in self._page_ids_of(record)]
        these = within("content_hash", [record.content_hash for record in records])
        with room(self._collection.name):
            self._making_room(ids, lambda: self._collection.table("pages").delete(these))
            self._rows.stored["pages"].difference_update(ids)
            self._removed = True
            remove_images(self._images, ids)
            self._collection.table("documents").delete(these)
            for space in self._spaces():
                space.delete(ids)
            self._rows.delete("gaps", ids)
        return len(ids)

    def _making_room(self, ids: Sequence[str], work: Callable[[], object]) -> None:
        """Begin a deletion; on a full disk after making room, first with the copies, then with these pages' pictures.

        It takes some kilobytes: a list of the rows that are gone, and the table's new version.
        """

        def copies() -> None:
            for space in self._collection.spaces():
                space.drop_copies()

        for free in (copies, lambda: remove_images(self._images, ids)):
            try:
                work()
                return
            except Exception as error:
                if not is_disk_full(error):
                    raise
                log.warning("the disk is full; making room in collection '%s' to delete from it", self._collection.name)
                free()
        work()

    def _stamp(self, record: DocumentRecord) -> None:
        """Give a document's pages its tags and fields, in one commit. The text index is left as it is: rows keep their
        ids, and no word changes."""
        if self._page_ids_of(record):
            fields = {"tags": sql_list(record.tags), "meta": sql_list(meta_rows(record.meta))}
            where = f"content_hash = {quoted(record.content_hash)}"
            self._collection.table("pages").update(where=where, values_sql=fields)

    def _stamp_all(self) -> None:
        """Complete changes of fields that were cut short: the documents' rows say what their pages should."""
        borne: dict[str, set[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
        bearing = "array_length(tags) > 0 OR array_length(meta) > 0"
        rows = columns(self._collection.table("pages"), bearing, ["content_hash", "tags", "meta"])
        for content, tags, meta in zip(*rows.values(), strict=True):
            borne.setdefault(content, set()).add((tuple(tags), tuple(meta)))
        for record in self._collection.records():
            wanted = record.tags, tuple(meta_rows(record.meta))
            if borne.get(record.content_hash, {((), ())}) != {wanted}:
                self._stamp(record)

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
        self._make_gaps()
        self._drop_unnamed()
        self._rows.look(["pages", *self._collection.manifest.tables])
        self._finish_changes()
        self._stamp_all()
        committed = set(self._collection.directory().ids)
        for space in self._spaces():
            space.reconcile(committed)
        self._drop_old_gaps(committed)
        sweep_images(self._images, committed)

    def _make_gaps(self) -> None:
        """Have a table of gaps: an older layout has none, and a damaged one is but notes, made anew by embedding."""
        database = self._collection.database()
        if self._collection.has_table("gaps"):
            try:
                self._collection.gaps()
                return
            except StoreError as error:
                log.warning("%s It is made anew.", error)
            database.drop_table("gaps")
            self._collection.close()
        create_table(database, "gaps", GAPS, "id")

    def _drop_unnamed(self) -> None:
        """Drop what the manifest does not name: tables and copies of encoders and indexes half made or taken out."""
        tables = {*OWN_TABLES, *self._collection.manifest.tables}
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
        """Complete documents all of whose pages went in, and renamings and removals that had begun.

        A document of no page any more is one that was being removed.
        """
        written = Counter(page.partition(":")[0] for page in self._rows.stored["pages"])
        called = {page.partition(":")[0]: ref.document for page, ref in self._collection.directory().refs.items()}
        gone = []
        for record in self._collection.records():
            part = file_part(record.content_hash)
            if record.state == LEAVING or not written[part]:
                gone.append(record)
                continue
            if called.get(part, record.name) != record.name:
                self._rename(record)
            if record.state == INCOMING and written[part] == record.pages:
                self.finish_document(record)
        self._remove(gone)

    def index_text(self) -> None:
        """Make the text index anew."""
        textindex.build(self._collection.table("pages"))
        self._removed = False
