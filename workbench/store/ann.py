"""LanceDB's approximate nearest neighbours over an index, which searches of many pages ask, and trials of more.

`AnnIndex` is for an index of one vector a page, of any length: an IVF index, of about as many cells as the square root
of the pages, names candidates for a dot product, which the stage that asked then scores by the vectors themselves. What
it approximates is which pages those are. LanceDB finds near vectors, so the vectors are made such that near means a
great dot product: their mean is taken off, which changes no order, they are divided by the greatest length, and get one
number more, which makes all lengths 1 (Bachrach et al. 2014, doi 10.1145/2645710.2645741). The index is made from the
memory-mapped copy for the pages of one moment, never changed, and made anew when too many pages came or went; it can be
thrown away at any time.

`ann_trial` tries an index of pages of many vectors, to be measured and dropped: LanceDB searches that once per query
vector and scores pages by what came back (XTR), so that neither the pages nor their scores are exact until ``refine``
has the real vectors of the best read and compared. Both copies are of float32, which LanceDB is quicker with.
"""

from __future__ import annotations

import logging
import math
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workbench.store.files import UNREADABLE, room, write_arrays
from workbench.store.page_ids import PageIds
from workbench.store.schema import vectors_table
from workbench.store.vector_cache import FlatVectors
from workbench.types import Float, Int64

log = logging.getLogger(__name__)

_BATCH = 1024
PROBES = 20
"""Partitions looked into per query vector in a trial: LanceDB's default."""
CANDIDATES = 2
"""How many times the pages that a stage keeps an index is to name."""
LEAST = 256
"""Pages below which there is nothing to cut into cells."""
FRAGMENT = 1 << 16
"""Pages in a file of an index's table, which several processes can index beside one another."""
STALE = 0.2
"""Share of an index's pages that may have come or gone before it is made anew."""

Indexing = Callable[[Path, str, int], None]
"""Makes an IVF index over a column of the table in a folder, by the Euclidean distance, of so many cells."""


