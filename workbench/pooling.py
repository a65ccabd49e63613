"""A page's many vectors pooled into a few, so that a first stage can look at every page.

Pooling is linear and decided by geometry alone: each pooled vector is a weighted mean of page vectors, so an index is a
matrix of weights ``(k, n)`` whose rows sum to 1 (`weights`), and its groups are the vectors with a weight. The means
are scaled to length 1 last of all. Definitions follow Visual RAG Toolkit (arXiv 2602.12510), with its exceptions made
rules:

=========  =============================================================================  =====================
index      pooled vectors                                                                 how many
=========  =============================================================================  =====================
`rows`     the mean of each row of the page; more than 32 rows are averaged in 32 bins    min(32, rows)
           of equal height, which overlap where they must (adaptive average pooling)
`conv`     a window of 3 slid over the `rows` from one row before the first to one after  rows + 2
`tiles`    the mean of each block of 8 x 8 cells, and of the vectors without a place      blocks (+ 1)
`global`   the mean of the `rows`; of the `tiles` where some vectors have no place        1
=========  =============================================================================  =====================

What a row is depends on the geometry: a row of the grid, or a line of text where vectors are words (`text_lines`).
Words are tiled by 6 x 4 equal parts of the page. Rows and tiles that hold no vector do not exist. A vector without a
place (``cell`` -1 beside a grid: the global tile of a tiled model) is in no row.

So where all rows hold equally many vectors and bins do not overlap, every pooled vector is the plain mean of its
group; elsewhere `rows`, `conv` and `global` give each row the same say. Tiled models number 8 x 8 vectors to a tile,
which makes `tiles` their mean per tile: 13 vectors for a page of 832.

What it does not do: look at the vectors. Clustering and learned compression belong elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.types import Float, Geometry, PageEmbedding

ROWS = 32
"""Most rows kept of a page."""
WINDOW = 3
"""Rows under the sliding window of `conv`."""
BLOCK = 8
"""Grid cells along a side of a tile."""
PARTS = (6, 4)
"""Rows and columns of tiles on a page whose vectors have no grid."""
NO_DIRECTION = 1e-6
"""Length under which a mean of unit vectors is rounding noise rather than a direction."""

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pooled:
    """``vectors (k, dim) float32`` with unit rows; ``groups[i]`` the numbers of the page vectors in pooled vector i."""

    vectors: Float
    groups: tuple[NDArray[np.int64], ...]

    def __len__(self) -> int:
        return len(self.vectors)


def pool(embedding: PageEmbedding, index: str) -> Pooled:
    """Pool a page for an index of `POOLS`; `ValueError` for another name or a page without vectors.

    A mean whose members cancel out has no direction; its first member stands in for it.
    """
    matrix = weights(embedding.geometry, index)
    groups = tuple(np.flatnonzero(row).astype(np.int64) for row in matrix)
    means = matrix @ embedding.vectors.astype(np.float64)
    norms = np.linalg.norm(means, axis=1)
    for i in np.flatnonzero(norms < NO_DIRECTION):
        means[i] = embedding.vectors[groups[i][0]]
        norms[i] = np.linalg.norm(means[i])
    return Pooled(np.ascontiguousarray(means / norms[:, None], np.float32), groups)


def weights(geometry: Geometry, index: str) -> Weights:
    """What an index averages on a page of n vectors: ``(k, n) float64``, not negative, each row summing to 1."""
    if index not in POOLS:
        raise ValueError(f"there is no pooled index '{index}'; there are {', '.join(POOLS)}")
    if not len(geometry):
        raise ValueError("a page without vectors cannot be pooled")
    return POOLS[index](geometry)


def row_weights(geometry: Geometry) -> Weights:
    """At most `ROWS` rows of the page, from the top: ``(k, n)``."""
    placed = _placed(geometry)
    if geometry.grid is not None and placed.any():
        rows = group_means(np.where(placed, geometry.cell // geometry.grid[1], -1))
    else:
        rows = group_means(text_lines(geometry.boxes))
    return adaptive(len(rows), min(ROWS, len(rows))) @ rows


def conv_weights(geometry: Geometry) -> Weights:
    """A window of `WINDOW` slid over the rows: ``(k, n)``."""
    rows = row_weights(geometry)
    return sliding(len(rows), WINDOW) @ rows


def tile_weights(geometry: Geometry) -> Weights:
    """Blocks of the page, row by row, then the vectors without a place as one: ``(k, n)``."""
    placed = _placed(geometry)
    if geometry.grid is None or not placed.any():
        boxes = geometry.boxes.astype(np.float64)
        parts = np.asarray(PARTS)
        centres = np.stack([boxes[:, 1] + boxes[:, 3], boxes[:, 0] + boxes[:, 2]], axis=1) / 2
        row, column = np.clip(np.floor(centres * parts), 0, parts - 1).astype(np.int64).T
        return group_means(row * PARTS[1] + column)
    rows, columns = geometry.grid
    across = -(-columns // BLOCK)
    row, column = np.divmod(geometry.cell, columns)
    tile = row // BLOCK * across + column // BLOCK
    return group_means(np.where(placed, tile, -(-rows // BLOCK) * across))


def global_weights(geometry: Geometry) -> Weights:
    """The mean of the page's rows, or of its tiles where vectors without a place count too: ``(1, n)``."""
    placed = _placed(geometry)
    tiled = geometry.grid is not None and placed.any() and not placed.all()
    parts = tile_weights(geometry) if tiled else row_weights(geometry)
    return np.full((1, len(parts)), 1 / len(parts)) @ parts


