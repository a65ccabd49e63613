"""Benchmarks of an installed Pagelens: its kernels, and searches cold and warm. The others are in a checkout.

What is imported from here is light; the commands import what else they need.
"""

from workbench.bench.kernels import MAX_RATIO, REFERENCE, SpeedReport, SpeedRow, kernel_tasks, speed
from workbench.bench.latency import CONCURRENCY, LatencyReport, TimedPipeline, latency
from workbench.bench.machine import Machine, measure_machine
from workbench.bench.times import Times

__all__ = [
    "CONCURRENCY",
    "MAX_RATIO",
    "REFERENCE",
    "LatencyReport",
    "Machine",
    "SpeedReport",
    "SpeedRow",
    "TimedPipeline",
    "Times",
    "kernel_tasks",
    "latency",
    "measure_machine",
    "speed",
]
