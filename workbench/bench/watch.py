"""Memory of this process, watched while something runs."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import psutil

EVERY = 0.02
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident bytes of the process, and those of them (``own``) that no file backs.

    Index files are memory-mapped, so their pages count as resident while the system has no better use for them; what a
    machine must have is ``own``. On macOS the system does not tell them apart, and both are the resident bytes.
    """

    resident: int
    own: int


def memory_now() -> Memory:
    """This process's memory at this moment."""
    return memory_of(psutil.Process())


def memory_of(process: psutil.Process) -> Memory:
    """A process's memory at this moment; ``psutil.Error`` when it is gone."""
    info: Any = process.memory_info()
    if sys.platform == "win32":
        return Memory(info.rss, info.private)
    return Memory(info.rss, info.rss - getattr(info, "shared", 0))


class MemoryWatch:
    """Keeps the highest memory seen between entering and leaving; looks every 20 ms from a thread of its own."""

    def __init__(self) -> None:
        self.before = self.peak = memory_now()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="memory watch")

    def __enter__(self) -> MemoryWatch:
        self.before = self.peak = memory_now()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._done.wait(EVERY):
            self._look()

    def _look(self) -> None:
        now = memory_now()
        self.peak = Memory(max(self.peak.resident, now.resident), max(self.peak.own, now.own))
