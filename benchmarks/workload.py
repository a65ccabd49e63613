"""What a whole search costs besides encoding and kernels, and how much memory a long ingest takes.

Both run the product as it is, on the sample data, in a home folder of their own that goes afterwards.
"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from workbench import resources
from workbench.bench.watch import MemoryWatch
from workbench.service import SAMPLE, Workbench
from workbench.service.sample import examples
from workbench.settings import Settings
from workbench.timing import Stopwatch
from workbench.types import SearchResult

MAX_OVERHEAD_MS = 20.0
"""Median milliseconds besides encoding and kernels that we accept on the sample collection."""
MAX_GROWTH_BYTES = 2**30
"""Bytes above the loaded models that an ingest may reach."""


@dataclass(frozen=True, slots=True)
class OverheadReport:
    """Median and 95th percentile of a search's milliseconds outside encoder and kernel, per pipeline."""

    rows: tuple[tuple[str, float, float, float], ...]
    """(pipeline, median overhead ms, 95th percentile ms, median total ms without encoding)"""
    queries: int
    pages: int

    @property
    def ok(self) -> bool:
        """Whether every pipeline's median is accepted."""
        return all(median <= MAX_OVERHEAD_MS for _, median, _, _ in self.rows)


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """Resident bytes of this process: with the models loaded, and at the peak of the ingest that followed."""

    pages: int
    seconds: float
    loaded_bytes: int
    peak_bytes: int

    @property
    def growth_bytes(self) -> int:
        """Peak above the loaded models."""
        return self.peak_bytes - self.loaded_bytes

    @property
    def ok(self) -> bool:
        """Whether the growth is accepted."""
        return self.growth_bytes <= MAX_GROWTH_BYTES


def overhead(
    pipelines: tuple[str, ...] = ("exact", "two-stage", "three-stage", "balanced", "accurate"), rounds: int = 5
) -> OverheadReport:
    """Search the sample collection with its own questions; encodings come from the cache after the first round."""
    with tempfile.TemporaryDirectory(prefix="pagelens-bench-", ignore_cleanup_errors=True) as folder:
        workbench = Workbench(Settings(home=Path(folder)))
        workbench.ingest([resources.sample_data() / "documents"], SAMPLE)
        queries = examples(SAMPLE)
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in pipelines}
        for round_ in range(rounds + 1):
            for query in queries:
                for name in pipelines:
                    result = workbench.searches.search(query, SAMPLE, name)
                    if round_:
                        times[name].append(_split(result))
        rows = []
        for name, found in times.items():
            outside = sorted(besides for besides, _ in found)
            most = outside[min(len(outside) - 1, round(0.95 * len(outside)))]
            rows.append((name, statistics.median(outside), most, statistics.median(total for _, total in found)))
        return OverheadReport(tuple(rows), len(queries) * rounds, workbench.library.info(SAMPLE).pages)


def _split(result: SearchResult) -> tuple[float, float]:
    """(milliseconds outside encoder and kernel, milliseconds without encoding)."""
    search = sum(stage.ms for stage in result.trace.stages if stage.name != "encode")
    return search - sum(stage.kernel_ms for stage in result.trace.stages), search


def memory(pages: int = 1000) -> MemoryReport:
    """Ingest one PDF of so many pages, made of one sample document's pages over and over, and watch resident memory.

    The models (encoder and OCR) are loaded by a small ingest before the count begins. Every page of the long file is
    read, embedded and stored anew: only whole files are recognised by their content.
    """
    with tempfile.TemporaryDirectory(prefix="pagelens-bench-", ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        workbench = Workbench(Settings(home=root / "home"))
        documents = resources.sample_data() / "documents"
        workbench.ingestion.ingest([documents / "observers-cards-scan.pdf"], "long")
        long = _repeated(documents / "dotguide.pdf", root / "long.pdf", pages)
        clock = Stopwatch()
        with MemoryWatch() as watch:
            workbench.ingestion.ingest([long], "long")
        return MemoryReport(pages, clock.lap() / 1000, watch.before.resident, watch.peak.resident)


def _repeated(source: Path, target: Path, pages: int) -> Path:
    """A PDF of ``pages`` pages, the source's in order, over and over."""
    from workbench.documents import copy_pages, probe

    there = probe(source).pages
    copy_pages(source, target, [number % there + 1 for number in range(pages)])
    return target
