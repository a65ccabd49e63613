"""Reranking fewer candidates: candidate pruning, and stopping early.

Both are of "Multivector reranking in the era of strong first-stage retrievers" (arXiv 2601.05200), mended where the
published code and its documentation disagree: a *larger* alpha prunes *less*, at least k candidates always remain, and
scores that are not positive cannot be pruned by a share of themselves. With upper bounds in place of first-stage scores
stopping is safe: it gives what scoring every candidate gives.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float

BLOCK = 16
"""Candidates scored at once; stopping can be that many late at most."""
SLACK = 2e-5
"""Share of the greatest score by which rounding may part a score from its bound, or from one that it ties with."""


def prune(scores: Float, k: int, alpha: float, mode: Literal["relative", "gap"] = "relative") -> int:
    """How many of the first candidates to keep; ``scores`` come best first.

    ``relative`` keeps what scores at least ``s_k (1 - alpha)``, ties included, and needs ``s_k`` above 0, or keeps all.
    ``gap`` keeps what scores at least ``s_k - alpha (s_1 - s_last)`` and suits any scale.
    """
    if len(scores) <= k:
        return len(scores)
    at_k = float(scores[k - 1])
    if mode == "relative":
        if at_k <= 0:
            return len(scores)
        least = at_k * (1 - alpha)
    else:
        least = at_k - alpha * (float(scores[0]) - float(scores[-1]))
    return max(k, int((np.asarray(scores, np.float64) >= least).sum()))


@dataclass(frozen=True, slots=True)
class Reranked:
    """The candidates that were scored, by their positions in the first-stage order, and their scores."""

    positions: NDArray[np.int64]
    scores: Float


def rerank(
    candidates: int,
    k: int,
    score: Callable[[NDArray[np.int64]], Float],
    patience: int = 0,
    bounds: Float | None = None,
    block: int = BLOCK,
) -> Reranked:
    """Score ``candidates``, exactly and by position, for the k best of them, stopping when it can.

    With ``patience`` (the paper's beta) it stops once so many candidates in a row, in first-stage order and after the
    first k, did not make it among the k best: approximate. With ``bounds (candidates,)``, none below its exact score,
    it scores by descending bound and stops when no bound reaches the k-th best: safe. Neither scores everything.
    """
    order = np.arange(candidates) if bounds is None else np.argsort(-np.asarray(bounds, np.float64), kind="stable")
    found: dict[int, float] = {}
    best: list[float] = []
    stalls, at = 0, 0
    while at < candidates and not (patience and stalls >= patience):
        taken = order[at : at + (max(k, block) if at == 0 else block)]
        if bounds is not None and len(best) == k:
            reach = best[0] - SLACK * max(abs(best[0]), *map(abs, found.values()))
            taken = taken[np.asarray(bounds, np.float64)[taken] >= reach]
            if not len(taken):
                break
        values = np.asarray(score(taken), np.float64)
        values[~np.isfinite(values)] = -np.inf  # a damaged page is never among the best
        for position, value in zip(taken.tolist(), values.tolist(), strict=True):
            found[position] = value
            if len(best) < k:
                heapq.heappush(best, value)
            elif value > best[0]:
                heapq.heapreplace(best, value)
                stalls = 0
            else:
                stalls += 1
        at += len(taken)
    return Reranked(np.asarray(list(found), np.int64), np.asarray(list(found.values()), np.float32))
