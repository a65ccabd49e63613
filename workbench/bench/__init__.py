"""Benchmarks anyone can run again: kernels, searches cold and warm, memory, real manuals, scale, and peers.

What is imported from here is light; the commands import what else they need.
"""

from workbench.bench.kernels import MOST, REFERENCE, SpeedReport, SpeedRow, kernel_tasks, speed
from workbench.bench.latency import CONCURRENCY, LatencyReport, PipelineLatency, latency
from workbench.bench.machine import Machine, measure_machine
from workbench.bench.reading import ReadingReport, ReadingRow, reading
from workbench.bench.times import Times
from workbench.bench.workload import MOST_GROWTH_BYTES, MOST_OVERHEAD_MS, MemoryReport, OverheadReport, memory, overhead

__all__ = [
    "CONCURRENCY",
    "MOST",
    "MOST_GROWTH_BYTES",
    "MOST_OVERHEAD_MS",
    "REFERENCE",
    "LatencyReport",
    "Machine",
    "MemoryReport",
    "OverheadReport",
    "PipelineLatency",
    "ReadingReport",
    "ReadingRow",
    "SpeedReport",
    "SpeedRow",
    "Times",
    "kernel_tasks",
    "latency",
    "measure_machine",
    "memory",
    "overhead",
    "reading",
    "speed",
]
