"""A collection as a reader sees it: pages with their pictures, and the words and vectors of each by their nouns.

What it reads from is `Catalog`; documents are `DocumentRecords`', words `PageWords`', vectors `EncoderVectors`',
writing is `Writer`'s.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from workbench.errors import NotFoundError
from workbench.settings import CollectionSettings
from workbench.store.catalog import Catalog
from workbench.store.conditions import both, quoted, within
from workbench.store.counts import FILE, Counts
from workbench.store.directory import COMMITTED, PageDirectory
from workbench.store.document_records import DocumentRecords
from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.images import FOLDER as IMAGES
from workbench.store.images import image_name, stored_images
from workbench.store.manifest import Manifest
from workbench.store.page_words import PageWords
from workbench.store.quarantine import Quarantine
from workbench.store.schema import LATER, LEAVING, TOLD, document_name, file_part, rebuilt_page, stored_page
from workbench.store.snapshot import Snapshot
from workbench.store.storage import Storage, storage_at
from workbench.store.tables import FOLDER, OWN_TABLES
from workbench.types import CollectionInfo, DocumentInfo, Page, PageGap, PageRef, Quarantined, StoredPage
from workbench.types.filters import FieldTest, Filter
from workbench.types.text import wellformed

_MAX_PAGE = 2**31 - 1


class Collection:
    """Pages with their text and pictures, and the vectors of one encoder or more, in one folder or place.

    Safe to read from several threads, while another thread or process writes: every call sees the last commit. A
    collection deleted and made again under the same name is noticed, one that is gone is a `NotFoundError`.
    """

    def __init__(self, place: Path | Storage) -> None:
        self.storage = storage_at(place)
        self.path = self.storage.cache
        self.name = self.storage.name
        self.catalog = Catalog(self.storage)
        self.records = DocumentRecords(self.catalog)
        self.words = PageWords(self.catalog)
        self._lock = threading.RLock()
        self._spaces: tuple[Manifest, dict[str, EncoderVectors]] = self.catalog.manifest, {}
        self._snapshot: Snapshot | None = None
        self._counts: Counts | None = None
        self._whole: tuple[PageDirectory | None, set[str]] = None, set()

    # -- what it is ---------------------------------------------------------------------------------------------------

    @property
    def manifest(self) -> Manifest:
        """What made it, and the version of its layout."""
        return self.catalog.manifest

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
        return self.catalog.encoders

    def space(self, encoder_id: str = "") -> EncoderVectors:
        """The vectors of one encoder, of the first without a name; `NotFoundError` names the encoders there are."""
        with self._lock:
            manifest = self.manifest
            if self._spaces[0] is not manifest:
                self._close_spaces()
                self._spaces = manifest, {}
            wanted = encoder_id or manifest.spaces[0].encoder.id
            for i, record in enumerate(manifest.spaces):
                if record.encoder.id == wanted:
                    if wanted not in self._spaces[1]:
                        self._spaces[1][wanted] = EncoderVectors(self.catalog, record, primary=i == 0)
                    return self._spaces[1][wanted]
        raise NotFoundError(
            f"Collection '{self.name}' has no vectors of encoder '{wanted}'; it has those of "
            f"{', '.join(record.encoder.id for record in manifest.spaces)}."
        )

    def spaces(self) -> list[EncoderVectors]:
        """The vectors of every encoder, the first one first."""
        return [self.space(encoder) for encoder in self.encoders]

    def info(self) -> CollectionInfo:
        """Counts and sizes, from the tables and the files; no vector is read, and no picture's file is looked at."""
        held, files, tables = self.spaces(), self._files(), Counter[str]()
        counts = self._counted(held, files)
        for path, size in files.items():
            tables[_table(path)] += size
        spaces = tuple(space.weighed(info, tables) for space, info in zip(held, counts.spaces, strict=True))
        kept_out = len(self.directory()) - self.page_count() if self.quarantine() else 0
        return CollectionInfo(
            self.name,
            self.encoder,
            counts.documents,
            counts.pages,
            counts.failed,
            tables.total() + counts.picture_bytes,
            spaces[0].indexes,
            {**self.settings.as_dict(), "encoder": asdict(self.manifest.spaces[0].encoder)},
            spaces,
            kept_out,
            counts.unread,
        )

    def recount(self) -> None:
        """Believe no counts that were kept of it."""
        self._counts = None
        (self.path / FILE).unlink(missing_ok=True)

    def _files(self) -> dict[str, int]:
        """The bytes of its files by path, pictures left out."""
        return {file.path: file.bytes for file in self.storage.files(but=IMAGES)}

    def _tables(self) -> list[str]:
        """The folders of its tables, by path."""
        return [f"{FOLDER}/{name}/" for name in self.storage.folders(FOLDER)]

    def _counted(self, spaces: Sequence[EncoderVectors], files: Mapping[str, int] | None = None) -> Counts:
        """What it holds now, counted where nobody has done so yet, with ``files`` of these: bytes by path."""
        tables = [*OWN_TABLES, *(index.table for space in spaces for index in space.record.indexes)]
        there = set(map(_table, files if files is not None else self._tables()))
        state = {table: self.catalog.version(table) for table in tables if table in there}
        known = self._counts
        if known is None or not known.fits(state, files):
            known = Counts.read(self.path)
            if known is None or not known.fits(state, files):
                files = self._files() if files is None else files
                gaps = self.catalog.gaps()
                known = Counts(
                    state,
                    {path: size for path, size in files.items() if _table(path) in state and "/data/" in path},
                    len(self.records.listed()),
                    len(self.directory()),
                    self.records.failed_count(),
                    len(self.unread()),
                    self.catalog.total("pages", "picture_bytes"),
                    tuple(space.counted(gaps.get(space.encoder, {})) for space in spaces),
                    dict(sum((space.bytes_by_file() for space in spaces), Counter())),
                )
                known.write(self.path)
            self._counts = known
        return known

    # -- documents and pages ------------------------------------------------------------------------------------------

    def documents(self) -> list[DocumentInfo]:
        """Every document, by name; ``bytes`` are those of its vectors (without compression) and pictures."""
        lacking: dict[str, list[PageGap]] = {}
        for encoder, pages in self.catalog.gaps().items():
            held = self.space(encoder).held() if encoder in self.encoders else set(pages)
            for page, reason in pages.items():
                if page not in held:
                    lacking.setdefault(page, []).append(PageGap(int(page.rpartition(":")[2]), encoder, reason))
        return self.records.infos(self._counted(self.spaces()).vector_bytes, lacking)

    def indexed_pages(self, content_hash: str) -> set[int]:
        """Numbers of the pages of a document that need not be read again.

        They are committed, and have their pictures and the first encoder's vectors in every index.
        """
        directory = self.directory()
        with self._lock:
            if self._whole[0] is not directory:
                self._whole = directory, self.space().held() & stored_images(self.storage)
            whole = self._whole[1]
        rows = directory.of_file(file_part(content_hash))
        pages = zip(directory.ids.only(rows), directory.numbers[rows].tolist(), strict=True)
        return {number for page, number in pages if page in whole}

    def page(self, ref: PageRef) -> StoredPage:
        """A committed page; `NotFoundError` says whether the document or only the page is missing."""
        name = quoted(document_name(ref.document))
        if 1 <= ref.page <= _MAX_PAGE:
            where = both(COMMITTED, f"document = {name} AND page = {ref.page:d}")
            rows = self.catalog.rows("pages", where, TOLD)
            if rows:  # two while a new content replaces an old one
                return stored_page(max(rows, key=lambda row: row["added"]))
        known = self.catalog.rows("documents", f"name = {name} AND state != '{LEAVING}'", ["pages"])
        if not known:
            raise NotFoundError(f"There is no document '{ref.document}' in collection '{self.name}'.")
        failed = {failure.page: failure.reason for failure in self.records.failed_pages(ref.document)}
        if ref.page in failed:
            raise NotFoundError(f"Page {ref.page} of '{ref.document}' was not indexed: {failed[ref.page]}")
        raise NotFoundError(
            f"'{ref.document}' has no indexed page {ref.page}; its pages are numbered 1 to {known[0]['pages']}."
        )

    def pages(self, refs: Sequence[PageRef]) -> dict[PageRef, StoredPage]:
        """Committed pages, at once; those that are not there are left out."""
        directory = self.directory()
        ids = [page for ref in refs if (page := directory.id_of(ref))]
        rows = self.catalog.rows("pages", both(COMMITTED, within("page_id", ids)), TOLD) if ids else []
        found = (stored_page(row) for row in rows)
        return {page.ref: page for page in found}

    def page_id(self, ref: PageRef) -> str:
        """The id of a committed page, without reading it; `NotFoundError` as `page`."""
        wanted = PageRef(document_name(ref.document), ref.page)
        return self.directory().id_of(wanted) or self.page(ref).page_id

    def rebuilt(self, page_ids: Sequence[str]) -> list[Page]:
        """Pages as encoders take them, from their stored pictures and words; those not there any more are left out.

        The picture is the stored one (`images.SIDES`, WebP), which a page drawn larger was reduced to; ``size`` is
        still what it was drawn at, and crop and word boxes are fractions, so they fit either. Decoding it raises
        `NotFoundError` when its file is lost.
        """
        rows = self.catalog.rows("pages", both(COMMITTED, within("page_id", page_ids)), TOLD)
        found = {row["page_id"]: rebuilt_page(row, partial(self.picture, row["page_id"])) for row in rows}
        return [found[page] for page in page_ids if page in found]

    def picture(self, page_id: str) -> Image.Image:
        """The stored picture of a page, decoded; `NotFoundError` when there is none."""
        with Image.open(self.image_path(page_id, "page")) as picture:
            return picture.convert("RGB")

    def unread(self) -> list[str]:
        """Ids of the committed pages whose pictures are still to be read, in order of document and page."""
        directory = self.directory()
        rows = directory.ids.places(self.catalog.matching(FieldTest("words", "=", LATER)))
        return directory.ids.only(np.sort(rows[rows >= 0]))

    def directory(self) -> PageDirectory:
        """The committed pages as they are now."""
        return self.catalog.directory()

    def version(self) -> int:
        """A number that grows with every change of the committed pages."""
        return self.catalog.version()

    def snapshot(self) -> Snapshot:
        """The pages that a search may find now, by row."""
        directory, known = self.catalog.searchable(), self._snapshot
        if known is None or known.directory is not directory:
            known = self._snapshot = Snapshot(self.catalog, self.words, directory)
        return known

    def page_ids(self, where: Filter | None) -> list[str]:
        """Ids of the pages a search may find that an SQL condition leaves, in order of document and page."""
        return self.catalog.page_ids(where)

    def page_count(self) -> int:
        """How many pages a search looks through: the committed ones but those in quarantine."""
        return len(self.catalog.searchable())

    def refs(self, ids: Sequence[str]) -> dict[str, PageRef]:
        """Page refs of ids; an id that is not there any more is left out."""
        directory = self.directory()
        rows = directory.ids.places(ids).tolist()
        return {page: directory.ref(row) for page, row in zip(ids, rows, strict=True) if row >= 0}

    def image_path(self, page_id: str, size: str) -> Path:
        """The stored picture of a page, ``page`` or ``thumb``, on this machine; `NotFoundError` when there is none."""
        if page_id in self.directory().ids:
            with suppress(FileNotFoundError):
                return self.storage.local(image_name(page_id, size))
        raise NotFoundError(f"There is no picture of page {page_id} in collection '{self.name}'.")

    # -- quarantine ---------------------------------------------------------------------------------------------------

    def quarantine(self) -> Quarantine:
        """What is kept out of search as it is now."""
        return self.catalog.quarantine()

    def put_away(self, document: str, page: int, reason: str = "") -> Quarantined:
        """Keep a page, or a whole document (``page`` 0), out of search; nothing of it is deleted.

        It needs no writer. `NotFoundError` when there is no such page or document.
        """
        document = document_name(document)
        entry = Quarantined(document, page, wellformed(reason.strip()), datetime.now(UTC).isoformat(timespec="seconds"))
        self.catalog.change_quarantine(dict.fromkeys(self._content_keys(document, page), entry))
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
        self.catalog.change_quarantine({}, frozenset(named))

    def _content_keys(self, document: str, page: int) -> set[str]:
        """What names a page, or all of a document, in the quarantine."""
        if page:
            return {self.page_id(PageRef(document, page))}
        return {file_part(record.content_hash) for record in self.records.named(document)}

    def close(self) -> None:
        """Let go of mapped files and handles; they come back when needed."""
        with self._lock:
            self._close_spaces()
            self._snapshot = self._counts = None
            self._whole = None, set()
            self.words.close()
            self.catalog.close()

    def _close_spaces(self) -> None:
        for space in self._spaces[1].values():
            space.close()
        self._spaces[1].clear()


def _table(path: str) -> str:
    """The table that a file of a collection is part of; empty for any other file."""
    folder, _, inside = path.partition("/")
    return inside.partition(".lance/")[0] if folder == FOLDER else ""
