"""Speed of the kernels on this machine, as ratios to a bare matrix product timed in the same run.

What the milliseconds are depends on the machine and on what else runs; how far a kernel is from the product it cannot
do without does not. So every round runs all tasks in a new random order, and a row tells the median over rounds and its
ratio to the median of the reference.

The data are random unit vectors of the size of ColPali pages (1,030 vectors of 128 numbers). They say nothing about
quality, and are warm: the memory-mapped file was just written, so the system still holds it in memory.

Nothing here multiplies with numpy: its BLAS has threads of its own, which go on spinning for a while after a product
and were seen to double the time of whatever is timed next.
"""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.maxsim import maxsim, maxsim_of_ranges
from workbench.settings import Settings
from workbench.timing import Stopwatch
from workbench.types import Float, Ragged

CANDIDATES, VECTORS, DIM, TOKENS = 100, 1030, 128, 20
STORED = 400
"""Pages in the memory-mapped file that the candidates are fetched from."""
SCANNED, ROWS = 1000, 32
REFERENCE = "bare product"
MAX_RATIO = {"rerank, in memory": 1.3, "rerank, fetched": 4.0}
"""Highest ratio to the reference that we accept."""

Task = Callable[[], Float]


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """One task: median wall milliseconds, their ratio to the reference, and the highest ratio accepted, if any."""

    name: str
    what: str
    ms: float
    ratio: float
    most: float | None

    @property
    def ok(self) -> bool | None:
        """Whether the ratio is accepted; None where nothing is asked."""
        return None if self.most is None else self.ratio <= self.most


@dataclass(frozen=True, slots=True)
class SpeedReport:
    """What `speed` measured; the first row is the reference."""

    rows: tuple[SpeedRow, ...]
    rounds: int
    machine: str
    threads: int


def speed(settings: Settings | None = None, rounds: int = 15) -> SpeedReport:
    """Time the kernels against the bare product; takes some seconds and 110 MB of temporary file.

    ``settings.threads`` holds for this run, unless the kernel's threads were started before.
    """
    import torch

    before = torch.get_num_threads()
    if settings is not None and settings.threads:
        torch.set_num_threads(settings.threads)
    try:
        with tempfile.TemporaryDirectory(prefix="pagelens-bench-", ignore_cleanup_errors=True) as folder:
            tasks = kernel_tasks(Path(folder))
            medians = _medians({name: task for name, (_, task) in tasks.items()}, rounds)
            rows = tuple(
                SpeedRow(name, what, medians[name], medians[name] / medians[REFERENCE], MAX_RATIO.get(name))
                for name, (what, _) in tasks.items()
            )
            del tasks  # with them goes the memory map: Windows deletes no file that is mapped
        return SpeedReport(rows, rounds, f"{platform.machine()}, {os.cpu_count()} processors", torch.get_num_threads())
    finally:
        torch.set_num_threads(before)


def kernel_tasks(folder: Path) -> dict[str, tuple[str, Task]]:
    """Name -> what it does, and the task itself, which returns scores; all of a rerank score the same pages.

    ``folder`` gets the memory-mapped file.
    """
    import torch

    rng = np.random.default_rng(0)
    query, pages = _unit(rng, TOKENS), _unit(rng, CANDIDATES * VECTORS)
    offsets = np.arange(CANDIDATES + 1, dtype=np.int64) * VECTORS
    q, flat = torch.from_numpy(query), torch.from_numpy(pages)

    def bare() -> Float:
        similarity = torch.mm(q, flat.T).numpy()
        return np.asarray(np.maximum.reduceat(similarity, offsets[:-1], axis=1).sum(axis=0), np.float32)

    stored, starts = _scattered(rng, pages, folder / "vectors.npy")
    lengths = np.full(CANDIDATES, VECTORS)
    rows = _unit(rng, SCANNED * ROWS).astype(np.float16)
    row_starts, row_lengths = np.arange(SCANNED) * ROWS, np.full(SCANNED, ROWS)
    ragged = Ragged(pages, offsets)
    size = f"{CANDIDATES} pages x {VECTORS:,} vectors x {DIM}, {TOKENS} query vectors"
    return {
        REFERENCE: (f"torch product and segment maximum, float32: {size}", bare),
        "rerank, in memory": ("the same pages through our kernel, float32", lambda: maxsim(query, ragged)),
        "rerank, fetched": (
            f"the same pages scattered over {STORED} in a memory-mapped float16 file",
            lambda: maxsim_of_ranges(query, stored, starts, lengths),
        ),
        "rows of all pages": (
            f"first stage: {SCANNED:,} pages x {ROWS} row vectors, float16",
            lambda: maxsim_of_ranges(query, rows, row_starts, row_lengths),
        ),
    }


def _unit(rng: np.random.Generator, n: int) -> Float:
    vectors = rng.standard_normal((n, DIM), np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _scattered(rng: np.random.Generator, pages: Float, file: Path) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    """A file of `STORED` pages with the given ones at random places: its memory map, and where each page starts."""
    slots = rng.permutation(STORED)
    stored = np.lib.format.open_memmap(file, "w+", np.float16, (STORED * VECTORS, DIM))
    for i, slot in enumerate(slots):
        page = i % CANDIDATES
        stored[slot * VECTORS : (slot + 1) * VECTORS] = pages[page * VECTORS : (page + 1) * VECTORS]
    stored.flush()
    return np.load(file, mmap_mode="r"), slots[:CANDIDATES] * VECTORS


def _medians(tasks: Mapping[str, Task], rounds: int) -> dict[str, float]:
    """Median milliseconds of each task over interleaved rounds, after one that is not counted."""
    rng = np.random.default_rng(0)
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for round_number in range(rounds + 1):
        for name in rng.permutation(list(tasks)).tolist():
            watch = Stopwatch()
            tasks[name]()
            ms = watch.lap()
            if round_number:
                times[name].append(ms)
    return {name: statistics.median(values) for name, values in times.items()}
