"""Exact MaxSim over vectors on a graphics card, against what reading their bytes once takes there.

The vectors are random ones of a page model's size, of which every page is made anew by turning the numbers of a few
thousand round, so that a large file is quickly written. That says how fast the card is, and nothing of quality; that
the scores are right is looked at on the first pages, against the processor.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.accelerator import Accelerator, accelerator
from workbench.bench.times import Times
from workbench.errors import InputError
from workbench.maxsim import maxsim_reference
from workbench.timing import Stopwatch
from workbench.types import Float, Ragged

BLOCK = 2_000
"""Different pages."""
CHECKED = 200
"""Pages whose scores are held against the processor's."""
BEST = 10
"""Pages that a search in eight bits is asked for."""


@dataclass(frozen=True, slots=True)
class CardWay:
    """One way to do it, and its times."""

    name: str
    times: Times


@dataclass(frozen=True, slots=True)
class CardReport:
    """What `card` measured: ``held`` bytes of ``bytes`` were there; ``apart`` is the greatest difference of a score."""

    device: str
    pages: int
    vectors: int
    dim: int
    tokens: int
    bytes: int
    held: int
    loading_seconds: float
    ways: tuple[CardWay, ...]
    apart: float


def card(
    pages: int, vectors: int, dim: int, tokens: int, repeats: int, progress: Callable[[str], None] = lambda what: None
) -> CardReport:
    """Time one query over so many pages. The file takes ``pages * vectors * dim * 2`` bytes of the temp folder.

    `InputError` without a card.
    """
    device = accelerator()
    if device is None:
        raise InputError("There is no graphics card to measure here; PAGELENS_SEARCH_DEVICE names another device.")
    with tempfile.TemporaryDirectory(prefix="pagelens-bench-", ignore_cleanup_errors=True) as folder:
        progress(f"Writing {pages * vectors * dim * 2 / 1e9:.1f} GB")
        return _measured(device, Path(folder) / "vectors.bin", (pages, vectors, dim, tokens), repeats, progress)


def _measured(
    device: Accelerator, file: Path, size: tuple[int, int, int, int], repeats: int, progress: Callable[[str], None]
) -> CardReport:
    rng, (pages, vectors, dim, tokens) = np.random.default_rng(0), size
    flat = _written(file, rng, pages, vectors, dim)
    watch = Stopwatch()
    progress(f"Copying them to {device.name}")
    device.hold(flat, wait=True)
    loading = watch.lap() / 1000.0
    query = _unit(rng, tokens, dim)
    starts, lengths = np.arange(pages) * vectors, np.full(pages, vectors)
    there = device.held(flat)
    assert there is not None, "it was just asked for"
    ways = []
    for name, fused in (("kernel", True), ("torch", False)) if device.kernel else (("torch", False),):
        progress(f"Scoring by {name}")
        device.fused = fused
        ways.append(CardWay(name, _timed(lambda: device.score(query, flat, starts, lengths, None), repeats)))
    device.fused = True
    if (rough := _in_eight_bits(device, flat, starts, lengths, query, repeats, progress)) is not None:
        ways.append(rough)
    ways.append(CardWay("reading the bytes", _timed(lambda: device.read(flat), repeats)))
    found = device.score(query, flat, starts, lengths, None)
    if found is None:
        raise InputError(f"{device.name} has no room for these vectors; PAGELENS_SEARCH_MEMORY_MB gives it more.")
    offsets = np.arange(min(CHECKED, pages) + 1) * vectors
    exact = maxsim_reference(query, Ragged(np.asarray(flat[: int(offsets[-1])]), offsets))
    apart = np.abs(exact - found[0][: len(exact)])[found[1][: len(exact)]]
    return CardReport(
        device.name, pages, vectors, dim, tokens, there.of, there.bytes, loading, tuple(ways), float(apart.max())
    )


def _in_eight_bits(
    device: Accelerator,
    flat: NDArray[Any],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    query: Float,
    repeats: int,
    progress: Callable[[str], None],
) -> CardWay | None:
    """What naming the pages that can be among the best `BEST` takes where vectors are held in eight bits beside these.

    None where there is no room for both.
    """
    budget = len(flat) * (flat.shape[1] + 4)
    if flat.nbytes + budget > device.budget:
        return None
    progress("Copying them in eight bits")
    small = Accelerator(device.device, budget, name=device.name)
    small.hold(flat, wait=True)
    found = small.score(query, flat, starts, lengths, None, BEST)
    if found is None:
        return None
    name = f"in eight bits, {int((~found[1]).sum()):,} pages left to the processor"
    return CardWay(name, _timed(lambda: small.score(query, flat, starts, lengths, None, BEST), repeats))


def _written(file: Path, rng: np.random.Generator, pages: int, vectors: int, dim: int) -> NDArray[Any]:
    block = _unit(rng, min(BLOCK, pages) * vectors, dim).astype(np.float16)
    with file.open("wb") as out:
        for first in range(0, pages, BLOCK):
            rows = min(BLOCK, pages - first) * vectors
            out.write(np.roll(block[:rows], first // BLOCK, axis=1).tobytes())
    return np.memmap(file, np.float16, "r", shape=(pages * vectors, dim))


def _unit(rng: np.random.Generator, n: int, dim: int) -> Float:
    vectors = rng.standard_normal((n, dim), np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _timed(task: Callable[[], object], repeats: int) -> Times:
    task()
    watch, ms = Stopwatch(), []
    for _ in range(repeats):
        task()
        ms.append(watch.lap())
    return Times.of(ms)
