"""``pagelens ingest`` on some files as a person runs it: in a process of its own, watched from outside.

Nothing is imported from what is tried. A crash is an end that the command did not put in words; a hang is that nothing
moves: no line about a file, and nothing written to its home.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import ProcessPeak, ProcessTree
from workbench.bootstrap import ROOT

DONE = "done"
REFUSED = "refused"
"""It ended in words, without an outcome of any file."""
CRASHED = "crashed"
HUNG = "hung"
SWOLLEN = "over memory"

EVERY = 0.1
"""Seconds between two looks at the processes."""
EVERY_HOME = 1.0
"""Seconds between two looks at what is written."""
_INTERRUPTED = 130
_FINISHED = re.compile(r"^(.+): [\d,]+ pages? indexed$", re.MULTILINE)
_UNFORESEEN = ("Unexpected error (", "Traceback (")


@dataclass(frozen=True, slots=True)
class CommandLimits:
    """When a command is ended: ``quiet`` seconds without a move, ``memory`` bytes of all its processes together."""

    quiet: float
    memory: float


@dataclass(frozen=True, slots=True)
class Ended:
    """How one command ended, and why where it is not `DONE`.

    ``documents`` are what it said of each file, as its ``--json`` has them; ``finished`` names those it was through
    with, in its own order, which a command that did not come to its end also tells.
    """

    how: str
    why: str
    documents: tuple[Mapping[str, Any], ...]
    finished: tuple[str, ...]
    processes: tuple[ProcessPeak, ...]
    seconds: float


def ingest(files: Sequence[Path], options: Sequence[str], limits: CommandLimits) -> Ended:
    """Ingest files into a new collection in a home that goes afterwards; ``KeyboardInterrupt`` when it was stopped."""
    with tempfile.TemporaryDirectory(prefix="pagelens-files-", ignore_cleanup_errors=True) as folder:
        home, printed, said = Path(folder, "home"), Path(folder, "printed"), Path(folder, "said")
        command = [sys.executable, "-m", "workbench", "--home", str(home), "ingest", "-c", "files", "--json", *options]
        started = time.monotonic()
        with printed.open("wb") as out, said.open("wb") as errors:
            process = subprocess.Popen(
                [*command, "--", *map(str, files)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=errors
            )
            tree = ProcessTree(process.pid)
            try:
                stopped = _watch(process, tree, limits, home, said)
            finally:
                tree.end()
                code = process.wait()
        seconds = time.monotonic() - started
        told = said.read_text(encoding="utf-8", errors="replace")
        finished = tuple(_FINISHED.findall(told))
        how, why, documents = stopped or _end(code, printed.read_text(encoding="utf-8", errors="replace"), told)
        return Ended(how, why, documents, finished, tree.peaks, seconds)


_Judged = tuple[str, str, tuple[Mapping[str, Any], ...]]


def _watch(
    process: subprocess.Popen[bytes], tree: ProcessTree, limits: CommandLimits, home: Path, said: Path
) -> _Judged | None:
    """Wait for the end; what a command did wrong that has to be ended, else None."""
    moved = looked = time.monotonic()
    seen: tuple[int, ...] = ()
    while process.poll() is None:
        if (used := tree.look().own) > limits.memory:
            return SWOLLEN, f"all its processes together had {used / 2**30:.1f} GiB", ()
        now = time.monotonic()
        if now - looked >= EVERY_HOME:
            looked = now
            if (state := (said.stat().st_size, *_written(home))) != seen:
                seen, moved = state, now
            elif now - moved > limits.quiet:
                return HUNG, f"nothing moved for {limits.quiet:.0f} s", ()
        time.sleep(EVERY)
    return None


def _written(home: Path) -> tuple[int, int]:
    """(files, bytes) below the home."""
    sizes = []
    for path in home.rglob("*"):
        try:
            sizes.append(path.stat().st_size)
        except OSError:  # it went between listing and looking
            continue
    return len(sizes), sum(sizes)


def _end(code: int, printed: str, told: str) -> _Judged:
    """What an exit code and what was printed say."""
    if code == _INTERRUPTED:
        raise KeyboardInterrupt
    if code < 0:
        return CRASHED, f"ended by {_signal(-code)}", ()
    lines = told.strip().splitlines() or [f"exit code {code}, and nothing was said"]
    try:
        return DONE, "", tuple(json.loads(printed)["documents"])
    except (ValueError, KeyError, TypeError):
        foreseen = code == 1 and not any(part in told for part in _UNFORESEEN) and told.strip()
        return (REFUSED if foreseen else CRASHED), lines[-1], ()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
