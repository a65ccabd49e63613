"""What each query token is worth: weights by rarity or spread, stop words, and leaving tokens out.

A page's score is ``sum_i w_i max_j q_i . d_j``; these make the ``w``. Multiplying all weights by one number changes no
order, and weights here are scaled to a mean of 1 so that scores keep their size. Published late-interaction models
were trained with equal weights, so anything else is a change to be measured.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float, Ragged

_STOP = """
a an and are as at be been being but by can could did do does for from had has have he her his how i if in into is it
its me my no not of on or our she should so such than that the their them then there these they this those to us was we
were what when where which while who whom whose why will with would you your
"""
STOP_WORDS = frozenset(_STOP.split())
"""English words that say nothing of a subject."""
BLOCK = 1 << 15
"""Page vectors compared at once."""


def best_matches(query: Float, pages: Ragged) -> Float:
    """Each query vector's best similarity on each page: ``(m, pages) float32``; MaxSim before it is summed.

    `ValueError` for a page without vectors.
    """
    lengths = np.diff(pages.offsets)
    if (lengths < 1).any():
        raise ValueError(f"page {int(np.flatnonzero(lengths < 1)[0])} has no vectors, so it has no best match")
    best = np.empty((len(query), len(pages)), np.float32)
    first = 0
    while first < len(pages):
        last = max(first + 1, int(np.searchsorted(pages.offsets, pages.offsets[first] + BLOCK, side="right")) - 1)
        start, stop = pages.offsets[first], pages.offsets[last]
        block = np.asarray(query, np.float32) @ pages.flat[start:stop].astype(np.float32).T
        best[:, first:last] = np.maximum.reduceat(block, pages.offsets[first:last] - start, axis=1)
        first = last
    return best


def idf(df: NDArray[np.int64] | Sequence[int], pages: int) -> NDArray[np.float64]:
    """``ln((1 + pages) / (1 + df))``: 0 for what every page has."""
    return np.asarray(np.log((1 + pages) / (1 + np.asarray(df, np.float64))), np.float64)


def matching_pages(best: Float, alike: float) -> NDArray[np.int64]:
    """On how many pages each token has a match of at least ``alike``: ``(m,)``; ``best`` as of `best_matches`."""
    return np.asarray((best >= alike).sum(axis=1), np.int64)


def idf_weights(best: Float, alike: float) -> Float:
    """Weights by how few pages have a match of at least ``alike`` (a cosine): ``(m,)``, of mean 1.

    The document frequency of a vector in place of a word's; all 1 where no token is rarer than another.
    """
    return scaled(idf(matching_pages(best, alike), best.shape[1]))


def spread_weights(best: Float) -> Float:
    """Weights by how much a token tells pages apart: the standard deviation of its best matches, ``(m,)``, of mean 1.

    A token that matches every page equally well adds a constant to all and gets 0.
    """
    return scaled(np.asarray(best, np.float64).std(axis=1))


def stop_word_weights(labels: Sequence[str], words: frozenset[str] = STOP_WORDS) -> Float:
    """0 for tokens whose label is a stop word, 1 for the others; all 1 where nothing else would be left."""
    kept = np.asarray([label.strip("▁Ġ# ").lower() not in words for label in labels], np.float32)
    return kept if kept.any() else np.ones(len(labels), np.float32)


def keep_heaviest(weights: Float, keep: float) -> NDArray[np.int64]:
    """The ``keep`` per cent of tokens of the greatest weight, in their own order; at least one, ties to the first."""
    if not len(weights):
        return np.zeros(0, np.int64)
    count = max(1, int(np.ceil(len(weights) * keep / 100)))
    return np.sort(np.argsort(-np.asarray(weights, np.float64), kind="stable")[:count])


def scaled(weights: NDArray[np.float64]) -> Float:
    """Weights multiplied to a mean of 1; all 1 where they sum to nothing."""
    mean = weights.mean() if len(weights) else 0.0
    return np.asarray(weights / mean if mean > 1e-12 else np.ones_like(weights), np.float32)
