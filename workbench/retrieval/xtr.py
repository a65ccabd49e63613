"""XTR's scoring: MaxSim from each query vector's best page vectors alone (arXiv 2304.01982).

Each query vector fetches its ``k`` best of the vectors looked at; a page's score is made of those, and where a query
vector fetched none of a page, of the least similarity it did fetch. When all vectors are looked at, that is the most
the page can have, so the score is never below the page's MaxSim, and the more are fetched, the nearer it comes. It is
an estimate, labelled as one, and scores of different queries cannot be compared: an index of vectors scores the same
way (LanceDB's does), and this says what that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float

BLOCK = 1 << 15
"""Page vectors widened to float32 and compared at once."""


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


def token_retrieval(
    query: Float, weights: Float, flat: NDArray[Any], rows: NDArray[np.int64], owners: NDArray[np.int64], k: int
) -> TokenRetrieval:
    """Score pages from each query vector's k best among ``flat[rows]``; ``owners`` are the pages of those rows.

    ``query (m, d)``, ``weights (m,)``. Ties at the k-th are all fetched. k past the number of rows fetches all, which
    is MaxSim itself where all of a page's rows are looked at. `ValueError` for k below 1.
    """
    if k < 1:
        raise ValueError("token retrieval fetches at least one vector for each query vector")
    values = [np.zeros(0, np.float32) for _ in query]
    places = [np.zeros(0, np.int64) for _ in query]
    for first in range(0, len(rows), BLOCK):
        block = np.asarray(query, np.float32) @ np.asarray(flat[rows[first : first + BLOCK]], np.float32).T
        for i, similarities in enumerate(block):
            near = similarities if not len(values[i]) else np.concatenate([values[i], similarities])
            place = np.concatenate([places[i], np.arange(first, first + len(similarities))])
            if len(near) > k:
                taken = near >= np.partition(near, len(near) - k)[len(near) - k]
                near, place = near[taken], place[taken]
            values[i], places[i] = near, place
    imputed = np.asarray([value.min(initial=np.inf) for value in values], np.float32)
    pages, where = np.unique(owners[np.concatenate([*places, np.zeros(0, np.int64)])], return_inverse=True)
    best = np.full((len(query), len(pages)), -np.inf)
    at = 0
    for i, value in enumerate(values):
        np.maximum.at(best[i], where[at : at + len(value)], value)
        at += len(value)
    fetched = np.isfinite(best)
    filled = np.where(fetched, best, imputed[:, None].astype(np.float64))
    scores = np.asarray(np.asarray(weights, np.float64) @ filled, np.float32)
    return TokenRetrieval(pages, scores, fetched, imputed)
