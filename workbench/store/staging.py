"""Pages made ready to be committed: their pictures stored, their rows in every table made. It needs no lock, and any
process may do it for the one that commits."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa

from workbench.errors import DiskFullError
from workbench.store.collection import Collection
from workbench.store.encoder_rows import Derive, EncoderRows, Ready, derive
from workbench.store.files import is_disk_full, room
from workbench.store.fragments import Fragments, joined, write_fragments
from workbench.store.images import Pictures, save_images
from workbench.store.schema import PAGES, DocumentRecord, page_id, page_row
from workbench.types import Page, PageEmbedding, PageFailure

log = logging.getLogger(__name__)

NewPage = tuple[Page, PageEmbedding, Callable[[], Pictures]]
"""A page to be stored; the last gives its pictures, as `images.encoded` makes them, or raises why there are none."""


@dataclass(frozen=True, slots=True)
class Staged:
    """Pages ready to be committed: ``tables`` are in the order of the commit, vectors of later encoders, of the first
    one, the pages rows, which are the commit. ``gaps`` are (page id, encoder, why) of what later encoders failed on."""

    tables: Mapping[str, pa.Table | Fragments]
    gaps: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _New:
    """A page that can be stored."""

    id: str
    page: Page
    vectors: Ready
    picture_bytes: int


class Stager:
    """Makes pages of a collection ready. ``derive`` makes a page's rows in an index."""

    def __init__(self, collection: Collection, derive: Derive = derive) -> None:
        self._collection = collection
        self._derive = derive

    def encoder(self, encoder_id: str = "") -> EncoderRows:
        """The rows of one encoder, of the first without a name."""
        return EncoderRows(self._collection.space(encoder_id), self._derive)

    def stage(
        self,
        record: DocumentRecord,
        pages: Sequence[NewPage],
        others: Mapping[str, Sequence[PageEmbedding | PageFailure]] | None = None,
    ) -> tuple[Staged, list[PageFailure]]:
        """Pages of a document ready, and those that cannot be stored; see `Writer.add_pages`."""
        ready: dict[int, _New] = {}
        failures: list[PageFailure] = []
        with room(self._collection.name):
            for i, (page, made) in enumerate(zip(pages, self._prepared(record, pages), strict=True)):
                if isinstance(made, _New):
                    ready[i] = made
                else:
                    failures.append(PageFailure(page[0].ref, made))
            if not ready:
                return Staged({}), failures
            tables: dict[str, pa.Table | Fragments] = {}
            gaps: list[tuple[str, str, str]] = []
            for encoder, outcomes in (others or {}).items():
                later, lacking = self.vectors(encoder, [(new.id, outcomes[i]) for i, new in ready.items()])
                tables |= later
                gaps += [(page, encoder, reason) for page, reason in lacking.items()]
            new = list(ready.values())
            tables |= self.encoder().tables([one.id for one in new], [one.vectors for one in new])
            later_ones = list((others or {}).values())
            rows = [
                page_row(
                    one.page,
                    record,
                    one.picture_bytes,
                    shown([one.vectors.embedding, *(outcomes[i] for outcomes in later_ones)]),
                )
                for i, one in ready.items()
            ]
            return Staged({**tables, "pages": pa.Table.from_pylist(rows, PAGES)}, tuple(gaps)), failures

    def vectors(
        self, encoder_id: str, pages: Sequence[tuple[str, PageEmbedding | PageFailure]]
    ) -> tuple[Mapping[str, pa.Table], dict[str, str]]:
        """The rows of pages by one encoder, by table, and why some have none, by page id."""
        encoder = self.encoder(encoder_id)
        ready: dict[str, Ready] = {}
        lacking: dict[str, str] = {}
        for page, outcome in pages:
            made = outcome.reason if isinstance(outcome, PageFailure) else encoder.prepare(outcome)
            if isinstance(made, Ready):
                ready[page] = made
            else:
                lacking[page] = made
        return encoder.tables(list(ready), list(ready.values())), lacking

    def written(self, staged: Sequence[Staged]) -> Staged:
        """The same pages, their rows written to files of the tables: what is left to commit is their names."""
        tables: dict[str, list[pa.Table]] = {}
        for one in staged:
            for name, rows in one.tables.items():
                tables.setdefault(name, []).append(rows)
        last = tables.pop("pages", [])  # after every table of vectors, whichever batch has which
        tables |= {"pages": last} if last else {}
        storage = self._collection.storage
        with room(self._collection.name):
            files = {name: write_fragments(storage, name, joined(rows)) for name, rows in tables.items()}
        return Staged(files, tuple(gap for one in staged for gap in one.gaps))

    def _prepared(self, record: DocumentRecord, pages: Sequence[NewPage]) -> list[_New | str]:
        """What `_prepare` makes of each page, side by side: pictures may have to be encoded, which takes longest."""
        with ThreadPoolExecutor(min(len(pages), os.cpu_count() or 1) or 1) as pool:
            return list(pool.map(lambda page: self._prepare(record, *page), pages))

    def _prepare(
        self, record: DocumentRecord, page: Page, embedding: PageEmbedding, pictures: Callable[[], Pictures]
    ) -> _New | str:
        """A page ready to be committed, its pictures written; or why it cannot be stored."""
        made = self.encoder().prepare(embedding)
        if isinstance(made, str):
            return made
        key = page_id(record.content_hash, page.ref.page)
        try:
            return _New(key, page, made, save_images(self._collection.storage, key, pictures()))
        except Exception as error:  # one page must not cost the batch, but a full disk is everybody's
            if isinstance(error, DiskFullError) or is_disk_full(error):
                raise
            log.exception("%s could not be stored", page.ref)
            return f"The page could not be stored: {error}"


def shown(outcomes: Iterable[PageEmbedding | PageFailure]) -> tuple[str, ...] | None:
    """The kinds of figure on a page, by the first of its encoders that looks for them; None where none does."""
    found = (one.shows for one in outcomes if isinstance(one, PageEmbedding))
    return next((shows for shows in found if shows is not None), None)
