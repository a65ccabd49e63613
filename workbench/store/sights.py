"""What was seen of the figures on pages, as arrays: by which a picture finds those that look like it, and itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from workbench.sight.matching import KEPT, SIDE, Points, Print
from workbench.store.conditions import both, within
from workbench.store.directory import COMMITTED
from workbench.store.page_ids import PageIds
from workbench.store.tables import steadily
from workbench.types import POINT, SIGHT, Box, Float

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

    def of(self, page_id: str) -> range:
        """The numbers of a page's figures."""
        return self._pages.get(page_id, range(0))

    @cached_property
    def _pages(self) -> dict[str, range]:
        """Each page's figures, which stand together."""
        found, start = {}, 0
        for page, figures in itertools.groupby(self.page_ids):
            found[page] = range(start, start := start + sum(1 for _ in figures))
        return found

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
    told = pc.equal(*(pc.list_value_length(rows[name]) for name in ("figures", "sights")))
    rows = rows.filter(told)  # an import may say anything
    boxes, sights = (rows[name].combine_chunks() for name in ("figures", "sights"))
    pages = PageIds.of_bytes(rows["page_id"].cast(pa.binary()).to_pylist())
    return Sights(
        pages.take(np.repeat(np.arange(len(pages)), sights.value_lengths().to_numpy())),
        _on_page(boxes.flatten().flatten().to_numpy(zero_copy_only=False)),
        sights.flatten().flatten().to_numpy(zero_copy_only=False).reshape(-1, SIGHT),
    )


def read_prints(table: Any, page_ids: Sequence[str]) -> dict[str, list[Print]]:
    """What the figures of such pages are known again by, by page; pages of which nothing kept it are left out."""
    if "smalls" not in table.schema.names or not page_ids:
        return {}
    where = both(both(COMMITTED, within("page_id", page_ids)), "points IS NOT NULL AND smalls IS NOT NULL")
    names = ["page_id", "width", "height", "figures", "points", "point_counts", "smalls"]
    rows = steadily(table.search().where(where).select(names).to_arrow)
    found = {}
    for page, width, height, boxes, points, counts, smalls in zip(*(rows[name] for name in names), strict=True):
        corners = _on_page(np.array(boxes.as_py() or [], np.float32))
        sizes = (corners[:, 2:] - corners[:, :2]) * [width.as_py(), height.as_py()]
        kept = points.values.flatten().to_numpy().reshape(-1, POINT)
        parts = np.split(kept, np.cumsum(counts.as_py() or [], dtype=np.int64))[:-1]
        copies = smalls.values.flatten().to_numpy().reshape(-1, SIDE, SIDE, 3)
        if len(parts) == len(sizes) == len(copies):  # an import may say anything
            found[page.as_py()] = [
                Print(Points.of(part[:KEPT], (w, h)), copy)
                for part, (w, h), copy in zip(parts, sizes, copies, strict=True)
            ]
    return found


def _on_page(boxes: Float) -> Float:
    """Boxes ``(n, 4)``, whatever an import says: within the page, which is cut by them."""
    return np.nan_to_num(boxes).clip(0, 1).reshape(-1, 4)
