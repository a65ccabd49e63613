"""XTR's scoring: MaxSim from the best-matching vectors of the whole collection alone (arXiv 2304.01982).

Each query vector fetches its ``k`` best page vectors; a page's score is made of those, and where a query vector fetched
none of a page, of the least similarity it did fetch, which is the most that page can have. So an exact search for
vectors gives a score that is never below the page's MaxSim, and the more are fetched, the nearer it comes. It is an
estimate, labelled as one: a vector index scores the same way (LanceDB's does), and this says what that does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float, Ragged

BLOCK = 1 << 15


@dataclass(frozen=True, slots=True)
class TokenRetrieval:
    """What fetching vectors says of the pages that had any fetched, in ascending order of page.

    ``scores`` are weighted sums, as MaxSim; ``fetched (m, candidates) bool`` tells what is a similarity from what is
    imputed; ``imputed (m,)`` is what stands in for each query vector.
    """

    pages: NDArray[np.int64]
    scores: Float
    fetched: NDArray[np.bool_]
    imputed: Float

    @property
    def coverage(self) -> Float:
        """The share of query vectors that fetched something of each page."""
        return np.asarray(self.fetched.mean(axis=0), np.float32)


def token_retrieval(query: Float, weights: Float, pages: Ragged, k: int) -> TokenRetrieval:
    """Score pages from each query vector's k best page vectors, found exactly. Ties at the k-th are all fetched.

    ``query (m, d)``, ``weights (m,)`` not negative. k past the number of vectors fetches all, which is MaxSim itself.
    """
    if k < 1:
        raise ValueError("token retrieval fetches at least one vector for each query vector")
    if (np.asarray(weights) < 0).any():
        raise ValueError("an imputed similarity is a bound only for weights that are not negative")
    owner = np.repeat(np.arange(len(pages)), np.diff(pages.offsets))
    best = np.full((len(query), len(pages)), -np.inf)
    imputed = np.zeros(len(query), np.float32)
    for i, similarities in enumerate(_similarities(query, pages)):
        least = similarities[0 if k >= len(similarities) else len(similarities) - k :]
        if k < len(similarities):
            least = np.partition(similarities, len(similarities) - k)[len(similarities) - k :]
        imputed[i] = least.min(initial=np.inf)
        taken = np.flatnonzero(similarities >= imputed[i])
        np.maximum.at(best[i], owner[taken], similarities[taken])
    fetched = np.isfinite(best)
    found = np.flatnonzero(fetched.any(axis=0))
    filled = np.where(fetched[:, found], best[:, found], imputed[:, None].astype(np.float64))
    scores = np.asarray(np.asarray(weights, np.float64) @ filled, np.float32)
    return TokenRetrieval(found, scores, fetched[:, found], imputed)


def _similarities(query: Float, pages: Ragged) -> NDArray[np.float32]:
    """Every query vector against every page vector: ``(m, n) float32``, widened a block at a time."""
    out = np.empty((len(query), len(pages.flat)), np.float32)
    for first in range(0, len(pages.flat), BLOCK):
        out[:, first : first + BLOCK] = query @ pages.flat[first : first + BLOCK].astype(np.float32).T
    return out
