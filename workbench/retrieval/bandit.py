"""Reranking by the cells that decide: a candidate's MaxSim is a sum over query tokens, and few of them often tell.

Every candidate is an arm and every query token a draw from it without replacement. What was drawn gives the mean and an
interval around it; candidates whose interval ends below the k-th best beginning are left out, the others draw again.
Col-Bandit (arXiv 2602.02827) draws for two candidates at a time; here all that are still in question draw the same
token, since a product of many vectors costs less than many products. The k best are drawn to the end, so that scores
are exact, and only the list is a likelihood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float

DEVIATIONS = 2.0
"""Standard errors on either side of a mean (about 95 %)."""
LEAST = 2
"""Tokens drawn before anything is left out: one tells nothing of how much they differ."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """Positions of the candidates that were drawn to the end, their scores, and how many cells were drawn in all."""

    positions: NDArray[np.int64]
    scores: Float
    cells: int


def reveal(
    candidates: int, tokens: NDArray[np.int64], k: int, cells: Callable[[int, NDArray[np.int64]], Float]
) -> Revealed:
    """The ``k`` best of ``candidates``, probably: ``cells(token, positions)`` gives what a token adds to their scores.

    ``tokens`` are drawn in their order. A cell that is no number makes its candidate the last of all.
    """
    left = np.arange(candidates)
    sums, squares = np.zeros(candidates), np.zeros(candidates)
    drawn = 0
    for done, token in enumerate(tokens.tolist(), 1):
        found = np.asarray(cells(token, left), np.float64)
        found[~np.isfinite(found)] = -np.inf
        sums[left] += found
        squares[left] += found**2
        drawn += len(left)
        if LEAST <= done < len(tokens) and len(left) > k:
            low, high = _intervals(sums[left], squares[left], done, len(tokens))
            left = left[high >= np.partition(low, -k)[-k]]
    return Revealed(left, sums[left].astype(np.float32), drawn)


def _intervals(
    sums: NDArray[np.float64], squares: NDArray[np.float64], done: int, tokens: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Between which a sum of all ``tokens`` probably lies when ``done`` of them, drawn one by one, come to ``sums``.

    The standard error of a mean in a finite population (Cochran, Sampling Techniques, 2.6), times their number.
    """
    means = sums / done
    with np.errstate(invalid="ignore"):  # of a page that has no score
        variance = np.maximum(squares / done - means**2, 0) * done / (done - 1)
    wide = DEVIATIONS * tokens * np.sqrt(variance / done * (1 - done / tokens))
    wide[~np.isfinite(means)] = 0
    return tokens * means - wide, tokens * means + wide
