"""The one writer of a collection: pages go in so that a crash at any moment leaves neither a hole nor a double.

Order of a batch: pictures, vectors of the later encoders, of the first one, then the pages rows, which are the commit.
What a crash left before the commit, or of a deletion it cut short, is put right when the next writer opens
(`reconciling`). Only one writer can be open, in any process; the lock goes with its process.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import pyarrow as pa
from filelock import Timeout

from workbench.errors import CollectionBusyError, DiskFullError
from workbench.store.collection import Collection
from workbench.store.directory import COMMITTED
from workbench.store.document_writer import DocumentWriter
from workbench.store.encoder_writer import Derive, Ready
from workbench.store.fields import FieldsChange
from workbench.store.files import is_disk_full, room
from workbench.store.images import Pictures, image_name, save_images
from workbench.store.index_writer import IndexWriter
from workbench.store.names import place
from workbench.store.reconciling import reconcile
from workbench.store.schema import (
    INCOMING,
    PAGES,
    DocumentRecord,
    document_name,
    failed_row,
    gap_rows,
    page_id,
    page_row,
    words_columns,
)
from workbench.store.table_writer import KEEP_VERSIONS, merge
from workbench.store.tables import both, within
from workbench.store.upkeep import Upkeep
from workbench.store.write_session import WriteSession, derive
from workbench.types import Page, PageEmbedding, PageFailure, Words
from workbench.types.text import storable, wellformed

log = logging.getLogger(__name__)

NewPage = tuple[Page, PageEmbedding, Callable[[], Pictures]]
"""A page to be stored; the last gives its pictures, as `images.encoded` makes them, or raises why there are none."""
PAGES_FRAGMENTS = 100
"""Small files of the pages table after which it is tidied while an ingest runs; each costs every query some time."""


@dataclass(frozen=True, slots=True)
class _New:
    """A page that can be stored."""

    id: str
    page: Page
    vectors: Ready
    picture_bytes: int


class Writer:
    """Writes to one collection; use it as a context manager. ``derive`` makes a page's rows in an index.

    Pages and documents go in and out by its own methods, encoders and indexes by ``indexes``; ``upkeep`` tidies.
    """

    def __init__(self, collection: Collection, derive: Derive = derive) -> None:
        self._session = WriteSession(collection, derive)
        self._tables = self._session.tables
        self._records = collection.records
        self._documents = DocumentWriter(self._session)
        self.indexes = IndexWriter(self._session)
        self.upkeep = Upkeep(self._session)

    def __enter__(self) -> Writer:
        try:
            self._session.lock.acquire()
        except Timeout:
            raise CollectionBusyError(
                f"Another ingest is writing to collection '{self._session.name}'; wait for it to end, or stop it."
            ) from None
        with ExitStack() as undo:
            undo.callback(self._session.lock.release)
            if self._session.storage.remote:
                self._session.catalog.refresh()
            with room(self._session.name):
                reconcile(self._session, self._documents, self.indexes)
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.lock.release()

    # -- documents ----------------------------------------------------------------------------------------------------

    def begin_document(self, record: DocumentRecord) -> DocumentRecord:
        """Announce a document and get it back under the name it will have in the collection; see `names.place`.

        A content that is known keeps its name and gains the sources.
        """
        record = replace(
            record, name=document_name(record.name), sources=tuple(dict.fromkeys(map(storable, record.sources)))
        )
        known = self._records.by_hash(record.content_hash)
        if known is not None:
            held = replace(known, sources=tuple(dict.fromkeys((*known.sources, *record.sources))))
            if held != known:
                self._documents.write([held])
            return held
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        stands = place(record, self._records.all())
        for other in (*stands.leaving, *stands.staying):  # a new version of a file is tagged as the old one was
            if not (record.tags or record.meta):
                record = replace(record, tags=other.tags, meta=other.meta)
        started = replace(record, name=stands.name, added=now, state=INCOMING)
        self._documents.write([started])
        return started

    def hold(self, records: Sequence[DocumentRecord]) -> None:
        """Write down which sources known documents have now, all in one commit."""
        there = {other.content_hash: other.sources for other in self._records.all()}
        changed = [record for record in records if there.get(record.content_hash) != record.sources]
        if changed:
            self._documents.write(changed)

    def finish_document(self, record: DocumentRecord) -> tuple[DocumentRecord, ...]:
        """Mark a document complete, and before that drop those it replaces, which are returned: its pages are in.

        A document that another source still holds stays; see `names.place`.
        """
        return self._documents.finish(record)

    def delete_document(self, name: str) -> int:
        """Delete a document by name and return how many pages went; `NotFoundError` when there is none.

        Works on a full disk too.
        """
        return self._documents.remove(self._records.named(name))

    def documents(self, names: Iterable[str]) -> list[DocumentRecord]:
        """The documents of these names, each once; `NotFoundError` when one of them is not there."""
        return self._records.all_named(names)

    def change_fields(self, records: Sequence[DocumentRecord], change: FieldsChange) -> list[DocumentRecord]:
        """Change tags and fields of documents that are there; returns them as they are then.

        Filters find all pages of a document by the new ones at once, in every process: they change in one commit, and
        nothing of them is read or embedded again. `InputError` before any is changed, if one would bear too much.
        """
        changed = [change.applied(record) for record in records]
        new = [now for record, now in zip(records, changed, strict=True) if now != record]
        if new:
            self._documents.write(new)
            with room(self._session.name):
                for record in new:
                    self._documents.stamp(record)
        return changed

    # -- pages --------------------------------------------------------------------------------------------------------

    def add_pages(
        self,
        record: DocumentRecord,
        pages: Sequence[NewPage],
        others: Mapping[str, Sequence[PageEmbedding | PageFailure]] | None = None,
    ) -> list[PageFailure]:
        """Commit a batch. Pages that cannot be stored come back as failures, to be recorded; the others are in.

        ``others`` are the outcomes of the collection's later encoders by their ids, one for each of ``pages``; a page
        on which one of them failed is in all the same, and what it lacks is recorded. The larger the batch the better
        (16 to 64 pages): each costs one commit per table. `DiskFullError` loses nothing that was committed earlier.
        """
        ready: dict[int, _New] = {}
        failures: list[PageFailure] = []
        self._tables.check()
        with room(self._session.name):
            for i, (page, made) in enumerate(zip(pages, self._prepared(record, pages), strict=True)):
                if isinstance(made, _New):
                    ready[i] = made
                else:
                    failures.append(PageFailure(page[0].ref, made))
            if ready:
                for encoder, outcomes in (others or {}).items():
                    self._add_vectors(encoder, [(new.id, outcomes[i]) for i, new in ready.items()])
                self._commit(record, list(ready.values()))
        return failures

    def set_words(
        self,
        read: Mapping[str, tuple[Words, str]],
        vectors: Mapping[str, Mapping[str, PageEmbedding]] | None = None,
    ) -> None:
        """Give committed pages the words that were read meanwhile, by page id, in one commit; others stay out.

        With its words comes a sentence on what of a page could not be read, empty for all. ``vectors`` are those that
        encoders made of the new words, by encoder and page; without any they stay as they were. Searches in every
        process find the pages by both at once.
        """
        with room(self._session.name):
            where = both(COMMITTED, within("page_id", list(read)))
            rows = {row["page_id"]: row for row in self._session.catalog.rows("pages", where, PAGES.names)}
            for encoder, made in (vectors or {}).items():
                pages = [(page, embedding) for page, embedding in made.items() if page in rows]
                self._add_vectors(encoder, pages)
                self._session.encoder(encoder).space.forget([page for page, _ in pages])
            seen = {
                page: list(one.shows) for made in (vectors or {}).values() for page, one in made.items() if one.shows
            }
            new = [
                {**row, **words_columns(words), "reason": wellformed(notice), "shows": seen.get(page, row["shows"])}
                for page, row in rows.items()
                for words, notice in [read[page]]
            ]
            if new:
                self._write_pages(pa.Table.from_pylist(new, PAGES))

    def add_failures(self, record: DocumentRecord, failures: Sequence[PageFailure]) -> None:
        """Record pages that did not go in, with their reasons."""
        if failures:
            rows = [failed_row(failure.ref, failure.reason, record) for failure in failures]
            with room(self._session.name):
                self._write_pages(pa.Table.from_pylist(rows, PAGES))

    def add_vectors(self, encoder_id: str, pages: Sequence[tuple[str, PageEmbedding | PageFailure]]) -> dict[str, str]:
        """Write an encoder's vectors of pages that are committed, by page id; returns why some could not be.

        Those are recorded too, as pages that lack this encoder's vectors.
        """
        with room(self._session.name):
            return self._add_vectors(encoder_id, pages)

    def restore(
        self, pages: pa.Table, vectors: Mapping[str, pa.Table], pictures: Mapping[tuple[str, str], Path]
    ) -> None:
        """Commit pages that were committed elsewhere, as they are: rows of `PAGES`, of each vectors table, pictures.

        ``pictures`` are by page id and size; one that is not there stays missing. Pages without the vectors of a later
        encoder wait for them.
        """
        with room(self._session.name):
            for (page, size), source in pictures.items():
                if source.is_file():
                    self._session.storage.write(image_name(page, size), source.read_bytes())
            for space in reversed(self._session.collection.spaces()):
                for index in space.record.indexes:
                    if len(vectors[index.table]):
                        self._tables.write(index.table, vectors[index.table])
            self._write_pages(pages)

    def restore_gaps(self, gaps: pa.Table) -> None:
        """Record what encoders failed on elsewhere, as rows of `GAPS`."""
        with room(self._session.name):
            if len(gaps):
                merge(self._session.catalog.table("gaps"), "id", gaps)

    def finish(self) -> None:
        """Tidy what was written and bring everything that searches read up to date; see `Upkeep.finish`."""
        self.upkeep.finish()

    # -- a batch ------------------------------------------------------------------------------------------------------

    def _prepared(self, record: DocumentRecord, pages: Sequence[NewPage]) -> list[_New | str]:
        """What `_prepare` makes of each page, side by side: pictures may have to be encoded, which takes longest."""
        with ThreadPoolExecutor(min(len(pages), os.cpu_count() or 1) or 1) as pool:
            return list(pool.map(lambda page: self._prepare(record, *page), pages))

    def _prepare(
        self, record: DocumentRecord, page: Page, embedding: PageEmbedding, pictures: Callable[[], Pictures]
    ) -> _New | str:
        """A page ready to be committed, its pictures written; or why it cannot be stored."""
        made = self._session.encoder().prepare(embedding)
        if isinstance(made, str):
            return made
        key = page_id(record.content_hash, page.ref.page)
        try:
            return _New(key, page, made, save_images(self._session.storage, key, pictures()))
        except Exception as error:  # one page must not cost the batch, but a full disk is everybody's
            if isinstance(error, DiskFullError) or is_disk_full(error):
                raise
            log.exception("%s could not be stored", page.ref)
            return f"The page could not be stored: {error}"

    def _commit(self, record: DocumentRecord, ready: Sequence[_New]) -> None:
        self._session.encoder().write([new.id for new in ready], [new.vectors for new in ready])
        rows = [page_row(new.page, record, new.picture_bytes, new.vectors.embedding.shows) for new in ready]
        self._write_pages(pa.Table.from_pylist(rows, PAGES))
        if self._tables.fragments("pages") > PAGES_FRAGMENTS:
            self._tables.tidy("pages", KEEP_VERSIONS)

    def _add_vectors(self, encoder_id: str, pages: Sequence[tuple[str, PageEmbedding | PageFailure]]) -> dict[str, str]:
        encoder = self._session.encoder(encoder_id)
        ready: dict[str, Ready] = {}
        lacking: dict[str, str] = {}
        for page, outcome in pages:
            made = outcome.reason if isinstance(outcome, PageFailure) else encoder.prepare(outcome)
            if isinstance(made, Ready):
                ready[page] = made
            else:
                lacking[page] = made
        if lacking:
            gaps = gap_rows([(page, encoder.space.encoder, reason) for page, reason in lacking.items()])
            merge(self._session.catalog.table("gaps"), "id", gaps)
        encoder.write(list(ready), list(ready.values()))
        return lacking

    def _write_pages(self, rows: pa.Table) -> None:
        if self._tables.write("pages", rows):  # some were there already
            self._tables.text_stale = True  # an update is a deletion to the text index
            self._session.collection.words.forget(rows["page_id"].to_pylist())
