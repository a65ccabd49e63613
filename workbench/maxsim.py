"""MaxSim, the score of a page for a query: each query vector's best match on the page, summed (late interaction).

    MaxSim(q, page) = sum_i weights[i] * max_j q_i . d_j            (ColBERT, arXiv 2004.12832, equation 3)

`maxsim_reference` is that line as a loop. `maxsim_of_ranges` is the one fast kernel, for pages that lie anywhere in a
big, usually memory-mapped array; `maxsim` is the same for pages one after the other.

How it is fast: the vectors of several pages go through one matrix product, queries first, ``(m, rows)``, so that
the maximum over a page's columns is one ragged `numpy.maximum.reduceat`. A block is small enough to stay in the cache
between being widened to float32, multiplied and reduced; memory does not grow with the number of pages. Blocks are
shared among threads that each compute alone: a loop of products that are parallel *inside* waits for its slowest thread
at every step, and becomes several times slower as soon as something else wants the processor.

How it is steady: a block is padded to a whole number of tiles, so that a page meets the same arithmetic whatever
stands beside it, and the sum over query vectors runs in float64. A page's score is then the same in every batch
wherever it was tried; only agreement to float32 rounding is promised, and ties are for the caller to break.

Pages that a graphics card holds are scored there (`accelerator`); what is said here is of all others.

What it does not do: normalise, check for NaN (writers do), or choose vectors.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.accelerator import accelerator, is_whole_file
from workbench.types import Float, Ragged

if TYPE_CHECKING:
    import torch

BLOCK_BYTES = 3 << 20
"""Page vectors of one block as float32: about what a core's second-level cache holds beside the similarities."""
SIMILARITY_BYTES = 32 << 20
"""Most similarities of one block, which bounds memory for a query of thousands of vectors."""
TILE = 32
"""Rows to whose multiple a block is padded."""
CACHE_NUMBERS = 16 << 20
"""Longest buffer, in numbers, that a thread keeps for the next block."""
SCATTERED = 16 << 10
"""Mean numbers per run of rows below which rows are gathered one by one rather than run by run (measured)."""


def maxsim_reference(query: Float, pages: Ragged, weights: Float | None = None) -> Float:
    """MaxSim as its definition, page by page: what the fast kernel is tested against. See `maxsim`."""
    scores = np.zeros(len(pages), np.float32)
    if len(query):
        for i in range(len(pages)):
            if not len(pages[i]):
                raise ValueError(f"page {i} of {len(pages)} has no vectors, so it has no MaxSim")
            best = (query @ pages[i].astype(np.float32).T).max(axis=1)
            scores[i] = best.sum() if weights is None else best @ weights
    return scores


def similarities(query: Float, vectors: NDArray[Any]) -> Float:
    """Dot product of every query vector ``(m, d)`` with every page vector ``(n, d)``: ``(m, n) float32``."""
    return np.asarray(query, np.float32) @ np.asarray(vectors, np.float32).T


def maxsim(query: Float, pages: Ragged, weights: Float | None = None) -> Float:
    """MaxSim of every page: ``(pages,) float32``.

    ``query (m, d) float32``, ``pages.flat (N, d)`` float32 or float16, ``weights (m,)`` multiplies the maximum of each
    query vector. A query without vectors scores 0; a page without vectors is a `ValueError`.
    """
    return maxsim_of_ranges(query, pages.flat, pages.offsets[:-1], np.diff(pages.offsets), weights)


def maxsim_of_ranges(
    query: Float,
    flat: NDArray[Any],
    starts: ArrayLike,
    lengths: ArrayLike,
    weights: Float | None = None,
    most: int = 0,
) -> Float:
    """MaxSim of the pages whose vectors are ``flat[starts[i] : starts[i] + lengths[i]]``: ``(pages,) float32``.

    ``flat (N, d)`` float32 or float16, in memory or memory-mapped; ranges may come in any order, overlap and repeat.
    They are read in the order they lie in, so that a scan of all pages is one sequential read. With ``most``, a page
    that is not among so many best may have any score below theirs. See `maxsim` for the rest; `ValueError` for a range
    that is empty or outside ``flat``, or a query of another dimension.
    """
    starts, lengths = np.asarray(starts, np.int64), np.asarray(lengths, np.int64)
    _check(query, flat, starts, lengths, weights)
    scores = np.zeros(len(starts), np.float32)
    if not len(query) or not len(starts):
        return scores
    card = accelerator()
    found = None
    if card is not None and is_whole_file(flat):
        found = card.score(query, flat, starts, lengths, weights, most)
    if found is None:
        return _on_processor(query, flat, starts, lengths, weights)
    scores, there = found
    if len(rest := np.flatnonzero(~there)):
        scores[rest] = _on_processor(query, flat, starts[rest], lengths[rest], weights)
    return scores


