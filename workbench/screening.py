"""Which pages can be among the best, by vectors of one byte a number: the others need not be compared in full.

As a VA-file does (Weber, Schek and Blott, VLDB 1998): a rounded copy says of every page what its score cannot exceed,
and only where that reaches the k-th best score are the vectors themselves read. With q' and d' the rounded vectors,

    |q . d - q' . d'| <= |q| |d - d'| + |q - q'| |d'|                      (Cauchy and Schwarz)

and what holds for every pair holds for their maxima, so that MaxSim is off by no more than the sum of this over the
query's vectors. Nothing is lost by it: the k best, their scores and their order are those of a full comparison.

The vectors of a page share a scale, so that the maximum over them is taken among whole numbers. Products of bytes are
quick only where a processor has instructions for them (`is_fast`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.maxsim import BLOCK_BYTES, SIMILARITY_BYTES, TILE, each_block, rows_of, scratch, tensor
from workbench.types import Float, Int64

if TYPE_CHECKING:
    import torch

MOST = 127
"""The largest number of a rounded vector."""
DIM = 2
"""Numbers that a vector has at least: torch multiplies bytes wrongly where there is one."""
LEAST = 1 << 13
"""Vectors below which comparing them all takes no longer than finding out which need not be."""
_TINY = 1e-15
"""Of numbers below, float32 no longer has the squares of what rounding leaves."""
_ROUNDING = 2.0**-23
"""Relative error of two operations in float32."""


@functools.cache
def is_fast() -> bool:
    """Whether this processor multiplies bytes exactly and several times as fast as floats, and torch lets it."""
    import torch

    capabilities: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if not capabilities.get("avx512_vnni") or not hasattr(torch, "_int_mm"):
        return False
    most = torch.full((TILE, 384), MOST, dtype=torch.int8)  # of sums that older instructions cut off
    return bool((torch._int_mm(most[:2], -most.T) == -MOST * MOST * 384).all())


@dataclass(frozen=True)
class Screen:
    """An index rounded: ``codes (N, d) int8``, row by row as its vectors lie, and of each page three ``bounds``.

    ``bounds (pages, 3) float32`` are the scale, by which a page's codes are multiplied to be about its vectors, how far
    at most one lies from there, and the length of the longest; 0 and infinite where vectors are damaged or next to 0.
    """

    codes: NDArray[np.int8]
    bounds: Float

    def only(self, at: Int64) -> Screen:
        """That of some of the pages, by position."""
        return Screen(self.codes, self.bounds[at])


def rounded(vectors: NDArray[Any], lengths: Int64) -> tuple[NDArray[np.int8], Float]:
    """Codes and bounds, as in a `Screen`, of pages that lie one after the other in ``vectors (n, d)``."""
    heads, wide = np.cumsum(lengths) - lengths, np.asarray(vectors, np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        largest = np.maximum.reduceat(np.abs(wide).max(axis=1), heads)
        scales = np.where(np.isfinite(largest) & (largest > _TINY), largest / MOST, 0).astype(np.float32)
        each = np.repeat(scales, lengths)[:, None]
        codes = np.where(each > 0, np.rint(wide / np.where(each > 0, each, 1)), 0).astype(np.int8)
        errors = np.maximum.reduceat(np.linalg.norm(wide - codes * each, axis=1), heads)
        longest = np.maximum.reduceat(np.linalg.norm(wide, axis=1), heads)
    bounds = np.stack([scales, errors * 1.001 + 1e-6 * longest, longest * 1.001], axis=1)  # what float32 may lose
    bounds[~np.isfinite(bounds).all(axis=1) | ((largest > 0) & (scales == 0))] = [0, np.inf, np.inf]
    return codes, np.asarray(bounds, np.float32)


def best_of(about: Float, most: Float, k: int, score: Callable[[Int64], Float]) -> tuple[Int64, Float]:
    """Pages among which the ``k`` best are, and all that score as the k-th, with their scores.

    ``about`` and ``most`` as of `estimates`; ``score`` compares pages, by number, in full: those that seem best, and
    then the others that may reach what the least of them scores.
    """
    n = len(about)
    seeming = about >= np.partition(about, n - k)[n - k]
    first = np.flatnonzero(seeming)
    scores = score(first)
    least = scores.min() if np.isfinite(scores).all() else -np.inf
    rest = np.flatnonzero((most >= least) & ~seeming)
    return np.r_[first, rest], np.r_[scores, score(rest)]


def estimates(
    query: Float, weights: Float, screen: Screen, at: Int64, starts: Int64, lengths: Int64
) -> tuple[Float, Float]:
    """MaxSim of pages by the rounded vectors, and what a full comparison cannot exceed: ``(pages,)`` each.

    Page i is number ``at[i]`` of the screen, and lies in rows ``starts[i] : starts[i] + lengths[i]``. One of damaged
    vectors, or such next to 0, is estimated at 0, and without a limit.
    """
    order = slice(None) if (starts[1:] >= starts[:-1]).all() else np.argsort(starts, kind="stable")
    job = _Job(query, weights, screen, at[order], starts[order], lengths[order])
    sorted_about, sorted_most = np.zeros(len(starts), np.float32), np.zeros(len(starts), np.float32)

    def work(block: slice) -> None:
        sorted_about[block], sorted_most[block] = job.estimates(block)

    each_block(job.lengths, job.rows, work)
    about, most = np.empty_like(sorted_about), np.empty_like(sorted_most)
    about[order], most[order] = sorted_about, sorted_most
    return about, most


class _Job:
    """One estimate of many pages: what its blocks share, and those of a block. Safe to use from several threads."""

    def __init__(self, query: Float, weights: Float, screen: Screen, at: Int64, starts: Int64, lengths: Int64) -> None:
        wide, weighing = np.asarray(query, np.float64), np.asarray(weights, np.float64)
        scales = np.abs(wide).max(axis=1) / MOST
        codes = np.rint(wide / np.where(scales > 0, scales, 1)[:, None])
        self.query, self.codes = tensor(codes.astype(np.int8)), tensor(screen.codes)
        self.weights = (weighing * scales)[:, None]
        sizes, errors = np.linalg.norm(wide, axis=1), np.linalg.norm(wide - codes * scales[:, None], axis=1)
        self.size, self.error = np.abs(weighing) @ sizes, np.abs(weighing) @ errors
        # A sum of float32 products is off by a rounding of its terms' sizes for each of them, whatever their order.
        self.rounding = _ROUNDING * (sum(wide.shape) + 8)
        self.bounds, self.at, self.starts, self.lengths = screen.bounds, at, starts, lengths
        self.rows = max(min(BLOCK_BYTES // (2 * wide.shape[1]), SIMILARITY_BYTES // (4 * len(wide))), TILE)

    def estimates(self, block: slice) -> tuple[Float, Float]:
        """Of the pages of a block; see `estimates`."""
        import torch

        starts, lengths = self.starts[block], self.lengths[block]
        best = torch._int_mm(self.query, self._gathered(starts, lengths).T).numpy()
        if len(lengths) < best.shape[1]:
            best = np.maximum.reduceat(best, np.cumsum(lengths) - lengths, axis=1)
        scale, error, longest = self.bounds[self.at[block]].T
        about = (best * self.weights).sum(axis=0) * scale
        off = self.size * (error + self.rounding * longest) + self.error * (longest + error)
        off[np.isnan(off)] = np.inf  # nothing times infinity
        return np.asarray(about, np.float32), np.asarray(about + off, np.float32)

    def _gathered(self, starts: Int64, lengths: Int64) -> torch.Tensor:
        """The rounded vectors of ranges one after the other."""
        import torch

        rows, dim = int(lengths.sum()), self.codes.shape[1]
        if (starts[1:] == (starts + lengths)[:-1]).all():
            return self.codes[int(starts[0]) : int(starts[0]) + rows]
        codes = scratch("codes", rows * dim, torch.int8).view(rows, dim)
        return torch.index_select(self.codes, 0, torch.from_numpy(rows_of(starts, lengths)), out=codes)
