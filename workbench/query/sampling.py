"""Which vectors of a page, or of a picture read as one, stand for it in a query."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.representations.anchors import spherical_kmeans, spread
from workbench.types import Box, Float, Geometry, PageEmbedding, QueryEmbedding

MAX_ROWS = 32
"""Query rows that a region, picture or page becomes at most: about as many as a long question has."""
_ROUNDS = 10


def inside(geometry: Geometry, box: Box) -> NDArray[np.int64]:
    """Numbers of the vectors whose place lies in a box: whose centre does; failing that, those that it touches.

    Of those that are `placed`.
    """
    numbers = placed(geometry)
    x0, y0, x1, y1 = geometry.boxes[numbers].T
    across, down = (x0 + x1) / 2, (y0 + y1) / 2
    centred = (across >= box[0]) & (across <= box[2]) & (down >= box[1]) & (down <= box[3])
    touched = (x0 < box[2]) & (x1 > box[0]) & (y0 < box[3]) & (y1 > box[1])
    return np.asarray(numbers[centred if centred.any() else touched])


def placed(geometry: Geometry) -> NDArray[np.int64]:
    """Numbers of the vectors that have a place of their own; of all, where none has."""
    return np.flatnonzero(geometry.placed) if geometry.placed.any() else np.arange(len(geometry))


def distinct(vectors: Float, most: int = MAX_ROWS) -> NDArray[np.int64]:
    """Numbers of at most ``most`` of unit ``vectors (n, d)`` that differ from each other, in their order.

    Spherical k-means gathers what is alike (blank paper, a line's words) around ``most`` centres, and the vector
    nearest each centre is taken: a real one, so that the page it came from still matches it fully.
    """
    if len(vectors) <= most:
        return np.arange(len(vectors))
    centres, _ = spherical_kmeans(vectors, vectors[spread(vectors, most)], _ROUNDS)
    return np.unique((vectors @ centres.T).argmax(axis=0))


def rows(embedding: PageEmbedding, numbers: NDArray[np.int64], text: str, policy: str) -> QueryEmbedding:
    """Some of a page's vectors, chosen by `distinct`, as a query in which all weigh alike."""
    vectors = np.ascontiguousarray(embedding.vectors[numbers], np.float32)
    kept = distinct(vectors)
    labels = tuple(label(embedding, int(i)) for i in numbers[kept])
    return QueryEmbedding(text, vectors[kept], labels, np.ones(len(kept), np.float32), policy)


def label(embedding: PageEmbedding, number: int) -> str:
    """A vector by its word, or its place counted from 1: ``patch r3 c5``."""
    if embedding.labels and (embedding.labels[number] or embedding.geometry.grid is None):
        return embedding.labels[number]
    geometry = embedding.geometry
    cell = int(geometry.cell[number])
    if geometry.grid is None or cell < 0:
        return "all of it" if len(geometry) == 1 else f"piece {number + 1}"
    row, column = divmod(cell, geometry.grid[1])
    return f"patch r{row + 1} c{column + 1}"
