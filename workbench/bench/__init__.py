"""Benchmarks anyone can run again: kernels against a bare product, a search's other costs, memory of an ingest."""

from workbench.bench.kernels import MOST, REFERENCE, SpeedReport, SpeedRow, kernel_tasks, speed
from workbench.bench.workload import MOST_GROWTH_BYTES, MOST_OVERHEAD_MS, MemoryReport, OverheadReport, memory, overhead

__all__ = [
    "MOST",
    "MOST_GROWTH_BYTES",
    "MOST_OVERHEAD_MS",
    "REFERENCE",
    "MemoryReport",
    "OverheadReport",
    "SpeedReport",
    "SpeedRow",
    "kernel_tasks",
    "memory",
    "overhead",
    "speed",
]
