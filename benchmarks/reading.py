"""How fast files are read with one worker, with two, and with as many as there are cores, and the memory of each.

The pages are those of the sample documents, over and over: a manual with a text layer, and cards that were scanned.
Every number of workers is measured in every round, one after another, so that what else the machine does falls on all
of them alike.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from workbench import resources
from workbench.bench.watch import EVERY
from workbench.documents import Limits, ReaderPool, Reading, ReadSettings, Source, copy_pages, probe
from workbench.documents.workers import cores
from workbench.errors import DocumentError
from workbench.timing import Stopwatch
from workbench.types import Page

TEXT, SCAN = "dotguide.pdf", "observers-cards-scan.pdf"


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """Pages of one kind with so many workers: medians of the rounds. ``ratio`` is to one worker in the same round.

    ``processor_seconds`` a page are those that processors worked for the workers and the programs they started, which
    says more than the clock of a machine that does something else besides. ``peak_bytes`` is the most that any of the
    workers held.
    """

    kind: str
    workers: int
    pages_per_second: float
    ratio: float
    processor_seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class ReadingReport:
    """The rows, and the most that the process which has the files read held."""

    rows: tuple[ReadingRow, ...]
    own_peak_bytes: int
    threads: int
    """Threads of each worker for OCR."""
    rounds: int


def reading(
    workers: Sequence[int] = (), text_pages: int = 60, scanned_pages: int = 8, rounds: int = 3
) -> ReadingReport:
    """Measure; ``workers`` are the numbers of them to try, by default 1, 2 and as many as there are cores."""
    tried = sorted({1, *(workers or (2, cores()))})
    speeds: dict[tuple[str, int], list[float]] = {}
    spent: dict[tuple[str, int], list[float]] = {}
    peaks: dict[tuple[str, int], int] = {}
    with tempfile.TemporaryDirectory(prefix="pagelens-bench-", ignore_cleanup_errors=True) as folder:
        files = {"text": _repeated(TEXT, Path(folder), text_pages), "ocr": _repeated(SCAN, Path(folder), scanned_pages)}
        own = 0
        for _ in range(rounds):
            for number in tried:
                with closing(ReaderPool(Limits(readers=number))) as pool:
                    for kind, path in files.items():
                        _read(pool, path, 2 * number)  # starts the workers, and their models
                        before = processor_seconds(pool)
                        with _Peaks(pool) as seen:
                            speed = _read(pool, path)
                        pages = text_pages if kind == "text" else scanned_pages
                        spent.setdefault((kind, number), []).append((processor_seconds(pool) - before) / pages)
                        speeds.setdefault((kind, number), []).append(speed)
                        peaks[kind, number] = max(peaks.get((kind, number), 0), seen.workers)
                        own = max(own, seen.own)
    rows = tuple(
        ReadingRow(
            kind,
            number,
            statistics.median(speeds[kind, number]),
            statistics.median(a / b for a, b in zip(speeds[kind, number], speeds[kind, 1], strict=True)),
            statistics.median(spent[kind, number]),
            peaks[kind, number],
        )
        for kind in files
        for number in tried
    )
    return ReadingReport(rows, own, Limits().threads, rounds)


def _read(pool: ReaderPool, path: Path, pages: int = 0) -> float:
    """Pages read per second, of the first so many or of all."""
    found = pool.probe(path)
    numbers = range(1, (pages or found.pages) + 1)
    one = Reading(Source(path, path.name), found, ReadSettings(), [n for n in numbers if n <= found.pages])
    clock = Stopwatch()
    with closing(pool.pages([one], threading.Event())) as stream:
        for page in stream.pages(one):
            if not isinstance(page, Page):
                raise DocumentError(page.reason)
    return 1000 * len(one.numbers) / clock.lap()


def processor_seconds(pool: ReaderPool) -> float:
    """Those that processors worked for the workers of a pool and for programs of theirs that have ended."""
    found = 0.0
    for pid in pool.processes():
        with suppress(psutil.Error):
            found += sum(psutil.Process(pid).cpu_times()[:4])
    return found


def _repeated(name: str, folder: Path, pages: int) -> Path:
    """A PDF of ``pages`` pages, a sample document's in order, over and over."""
    source, target = resources.sample_data() / "documents" / name, folder / name
    there = probe(source).pages
    copy_pages(source, target, [number % there + 1 for number in range(pages)])
    return target


class _Peaks:
    """The most resident bytes of this process and of any worker, seen between entering and leaving."""

    def __init__(self, pool: ReaderPool) -> None:
        self.own = self.workers = 0
        self._pool = pool
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Peaks:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(EVERY):
            self.own = max(self.own, psutil.Process().memory_info().rss)
            for pid in self._pool.processes():
                with suppress(psutil.Error):
                    self.workers = max(self.workers, psutil.Process(pid).memory_info().rss)
