"""Vectors read out of their table, for an index too large to stand on this disk twice.

A rerank reads some tens of pages, which LanceDB finds by the numbers of their rows: measured, 0.15 ms a page of 300
vectors beside 0.03 from a memory-mapped copy, and the same disk. A scan of all pages reads the table as a stream.

Row numbers are stable, but no more than a way to find pages quickly: whatever comes says which page it is of, and pages
that did not come by their numbers are asked for by their ids.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray

from workbench.store.conditions import within
from workbench.store.tables import ragged_batches, steadily
from workbench.store.vector_cache import Block, FlatVectors

AT_ONCE = 64
"""Pages read at once: some 15 MB, or 1 MB each of a book's."""
_NAMES = ["page_id", "vectors"]


@dataclass(frozen=True)
class TableVectors:
    """The pages of one index in its table: page i has ``lengths[i]`` vectors of ``row_bytes``, in row ``numbers[i]``."""

    page_ids: Sequence[str]
    lengths: NDArray[np.int64]
    row_bytes: int
    numbers: NDArray[np.int64]
    table: Any

    @classmethod
    def of(cls, table: Any, dim: int, dtype: DTypeLike, wanted: Container[str]) -> TableVectors:
        """Those of the wanted pages that a table has, in its order; no vector is read."""
        found = steadily(table.search().select(["page_id", "count"]).with_row_id(True).to_arrow)
        ids, counts, numbers = (found[name].to_pylist() for name in ("page_id", "count", "_rowid"))
        there = [i for i, page in enumerate(ids) if page in wanted]
        return cls(
            tuple(ids[i] for i in there),
            np.asarray([counts[i] for i in there], np.int64),
            dim * np.dtype(dtype).itemsize,
            np.asarray([numbers[i] for i in there], np.int64),
            table,
        )

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Position of each page id."""
        return {page: i for i, page in enumerate(self.page_ids)}

    def only(self, rows: Sequence[int]) -> TableVectors:
        """Some of its pages, by position."""
        at = np.asarray(rows, np.int64)
        ids = [self.page_ids[row] for row in rows]
        return replace(self, page_ids=ids, lengths=self.lengths[at], numbers=self.numbers[at])

    def blocks(self, at: NDArray[np.int64]) -> Iterator[Block]:
        """The vectors of the pages at these positions, some at a time; a page that is gone meanwhile comes in none."""
        if 2 * len(at) > len(self.page_ids) > AT_ONCE:
            place = self._places(at)
            for batch in self.table.search().select(_NAMES).to_batches(batch_size=AT_ONCE):
                yield from _blocks(pa.Table.from_batches([batch]), place)
            return
        for start in range(0, len(at), AT_ONCE):
            some = at[start : start + AT_ONCE]
            place = {page: start + i for page, i in self._places(some).items()}
            numbers = self.numbers[some].tolist()
            yield from _blocks(steadily(self.table.take_row_ids(numbers).select(_NAMES).to_arrow), place)
            if place:
                query = self.table.search().where(within("page_id", list(place)))
                yield from _blocks(steadily(query.select(_NAMES).to_arrow), place)

    def _places(self, at: NDArray[np.int64]) -> dict[str, int]:
        return {self.page_ids[i]: place for place, i in enumerate(at.tolist())}


PageVectors = FlatVectors | TableVectors
"""The vectors of an index, wherever they are read from."""
Held = TypeVar("Held", bound=PageVectors)


def _blocks(rows: pa.Table, place: dict[str, int]) -> Iterator[Block]:
    """Those rows whose pages have a place, which they lose: each comes once."""
    for ids, vectors in ragged_batches(rows):
        there = [i for i, page in enumerate(ids) if page in place]
        if there:
            starts, ends = vectors.offsets[:-1][there], vectors.offsets[1:][there]
            places = np.asarray([place.pop(ids[i]) for i in there], np.int64)
            yield Block(places, vectors.flat, starts, ends - starts)
