"""Pages and queries as vectors, and where each vector lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.types.arrays import Box, Float, Int

SIGHT = 192
"""Numbers that a figure is compared by."""
POINT = 132
"""Bytes of a point of a figure: two for each of x and y, and its descriptor (see `sight.matching`)."""
SMALL = 48 * 48 * 3
"""Bytes of the small copy of a figure: 48 rows of 48 pixels, RGB."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where each of n vectors lies on its page.

    ``boxes (n, 4) float32`` page fractions; ``grid`` (rows, cols) or None; ``cell (n,) int32`` row-major index into the
    grid, -1 for a vector with no place (a global tile, a token of a prompt, or no grid at all).
    """

    boxes: Float
    grid: tuple[int, int] | None
    cell: Int

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Which vectors have a place on the page, ``(n,) bool``: those with a cell.

        Where there is no grid, those with a box, or all when none has one.
        """
        if self.grid:
            return np.asarray(self.cell >= 0)
        boxed = self.boxes.any(axis=1)
        return np.asarray(boxed if boxed.any() else ~boxed)

    @property
    def shown(self) -> NDArray[np.bool_]:
        """Which vectors stand for some of the page, ``(n,) bool``: all but those of a prompt, whose box is empty."""
        return np.asarray(self.placed | (self.boxes[:, 2] > self.boxes[:, 0]))


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure on a page, as seen: its ``box``, its ``kind`` (empty where that is not clear or it is none), and
    ``sight (SIGHT,) int8``, by which figures that look alike are found.

    By ``points (n, POINT) uint8`` and ``small (SMALL,) uint8`` such are checked (see `sight.matching`).
    """

    box: Box
    kind: str
    sight: NDArray[np.int8]
    points: NDArray[np.uint8]
    small: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PageEmbedding:
    """``vectors (n, dim) float32`` with unit rows, their places, and optional ``salience (n,) float32``.

    ``labels`` is the text under each vector where the encoder knows it (the word, for `reader`), or empty. ``figures``
    are what the encoder saw on the page, None for one that does not look for any.
    """

    vectors: Float
    geometry: Geometry
    labels: tuple[str, ...] = ()
    salience: Float | None = None
    figures: tuple[Figure, ...] | None = None


@dataclass(frozen=True, slots=True)
class QueryEmbedding:
    """``vectors (m, dim) float32`` with unit rows, a label and a weight ``(m,) float32`` per vector.

    ``policy`` names the rule that chose the tokens. MaxSim of a page is ``sum_i weights[i] * max_j vectors[i] . d_j``.
    """

    text: str
    vectors: Float
    labels: tuple[str, ...]
    weights: Float
    policy: str


@dataclass(frozen=True, slots=True)
class Ragged:
    """Many pages' vectors without padding: page i is ``flat[offsets[i]:offsets[i + 1]]``.

    ``flat (sum n, dim)`` float32 or float16; ``offsets (pages + 1,) int64``, from 0 to ``len(flat)``.
    """

    flat: NDArray[Any]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, i: int) -> NDArray[Any]:
        return self.flat[self.offsets[i] : self.offsets[i + 1]]
