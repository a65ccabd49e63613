"""The rows of one vectors table: where each page's is, and its vectors read from there.

A rerank, or whoever explains a page, reads some tens of pages, which LanceDB finds by the numbers of their rows:
measured, 0.15 ms a page of 300 vectors beside 0.03 from a memory-mapped copy, and the same disk. By their ids it looks
through those of all pages each time. A scan of all pages reads the table as a stream.

Row numbers are stable, but no more than a way to find pages quickly: whatever comes says which page it is of, and pages
that did not come by their numbers are asked for by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike

from workbench.store.conditions import within
from workbench.store.page_ids import PageIds
from workbench.store.tables import is_replaced, ragged_batches, steadily
from workbench.store.vector_cache import Block, FlatVectors
from workbench.types import Int64

AT_ONCE = 32 << 20
"""Bytes of vectors taken at once: 190 pages of 155 vectors cost a processor 18 ms in one piece, 26 in three."""
SCANNED = 64
"""Pages of a batch of a scan: some 15 MB, or 1 MB each of a book's."""


@dataclass(frozen=True)
class TableVectors:
    """One index in its table: page i has ``lengths[i]`` vectors of ``row_bytes`` bytes, in row ``numbers[i]``."""

    page_ids: PageIds
    lengths: Int64
    row_bytes: int
    numbers: Int64
    table: Any

    @classmethod
    def of(cls, table: Any, dim: int, dtype: DTypeLike) -> TableVectors:
        """All that a table has, in its order; no vector is read."""
        found = steadily(table.search().select(["page_id", "count"]).with_row_id(True).to_arrow)
        ids, counts, numbers = (found[name] for name in ("page_id", "count", "_rowid"))
        return cls(
            PageIds.of_bytes(ids.cast(pa.binary()).to_pylist()),
            np.asarray(counts.to_numpy(), np.int64),
            dim * np.dtype(dtype).itemsize,
            np.asarray(numbers.to_numpy(), np.int64),
            table,
        )

    def places(self, page_ids: Sequence[str]) -> Int64:
        """The positions of those of the pages that it has, in their order."""
        found = self.page_ids.places(page_ids)
        return found[found >= 0]

    def only(self, at: Int64) -> TableVectors:
        """Some of its pages, by position."""
        return replace(self, page_ids=self.page_ids.take(at), lengths=self.lengths[at], numbers=self.numbers[at])

    def rows(self, at: Int64, names: Sequence[str]) -> Iterator[pa.Table]:
        """Columns of the rows of the pages at these positions, some at a time and in any order, ``page_id`` among them.

        A page that is gone meanwhile comes in none.
        """
        if 2 * len(at) > len(self.page_ids) > SCANNED:
            wanted = set(self.page_ids.take(at))
            try:
                for batch in self.table.search().select(list(names)).to_batches(batch_size=SCANNED):
                    yield _of(pa.Table.from_batches([batch]), wanted)
                return
            except Exception as error:
                if not is_replaced(error):
                    raise
            at = at[self.page_ids.take(at).places(wanted)]  # those that did not come
        passed = np.cumsum(self.lengths[at]) * self.row_bytes // AT_ONCE
        for some in np.split(at, np.flatnonzero(np.diff(passed)) + 1):
            wanted = set(self.page_ids.take(some))
            taken = self.table.take_row_ids(self.numbers[some].tolist()).select(list(names))
            yield _of(steadily(taken.to_arrow), wanted)
            if wanted:
                query = self.table.search().where(within("page_id", sorted(wanted)))
                yield _of(steadily(query.select(list(names)).to_arrow), wanted)

    def blocks(self, at: Int64) -> Iterator[Block]:
        """The vectors of the pages at these positions, some at a time; a page that is gone meanwhile comes in none."""
        place = {page: place for place, page in enumerate(self.page_ids.take(at))}
        for rows in self.rows(at, ["page_id", "vectors"]):
            for ids, vectors in ragged_batches(rows):
                places = np.asarray([place[page] for page in ids], np.int64)
                yield Block(places, vectors.flat, vectors.offsets[:-1], np.diff(vectors.offsets))


PageVectors = FlatVectors | TableVectors
"""The vectors of an index, wherever they are read from."""
Held = TypeVar("Held", bound=PageVectors)


def _of(rows: pa.Table, wanted: set[str]) -> pa.Table:
    """Those rows that are of wanted pages, which are wanted no more: each comes once."""
    ids = rows["page_id"].to_pylist()
    at = [i for i, page in enumerate(ids) if page in wanted]
    wanted.difference_update(ids)
    return rows if len(at) == len(ids) else rows.take(pa.array(at, pa.int64()))