def _on_processor(
    query: Float, flat: NDArray[Any], starts: NDArray[np.int64], lengths: NDArray[np.int64], weights: Float | None
) -> Float:
    scores = np.zeros(len(starts), np.float32)
    order = np.argsort(starts, kind="stable")
    job = _Job(query, flat, starts[order], lengths[order], weights)

    def work(block: slice) -> None:
        scores[order[block]] = job.score(block)

    each_block(job.lengths, job.rows, work)
    return scores


def each_block(lengths: NDArray[np.int64], rows: int, work: Callable[[slice], None]) -> None:
    """Call ``work`` with consecutive pages of at most ``rows`` vectors together, in several threads at once.

    A page that alone has more vectors is a block of its own.
    """
    pool, threads = _pool()
    blocks = list(_blocks(lengths, rows))
    share = threading.Lock()
    rest = iter(blocks)

    def work_on() -> None:
        while True:
            with share:
                block = next(rest, None)
            if block is None:
                return
            work(block)

    for done in [pool.submit(work_on) for _ in range(min(threads, len(blocks)))]:
        done.result()


def rows_of(starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of ranges, one range after the other."""
    ends = np.cumsum(lengths)
    return np.asarray(np.arange(int(lengths.sum())) + np.repeat(starts - ends + lengths, lengths), np.int64)


def _check(
    query: Float, flat: NDArray[Any], starts: NDArray[np.int64], lengths: NDArray[np.int64], weights: Float | None
) -> None:
    if flat.ndim != 2 or flat.dtype not in (np.float32, np.float16):
        raise ValueError(f"page vectors must be (n, dim) float32 or float16, not {flat.shape} {flat.dtype}")
    if query.ndim != 2 or query.shape[1] != flat.shape[1]:
        raise ValueError(f"the query is {query.shape}, which does not match page vectors of dimension {flat.shape[1]}")
    if weights is not None and np.shape(weights) != (len(query),):
        raise ValueError(f"{len(query)} query vectors need weights ({len(query)},), not {np.shape(weights)}")
    if starts.shape != lengths.shape or starts.ndim != 1:
        raise ValueError(f"starts {starts.shape} and lengths {lengths.shape} must be two lists of the same length")
    bad = np.flatnonzero((lengths < 1) | (starts < 0) | (starts + lengths > len(flat)))
    if len(bad):
        i = int(bad[0])
        if lengths[i] == 0:
            raise ValueError(f"page {i} of {len(starts)} has no vectors, so it has no MaxSim")
        raise ValueError(f"page {i} of {len(starts)} is rows {starts[i]}:{starts[i] + lengths[i]} of {len(flat)}")


def _blocks(lengths: NDArray[np.int64], rows: int) -> Iterator[slice]:
    ends = np.cumsum(lengths)
    first = 0
    while first < len(lengths):
        before = ends[first] - lengths[first]
        last = max(int(np.searchsorted(ends, before + rows, side="right")), first + 1)
        yield slice(first, last)
        first = last


class _Job:
    """One call of the kernel: what its blocks share, and the scoring of a block. Safe to use from several threads."""

    def __init__(
        self,
        query: Float,
        flat: NDArray[Any],
        starts: NDArray[np.int64],
        lengths: NDArray[np.int64],
        weights: Float | None,
    ) -> None:
        self.query = tensor(np.ascontiguousarray(query, np.float32))
        self.flat = tensor(flat)
        self.starts, self.lengths = starts, lengths
        self.weights = None if weights is None else np.asarray(weights, np.float64)[:, None]
        self.rows = max(min(BLOCK_BYTES // (4 * flat.shape[1]), SIMILARITY_BYTES // (4 * len(query))), TILE)

    def score(self, block: slice) -> Float:
        """Scores of the pages of a block, in the order of `starts`: ``(pages,) float32``."""
        import torch

        starts, lengths = self.starts[block], self.lengths[block]
        vectors = self._vectors(starts, lengths)
        shape = len(self.query), len(vectors)
        out = scratch("similarities", shape[0] * shape[1], torch.float32).view(shape)
        matrix = torch.mm(self.query, vectors.T, out=out).numpy()
        within = np.cumsum(lengths)
        best = matrix[:, : within[-1]]
        if len(lengths) < within[-1]:
            best = np.maximum.reduceat(best, within - lengths, axis=1)
        if self.weights is not None:
            return np.asarray((best * self.weights).sum(axis=0), np.float32)
        return np.asarray(best.sum(axis=0, dtype=np.float64), np.float32)

    def _vectors(self, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> torch.Tensor:
        """The vectors of the ranges one after the other as float32, and on to a whole number of tiles."""
        import torch

        rows, dim = int(lengths.sum()), self.flat.shape[1]
        padded = -(-rows // TILE) * TILE
        cuts = np.flatnonzero(starts[1:] != (starts + lengths)[:-1]) + 1
        first = int(starts[0])
        if not len(cuts) and self.flat.dtype == torch.float32 and first + padded <= len(self.flat):
            return self.flat[first : first + padded]
        wide = scratch("vectors", padded * dim, torch.float32).view(padded, dim)
        if rows * dim >= SCATTERED * (len(cuts) + 1):
            heads, to = np.r_[0, cuts], 0
            for start, length in zip(starts[heads].tolist(), np.add.reduceat(lengths, heads).tolist(), strict=True):
                wide[to : to + length].copy_(self.flat[start : start + length])
                to += length
            return wide
        index = torch.from_numpy(rows_of(starts, lengths))
        if self.flat.dtype == torch.float32:
            torch.index_select(self.flat, 0, index, out=wide[:rows])
        else:
            narrow = scratch("gathered", rows * dim, self.flat.dtype).view(rows, dim)
            wide[:rows].copy_(torch.index_select(self.flat, 0, index, out=narrow))
        return wide


class _Shared:
    """Lends an array's memory to torch as if it could be written, which is never done.

    torch has no read-only tensors and warns, once per process and wherever it happens to be, about memory that is.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array  # keeps the memory alive
        interface = dict(array.__array_interface__)
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}


