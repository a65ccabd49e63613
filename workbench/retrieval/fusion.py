"""Several lists of pages made one: by rank, or by the weighted sum of scores.

What this module does not do: search, or decide ties; lists come in the order that the engine gave them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from workbench.types import Float

Norm = Literal["z", "minmax", "none"]

RRF_K = 60
"""The constant of the paper; ranks far down then differ little."""


def rrf(lists: Sequence[Sequence[str]], weights: Sequence[float], k: float = RRF_K) -> dict[str, float]:
    """Reciprocal rank fusion (Cormack et al. 2009): the sum over lists of ``weight / (k + rank)``, ranks from 1.

    Each list holds pages best first. A page that a list lacks gets nothing from it.
    """
    totals: dict[str, float] = {}
    for pages, weight in zip(lists, weights, strict=True):
        for rank, page in enumerate(pages, 1):
            totals[page] = totals.get(page, 0.0) + weight / (k + rank)
    return totals


def weighted_sum(columns: Sequence[Float], weights: Sequence[float], norm: Norm = "z") -> Float:
    """The weighted sum of normalised scores of the same pages: ``(pages,) float32`` from one such column per list.

    NaN stands where a list cannot say anything of a page; it counts as the worst that the list says of any. With
    ``none``, a stage of one vector a page beside MaxSim is ColBERTer's sum (arXiv 2203.13088).
    """
    total = np.zeros(len(columns[0]), np.float32)
    for column, weight in zip(columns, weights, strict=True):
        known = ~np.isnan(column)
        normal = normalised(column[known], norm)
        filled = np.full(len(column), normal.min() if len(normal) else 0.0, np.float32)
        filled[known] = normal
        total += np.float32(weight) * filled
    return total


def normalised(column: Float, norm: Norm) -> Float:
    """z-scores, or scores from 0 to 1; zeros where all are equal, which says nothing; unchanged for ``none``."""
    if norm == "none" or not len(column):
        return column
    wide = np.asarray(column, np.float64)
    low, spread = (wide.mean(), wide.std()) if norm == "z" else (wide.min(), np.ptp(wide))
    return np.asarray((wide - low) / spread if spread > 1e-12 else np.zeros_like(wide), np.float32)
