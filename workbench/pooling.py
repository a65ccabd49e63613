"""A page's many vectors pooled into a few by where they lie, so that a first stage can look at every page.

Pooling is linear and decided by geometry alone: each pooled vector is a weighted mean of page vectors, so an index is a
matrix of weights ``(k, n)`` whose rows sum to 1 (`weights`), and its groups are the vectors with a weight. The means
are scaled to length 1 last of all. Definitions follow Visual RAG Toolkit (arXiv 2602.12510), with its exceptions made
rules:

==============  ========================================================================  =====================
index           pooled vectors                                                            how many
==============  ========================================================================  =====================
`rows`          the mean of each row of the page; more than 32 rows are averaged in 32    min(32, rows)
                bins of equal height, which overlap where they must (adaptive pooling)
`columns`       the same for the columns                                                  min(32, columns)
`conv`          a window of k slid over the `rows` from k // 2 rows before the first      rows + k - 1
`gauss`         the `rows` smoothed by a gaussian over k of them                          rows
`triangular`    the `rows` smoothed by a triangle over k of them                          rows
`tiles`         the mean of each block of 8 x 8 cells, and of the vectors without a place blocks (+ 1)
`neighbours`    each tile averaged with the tiles above, below, left and right of it      blocks (+ 1)
`tiles-global`  the tiles, and each vector without a place as it is                       blocks + placeless
`blocks`        the mean of each part of a page cut into s x s equal parts                s * s (+ 1)
`global`        the mean of the `rows`; of the `tiles` where some vectors have no place   1
==============  ========================================================================  =====================

What a row is depends on the geometry: a row of the grid, or a line of text where vectors are words (`text_lines`).
Words are tiled by 6 x 4 equal parts of the page, and their columns are 32 equal strips. Rows, columns and tiles that
hold no vector do not exist. A vector without a place (``cell`` -1 beside a grid: the global tile of a tiled model) is
in no row and no column. One that shows nothing of the page (a prompt's) is in no group at all.

So where all rows hold equally many vectors and bins do not overlap, every pooled vector is the plain mean of its
group; elsewhere `rows`, `conv` and `global` give each row the same say. Tiled models number 8 x 8 vectors to a tile,
which makes `tiles` their mean per tile: 13 vectors for a page of 832.

Two sigmas are published for the gaussian over 3 rows: the code takes 0.5, weights (.135, 1, .135); the paper prints
(.61, 1, .61), which is sigma 1. `gaussian` takes either.

What it does not do: look at the vectors. Clustering and learned compression belong elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from workbench.types import Float, Geometry, PageEmbedding

ROWS = 32
"""Most rows kept of a page."""
COLUMNS = 32
"""Most columns kept of a page."""
WINDOW = 3
"""Rows under the window of `conv`, `gauss` and `triangular`."""
SIDE = 8
"""Parts along a side of the page in `blocks`."""
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
    """Pool a page for an index of `POOLS`; `ValueError` for another name or a page without vectors."""
    return pooled(weights, embedding, index)


def pooled(weigh: Callable[..., Weights], embedding: PageEmbedding, *given: Hashable) -> Pooled:
    """The means, by the weights that ``weigh`` gives geometries (and what else it is ``given``), of the vectors that
    stand for some of the page.

    Those of a prompt, which is the same on every page, are in no group. Weights on a grid depend on cells alone, so
    that pages of one shape share them.
    """
    geometry, shown = embedding.geometry, embedding.geometry.shown
    if geometry.grid is None or not _placed(geometry).any():
        return _mixed(_mixing(weigh, given, geometry, shown), embedding.vectors)
    cell = np.asarray(geometry.cell, np.int32)
    return _mixed(_on_grid(weigh, given, geometry.grid, cell.tobytes(), shown.tobytes()), embedding.vectors)


def apply(matrix: Weights, embedding: PageEmbedding) -> Pooled:
    """The unit means that a matrix of weights ``(k, n)`` makes of a page's n vectors.

    A mean whose members cancel out has no direction; its first member stands in for it.
    """
    return _mixed(_Mixing.of(matrix), embedding.vectors)


@dataclass(frozen=True, slots=True)
class _Mixing:
    """Weights ``(k, n)``, of which most are zero, and the numbers of those in each row that are not."""

    matrix: csr_array
    groups: tuple[NDArray[np.int64], ...]

    @classmethod
    def of(cls, matrix: Weights) -> _Mixing:
        return cls(csr_array(matrix), tuple(np.flatnonzero(row).astype(np.int64) for row in matrix))


@lru_cache(maxsize=64)  # the pages of a document have few shapes between them
def _on_grid(
    weigh: Callable[..., Weights], given: tuple[Hashable, ...], grid: tuple[int, int], cell: bytes, shown: bytes
) -> _Mixing:
    cells = np.frombuffer(cell, np.int32)
    nowhere = Geometry(np.zeros((len(cells), 4), np.float32), grid, cells)
    return _mixing(weigh, given, nowhere, np.frombuffer(shown, np.bool_))


def _mixing(
    weigh: Callable[..., Weights], given: tuple[Hashable, ...], geometry: Geometry, shown: NDArray[np.bool_]
) -> _Mixing:
    if shown.all():
        return _Mixing.of(weigh(geometry, *given))
    seen = weigh(Geometry(geometry.boxes[shown], geometry.grid, geometry.cell[shown]), *given)
    matrix = np.zeros((len(seen), len(shown)))
    matrix[:, shown] = seen
    return _Mixing.of(matrix)


def _mixed(mixing: _Mixing, vectors: Float) -> Pooled:
    means = np.asarray(mixing.matrix @ vectors.astype(np.float64))
    norms = np.linalg.norm(means, axis=1)
    for i in np.flatnonzero(norms < NO_DIRECTION):
        means[i] = vectors[mixing.groups[i][0]]
        norms[i] = np.linalg.norm(means[i])
    return Pooled(np.ascontiguousarray(means / norms[:, None], np.float32), mixing.groups)


def _product(matrix: Weights, rows: Weights) -> Weights:
    """``matrix @ rows`` for a matrix of which most is zero.

    BLAS would set every core on a product of 50 microseconds: several pages pooled at once then keep each other
    waiting, and a page costs ten times the work.
    """
    return np.asarray(csr_array(matrix) @ rows)


def weights(geometry: Geometry, index: str) -> Weights:
    """What an index averages on a page of n vectors: ``(k, n) float64``, not negative, each row summing to 1."""
    if index not in POOLS:
        raise ValueError(f"there is no pooled index '{index}'; there are {', '.join(POOLS)}")
    if not len(geometry):
        raise ValueError("a page without vectors cannot be pooled")
    return POOLS[index](geometry)


def row_weights(geometry: Geometry, most: int = ROWS) -> Weights:
    """At most ``most`` rows of the page, from the top: ``(k, n)``."""
    placed = _placed(geometry)
    if geometry.grid is not None and placed.any():
        rows = group_means(np.where(placed, geometry.cell // geometry.grid[1], -1))
    else:
        rows = group_means(text_lines(geometry.boxes))
    return _product(adaptive(len(rows), min(most, len(rows))), rows)


def column_weights(geometry: Geometry, most: int = COLUMNS) -> Weights:
    """At most ``most`` columns of the page, from the left: ``(k, n)``."""
    placed = _placed(geometry)
    if geometry.grid is not None and placed.any():
        columns = group_means(np.where(placed, geometry.cell % geometry.grid[1], -1))
        return _product(adaptive(len(columns), min(most, len(columns))), columns)
    return group_means(_parts(geometry.boxes, (1, most)))


def conv_weights(geometry: Geometry, width: int = WINDOW) -> Weights:
    """A window of ``width`` rows, odd, slid over the rows: ``(k, n)``."""
    rows = row_weights(geometry)
    return _product(sliding(len(rows), width), rows)


def gauss_weights(geometry: Geometry, width: int = WINDOW, sigma: float = 0.0) -> Weights:
    """The rows smoothed by `gaussian` of ``width`` rows: ``(k, n)``, as many as rows."""
    rows = row_weights(geometry)
    return _product(smoothing(len(rows), gaussian(width, sigma)), rows)


def triangular_weights(geometry: Geometry, width: int = WINDOW) -> Weights:
    """The rows smoothed by `triangle` of ``width`` rows: ``(k, n)``, as many as rows."""
    rows = row_weights(geometry)
    return _product(smoothing(len(rows), triangle(width)), rows)


def tile_weights(geometry: Geometry) -> Weights:
    """Blocks of the page, row by row, then the vectors without a place as one: ``(k, n)``."""
    return group_means(_tiles(geometry)[0])


def neighbour_weights(geometry: Geometry) -> Weights:
    """Each tile averaged with those that touch its sides, each tile having the same say: ``(k, n)``.

    The vectors without a place are left out of it and stay one mean of their own.
    """
    labels, across, placeless = _tiles(geometry)
    present = np.unique(labels)
    row, column = np.divmod(present, across)
    near = np.abs(row[:, None] - row) + np.abs(column[:, None] - column) <= 1
    alone = present == placeless
    near[alone, :] = near[:, alone] = False
    near[alone, alone] = True
    return _product(near / near.sum(axis=1, keepdims=True), group_means(labels))


def tile_global_weights(geometry: Geometry) -> Weights:
    """The tiles, row by row, then every vector without a place by itself: ``(k, n)``."""
    labels, _, placeless = _tiles(geometry)
    single = labels == placeless
    labels[single] += np.arange(single.sum())
    return group_means(labels)


def block_weights(geometry: Geometry, side: int = SIDE) -> Weights:
    """``side`` x ``side`` equal parts of the page, then the vectors without a place as one: ``(k, n)``.

    A cell of a grid belongs to the part its centre lies in.
    """
    placed = _placed(geometry)
    if geometry.grid is None or not placed.any():
        return group_means(_parts(geometry.boxes, (side, side)))
    rows, columns = geometry.grid
    row, column = np.divmod(geometry.cell, columns)
    part = (2 * row + 1) * side // (2 * rows) * side + (2 * column + 1) * side // (2 * columns)
    return group_means(np.where(placed, part, side * side))


def global_weights(geometry: Geometry) -> Weights:
    """The mean of the page's rows, or of its tiles where vectors without a place count too: ``(1, n)``."""
    placed = _placed(geometry)
    tiled = geometry.grid is not None and placed.any() and not placed.all()
    parts = tile_weights(geometry) if tiled else row_weights(geometry)
    return _product(np.full((1, len(parts)), 1 / len(parts)), parts)


