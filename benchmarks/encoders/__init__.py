"""Page models of published sizes, and what keeps them waiting."""

from __future__ import annotations

from benchmarks.encoders.feeding import EncoderRow, EncodersReport, encoders, planned_pages
from benchmarks.encoders.simulation import SimulatedReport, SimulatedRow, simulated
from benchmarks.encoders.sizes import SIZES

__all__ = [
    "SIZES",
    "EncoderRow",
    "EncodersReport",
    "SimulatedReport",
    "SimulatedRow",
    "encoders",
    "planned_pages",
    "simulated",
]
