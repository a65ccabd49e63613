"""What was seen of the figures on pages, as arrays: by which a picture finds those that look like it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workbench.store.conditions import both
from workbench.store.directory import COMMITTED
from workbench.store.page_ids import PageIds
from workbench.types import SIGHT, Box, Float

_AT_ONCE = 1 << 16
"""Figures compared at a time, which bounds memory: 50 MB."""


@dataclass(frozen=True)
class Sights:
    """Figures of pages: ``page_ids`` and ``boxes (n, 4) float32`` of the pages, and ``sights (n, SIGHT) int8``."""

    page_ids: PageIds
    boxes: Float
    sights: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.page_ids)

    def box(self, number: int) -> Box:
        """Where a figure stands on its page."""
        x0, y0, x1, y1 = self.boxes[number].tolist()
        return x0, y0, x1, y1

    def of(self, page_id: str) -> list[int]:
        """The numbers of a page's figures."""
        return np.flatnonzero(self.page_ids.raw == page_id.encode()).tolist()

    def alike(self, asked: NDArray[np.int8]) -> Float:
        """How much each figure looks like the most alike of pictures ``(m, SIGHT)``: cosines ``(n,) float32``."""
        wanted = asked.astype(np.float32)
        wanted /= np.maximum(np.linalg.norm(wanted, axis=1, keepdims=True), 1e-6)
        found = np.full(len(self), -1, np.float32)
        for start in range(0, len(self), _AT_ONCE):
            held = self.sights[start : start + _AT_ONCE].astype(np.float32)
            likeness = held @ wanted.T / np.maximum(np.linalg.norm(held, axis=1, keepdims=True), 1e-6)
            found[start : start + _AT_ONCE] = likeness.max(axis=1, initial=-1)
        return found


def read_sights(table: Any) -> Sights:
    """Read them from the pages table; none of a collection that nothing has looked at."""
    if "sights" not in table.schema.names:
        return Sights(PageIds.of(()), np.zeros((0, 4), np.float32), np.zeros((0, SIGHT), np.int8))
    where = both(COMMITTED, "sights IS NOT NULL")
    rows = table.search().where(where).select(["page_id", "figures", "sights"]).to_arrow().combine_chunks()
    boxes, sights = (rows[name].combine_chunks() for name in ("figures", "sights"))
    pages = PageIds.of_bytes(rows["page_id"].cast(pa.binary()).to_pylist())
    return Sights(
        pages.take(np.repeat(np.arange(len(pages)), sights.value_lengths().to_numpy())),
        boxes.flatten().flatten().to_numpy(zero_copy_only=False).reshape(-1, 4),
        sights.flatten().flatten().to_numpy(zero_copy_only=False).reshape(-1, SIGHT),
    )
