"""What this machine could do at best: bytes read from memory and products per second, measured where they are used.

A measured time means little without the time the hardware needs for the same work. Both peaks are the best of several
tries with as many threads as the kernel has: the speed the machine shows when nothing disturbs it.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass

from workbench.timing import Stopwatch

READ_BYTES = 256 << 20
"""Memory read to measure bandwidth: several times any last-level cache of a laptop."""
SIDE = 1024
"""Rows and columns of the matrices whose product measures arithmetic."""
TRIES = 7


@dataclass(frozen=True, slots=True)
class Machine:
    """``bandwidth`` bytes a second read from memory, ``gemm`` float32 operations a second in a matrix product.

    A multiplication and an addition are two operations.
    """

    bandwidth: float
    gemm: float
    threads: int
    processors: int
    name: str

    def floor_ms(self, read: float, operations: float) -> float:
        """Least milliseconds for reading so many bytes and so many operations: the slower of the two, overlapped.

        The roofline model (Williams, Waterman and Patterson 2009).
        """
        return 1000.0 * max(read / self.bandwidth, operations / self.gemm)


def measure_machine(read_bytes: int = READ_BYTES, side: int = SIDE, tries: int = TRIES) -> Machine:
    """Measure both peaks; takes about a second and ``read_bytes`` of memory."""
    import torch

    numbers = torch.ones(read_bytes // 4)
    seconds = _best(numbers.sum, tries)
    bandwidth = read_bytes / seconds
    del numbers
    a, b = torch.ones(side, side), torch.ones(side, side)
    out = torch.empty(side, side)
    seconds = _best(lambda: torch.mm(a, b, out=out), tries)
    return Machine(
        bandwidth, 2.0 * side**3 / seconds, torch.get_num_threads(), os.cpu_count() or 1, f"{platform.system()} "
        f"{platform.machine()}"
    )  # fmt: skip


def _best(task: Callable[[], object], tries: int) -> float:
    """Seconds of the fastest try, after one that is not counted."""
    task()
    watch, fastest = Stopwatch(), float("inf")
    for _ in range(tries):
        watch.lap()
        task()
        fastest = min(fastest, watch.lap())
    return fastest / 1000.0
