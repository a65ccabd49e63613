"""The vectors that one encoder made of a collection's pages, as a reader sees them. Writing is `EncoderWriter`'s.

A space is a view at one moment: an encoder or index that comes later is in the next `Collection.space`, one that was
taken out meanwhile is a `NotFoundError`. Pages may lack: those that are still to be embedded, and those on which the
encoder failed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
from filelock import FileLock

from workbench.accelerator import accelerator
from workbench.encoders import EncoderInfo
from workbench.errors import InputError, NotFoundError
from workbench.representations import FittedIndex, Representation
from workbench.settings import Settings
from workbench.store import inverted_lists as inverted_lists
from workbench.store.ann import LEAST, AnnIndex, Indexing, drop_ann, indexed_here, make_ann, read_ann
from workbench.store.cache import VECTORS
from workbench.store.catalog import Catalog
from workbench.store.conditions import within
from workbench.store.directory import PageDirectory
from workbench.store.files import intact, room
from workbench.store.fitted import read_fitted
from workbench.store.inverted_lists import InvertedLists
from workbench.store.manifest import FULL, IndexRecord, SpaceRecord
from workbench.store.quarantine import Quarantine
from workbench.store.schema import ID_DIGITS, embedding_of
from workbench.store.table_vectors import Held, PageVectors, TableVectors
from workbench.store.tables import columns, ragged_batches, steadily
from workbench.store.vector_cache import FlatVectors, VectorCache
from workbench.types import Float, IndexInfo, PageEmbedding, Ragged, SpaceInfo
from workbench.types.filters import Filter

log = logging.getLogger(__name__)

PLACES = ("boxes", "cell", "grid", "labels")
BETWEEN = 0.1
"""Seconds between two steps of rounding."""
STREAMED = 256
"""Pages in a batch of a stream from an object store: at most some 60 MB."""
FITTED_ON = 400
"""Pages that an index which learns is fitted on."""


class EncoderVectors:
    """One encoder's vectors of a collection. Safe to read from several threads, while somebody writes.

    ``rounds`` counts how often vectors were rounded behind searches, which then find others in place of those they had.
    """

    def __init__(self, catalog: Catalog, record: SpaceRecord, primary: bool) -> None:
        self.record = record
        self.primary = primary
        self._catalog = catalog
        self._indexes = {index.name: index for index in record.indexes}
        self._flats = {
            name: VectorCache(catalog.path / VECTORS, index.table, index.dim, index.dtype, _is_screened(name))
            for name, index in self._indexes.items()
        }
        self._located: dict[str, tuple[int, TableVectors]] = {}
        self._fitted: dict[str, FittedIndex] = {}
        self._inverted_lists: dict[str, tuple[FlatVectors, InvertedLists]] = {}
        self._anns: dict[str, AnnIndex] = {}
        self._makers: dict[str, threading.Thread] = {}
        self._making = threading.Lock()
        self.rounds = 0
        self._searched: dict[str, tuple[PageVectors, Quarantine, PageVectors]] = {}
        self._tables: dict[str, tuple[TableVectors, PageDirectory, TableVectors]] = {}

    # -- what it is ---------------------------------------------------------------------------------------------------

    @property
    def collection(self) -> str:
        """Name of the collection it is part of."""
        return self._catalog.name

    @property
    def encoder(self) -> str:
        """Id of the encoder."""
        return self.record.encoder.id

    @property
    def info(self) -> EncoderInfo:
        """The encoder as it was when it came to the collection."""
        return self.record.encoder

    @property
    def dim(self) -> int:
        """Numbers in a full vector."""
        return self.record.encoder.dim

    @property
    def indexes(self) -> tuple[str, ...]:
        """Names of its indexes, full last."""
        return tuple(self._indexes)

    def index(self, name: str) -> IndexRecord:
        """What is known of one index; `NotFoundError` names those there are."""
        if name not in self._indexes:
            raise NotFoundError(
                f"'{self.encoder}' has no '{name}' index in collection '{self._catalog.name}'; it has "
                f"{', '.join(self.indexes)}."
            )
        return self._indexes[name]

    def new_index(self, name: str) -> IndexRecord:
        """An index that it does not have yet; `InputError` for one that it has, or cannot have."""
        index = IndexRecord.of(name, self.info)
        if index.name in self.indexes:
            raise InputError(f"'{self.encoder}' has the index '{index.name}' in '{self._catalog.name}' already.")
        return index

    def fit(self, name: str, ids: Sequence[str]) -> FittedIndex:
        """How pages will be stored in a new index over the pages ``ids``; what it learns is of `FITTED_ON` of them.

        `InputError` for one that learns from pages where there are none.
        """
        representation = Representation.parse(name)
        if not representation.needs_fit:
            return FittedIndex(representation, representation.blank(self.dim))
        if not ids:
            raise InputError(f"'{name}' learns from pages, and '{self.collection}' has none yet; ingest some.")
        sample = [ids[i * len(ids) // FITTED_ON] for i in range(FITTED_ON)] if len(ids) > FITTED_ON else list(ids)
        found = dict(self.embeddings(sample))
        return FittedIndex(representation, representation.fit([found[page] for page in sample]))

    def fitted(self, name: str) -> FittedIndex:
        """How pages are stored in an index and scored; `NotFoundError` without such an index."""
        index = self.index(name)
        if name not in self._fitted:
            self._fitted[name] = read_fitted(self._catalog.storage, index.table, name, self.dim)
        return self._fitted[name]

    def check(self, info: EncoderInfo) -> None:
        """`MismatchError` unless this encoder made the vectors."""
        self.record.check(info)

    def counted(self, gaps: Mapping[str, str]) -> SpaceInfo:
        """What it holds, without bytes; no vector is read. ``gaps`` are the pages its encoder failed on."""
        directory = self._catalog.directory()
        there, indexes = np.ones(len(directory), np.bool_), []
        for name, index in self._indexes.items():
            table = self._in_table(name)
            at = table.page_ids.places(directory.ids)
            there &= at >= 0
            lengths = table.lengths[at[at >= 0]]
            indexes.append(IndexInfo(name, len(lengths), int(lengths.sum()), index.dim, index.dtype, 0))
        lacking = directory.ids.places(gaps)
        held, failed = int(there.sum()), int((~there[lacking[lacking >= 0]]).sum())
        missing = len(directory) - held - failed
        return SpaceInfo(self.encoder, self.info.kind, self.dim, self.primary, held, failed, missing, 0, tuple(indexes))

    def weighed(self, info: SpaceInfo, tables: Mapping[str, int]) -> SpaceInfo:
        """What was `counted`, with the bytes of its ``tables`` as they are now."""
        sizes = [tables[self.index(index.name).table] for index in info.indexes]
        indexes = tuple(replace(index, bytes=size) for index, size in zip(info.indexes, sizes, strict=True))
        return replace(info, bytes=sum(sizes), indexes=indexes)

    # -- pages --------------------------------------------------------------------------------------------------------

    def held(self) -> set[str]:
        """Pages that have their vectors in every index, committed or not."""
        first, *others = (self._in_table(name).page_ids for name in self.indexes)
        there = np.ones(len(first), np.bool_)
        for ids in others:
            there &= ids.places(first) >= 0
        return set(first.take(there))

    def counts(self, index: str) -> Mapping[str, int]:
        """How many vectors each page has in an index, read again when its table has changed."""
        there = self._in_table(index)
        return dict(zip(there.page_ids, there.lengths.tolist(), strict=True))

    def bytes_by_file(self) -> Counter[str]:
        """Bytes of the vectors of each file, by the part of its hash that page ids carry."""
        total: Counter[str] = Counter()
        for name, index in self._indexes.items():
            there = self._in_table(name)
            files, of = np.unique(there.page_ids.raw.astype(f"S{ID_DIGITS}"), return_inverse=True)
            counts = np.bincount(of, there.lengths, len(files)) if len(files) else np.zeros(0)
            sizes = (counts * index.itemsize).astype(int).tolist()
            total.update(dict(zip(map(bytes.decode, files.tolist()), sizes, strict=True)))
        return total

    def stored_ids(self, index: str) -> list[str]:
        """Page ids in a vectors table, committed or not."""
        with intact(self.collection):
            return columns(self.vector_table(index), None, ["page_id"])["page_id"]

    # -- vectors ------------------------------------------------------------------------------------------------------

    def page_embedding(self, page_id: str) -> PageEmbedding:
        """Full vectors of a page (float16 as stored, returned as float32) with their places and labels."""
        for _, embedding in self.embeddings([page_id]):
            return embedding
        name = self._catalog.name
        why = self._catalog.gaps().get(self.encoder, {}).get(page_id)
        cure = f"run: pagelens collections embed {name} --encoder {self.encoder}"
        reason = f"the encoder failed on it: {why}" if why else f"it is still to be embedded; {cure}"
        raise NotFoundError(f"Collection '{name}' has no vectors of page {page_id} by '{self.encoder}': {reason}")

    def embeddings(self, page_ids: Sequence[str]) -> Iterator[tuple[str, PageEmbedding]]:
        """The embeddings of those of the pages that have one, in any order; see `page_embedding`."""
        there = self._in_table(FULL)
        at = there.places(page_ids)
        with intact(self.collection):
            tables = list(there.rows(at, ["page_id", "vectors", *PLACES]))
        for table in tables:
            vectors = [pages[i] for _, pages in ragged_batches(table) for i in range(len(pages))]
            places = {name: table[name] for name in PLACES}
            for i, page in enumerate(table["page_id"].to_pylist()):
                row = {name: column[i].as_py() for name, column in places.items()}
                yield page, embedding_of({**row, "vectors": vectors[i]}, self.dim)

    def copied(self, index: str) -> bool:
        """Whether an index is to have a copy for searches to read: full vectors as far as `Settings.copy_mb` goes.

        What lies in an object store always has one, and so has what a graphics card is filled from.
        """
        if index != FULL or self._catalog.storage.remote or accelerator() is not None:
            return True
        there = self._in_table(index)
        return int(there.lengths.sum()) * there.row_bytes <= Settings().copy_mb << 20

    def searched(self, index: str) -> bool:
        """Whether searches are to find an index's copy ready: that of what presets find candidates among, and any that
        was made before; others are made by the first search that wants them."""
        return _is_screened(index) or index == FULL or self._flats[index].directory.exists()

    def vectors(self, index: str) -> PageVectors:
        """An index as searches read it, in step with the committed pages, without those in quarantine.

        As one array where it is `copied`, or a copy is there, else out of its table. `DiskFullError` when there is no
        room for the copy.
        """
        if self._flats[self.index(index).name].directory.exists() or self.copied(index):
            return self.mapped(index)
        return self._searchable(index, self._committed(index))

    def mapped(self, index: str) -> FlatVectors:
        """An index as one memory-mapped array, as `vectors`; its copy is made where there is none.

        Only pages the copy lacks are read from the table.
        """
        stamp, catalog = self._stamp(index), self._catalog

        def pages() -> Sequence[str]:
            ids = catalog.directory().ids
            return ids.take(self._in_table(index).page_ids.places(ids) >= 0)

        def fetch(ids: Sequence[str]) -> Iterator[tuple[list[str], Ragged]]:
            return self._stored(index, ids)

        with room(catalog.name):
            flat = self._flats[self.index(index).name]
            found = self._searchable(index, flat.current(stamp, pages, fetch))
            catalog.storage.used(flat.directory)
        if flat.lags:
            self._behind(f"rounding {index}", self._round, index)
        return found

    def settle(self, index: str, indexing: Indexing = indexed_here) -> None:
        """Bring an index's copy, its rounded vectors and its approximate index up to date, as far as it has them.

        A new approximate index is made by ``indexing``, which sees this machine's folders.
        """
        self.vectors(index)
        if self._flats[index].lags:
            self._behind(f"rounding {index}", self._round, index).join()
        if self.approximated(index):
            if indexing is not indexed_here:
                self._make_ann(index, indexing)
            self.ann(index, wait=True)

    def _behind(self, name: str, work: Callable[[str], None], index: str) -> threading.Thread:
        """The thread that is at some work on an index, begun where none is."""
        with self._making:
            maker = self._makers.get(name)
            if maker is None or not maker.is_alive():
                # No daemon: LanceDB's work does not bear being broken off by the end of the process.
                maker = self._makers[name] = threading.Thread(target=work, args=(index,), name=name)
                maker.start()
        return maker

    def _round(self, index: str) -> None:
        """Round what is not yet, until the process ends; others get a turn at the copy after each step."""
        while self._flats[index].round_on() and threading.main_thread().is_alive():
            time.sleep(BETWEEN)
        self.rounds += 1

    def _in_table(self, index: str) -> TableVectors:
        """All rows of an index's table, committed or not, looked for again when it has changed."""
        table, record = self.vector_table(index), self.index(index)
        with intact(self.collection):
            version, known = self._version(index), self._located.get(index)
            if known is None or known[0] != version:
                known = self._located[index] = version, TableVectors.of(table, record.dim, record.dtype)
        return known[1]

    def _committed(self, index: str) -> TableVectors:
        """Those of the committed pages."""
        there, directory = self._in_table(index), self._catalog.directory()
        known = self._tables.get(index)
        if known is None or known[0] is not there or known[1] is not directory:
            committed = there.only(np.flatnonzero(directory.ids.places(there.page_ids) >= 0))
            known = self._tables[index] = there, directory, committed
        return known[2]

    def _stamp(self, index: str) -> str:
        """What names the state of the collection that an index's pages are of."""
        # A page of the first encoder goes in before it is committed; only a later encoder's may come afterwards.
        stamp = f"{self._catalog.manifest.id}:{self._catalog.version()}"
        return stamp if self.primary else f"{stamp}:{self._version(index)}"

    def _stored(self, index: str, ids: Sequence[str]) -> Iterator[tuple[list[str], Ragged]]:
        """The vectors of pages in a table, a batch at a time and in any order.

        From an object store as one stream: it is read fragment by fragment, two requests each, where a condition on
        every few pages would read the ids of all fragments again.
        """
        table, names = self.vector_table(index), ["page_id", "vectors"]
        if not self._catalog.storage.remote:
            there = self._in_table(index)
            for rows in there.rows(there.places(ids), names):
                yield from ragged_batches(rows)
            return
        query, wanted = table.search(), set(ids)
        if 2 * len(ids) < len(self._in_table(index).page_ids):
            query = query.where(within("page_id", ids))
        for batch in query.select(names).to_batches(batch_size=STREAMED):
            rows = pa.Table.from_batches([batch])
            at = [i for i, page in enumerate(rows["page_id"].to_pylist()) if page in wanted]
            yield from ragged_batches(rows if len(at) == len(rows) else rows.take(pa.array(at, pa.int64())))

    def _searchable(self, index: str, held: Held) -> Held:
        kept_out = self._catalog.quarantine()
        if not kept_out:
            return held
        known = self._searched.get(index)
        if known is None or known[0] is not held or known[1] is not kept_out:
            left = held.only(np.flatnonzero(self._catalog.searchable().ids.places(held.page_ids) >= 0))
            known = self._searched[index] = held, kept_out, left
        return cast(Held, known[2])

    def inverted_lists(self, index: str) -> tuple[InvertedLists, bool]:
        """The cells of an index as `vectors` has it, and whether they had to be worked out, which takes seconds."""
        held, known = self.mapped(index), self._inverted_lists.get(index)
        if known is not None and known[0] is held:
            return known[1], False
        found, fresh = inverted_lists.load_or_build(self._inverted_lists_file(index), held)
        self._inverted_lists[index] = held, found
        return found, fresh

    def _inverted_lists_file(self, index: str) -> Path:
        return self._catalog.path / VECTORS / f"{self.index(index).table}.cells.npz"

    def approximated(self, index: str) -> bool:
        """Whether a first stage over an index, without more said, asks an approximate one for its candidates."""
        stored, least = Representation.parse(index), Settings().ann_pages
        return stored.single and stored.encoding.lossless and 0 < least <= len(self.vectors(index).page_ids)

    def ann(self, index: str, wait: bool = False) -> AnnIndex | None:
        """The approximate index over an index of one vector a page, as it is on disk or from a search before.

        None while there is none: it is made by a thread of its own, or, with ``wait``, before this returns. One that
        too many pages came to or went from is made anew so too, and serves meanwhile.
        """
        held, path = self.mapped(index), self._ann_file(index)
        found = self._anns.get(index) or read_ann(path, self.index(index).table)
        if found is not None:
            self._anns[index] = found
        if (found is None or found.stale(held)) and len(held.page_ids) >= LEAST:
            maker = self._behind(f"approximate {index}", self._make_ann, index)
            if wait:
                maker.join()
                found = self._anns.get(index)
        return found

    def _make_ann(self, index: str, indexing: Indexing = indexed_here) -> None:
        path = self._ann_file(index)
        try:
            held = self.mapped(index)
            with FileLock(path.with_suffix(".lock")):
                there = read_ann(path, self.index(index).table)
                fit = there is not None and not there.stale(held)  # another process was quicker
                self._anns[index] = there if fit and there else make_ann(path, self.index(index).table, held, indexing)
        except Exception as error:  # a full disk, a folder that is read only: searches compare every page
            log.warning("the approximate index %s cannot be made (%s); every page is compared", path, error)

    def _ann_file(self, index: str) -> Path:
        return self._catalog.path / VECTORS / f"{self.index(index).table}.ann.npz"

    def lance_maxsim(self, index: str, query: Float, limit: int, where: Filter | None) -> list[tuple[str, float]]:
        """Pages by MaxSim as LanceDB's own flat multivector search finds it: query rows minus its dot distance."""
        table, directory = self.vector_table(index), self._catalog.searchable()
        allowed: Sequence[str] | None = None if where is None else self._catalog.page_ids(where)
        if allowed is None and (directory.ids.places(self._in_table(index).page_ids) < 0).any():
            allowed = directory.ids  # vectors go in before their page is committed, and stay in quarantine
        if limit < 1 or (allowed is not None and not allowed):
            return []
        with intact(self.collection):
            search = table.search(query, vector_column_name="vectors").distance_type("dot").limit(limit)
            search = search.where(within("page_id", allowed), prefilter=True) if allowed is not None else search
            found = steadily(search.select(["page_id", "_distance"]).to_arrow)
        return [
            (page, len(query) - distance)
            for page, distance in zip(found["page_id"].to_pylist(), found["_distance"].to_pylist(), strict=True)
        ]

    # -- tables and copies --------------------------------------------------------------------------------------------

    def _version(self, index: str) -> int:
        """A number that grows with every change of an index's vectors."""
        self.vector_table(index)  # it may be taken out
        return self._catalog.version(self.index(index).table)

    def vector_table(self, index: str) -> Any:
        """The vectors table of an index; `NotFoundError` when it was taken out of the collection."""
        name = self.index(index).table
        if name not in self._catalog.manifest.tables:
            raise NotFoundError(
                f"Collection '{self._catalog.name}' has no '{index}' vectors of '{self.encoder}' any more."
            )
        return self._catalog.table(name)

    def in_memory(self) -> list[str]:
        """The indexes whose vectors are held in memory, because their copies could not be written."""
        return [name for name, flat in self._flats.items() if flat.in_memory]

    def damage(self, index: str) -> str:
        """What is wrong with the memory-mapped copy of an index, which is read whole; empty when nothing is."""
        return self._flats[self.index(index).name].damage()

    def drop_copies(self, but: Container[str] = ()) -> None:
        """Delete the memory-mapped copies, but of the tables named; each is made anew when it is next asked for."""
        for name in self._flats:
            if self.index(name).table in but:
                continue
            self._drop_copy(name)
        self._anns.clear()
        self._searched.clear()
        self._inverted_lists.clear()

    def drop_needless(self) -> None:
        """Delete copies that searches would no longer read, since the index has become too large for two."""
        for name, flat in self._flats.items():
            if not self.copied(name) and flat.takes_room:
                self._drop_copy(name)

    def _drop_copy(self, name: str) -> None:
        self._flats[name].drop()
        self._inverted_lists_file(name).unlink(missing_ok=True)
        drop_ann(self._ann_file(name))

    def forget(self, page_ids: Sequence[str]) -> None:
        """Have the vectors of these pages read from the tables again, into the copies and what is made of them."""
        for flat in self._flats.values():
            flat.forget(page_ids)
        self._searched.clear()

    def close(self) -> None:
        """Let go of mapped files; they come back when needed."""
        for flat in self._flats.values():
            flat.close()
        self._located.clear()
        self._tables.clear()
        self._inverted_lists.clear()
        self._anns.clear()
        self._searched.clear()


def _is_screened(index: str) -> bool:
    """Whether the vectors of an index are kept rounded as well: of those that presets find candidates among alone."""
    stored = Representation.parse(index)
    return stored.encoding.lossless and (stored.single or index == "rows")