POOLS: dict[str, Callable[[Geometry], Weights]] = {
    "global": global_weights,
    "rows": row_weights,
    "columns": column_weights,
    "tiles": tile_weights,
    "blocks": block_weights,
    "conv": conv_weights,
    "gauss": gauss_weights,
    "triangular": triangular_weights,
    "neighbours": neighbour_weights,
    "tiles-global": tile_global_weights,
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


def smoothing(rows: int, kernel: Weights) -> Weights:
    """A kernel of k weights centred on each of ``rows`` in turn: ``(rows, rows)``.

    At the ends the weights that fall outside are left out and the others scaled up to sum to 1.

    >>> smoothing(3, np.array([1.0, 2.0, 1.0]))
    array([[0.66666667, 0.33333333, 0.        ],
           [0.25      , 0.5       , 0.25      ],
           [0.        , 0.33333333, 0.66666667]])
    """
    offset = np.arange(rows) - np.arange(rows)[:, None] + len(kernel) // 2
    inside = (offset >= 0) & (offset < len(kernel))
    matrix = np.where(inside, kernel[np.clip(offset, 0, len(kernel) - 1)], 0.0)
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True), np.float64)


def gaussian(width: int, sigma: float = 0.0) -> Weights:
    """``exp(-((t - c) / sigma) ** 2 / 2)`` for t from 0 to ``width`` - 1, c the middle; 1 at an odd width's middle.

    ``sigma`` 0 is what the published code takes, ``max(0.5, (width - 1) / 4)``; the paper's own weights have 1.
    """
    middle = (width - 1) / 2
    return np.asarray(np.exp(-0.5 * ((np.arange(width) - middle) / (sigma or max(0.5, middle / 2))) ** 2), np.float64)


