"""Many measured times as the few numbers that are told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Times:
    """Percentiles of ``count`` measured times, in milliseconds; all 0 where nothing was measured.

    A percentile lies between two measured times where it falls between them (linear interpolation, as numpy's). The
    99th says something only from a few hundred times on; below a hundred it is next to the slowest.
    """

    count: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, ms: Sequence[float]) -> Times:
        """Percentiles of a list of milliseconds."""
        if not len(ms):
            return cls(0, 0.0, 0.0, 0.0)
        p50, p95, p99 = np.percentile(np.asarray(ms, np.float64), (50, 95, 99)).tolist()
        return cls(len(ms), p50, p95, p99)
