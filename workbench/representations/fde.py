"""MUVERA's fixed dimensional encodings (arXiv 2405.19504): a page as one vector whose dot product stands for MaxSim.

Space is cut into ``2^bits`` cells by random hyperplanes, ``repeats`` times. In each cell a query *sums* its vectors
and a page takes the *mean* of its own, projected to ``width`` random signs, so that a query vector meets the mean of
the page vectors that lie where it lies. A page fills a cell it has nothing in with the vector whose signs differ least
(the first such); a query never does, or a vector would count more than once. Cells are numbered in plain binary.

Both sides are scaled by ``1 / sqrt(repeats)``, so that dots estimate MaxSim whatever the number of repeats. Lengths of
page vectors mean something, so they must not be normalised.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.representations.base import Chosen, Method, Option, State, Values, number
from workbench.types import Float, PageEmbedding


def fit(sample: Float, values: Values) -> State:
    """Draw hyperplanes ``(repeats, d, bits)`` and signs ``(repeats, d, width)``; of the sample only d counts."""
    rng = np.random.default_rng(number(values, "seed"))
    d, repeats = sample.shape[1], number(values, "repeats")
    planes = rng.standard_normal((repeats, d, number(values, "bits"))).astype(np.float32)
    width = number(values, "width")
    if not 0 < width < d:
        return {"planes": planes}
    signs = rng.choice(np.asarray([-1, 1], np.float32), (repeats, d, width))
    return {"planes": planes, "signs": signs / np.float32(np.sqrt(width))}


def encode_query(vectors: Float, weights: Float, state: State) -> Float:
    """The sum of weighted query vectors in each cell: ``(repeats * cells * width,) float32``. Linear in the vectors."""
    projected = _projected(np.asarray(vectors, np.float32), state) * np.asarray(weights, np.float32)[None, :, None]
    repeats, _, bits = state["planes"].shape
    blocks = np.zeros((repeats, 1 << bits, projected.shape[2]), np.float32)
    for r, cell in enumerate(_cells(vectors, state)):
        np.add.at(blocks[r], cell, projected[r])
    return np.asarray(blocks.reshape(-1) / np.sqrt(repeats), np.float32)


def encode_page(vectors: Float, state: State, fill: bool = True) -> Float:
    """The mean of the page vectors in each cell, empty ones filled: ``(repeats * cells * width,) float32``."""
    wide = np.asarray(vectors, np.float32)
    projected = _projected(wide, state)
    repeats, _, bits = state["planes"].shape
    numbers = np.arange(1 << bits)
    blocks = np.zeros((repeats, 1 << bits, projected.shape[2]), np.float64)
    for r, cell in enumerate(_cells(wide, state)):
        np.add.at(blocks[r], cell, projected[r])
        counts = np.bincount(cell, minlength=1 << bits)
        blocks[r] /= np.maximum(counts, 1)[:, None]
        empty = numbers[counts == 0]
        if fill and len(empty):
            differing = np.bitwise_count(empty[:, None] ^ cell[None, :])
            blocks[r, empty] = projected[r, differing.argmin(axis=1)]
    return np.asarray(blocks.reshape(-1) / np.sqrt(repeats), np.float32)


def _projected(vectors: Float, state: State) -> Float:
    """``(repeats, n, width) float32``; the vectors themselves where nothing is projected."""
    if "signs" not in state:
        return np.broadcast_to(vectors, (len(state["planes"]), *vectors.shape))
    return np.asarray(vectors @ state["signs"], np.float32)


def _cells(vectors: Float, state: State) -> NDArray[np.int64]:
    """The cell of each vector in each repeat: ``(repeats, n)``."""
    positive = np.asarray(vectors, np.float32) @ state["planes"] > 0
    return np.asarray(positive @ (1 << np.arange(state["planes"].shape[2])), np.int64)


def _derive(embedding: PageEmbedding, state: State, values: Values) -> Chosen:
    vectors = np.asarray(embedding.vectors, np.float32)
    encoded = encode_page(vectors, state, values["fill"] == "yes")
    return Chosen(encoded[None], (np.arange(len(vectors), dtype=np.int64),))


def _query(vectors: Float, weights: Float, state: State, _values: Values) -> tuple[Float, Float]:
    return encode_query(vectors, weights, state)[None], np.ones(1, np.float32)


def dim(d: int, values: Values) -> int:
    """Numbers in an encoding of vectors of d numbers."""
    width = number(values, "width")
    return number(values, "repeats") * (1 << number(values, "bits")) * (width if 0 < width < d else d)


FDE = Method(
    "fde",
    "one long vector a page whose dot product stands for MaxSim",
    "MUVERA fixed dimensional encodings, arXiv 2405.19504",
    _derive,
    lambda _n, _values: 1,
    {
        "repeats": Option("times that space is cut up", 20, low=1, high=1000),
        "bits": Option("hyperplanes that cut it, for 2^bits cells", 5, high=12),
        "width": Option("numbers a cell is projected to; 0: all", 16),
        "fill": Option("a page fills the cells it has nothing in", "yes", choices=("yes", "no")),
        "seed": Option("of the hyperplanes and the projection", 0),
    },
    fit=fit,
    query=_query,
    dim=dim,
    unit=False,
)
