"""Which of some hundred directions each vector of an index is nearest to: bounds on scores, short lists to look in.

The centres come from spherical k-means over a sample; every vector goes to the cell of its nearest centre, and keeps
the angle to it. Two things follow. By the triangle inequality on the sphere, ``|a - r| <= angle(q, d) <= a + r``, where
a is the angle of a query vector to a centre and r the widest angle of some vectors of its cell: a bound on a page's
MaxSim without reading its vectors. And, as in every inverted file (Jegou et al. 2011; PLAID, arXiv 2205.09707), the
best matches of a query vector are mostly in the few cells whose centres are nearest to it. Cells are worked out from
the vectors when they are first needed and kept beside the memory-mapped copy; they can be thrown away at any time.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from workbench.representations.anchors import spherical_kmeans
from workbench.representations.base import unit
from workbench.store.files import UNREADABLE, write_arrays
from workbench.store.page_ids import PageIds
from workbench.store.vector_cache import FlatVectors
from workbench.types import Float, Int, Int64

log = logging.getLogger(__name__)

_NO_SUMS = np.zeros(0, np.uint32)

MAX_CELLS = 1024
"""Most cells of an index."""
PER_CELL = 64
"""Vectors to a cell, until there are `MAX_CELLS`."""
ROUNDS = 6
SAMPLED = 32
"""Vectors per cell that k-means looks at."""
BLOCK = 1 << 14
_SLACK = 2e-3
"""Radians that rounding may shift an angle by: float32 cosines near 1 are good to about 1e-6."""


@dataclass(frozen=True)
class InvertedLists:
    """``centres (K, d)`` unit rows, and for all vectors of the pages, page after page, ``codes (n,)`` their cells and
    ``angles (n,)`` to the centre in radians. Page i, of id ``page_ids[i]``, has vectors ``offsets[i]:offsets[i + 1]``,
    which lie in the copy at row ``starts[i]`` and after. All lengths are between ``shortest`` and ``longest``; that of
    a damaged vector does not count, and its angle is NaN. ``sums`` are the checksums of the pages' vectors, where there
    are any.
    """

    centres: Float
    codes: Int
    angles: Float
    page_ids: PageIds
    offsets: Int64
    starts: Int64
    shortest: float
    longest: float
    sums: NDArray[np.uint32] = field(default_factory=lambda: _NO_SUMS)

    @cached_property
    def _members(self) -> tuple[Int64, Int, Float]:
        """The different cells of every page: where each page's start, their numbers, the widest angle in each."""
        page = np.repeat(np.arange(len(self.page_ids)), np.diff(self.offsets))
        key = page * len(self.centres) + self.codes
        order = np.lexsort((-np.nan_to_num(self.angles, nan=np.inf), key))
        first = np.r_[True, np.diff(key[order]) > 0] if len(order) else np.zeros(0, np.bool_)
        chosen = order[first]
        starts = np.searchsorted(page[chosen], np.arange(len(self.page_ids) + 1))
        return starts.astype(np.int64), self.codes[chosen], self.angles[chosen]

    @cached_property
    def _lists(self) -> tuple[Int64, Int64]:
        """The vectors of each cell, cell after cell, and where each cell's start."""
        order = np.argsort(self.codes, kind="stable").astype(np.int64)
        return order, np.searchsorted(self.codes[order], np.arange(len(self.centres) + 1)).astype(np.int64)

    @cached_property
    def owners(self) -> Int64:
        """The page (its position) of every vector."""
        return np.repeat(np.arange(len(self.page_ids)), np.diff(self.offsets)).astype(np.int64)

    @cached_property
    def rows(self) -> Int64:
        """The row of the copy that every vector lies in."""
        return np.asarray(
            np.arange(len(self.codes)) + np.repeat(self.starts - self.offsets[:-1], np.diff(self.offsets))
        )

    def bounds(self, query: Float, weights: Float, pages: Int64) -> Float:
        """What the MaxSim of each page (by position) cannot exceed: ``(pages,) float32``.

        ``query (m, d)`` of any length, ``weights (m,)`` of either sign: the best match of an unwanted vector is at
        least what the farthest place of its nearest cell allows.
        """
        starts, codes, angles = self._members
        lengths = starts[pages + 1] - starts[pages]
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        entry = np.repeat(starts[pages], lengths) + within
        heads = np.cumsum(lengths) - lengths
        norms = np.linalg.norm(query, axis=1)
        cosines = (query / np.maximum(norms, 1e-12)[:, None]) @ self.centres.T
        to_centre = np.arccos(np.clip(cosines, -1, 1))
        total = np.zeros(len(pages), np.float64)
        for vector, weight in enumerate(np.asarray(weights, np.float64).tolist()):
            if not weight:
                continue
            away, spread = to_centre[vector, codes[entry]], angles[entry] + _SLACK
            reach = np.cos(np.maximum(away - spread, 0) if weight > 0 else np.minimum(away + spread, np.pi))
            best = np.maximum.reduceat(reach, heads) if len(entry) else np.zeros(0)
            longer = self.longest if weight > 0 else self.shortest
            shorter = self.shortest if weight > 0 else self.longest
            total += weight * norms[vector] * best * np.where(best > 0, longer, shorter)
        return np.asarray(total, np.float32)

    def near(self, query: Float, probes: int) -> Int64:
        """The vectors (by number) in the ``probes`` cells nearest to any query vector, in ascending order; 0: all."""
        if not probes or probes >= len(self.centres):
            return np.arange(len(self.codes), dtype=np.int64)
        order, starts = self._lists
        nearest = np.argpartition(-(query @ self.centres.T), probes - 1, axis=1)[:, :probes]
        cells = np.unique(nearest)
        return np.sort(np.concatenate([order[starts[cell] : starts[cell + 1]] for cell in cells]))


