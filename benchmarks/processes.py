"""Memory of a process and of all that it starts, watched from outside while they run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import psutil

from workbench.bench.watch import Memory, memory_of

PARENT = "pagelens"
WORKER = "worker"


@dataclass(frozen=True, slots=True)
class ProcessPeak:
    """One process: what it is, and the highest memory it was seen with.

    ``name`` is `PARENT`, `WORKER` for any other Python, else the program's own.
    """

    name: str
    pid: int
    peak: Memory


@dataclass(frozen=True, slots=True)
class _Seen:
    """A process with the command line it runs, and how often it was looked at."""

    command: str
    found: ProcessPeak
    looks: int


class ProcessTree:
    """A running process and its children, their children included; whoever watches calls `look` again and again."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._seen: dict[psutil.Process, _Seen] = {}

    def look(self) -> Memory:
        """Note the memory of every process there is now; returns the sum of all."""
        resident = own = 0
        for process in self._alive():
            with contextlib.suppress(psutil.Error):
                command, now = " ".join(process.cmdline()), memory_of(process)
                resident, own = resident + now.resident, own + now.own
                before = self._seen.get(process)
                if before is None or before.command != command:  # new, or now another program
                    self._seen[process] = _Seen(command, ProcessPeak(self._name(process, command), process.pid, now), 1)
                    continue
                peak = Memory(max(now.resident, before.found.peak.resident), max(now.own, before.found.peak.own))
                self._seen[process] = _Seen(command, replace(before.found, peak=peak), before.looks + 1)
        return Memory(resident, own)

    @property
    def peaks(self) -> tuple[ProcessPeak, ...]:
        """Every process that was seen, in the order in which they were.

        One that had its parent's command in a single look was only about to become another program; its memory is still
        the parent's.
        """
        parent = self._seen[self._root].command if self._root in self._seen else ""
        return tuple(
            seen.found
            for process, seen in self._seen.items()
            if process == self._root or seen.command != parent or seen.looks > 1
        )

    def end(self) -> None:
        """End all of them, and wait until the children are gone; the parent is for whoever started it to wait for."""
        processes = list(self._alive())
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs([process for process in processes if process != self._root], timeout=10)

    def _alive(self) -> Iterator[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            children = self._root.children(recursive=True)
            yield self._root
            yield from children

    def _name(self, process: psutil.Process, command: str) -> str:
        if process == self._root:
            return PARENT
        if not (name := str(process.name())).lower().startswith("python"):
            return name
        return "resource tracker" if "resource_tracker" in command else WORKER
