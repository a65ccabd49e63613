"""From values to places on a chart, and the round numbers to mark there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LOG_RATIO = 8.0
"""Values this many times apart are shown on a logarithmic axis."""
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
TINY = 1e-3
"""Costs up to this, in milliseconds or bytes, are drawn as 0."""
ZERO_GAP = 34.0
"""Pixels between the place of 0 and the start of a logarithmic axis, which has none."""


@dataclass(frozen=True, slots=True)
class Scale:
    """``low`` to ``high`` along the pixels ``start`` to ``end``; a logarithmic one keeps a place of its own for 0."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    zero: float | None = None

    def __call__(self, value: float) -> float:
        """The pixel of a value; values outside ``low`` to ``high`` are held at its ends."""
        if self.log and value <= TINY:
            return self.start if self.zero is None else self.zero
        if self.log:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values within the scale, about five; 0 among them where a logarithmic scale has a place for it."""
        if not self.log:
            return _linear_ticks(self.low, self.high)
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        few = len(decades) > 4
        found = [10.0**n * step for n in decades for step in ((1,) if few else (1, 2, 5))]
        return ([0.0] if self.zero is not None else []) + [v for v in found if self.low <= v <= self.high * 1.0001]


def cost_scale(values: Sequence[float], start: float, end: float) -> Scale:
    """A scale for costs, 0 or more: from 0, or logarithmic where they lie far apart."""
    positive = [value for value in values if value > TINY]
    if not positive or max(positive) < LOG_RATIO * min(positive):
        return Scale(0.0, max([*positive, TINY]) * 1.12, start, end)
    zero = start if any(value <= TINY for value in values) else None
    low, high = min(positive) / 1.35, max(positive) * 1.6
    return Scale(low, high, start if zero is None else start + ZERO_GAP, end, True, zero)


def quality_scale(values: Sequence[float], start: float, end: float) -> Scale:
    """A scale that spans the values with some air; it does not leave 0 to 1 where they do not."""
    low, high = min(values), max(values)
    air = max((high - low) * 0.1, 0.015)
    bottom, top = (max(low - air, 0.0), min(high + air, 1.0)) if low >= 0 and high <= 1 else (low - air, high + air)
    return Scale(bottom, top, start, end)


def _linear_ticks(low: float, high: float) -> list[float]:
    step = _step(high - low)
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 10) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def _step(span: float) -> float:
    """The roundest step that cuts a span into at most six."""
    rough = span / 6
    unit = 10.0 ** math.floor(math.log10(rough))
    return next(step * unit for step in STEPS if step * unit >= rough * (1 - 1e-9))
