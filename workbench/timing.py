"""Measured time: a stopwatch whose laps add up to its whole."""

from __future__ import annotations

import time


class Stopwatch:
    """Splits one stretch of wall time into consecutive laps, so that nothing between them is lost.

    >>> watch = Stopwatch()
    >>> first, second = watch.lap(), watch.lap()
    >>> first >= 0 and second >= 0
    True
    """

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def lap(self) -> float:
        """Milliseconds since the last lap (or the start)."""
        now = time.perf_counter()
        ms = (now - self._last) * 1000.0
        self._last = now
        return ms
