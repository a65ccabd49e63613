"""The one writer of a collection: pages go in so that a crash at any moment leaves neither a hole nor a double.

Order of a batch: pictures, vectors of the later encoders, of the first one, then the pages rows, which are the commit.
What a crash left before the commit, or of a deletion it cut short, is put right when the next writer opens
(`reconciling`). Only one writer can be open, in any process; the lock goes with its process.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import pyarrow as pa
from filelock import Timeout

from workbench.documents.langid import language
from workbench.errors import CollectionBusyError
from workbench.store.collection import Collection
from workbench.store.conditions import both, within
from workbench.store.directory import COMMITTED
from workbench.store.document_writer import DocumentWriter
from workbench.store.encoder_rows import Derive, derive
from workbench.store.fields import FieldsChange
from workbench.store.files import room
from workbench.store.fragments import Fragments
from workbench.store.images import image_name
from workbench.store.index_writer import IndexWriter
from workbench.store.names import Documents, place
from workbench.store.reconciling import reconcile
from workbench.store.schema import (
    INCOMING,
    PAGES,
    DocumentRecord,
    document_name,
    failed_row,
    figure_columns,
    gap_rows,
    words_columns,
)
from workbench.store.staging import NewPage, Staged, Stager, seen
from workbench.store.table_writer import IDS_AT_ONCE, KEEP_VERSIONS, merge
from workbench.store.upkeep import Upkeep
from workbench.store.write_session import WriteSession
from workbench.types import PageEmbedding, PageFailure, ReadWords
from workbench.types.text import storable, wellformed

log = logging.getLogger(__name__)

PAGES_FRAGMENTS, MOST_FRAGMENTS = 100, 1000
"""Small files of the pages table after which it is tidied while an ingest runs: each costs every query some time."""
PAGES_A_FRAGMENT = 64
"""Pages there are for each such file more. By batches of 8, an eighth of the table is then new each time, and it is
written some ten times over on the way to 100,000 pages; by the least number of files it would be sixty times."""


class Writer:
    """Writes to one collection; use it as a context manager. ``derive`` makes a page's rows in an index.

    Pages and documents go in and out by its own methods, encoders and indexes by ``indexes``; ``upkeep`` tidies.
    """

    def __init__(self, collection: Collection, derive: Derive = derive) -> None:
        self._session = WriteSession(collection, derive)
        self._tables = self._session.tables
        self._records = collection.records
        self._documents = DocumentWriter(self._session)
        self._stager = Stager(collection, derive)
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
        return self.begin_documents([record])[0]

    def begin_documents(self, records: Sequence[DocumentRecord]) -> list[DocumentRecord]:
        """`begin_document` for each, in their order, in one commit."""
        there = Documents(self._records.all())
        changed: dict[str, DocumentRecord] = {}
        begun = []
        for record in records:
            sources = tuple(dict.fromkeys(map(storable, record.sources)))
            record = replace(record, name=document_name(record.name), sources=sources)
            known = there.get(record.content_hash)
            if known is not None:
                record = replace(known, sources=tuple(dict.fromkeys((*known.sources, *sources))))
            else:
                stands = place(record, there)
                for other in (*stands.leaving, *stands.staying):  # a new version of a file is tagged as the old one was
                    if not (record.tags or record.meta):
                        record = replace(record, tags=other.tags, meta=other.meta)
                now = datetime.now(UTC).isoformat(timespec="milliseconds")
                record = replace(record, name=stands.name, added=now, state=INCOMING)
            if record != known:
                changed[record.content_hash] = record
                there.put(record)
            begun.append(record)
        if changed:
            self._documents.write(list(changed.values()))
        return begun

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

    def finish_documents(self, records: Sequence[DocumentRecord]) -> list[tuple[DocumentRecord, ...]]:
        """`finish_document` for each, in as few commits as there can be."""
        return self._documents.finish_all(records)

    def conform(self, record: DocumentRecord) -> None:
        """Give the pages of a document the name, tags and fields that its record has."""
        self._documents.rename(record)
        self._documents.stamp(record)

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
        self._tables.check()
        staged, failures = self._stager.stage(record, pages, others)
        self.commit([staged])
        return failures

    def commit(self, batches: Sequence[Staged]) -> None:
        """Commit pages that were made ready, here or by other processes.

        Of each table, what is here goes in with one commit, and what others wrote to files with another.
        """
        rows: dict[str, list[pa.Table]] = {}
        files: dict[str, list[Fragments]] = {}
        for staged in batches:
            for name, made in staged.tables.items():
                if isinstance(made, Fragments):
                    files.setdefault(name, []).append(made)
                else:
                    rows.setdefault(name, []).append(made)
        with room(self._session.name):
            self._add_gaps([gap for staged in batches for gap in staged.gaps])
            here = rows.pop("pages", [])
            for name, tables in rows.items():
                self._tables.write(name, pa.concat_tables(tables))
            if here:  # after every table of vectors, whichever batch has which
                self._write_pages(pa.concat_tables(here))
            pages = files.pop("pages", [])
            for name, written in files.items():
                self._tables.append(name, written)
            if pages and self._tables.append("pages", pages):
                self._replaced([page for one in pages for page in one.pages])
            if any(staged.tables for staged in batches) and self._tables.fragments("pages")[0] > self._bearable():
                self._tables.tidy("pages", KEEP_VERSIONS)

    def set_words(
        self,
        read: Mapping[str, ReadWords],
        vectors: Mapping[str, Mapping[str, PageEmbedding]] | None = None,
    ) -> None:
        """Give committed pages the words that were read meanwhile, by page id, in one commit; others stay out.

        ``vectors`` are those that
        encoders made of the new words, by encoder and page; without any they stay as they were. Searches in every
        process find the pages by both at once.
        """
        with room(self._session.name):
            where = both(COMMITTED, within("page_id", list(read)))
            rows = {row["page_id"]: row for row in self._session.catalog.rows("pages", where, PAGES.names)}
            for encoder, made in (vectors or {}).items():
                pages = [(page, embedding) for page, embedding in made.items() if page in rows]
                self._put_vectors(encoder, pages)
                self._session.encoder(encoder).space.forget([page for page, _ in pages])
            new = []
            for page, row in rows.items():
                one = read[page]
                told = {"reason": wellformed(one.notice), "quality": one.quality}
                figures = seen(made[page] for made in (vectors or {}).values() if page in made)
                shown = {} if figures is None else figure_columns(figures)
                new.append({**row, **words_columns(one.words), **told, **shown})
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

        Those are recorded too, as pages that lack this encoder's vectors. What the encoder saw on the others, if it
        looks, filters find at once.
        """
        with room(self._session.name):
            lacking = self._put_vectors(encoder_id, pages)
            told = {page: figure_columns(figures) for page, one in pages if (figures := seen([one])) is not None}
            self._documents.note(told)
            return lacking

    def note_languages(self) -> int:
        """Tell the language of pages written before any was told, by their words; how many pages that were."""
        told = both(COMMITTED, "language IS NULL")
        pages = [row["page_id"] for row in self._session.catalog.rows("pages", told, ["page_id"])]
        with room(self._session.name):
            for start in range(0, len(pages), IDS_AT_ONCE):
                where = within("page_id", pages[start : start + IDS_AT_ONCE])
                rows = self._session.catalog.rows("pages", where, ["page_id", "text"])
                self._documents.note({row["page_id"]: {"language": language(row["text"].split())} for row in rows})
        return len(pages)

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

    def finish(self, here: bool = True) -> None:
        """Tidy what was written and bring everything that searches read here up to date; see `Upkeep.finish`."""
        self.upkeep.finish(here)

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _put_vectors(self, encoder_id: str, pages: Sequence[tuple[str, PageEmbedding | PageFailure]]) -> dict[str, str]:
        tables, lacking = self._stager.vectors(encoder_id, pages)
        self._add_gaps([(page, encoder_id, reason) for page, reason in lacking.items()])
        for name, rows in tables.items():
            self._tables.write(name, rows)
        return lacking

    def _add_gaps(self, gaps: Sequence[tuple[str, str, str]]) -> None:
        if gaps:
            merge(self._session.catalog.table("gaps"), "id", gap_rows(gaps))

    def _bearable(self) -> int:
        """Files of the pages table that are borne: the more the larger it is, since a tidying writes all of it anew."""
        return min(MOST_FRAGMENTS, max(PAGES_FRAGMENTS, len(self._tables.stored["pages"]) // PAGES_A_FRAGMENT))

    def _write_pages(self, rows: pa.Table) -> None:
        if self._tables.write("pages", rows):
            self._replaced(rows["page_id"].to_pylist())

    def _replaced(self, page_ids: Sequence[str]) -> None:
        """Some of these pages had rows before."""
        self._tables.text_stale = True  # an update is a deletion to the text index
        self._session.collection.words.forget(page_ids)
