"""Measured time: a stopwatch whose laps add up to its whole, and tasks timed against each other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence


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


def interleaved(tasks: Sequence[Callable[[], object]], repeats: int) -> list[list[float]]:
    """Seconds of each task, ``repeats`` times, timed in turn so that what slows the machine down slows them alike.

    Every task runs once before, which is not counted, and every other round goes backwards.
    """
    for task in tasks:
        task()
    times: list[list[float]] = [[] for _ in tasks]
    for turn in range(repeats):
        for i in range(len(tasks)) if turn % 2 == 0 else reversed(range(len(tasks))):
            started = time.perf_counter()
            tasks[i]()
            times[i].append(time.perf_counter() - started)
    return times


def median_ratio(one: Sequence[float], other: Sequence[float]) -> float:
    """Median over the rounds of ``one / other``: what a machine does in one round, it does to both."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))
