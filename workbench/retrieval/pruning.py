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
SLACK = 1e-5
"""Share by which float32 rounding may push a score above its bound."""


def prune(scores: Float, k: int, alpha: float | None, mode: Literal["relative", "gap"] = "relative") -> int:
    """How many of the first candidates to keep; ``scores`` come best first, ``alpha`` None keeps all.

    ``relative`` keeps what scores at least ``s_k (1 - alpha)``, ties included, and needs ``s_k`` above 0, or keeps all.
    ``gap`` keeps what scores at least ``s_k - alpha (s_1 - s_last)`` and suits any scale.
    """
    if alpha is None or len(scores) <= k:
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
    """The best candidates by exact score: their positions in the first-stage order, their scores, and the work done."""

    positions: NDArray[np.int64]
    scores: Float
    scored: int


def rerank(
    candidates: int,
    k: int,
    score: Callable[[NDArray[np.int64]], Float],
    beta: int | None = None,
    bounds: Float | None = None,
    block: int = BLOCK,
) -> Reranked:
    """The k best of ``candidates``, which ``score`` gives exact scores by position, stopping when it can.

    With ``beta`` it stops once so many candidates in a row, in first-stage order and after the first k, did not make it
    among the k best: approximate. With ``bounds (candidates,)``, none below its exact score, it scores by descending
    bound and stops when no bound reaches the k-th best: safe. Neither scores everything. Ties go to the earlier.
    """
    order = np.arange(candidates) if bounds is None else np.argsort(-np.asarray(bounds, np.float64), kind="stable")
    found: dict[int, float] = {}
    best: list[float] = []
    stalls, at = 0, 0
    while at < candidates and not (beta is not None and stalls >= beta):
        taken = order[at : at + (max(k, block) if at == 0 else block)]
        if bounds is not None and len(best) == k:
            reach = best[0] - SLACK * abs(best[0])
            taken = taken[np.asarray(bounds, np.float64)[taken] >= reach]
            if not len(taken):
                break
        for position, value in zip(taken.tolist(), np.asarray(score(taken), np.float64).tolist(), strict=True):
            found[position] = value
            if len(best) < k:
                heapq.heappush(best, value)
            elif value > best[0]:
                heapq.heapreplace(best, value)
                stalls = 0
            else:
                stalls += 1
        at += len(taken)
    positions = sorted(found, key=lambda position: (-found[position], position))[:k]
    return Reranked(np.asarray(positions, np.int64), np.asarray([found[p] for p in positions], np.float32), len(found))


def upper_bounds(
    query: Float, weights: Float, means: Float, radii: Float, starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> Float:
    """A bound on the MaxSim of every page, from groups that hold all its vectors: ``(pages,) float32``.

    ``means (G, d)`` are any centres of the groups and ``radii (G,)`` the farthest of a group's vectors from its own:
    ``q . d <= q . mean + |q| radius`` (Cauchy-Schwarz). Page i has groups ``starts[i] : starts[i] + lengths[i]``.
    Needs weights that are not negative.
    """
    if (np.asarray(weights) < 0).any():
        raise ValueError("a negative weight turns a bound around; there is no bound for such a query")
    reach = query @ means.T + np.linalg.norm(query, axis=1)[:, None] * radii
    tops = np.stack([reach[:, a : a + n].max(axis=1) for a, n in zip(starts, lengths, strict=True)], axis=1)
    return np.asarray(weights @ tops, np.float32)