def tensor(array: NDArray[Any]) -> torch.Tensor:
    """An array, which may be read-only, as a tensor over the same memory, which is not to be written."""
    import torch

    return torch.from_numpy(np.asarray(_Shared(array)))


_local = threading.local()


def scratch(name: str, numbers: int, dtype: torch.dtype) -> torch.Tensor:
    """This thread's buffer of that name, at least so long: fresh memory would be paged in anew for every block."""
    import torch

    key = f"{name}-{dtype}"
    buffer: torch.Tensor | None = getattr(_local, key, None)
    if buffer is None or len(buffer) < numbers:
        buffer = torch.zeros(numbers, dtype=dtype)
        if numbers <= CACHE_NUMBERS:  # a page like a book is not worth its memory for ever
            setattr(_local, key, buffer)
    return buffer[:numbers]


_starting = threading.Lock()


def _pool() -> tuple[ThreadPoolExecutor, int]:
    """The threads that compute, as many as torch would use here, and how many they are; started once a process."""
    with _starting:
        return _started()


@functools.cache
def _started() -> tuple[ThreadPoolExecutor, int]:
    import torch

    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads, "maxsim", initializer=torch.set_num_threads, initargs=(1,))
    ready = threading.Barrier(threads + 1)
    for _ in range(threads):
        pool.submit(ready.wait)  # every thread must have started ...
    ready.wait()
    torch.set_num_threads(threads)  # ... before what threads to come begin with is put back to what it was
    return pool, threads