POOLS: dict[str, Callable[[Geometry], Weights]] = {
    "global": global_weights,
    "rows": row_weights,
    "conv": conv_weights,
    "tiles": tile_weights,
}


def group_means(labels: ArrayLike) -> Weights:
    """Weights that average the members of each label, in ascending order: ``(labels, n)``; -1 is in no group.

    >>> group_means([0, 7, 7, -1])
    array([[1. , 0. , 0. , 0. ],
           [0. , 0.5, 0.5, 0. ]])
    """
    column = np.asarray(labels)
    member = np.unique(column[column >= 0])[:, None] == column
    return np.asarray(member / member.sum(axis=1, keepdims=True), np.float64)


def adaptive(rows: int, bins: int) -> Weights:
    """Adaptive average pooling of ``rows`` into ``bins``: ``(bins, rows)``.

    Bin i averages rows ``floor(i rows / bins)`` up to, not with, ``ceil((i + 1) rows / bins)``; in integers, so that no
    bin is off by one for rounding.

    >>> adaptive(3, 2)
    array([[0.5, 0.5, 0. ],
           [0. , 0.5, 0.5]])
    """
    i = np.arange(bins)[:, None]
    return _window_means(i * rows // bins, -(-(i + 1) * rows // bins), rows)


def sliding(rows: int, width: int) -> Weights:
    """An odd window slid over ``rows`` from one end to the other, cut off at the ends: ``(rows + width - 1, rows)``.

    A window that is cut to the same rows as the one before it is left out: it is the same vector again.

    >>> sliding(2, 3)
    array([[1. , 0. ],
           [0.5, 0.5],
           [0. , 1. ]])
    """
    reach = width // 2
    centre = np.arange(-reach, rows + reach)
    first, last = np.clip(centre - reach, 0, rows - 1), np.clip(centre + reach, 0, rows - 1)
    new = np.r_[True, (np.diff(first) != 0) | (np.diff(last) != 0)]
    return _window_means(first[new, None], last[new, None] + 1, rows)


def text_lines(boxes: Float) -> NDArray[np.int64]:
    """The text line of each box, counted from the top of the page: ``(n,) int64``.

    ``boxes (n, 4)`` page fractions. A line is what has its middle at most half a typical (median) box height under the
    middle of the line's highest box; lines that stand beside each other, as in columns, are one.
    """
    middle = (boxes[:, 1].astype(np.float64) + boxes[:, 3]) / 2
    reach = float(np.median(boxes[:, 3] - boxes[:, 1])) / 2
    lines = np.zeros(len(boxes), np.int64)
    line, top = 0, float(middle.min())
    for i in np.argsort(middle, kind="stable"):
        if middle[i] - top > reach:
            line, top = line + 1, float(middle[i])
        lines[i] = line
    return lines


def _window_means(first: NDArray[np.int64], stop: NDArray[np.int64], rows: int) -> Weights:
    """Weights that average rows ``first[i]`` up to ``stop[i]``; both ``(k, 1)``."""
    column = np.arange(rows)
    return np.asarray(((column >= first) & (column < stop)) / (stop - first), np.float64)


def _placed(geometry: Geometry) -> NDArray[np.bool_]:
    return np.asarray(geometry.cell >= 0)
