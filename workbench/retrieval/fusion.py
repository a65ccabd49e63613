"""Several lists of pages made one: by rank, by normalised score, or by the sum of a global score and MaxSim.

A list is a mapping from page to score; its order is by score, then by page, so that nothing depends on how it was
built. What this module does not do: search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Literal

import numpy as np

Scores = Mapping[str, float]
Norm = Literal["z", "minmax", "none"]

RRF_K = 60
GLOBAL_WEIGHT = 0.3
"""Weight of the global score beside MaxSim; ColBERTer learns one, of which no value is published for pages."""


def ranked(scores: Scores) -> list[str]:
    """Pages best first; ties by page."""
    return sorted(scores, key=lambda page: (-scores[page], page))


def rrf(
    lists: Sequence[Scores],
    weights: Sequence[float] | None = None,
    k: float = RRF_K,
    able: Sequence[Set[str]] | None = None,
) -> dict[str, float]:
    """Reciprocal rank fusion (Cormack et al. 2009): the sum over lists of ``weight / (k + rank)``, ranks from 1.

    A page that a list lacks gets nothing from it. With ``able``, the pages each list could have had, a page is not held
    to account for lists it could not be in (text search, for a page without text): its sum is scaled up to full weight.
    """
    shares = _weights(lists, weights)
    totals: dict[str, float] = {}
    for scores, share in zip(lists, shares, strict=True):
        for rank, page in enumerate(ranked(scores), 1):
            totals[page] = totals.get(page, 0.0) + share / (k + rank)
    if able is None:
        return totals
    reach = {page: sum(s for s, pages in zip(shares, able, strict=True) if page in pages) for page in totals}
    return {page: total * sum(shares) / reach[page] if reach[page] else total for page, total in totals.items()}


def weighted_sum(lists: Sequence[Scores], weights: Sequence[float] | None = None, norm: Norm = "z") -> dict[str, float]:
    """The weighted sum of normalised scores over every page of any list.

    A list is normalised over its own pages; a page it lacks gets the list's least score. A list all of whose scores are
    equal says nothing, nor does an empty one.
    """
    totals = dict.fromkeys((page for scores in lists for page in scores), 0.0)
    for scores, share in zip(lists, _weights(lists, weights), strict=True):
        values = normalised(scores, norm)
        least = min(values.values(), default=0.0)
        for page in totals:
            totals[page] += share * values.get(page, least)
    return totals


def normalised(scores: Scores, norm: Norm) -> dict[str, float]:
    """z-scores, or scores from 0 to 1, of one list; zeros where all are equal; unchanged for ``none``."""
    column = np.fromiter(scores.values(), np.float64, len(scores))
    if norm != "none" and len(column):
        low, spread = (column.mean(), column.std()) if norm == "z" else (column.min(), np.ptp(column))
        column = (column - low) / spread if spread > 1e-12 else np.zeros_like(column)
    return dict(zip(scores, column.tolist(), strict=True))


def global_and_maxsim(single: Scores, maxsim: Scores, tokens: float, weight: float = GLOBAL_WEIGHT) -> dict[str, float]:
    """``weight * single + (1 - weight) * maxsim / tokens`` for the pages of both (ColBERTer, arXiv 2203.13088).

    Dividing by the query's ``tokens``, or the sum of their weights, brings MaxSim to the scale of a cosine, so that one
    weight does for queries of any length; the paper's own sum is of unscaled dots.
    """
    return {page: weight * single[page] + (1 - weight) * maxsim[page] / tokens for page in maxsim if page in single}


def _weights(lists: Sequence[Scores], weights: Sequence[float] | None) -> list[float]:
    if weights is not None and len(weights) != len(lists):
        raise ValueError(f"{len(lists)} lists need {len(lists)} weights, not {len(weights)}")
    return [1.0] * len(lists) if weights is None else [float(weight) for weight in weights]
