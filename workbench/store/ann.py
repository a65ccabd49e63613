"""LanceDB's approximate nearest neighbours over a copy of an index, to measure; searches never use one.

An IVF index of a multivector column searches once per query vector and scores pages by what came back (XTR), so that
neither the pages nor their scores are exact until ``refine`` has the real vectors of the best read and compared. The
index knows cosine only, which is the dot product of our unit vectors. The copy is dropped when the trial ends.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
from lancedb.index import IvfFlat

from workbench.store.files import room
from workbench.store.schema import vectors_table
from workbench.store.vector_cache import FlatVectors
from workbench.types import Float

_BATCH = 1024
PROBES = 20
"""Partitions looked into per query vector: LanceDB's default."""


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
    db = lancedb.connect(str(folder))
    dim, table = held.flat.shape[1], None
    for start in range(0, len(held.page_ids), _BATCH):
        ids: Sequence[str] = held.page_ids[start : start + _BATCH]
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
