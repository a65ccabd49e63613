"""Which vectors a page would miss least: those that few directions of a query have as their best match.

A vector is the best match of the queries that lie in its Voronoi cell, and without it each of them scores less by what
it was ahead of the second best. The mean of that over all directions is what its going costs; the vector that costs
least goes, the cells of its neighbours grow, and so on ("A Voronoi Cell Formulation for Principled Token Pruning in
Late-Interaction Retrieval Models", arXiv 2603.09933). Means are estimated from directions drawn by lot.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float


def least_missed(vectors: Float, kept: int, samples: int, seed: int) -> NDArray[np.int64]:
    """The ``kept`` of ``vectors (n, d)`` that are left when those that cost least have gone one by one, in order.

    Costs are means over ``samples`` directions, the same for every page; of equal ones the later vector goes.
    """
    similar = np.asarray(vectors, np.float32) @ _directions(vectors.shape[1], samples, seed)  # (n, samples)
    best, second = _two_best(similar)
    left = np.ones(len(vectors), bool)
    each = np.arange(samples)
    while left.sum() > max(kept, 1):
        costs = np.bincount(best, similar[best, each] - similar[second, each], len(vectors))
        gone = len(costs) - 1 - int(np.where(left, costs, np.inf)[::-1].argmin())
        left[gone], similar[gone] = False, -np.inf
        met = (best == gone) | (second == gone)
        best[met], second[met] = _two_best(similar[:, met])
    return np.flatnonzero(left)


def _two_best(similar: Float) -> NDArray[np.int64]:
    """The best row of each column and the second best: ``(2, columns)``; twice the same of a single row."""
    best = similar.argmax(axis=0)
    others = similar.copy()
    others[best, np.arange(similar.shape[1])] = -np.inf
    return np.stack([best, others.argmax(axis=0)])


@functools.lru_cache(maxsize=4)
def _directions(dim: int, samples: int, seed: int) -> Float:
    """Directions drawn evenly from all there are: ``(dim, samples) float32``, columns of length 1."""
    drawn = np.random.default_rng((seed, dim)).standard_normal((dim, samples)).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=0), np.float32)
