"""LEMUR without training (arXiv 2601.21853): a page as one vector of weights, whose dot product stands for MaxSim.

MaxSim sums, over the vectors of a query, how well the page answers each: a function of one vector, a page's own. With
enough random features ``psi`` such a function is nearly linear in them: page p is the weights ``w_p`` that give
``psi(x) . w_p`` nearest to ``max_j x . d_pj``, by least squares over vectors x sampled from the pages, and a query is
the sum of ``psi`` over its vectors. The sample, the features and the solution of their normal equations are drawn once
and kept, so that a page that comes later is solved for by the same sample, by one matrix product, and pages compare.

Left out of the published code: its trained network (this is what it calls epochs=0), and its division by 32. Added: a
ridge. Lengths of page vectors mean something.
"""

from __future__ import annotations

import numpy as np

from workbench.representations.base import Chosen, Method, Option, State, Values, number
from workbench.types import Float, PageEmbedding

VERSION = 1
"""Of the formulas here: weights that other formulas solved for compare with no query of these."""
RIDGE = 0.3
"""Added to the diagonal of the normal equations, as a share of its mean. Queries are not drawn like the vectors of
pages, and less of it fits those too closely: of .001 to 3, about .3 found most on one half of the questions tried."""
_NO_SPREAD = 1e-5


def features(vectors: Float, projection: Float) -> Float:
    """``psi`` of vectors ``(n, d)`` by a projection ``(d, F)``: ``(n, F) float32``, each of mean 0 and variance 1."""
    from scipy.special import ndtr

    projected = np.asarray(vectors, np.float32) @ projection
    active = projected * ndtr(projected)  # GELU
    active -= active.mean(axis=1, keepdims=True)
    return np.asarray(active / np.sqrt(active.var(axis=1, keepdims=True) + _NO_SPREAD), np.float32)


def fit(sample: Float, values: Values) -> State:
    """Draw features ``(d, F)``, take vectors ``(S, d)`` evenly from the sample, and solve: ``solver (F, S)``."""
    d, most = sample.shape[1], number(values, "samples")
    rng = np.random.default_rng(number(values, "seed"))
    projection = rng.standard_normal((d, number(values, "features"))).astype(np.float32)
    count = min(most, len(sample))
    taken = np.asarray(sample[np.arange(count) * len(sample) // count], np.float32)
    psi = features(taken, projection).astype(np.float64)
    normal = psi.T @ psi
    normal[np.diag_indices_from(normal)] += RIDGE * normal.trace() / len(normal)
    return {
        "projection": projection,
        "sample": taken,
        "solver": np.linalg.solve(normal, psi.T).astype(np.float32),
        "version": np.asarray(VERSION, np.int64),
    }


def encode_page(vectors: Float, state: State) -> Float:
    """The weights of a page ``(n, d)``: ``(F,) float32``."""
    best = (state["sample"] @ np.asarray(vectors, np.float32).T).max(axis=1)
    return np.asarray(state["solver"] @ best, np.float32)


def encode_query(vectors: Float, weights: Float, state: State) -> Float:
    """The weighted sum of the features of query vectors: ``(F,) float32``. Of no vectors: zeros."""
    return np.asarray(np.asarray(weights, np.float32) @ features(vectors, state["projection"]), np.float32)


def _derive(embedding: PageEmbedding, state: State, _values: Values) -> Chosen:
    _check(state)
    return Chosen(encode_page(embedding.vectors, state)[None], (np.arange(len(embedding.vectors), dtype=np.int64),))


def _query(vectors: Float, weights: Float, state: State, _values: Values) -> tuple[Float, Float]:
    _check(state)
    return encode_query(vectors, weights, state)[None], np.ones(1, np.float32)


def _check(state: State) -> None:
    if int(state["version"]) != VERSION:
        raise ValueError("this lemur index was made by another version of Pagelens; take it out and add it again")


LEMUR = Method(
    "lemur",
    "one long vector a page, solved so that its dot product with random features of the query stands for MaxSim",
    "LEMUR with epochs=0, arXiv 2601.21853",
    _derive,
    lambda _n, _values: 1,
    {
        "features": Option("random features: the numbers of a page's vector", 1024, low=1, high=16_384),
        "samples": Option("vectors of pages that it is solved on, at most", 4096, low=1, high=65_536),
        "seed": Option("of the features", 0),
    },
    fit=fit,
    query=_query,
    dim=lambda _d, values: number(values, "features"),
    unit=False,
    learns=True,
)