def triangle(width: int) -> Weights:
    """``c + 1 - |t - c|`` for t from 0 to ``width`` - 1, c the middle: 1, 2, 1 for a width of 3."""
    middle = (width - 1) / 2
    return np.asarray(middle + 1 - np.abs(np.arange(width) - middle), np.float64)


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


def _tiles(geometry: Geometry) -> tuple[NDArray[np.int64], int, int]:
    """Tile of each vector, how many tiles a row has, and the label of the vectors without a place: the last."""
    placed = _placed(geometry)
    if geometry.grid is None or not placed.any():
        return _parts(geometry.boxes, PARTS), PARTS[1], PARTS[0] * PARTS[1]
    rows, columns = geometry.grid
    across = -(-columns // BLOCK)
    row, column = np.divmod(geometry.cell.astype(np.int64), columns)
    last = -(-rows // BLOCK) * across
    return np.where(placed, row // BLOCK * across + column // BLOCK, last), across, last


def _parts(boxes: Float, parts: tuple[int, int]) -> NDArray[np.int64]:
    """The part of a page cut into rows x columns equal parts that the centre of each box lies in, row by row."""
    wide, shape = boxes.astype(np.float64), np.asarray(parts)
    centres = np.stack([wide[:, 1] + wide[:, 3], wide[:, 0] + wide[:, 2]], axis=1) / 2
    row, column = np.clip(np.floor(centres * shape), 0, shape - 1).astype(np.int64).T
    return np.asarray(row * parts[1] + column, np.int64)


def _placed(geometry: Geometry) -> NDArray[np.bool_]:
    return np.asarray(geometry.cell >= 0)
