"""Pages made ready to be committed: their pictures stored, their rows in every table made. It needs no lock, and any
process may do it for the one that commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa

from workbench.documents.webp import Pictures
from workbench.documents.workers import cores
from workbench.store.collection import Collection
from workbench.store.encoder_rows import Derive, EncoderRows, Ready, attempted, derive
from workbench.store.files import room
from workbench.store.fragments import Fragments, joined, write_fragments
from workbench.store.images import save_images
from workbench.store.schema import PAGES, DocumentRecord, page_id, page_row
from workbench.types import Figure, Page, PageEmbedding, PageFailure

NewPage = tuple[Page, PageEmbedding, Pictures]
"""A page to be stored, with its pictures, as `webp.encoded` makes them."""


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
            rows = self.encoder()
            for i, (page, made) in enumerate(zip(pages, self._prepared(rows, record, pages), strict=True)):
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
            tables |= rows.tables([one.id for one in new], [one.vectors for one in new])
            later_ones = list((others or {}).values())
            described = [
                page_row(
                    one.page,
                    record,
                    one.picture_bytes,
                    seen([one.vectors.embedding, *(outcomes[i] for outcomes in later_ones)]),
                )
                for i, one in ready.items()
            ]
            return Staged({**tables, "pages": pa.Table.from_pylist(described, PAGES)}, tuple(gaps)), failures

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

    def _prepared(self, rows: EncoderRows, record: DocumentRecord, pages: Sequence[NewPage]) -> list[_New | str]:
        """Each page ready to be committed, its pictures written, or why it cannot be stored.

        They are made side by side, since pictures become files meanwhile.
        """

        def prepare(new: NewPage) -> _New | str:
            page, embedding, pictures = new
            vectors = rows.prepare(embedding)
            if isinstance(vectors, str):
                return vectors
            key = page_id(record.content_hash, page.ref.page)
            return attempted(lambda: _New(key, page, vectors, save_images(self._collection.storage, key, pictures)))

        with ThreadPoolExecutor(max(1, min(len(pages), cores()))) as pool:
            return list(pool.map(prepare, pages))


def seen(outcomes: Iterable[PageEmbedding | PageFailure]) -> tuple[Figure, ...] | None:
    """The figures on a page, by the first of its encoders that looks for them; None where none does."""
    found = (one.figures for one in outcomes if isinstance(one, PageEmbedding))
    return next((figures for figures in found if figures is not None), None)