@dataclass(frozen=True)
class AnnIndex:
    """An IVF index of ``cells`` over the pages ``page_ids``, whose vectors had the checksums ``sums``.

    ``mean (d,)`` is what was taken off every vector.
    """

    page_ids: PageIds
    sums: NDArray[np.uint32]
    cells: int
    mean: Float
    table: Any

    def search(self, query: Float, limit: int, probes: int) -> Int64:
        """The numbers of at most ``limit`` pages whose dot product with ``query (d,)`` is greatest, as far as seen."""
        asked = np.append(query, np.float32(0)) / max(float(np.linalg.norm(query)), 1e-12)
        search = self.table.search(np.asarray(asked, np.float32), vector_column_name="vector").distance_type("l2")
        search = search.nprobes(min(probes, self.cells)).limit(limit).select(["number", "_distance"])
        return np.asarray(search.to_arrow()["number"].to_numpy(), np.int64)

    def probes(self, wanted: int = 0) -> int:
        """How many cells to look in: those wanted, or, of 0, a quarter of all, and at least `PROBES`."""
        return min(self.cells, wanted or max(PROBES, self.cells // 4))

    def prewarm(self) -> None:
        """Have all its cells in memory, so that no search waits for the disk."""
        for made in self.table.list_indices():
            self.table.prewarm_index(made.name)

    def places(self, held: FlatVectors) -> tuple[Int64, Int64]:
        """Where its pages lie now, -1 for one that is gone or has changed, and the positions of those it lacks."""
        known = self._places.get(id(held))
        if known is None or known[0] is not held:
            at = held.page_ids.places(self.page_ids)
            if len(held.sums):
                at[(at >= 0) & (held.sums[at] != self.sums)] = -1
            there = np.zeros(len(held.page_ids), np.bool_)
            there[at[at >= 0]] = True
            lacking = np.flatnonzero(~there)
            self._places.clear()
            known = self._places[id(held)] = held, at, lacking
        return known[1], known[2]

    @cached_property
    def _places(self) -> dict[int, tuple[FlatVectors, Int64, Int64]]:
        return {}

    def stale(self, held: FlatVectors) -> bool:
        """Whether so many pages came or went that it had better be made anew."""
        at, lacking = self.places(held)
        return int((at < 0).sum()) + len(lacking) > STALE * len(self.page_ids)


def read_ann(path: Path, name: str) -> AnnIndex | None:
    """The index that a file says is there, for the table of that name; None where it is not, or is damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            head = {key: file[key] for key in file.files}
        if str(head["name"]) != name:
            raise ValueError("it is that of another index")
        import lancedb

        table = lancedb.connect(str(path.parent / str(head["folder"]))).open_table("pages")
        if table.count_rows() != len(head["page_ids"]) or not table.list_indices():
            raise ValueError("its table lacks pages, or its index")
        return AnnIndex(PageIds(head["page_ids"]), head["sums"], int(head["cells"]), head["mean"], table)
    except FileNotFoundError:
        return None
    except (*UNREADABLE, KeyError) as error:
        log.warning("the approximate index %s cannot be read (%s) and will be made again", path, error)
        return None


def indexed_here(place: Path, column: str, cells: int) -> None:
    """See `Indexing`; by this process."""
    import lancedb
    from lancedb.index import IvfFlat

    table = lancedb.connect(str(place.parent)).open_table(place.stem)
    table.create_index(column, config=IvfFlat(distance_type="l2", num_partitions=cells))


def make_ann(path: Path, name: str, held: FlatVectors, indexing: Indexing = indexed_here) -> AnnIndex:
    """Make the index of an index of one vector a page, in a folder of its own, and only then name it in its file."""
    folder = path.with_name(f"{path.stem}.{uuid.uuid4().hex[:8]}.ann")
    pages = len(held.page_ids)
    mean, greatest = _spread(held)
    dim = held.flat.shape[1]
    schema = pa.schema([pa.field("number", pa.int64()), pa.field("vector", pa.list_(pa.float32(), dim + 1))])

    def batches(first: int) -> Iterator[pa.RecordBatch]:
        end = min(first + FRAGMENT, pages)
        for start in range(first, end, _BATCH):
            rows = _vectors(held, start, min(start + _BATCH, end)) - mean
            rows /= greatest
            last = np.sqrt(np.maximum(0, 1 - np.einsum("ij,ij->i", rows, rows)))[:, None]
            flat = np.ascontiguousarray(np.concatenate([rows, last], axis=1), np.float32).reshape(-1)
            numbers = pa.array(np.arange(start, start + len(rows)), pa.int64())
            yield pa.record_batch([numbers, pa.FixedSizeListArray.from_arrays(pa.array(flat), dim + 1)], schema=schema)

    import lancedb

    cells = max(1, math.isqrt(pages))
    try:
        table = lancedb.connect(str(folder)).create_table("pages", schema=schema)
        for first in range(0, pages, FRAGMENT):
            table.add(pa.RecordBatchReader.from_batches(schema, batches(first)))
        indexing(folder / "pages.lance", "vector", cells)
        table.checkout_latest()
        write_arrays(
            path, name=name, folder=folder.name, cells=cells, mean=mean, sums=held.sums, page_ids=held.page_ids.raw
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    path.with_suffix(".json").unlink(missing_ok=True)  # of an earlier Pagelens
    for other in path.parent.glob(f"{path.stem}.*.ann"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return AnnIndex(held.page_ids, held.sums, cells, mean, table)


def drop_ann(path: Path) -> None:
    """Delete an index; it is made anew when it is next wanted."""
    path.unlink(missing_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)  # of an earlier Pagelens
    for folder in path.parent.glob(f"{path.stem}.*.ann"):
        with suppress(OSError):
            shutil.rmtree(folder)


def _spread(held: FlatVectors) -> tuple[Float, float]:
    """The mean of all vectors ``(d,)``, and the greatest length of what is left without it."""
    pages = len(held.page_ids)
    parts = [slice(start, min(start + _BATCH, pages)) for start in range(0, pages, _BATCH)]
    total = sum(_vectors(held, part.start, part.stop).sum(axis=0, dtype=np.float64) for part in parts)
    mean = np.asarray(total / max(pages, 1), np.float32)
    lengths = [np.linalg.norm(_vectors(held, part.start, part.stop) - mean, axis=1).max() for part in parts]
    return mean, max(float(max(lengths, default=0)), 1e-12)


def _vectors(held: FlatVectors, start: int, stop: int) -> Float:
    return np.asarray(held.flat[held.starts[start:stop]], np.float32)


class AnnTrial:
    """An IVF index (unquantised, ``partitions`` cells) over the vectors of one index."""

    def __init__(self, table: Any, partitions: int) -> None:
        self._table = table
        self.partitions = partitions

    def search(self, query: Float, limit: int, refine: int = 0) -> list[str]:
        """Page ids for ``query (m, dim)``, best first; with ``refine`` the best limit x refine are compared exactly."""
        search = self._table.search(query, vector_column_name="vectors").distance_type("cosine").nprobes(PROBES)
        search = search.refine_factor(refine) if refine else search
        found: list[str] = search.select(["page_id", "_distance"]).limit(limit).to_arrow()["page_id"].to_pylist()
        return found


@contextmanager
def ann_trial(held: FlatVectors, folder: Path) -> Iterator[AnnTrial]:
    """Copy an index's vectors into a table of their own below ``folder``, index it, and drop it all at the end."""
    with room(folder.name):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield _built(held, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _built(held: FlatVectors, folder: Path) -> AnnTrial:
    import lancedb
    from lancedb.index import IvfFlat

    db = lancedb.connect(str(folder))
    dim, table = held.flat.shape[1], None
    for start in range(0, len(held.page_ids), _BATCH):
        ids = [*held.page_ids[start : start + _BATCH]]
        rows = [_rows(held, start + i) for i in range(len(ids))]
        part = vectors_table(dim, "float32", ids, rows)
        if table is None:
            table = db.create_table("trial", data=part)
        else:
            table.add(part)
    partitions = max(1, math.isqrt(int(held.lengths.sum())))
    assert table is not None, "an index without pages is not tried"
    table.create_index("vectors", config=IvfFlat(distance_type="cosine", num_partitions=partitions))
    return AnnTrial(table, partitions)


def _rows(held: FlatVectors, page: int) -> Float:
    start = int(held.starts[page])
    return np.asarray(held.flat[start : start + int(held.lengths[page])], np.float32)
