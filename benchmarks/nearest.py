"""From how many pages on is an approximate index of one vector a page quicker than comparing all, and what is lost?

``python -m benchmarks.nearest COLLECTION PAGES...`` makes so many vectors of those of a collection's `global` index,
each moved a little (`benchmarks.scale.perturbed`), and asks both for the best `KEPT`, as the first stage of
``three-stage`` does. Told are the milliseconds that all processors worked, which a busy machine changes little, and by
the clock; the least of each, since whatever else runs only adds to them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.scale import perturbed
from workbench.cli import output
from workbench.maxsim import maxsim_of_ranges
from workbench.settings import Settings
from workbench.store import Library
from workbench.store.ann import CANDIDATES, AnnIndex, make_ann
from workbench.store.page_ids import PageIds
from workbench.store.vector_cache import FlatVectors
from workbench.types import Float, Int64

KEPT = 2000
QUESTIONS = 30
ONE = np.ones(1, np.float32)


def main(collection: str, sizes: Sequence[int]) -> None:
    """Make, compare and say."""
    there = Library(Settings().home).open(collection).space().mapped("global")
    output.say("| pages | all, processor ms | clock ms | index, processor ms | clock ms | of the best found |")
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="pagelens-nearest-") as folder:
            held = _made(there, size)
            index = make_ann(Path(folder) / "made.npz", "made", held)
            queries = np.asarray(held.flat[:: -(-size // QUESTIONS)], np.float32)
            best, whole = _timed(partial(_all, held), queries)
            named, asked = _timed(partial(_by_index, held, index), queries)
            found = np.mean([len(np.intersect1d(a, b)) / KEPT for a, b in zip(best, named, strict=True)])
            output.say(f"| {size:,} | {whole} | {asked} | {found:.2f} |")


def _made(there: FlatVectors, size: int) -> FlatVectors:
    """So many vectors, those of the pages again and again with noise."""
    rng = np.random.default_rng(0)
    flat = np.zeros((size, there.flat.shape[1]), np.float16)
    for start in range(0, size, len(there.flat)):
        flat[start : start + len(there.flat)] = perturbed(np.asarray(there.flat, np.float32), rng)[: size - start]
    ids = PageIds.of([f"{i:010d}" for i in range(size)])
    return FlatVectors(flat, ids, np.arange(size), np.ones(size, np.int64), np.zeros(size, np.uint32))


def _all(held: FlatVectors, query: Float) -> Int64:
    return _best(query, held, np.arange(len(held.starts)))


def _by_index(held: FlatVectors, index: AnnIndex, query: Float) -> Int64:
    return _best(query, held, np.sort(index.search(query, KEPT * CANDIDATES, index.probes())))


def _best(query: Float, held: FlatVectors, at: Int64) -> Int64:
    scores = maxsim_of_ranges(query[None], held.flat, held.starts[at], held.lengths[at], ONE)
    return np.asarray(at[np.argpartition(-scores, KEPT)[:KEPT]], np.int64)


def _timed(search: Callable[[Float], Int64], queries: Float) -> tuple[list[Int64], str]:
    """What each query finds, and the least times, as two cells."""
    found, spent = list[Int64](), list[tuple[float, float]]()
    for query in queries:
        start = time.process_time(), time.perf_counter()
        found.append(search(query))
        spent.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    return found, " | ".join(f"{1000 * least:.1f}" for least in np.min(spent, axis=0))


if __name__ == "__main__":
    main(sys.argv[1], [int(size) for size in sys.argv[2:]])
