"""Where a picture model's vectors lie on the page, from what its processor did to the picture.

Every processor here stretches the picture it is given over its grid (none adds borders), so a cell's box is linear in
the picture; the picture in turn is the page's crop. All boxes are fractions of the whole page.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from workbench.types import Box, Float, Geometry


@lru_cache(maxsize=64)  # the pages of a document have few shapes between them
def cells(rows: int, cols: int, crop: Box) -> Float:
    """Boxes ``(rows * cols, 4) float32`` of a grid over ``crop``, row-major. Shared, hence read-only."""
    x0, y0, x1, y1 = crop
    xs = np.linspace(x0, x1, cols + 1)
    ys = np.linspace(y0, y1, rows + 1)
    row, col = np.divmod(np.arange(rows * cols), cols)
    boxes = np.stack([xs[col], ys[row], xs[col + 1], ys[row + 1]], axis=1).astype(np.float32)
    boxes.setflags(write=False)
    return boxes


def grid(rows: int, cols: int, crop: Box) -> Geometry:
    """A plain grid whose vectors come row by row."""
    return Geometry(cells(rows, cols, crop), (rows, cols), np.arange(rows * cols, dtype=np.int32))


def among(geometry: Geometry, shown: NDArray[np.bool_]) -> Geometry:
    """The vectors of a geometry among others, ``shown (n,)`` saying which they are: the others have no place.

    That is a box without an area, and no cell. ``ValueError`` when the geometry has not as many places as are shown.
    """
    boxes, cell = np.zeros((len(shown), 4), np.float32), np.full(len(shown), -1, np.int32)
    boxes[shown], cell[shown] = geometry.boxes, geometry.cell
    return Geometry(boxes, geometry.grid, cell)


def tiled(tiles: Sequence[tuple[int, int] | None], side: int, crop: Box) -> Geometry:
    """A picture cut into tiles of ``side x side`` vectors each, tile after tile.

    ``tiles`` gives each tile's (row, col) in the order of the vectors, None for the tile that shows the whole picture:
    its vectors get the boxes they cover, but no cell. With that tile alone, its own grid is the grid.
    """
    located = [tile for tile in tiles if tile is not None]
    if not located:
        return grid(side, side, crop)
    rows = (1 + max(row for row, _ in located)) * side
    cols = (1 + max(col for _, col in located)) * side
    fine, coarse = cells(rows, cols, crop), cells(side, side, crop)
    i, j = np.divmod(np.arange(side * side), side)
    boxes: list[Float] = []
    cell: list[np.ndarray[tuple[int], np.dtype[np.int32]]] = []
    for tile in tiles:
        if tile is None:
            boxes.append(coarse)
            cell.append(np.full(side * side, -1, np.int32))
        else:
            index = (tile[0] * side + i) * cols + tile[1] * side + j
            boxes.append(fine[index])
            cell.append(index.astype(np.int32))
    return Geometry(np.concatenate(boxes), (rows, cols), np.concatenate(cell))
