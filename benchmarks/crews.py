"""Pages a second of an ingest by one process and by Ray's workers: the same documents, as many processors for both.

Each is the command that a person would type, in a process of its own, into a new home, one after another; the clock is
the command's own, from the first file to the last commit, with the start of Ray in it and without that of Python.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbench.documents.workers import cores
from workbench.errors import InputError

WAYS = {"one process": (), "Ray": ("--workers", "ray")}


@dataclass(frozen=True, slots=True)
class CrewTimed:
    """One ingest: ``pages`` in ``seconds``, on so many processors."""

    way: str
    processors: int
    pages: int
    seconds: float

    @property
    def rate(self) -> float:
        """Pages a second."""
        return self.pages / self.seconds


def timed(paths: Sequence[Path], most: int) -> Iterator[CrewTimed]:
    """Both ways on one processor, on two, four ... and on ``most`` of this machine's.

    `InputError` where it has fewer, or the system cannot keep a process to some of them; when an ingest fails, too.
    """
    if most > cores() or not hasattr(os, "sched_setaffinity"):
        raise InputError(f"{most} processors cannot be set apart here; there are {cores()}.")
    for processors in sorted({*(1 << n for n in range(most.bit_length()) if 1 << n <= most), most}):
        for way, more in WAYS.items():
            yield _timed(paths, way, more, processors)


def _timed(paths: Sequence[Path], way: str, more: Sequence[str], processors: int) -> CrewTimed:
    with tempfile.TemporaryDirectory(prefix="pagelens-crews-") as home:
        command = [sys.executable, "-m", "workbench", "ingest", *map(str, paths), "-c", "pages", "--json", *more]
        theirs = sorted(os.sched_getaffinity(0))[:processors]
        done = subprocess.run(
            command,
            env={**os.environ, "PAGELENS_HOME": home},
            stdout=subprocess.PIPE,
            preexec_fn=partial(os.sched_setaffinity, 0, theirs),
        )
        if done.returncode:
            raise InputError(f"The ingest by {way} failed (exit code {done.returncode}); what it said stands above.")
        report = json.loads(done.stdout)
    return CrewTimed(way, processors, sum(one["indexed"] for one in report["documents"]), report["seconds"])
