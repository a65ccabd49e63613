"""Spatial pooling: the means of `workbench.pooling` as methods, with their options. They do not look at the vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from workbench import pooling
from workbench.representations.base import Chosen, Method, Option, State, Values, number
from workbench.types import PageEmbedding

TOOLKIT = "Visual RAG Toolkit, arXiv 2602.12510"

_WINDOW = Option("rows under the window, odd", pooling.WINDOW, low=1, high=99, odd=True)
_SIGMA = Option("standard deviation in rows; 0: the published code's, .5 for 3 rows; the paper's is 1", 0.0, high=99)


def _full(embedding: PageEmbedding, _state: State, _values: Values) -> Chosen:
    vectors = np.ascontiguousarray(embedding.vectors, np.float32)
    return Chosen(vectors, tuple(np.arange(len(vectors))[:, None].astype(np.int64)))


def _spatial(
    name: str,
    summary: str,
    weights: Callable[..., pooling.Weights],
    most: Callable[[int, Values], int],
    options: Mapping[str, Option] | None = None,
    source: str = TOOLKIT,
) -> Method:
    """``weights`` takes the geometry and the options, in their order."""

    def derive(embedding: PageEmbedding, _state: State, values: Values) -> Chosen:
        if not len(embedding.geometry):
            raise ValueError("a page without vectors cannot be pooled")
        pooled = pooling.pooled(weights, embedding, *(values[name] for name in options or {}))
        return Chosen(pooled.vectors, pooled.groups)

    return Method(name, summary, source, derive, most, options or {})


def _at_most(count: int) -> Callable[[int, Values], int]:
    return lambda n, _values: min(n, count)


def _all(n: int, _values: Values) -> int:
    return n


STATIC = (
    Method("full", "every vector of the page", "ColBERT, arXiv 2004.12832; ColPali, arXiv 2407.01449", _full, _all),
    _spatial("global", "one mean vector a page", pooling.global_weights, _at_most(1)),
    _spatial(
        "rows",
        "the mean of each row of patches or line of words, adaptively at most so many",
        pooling.row_weights,
        lambda n, v: min(n, number(v, "most")),
        {"most": Option("most rows of a page", pooling.ROWS, low=1)},
    ),
    _spatial(
        "columns",
        "the mean of each column of patches or strip of words, at most so many",
        pooling.column_weights,
        lambda n, v: min(n, number(v, "most")),
        {"most": Option("most columns of a page", pooling.COLUMNS, low=1)},
        source="a baseline beside rows",
    ),
    _spatial("tiles", "the mean of each tile of 8 x 8 patches", pooling.tile_weights, _all),
    _spatial(
        "blocks",
        "the mean of each part of the page cut into side x side equal parts",
        pooling.block_weights,
        lambda n, v: min(n, number(v, "side") ** 2 + 1),
        {"side": Option("parts along each side", pooling.SIDE, low=1, high=100)},
        source="2-D pooling of Light-ColPali, arXiv 2506.04997",
    ),
    _spatial(
        "conv",
        "a window sliding over the rows, past both ends",
        pooling.conv_weights,
        lambda n, v: min(n, pooling.ROWS) + number(v, "window") - 1,
        {"window": _WINDOW},
    ),
    _spatial(
        "gauss",
        "the rows smoothed by a gaussian",
        pooling.gauss_weights,
        _at_most(pooling.ROWS),
        {"window": _WINDOW, "sigma": _SIGMA},
    ),
    _spatial(
        "triangular",
        "the rows smoothed by a triangle",
        pooling.triangular_weights,
        _at_most(pooling.ROWS),
        {"window": _WINDOW},
    ),
    _spatial("neighbours", "each tile averaged with the four around it", pooling.neighbour_weights, _all),
    _spatial(
        "tiles-global",
        "the mean of each tile, and each vector of the global tile as it is",
        pooling.tile_global_weights,
        _all,
    ),
)