def build(
    flat: NDArray[Any],
    page_ids: PageIds,
    starts: Int64,
    lengths: Int64,
    known: InvertedLists | None = None,
    sums: NDArray[np.uint32] = _NO_SUMS,
) -> InvertedLists:
    """The cells of pages whose vectors are ``flat[starts[i]:][:lengths[i]]``, fitted on an even sample of them.

    With ``known`` cells of an earlier state, pages whose ``sums`` they have keep their places, and their centres serve
    the others.
    """
    offsets = np.r_[0, np.cumsum(lengths)].astype(np.int64)
    n = int(offsets[-1])
    dim = flat.shape[1]
    rows = np.arange(n) + np.repeat(starts - offsets[:-1], lengths)
    codes, angles = np.zeros(n, np.int32), np.zeros(n, np.float32)
    shortest, longest = (np.inf, 0.0) if known is None else (known.shortest, known.longest)
    fresh = np.ones(n, np.bool_)
    if known is not None:
        for i, j in enumerate(known.page_ids.places(page_ids).tolist()):
            if j >= 0 and known.sums[j] == sums[i]:
                there, here = slice(known.offsets[j], known.offsets[j + 1]), slice(offsets[i], offsets[i + 1])
                codes[here], angles[here], fresh[here] = known.codes[there], known.angles[there], False
    centres = _centres(flat, rows, dim) if known is None else known.centres
    todo = np.flatnonzero(fresh)
    for first in range(0, len(todo), BLOCK):
        block = todo[first : first + BLOCK]
        vectors = np.asarray(flat[rows[block]], np.float32)
        sound = np.isfinite(vectors).all(axis=1)
        vectors[~sound] = 0
        norms = np.linalg.norm(vectors, axis=1)
        similar = vectors @ centres.T
        best = similar.argmax(axis=1)
        cosine = similar[np.arange(len(block)), best] / np.maximum(norms, 1e-12)
        codes[block], angles[block] = best, np.where(sound, np.arccos(np.clip(cosine, -1, 1)), np.nan)
        shortest = min(shortest, float(norms.min(where=sound, initial=np.inf)))
        longest = max(longest, float(norms.max(where=sound, initial=0)))
    return InvertedLists(
        centres, codes, angles, page_ids, offsets, np.asarray(starts, np.int64), shortest, longest, sums
    )


def _centres(flat: NDArray[Any], rows: Int64, dim: int) -> Float:
    size = max(1, min(MAX_CELLS, len(rows) // PER_CELL))
    count = min(len(rows), size * SAMPLED)
    sample = np.asarray(flat[rows[np.arange(count) * len(rows) // count]], np.float32)
    sample = unit(sample[np.isfinite(sample).all(axis=1)])
    if not len(sample):
        return np.eye(1, dim, dtype=np.float32)
    first = np.random.default_rng(0).permutation(len(sample))[:size]
    return spherical_kmeans(sample, sample[first], ROUNDS)[0]


def load_or_build(path: Path, held: FlatVectors) -> tuple[InvertedLists, bool]:
    """The cells of an index, from their file as far as it has them, and whether any had to be worked out.

    They are fitted anew when there are four times the vectors they were fitted on. A file that cannot be read, or
    written, or that belongs to another index, costs time and nothing else.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            return _load_or_build(path, held)
    except OSError as error:  # no place for the lock: nothing can be kept either
        log.warning("the cells %s cannot be kept (%s); they will be worked out again", path, error)
        return build(held.flat, held.page_ids, held.starts, held.lengths, sums=held.sums), True


def _load_or_build(path: Path, held: FlatVectors) -> tuple[InvertedLists, bool]:
    known = _read(path)
    if known is not None and known.page_ids == held.page_ids and np.array_equal(known.sums, held.sums):
        return replace(known, starts=np.asarray(held.starts, np.int64)), False
    total = int(held.lengths.sum())
    if known is not None and (total > 4 * max(len(known.codes), 1) or known.centres.shape[1] != held.flat.shape[1]):
        known = None
    cells = build(held.flat, held.page_ids, held.starts, held.lengths, known, held.sums)
    _write(path, cells)
    return cells, True


def _read(path: Path) -> InvertedLists | None:
    """The file's cells; zip files carry checksums, so that what can be read is what was written."""
    try:
        with np.load(path, allow_pickle=False) as held:
            if "sums" not in held or held["page_ids"].dtype.kind != "S" or str(held["name"]) != path.name:
                log.info("the cells %s are of an earlier layout or another index and will be worked out again", path)
                return None
            ends = held["ends"]
            return InvertedLists(
                held["centres"],
                held["codes"],
                held["angles"],
                PageIds(held["page_ids"]),
                np.r_[0, ends].astype(np.int64),
                np.zeros(len(ends), np.int64),
                float(held["shortest"]),
                float(held["longest"]),
                held["sums"],
            )
    except FileNotFoundError:
        return None
    except (*UNREADABLE, KeyError) as error:
        log.warning("the cells %s are damaged (%s) and will be worked out again", path, error)
        return None


def _write(path: Path, cells: InvertedLists) -> None:
    try:
        write_arrays(
            path,
            name=path.name,
            centres=cells.centres,
            codes=cells.codes,
            angles=cells.angles,
            page_ids=cells.page_ids.raw,
            ends=cells.offsets[1:],
            shortest=cells.shortest,
            longest=cells.longest,
            sums=cells.sums,
        )
    except OSError as error:
        log.warning("the cells %s cannot be kept (%s); they will be worked out again", path, error)
