"""Work that counts what it has done, as a job: its progress is shown, it can be stopped, it ends in sentences."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Protocol

from workbench.types import IngestReport, JobStage, Progress


class Count(Protocol):
    """Hears how much is done, of how much, and what is worked at."""

    def __call__(self, done: int, total: int, at: str = "", /) -> None:
        """So much is done."""
        ...


class _Stopped(Exception):
    """Ends the work at a person's wish."""


def counted(
    stage: str,
    collection: str,
    report: Callable[[Progress], None],
    stop: Event,
    work: Callable[[Count], Sequence[str]],
) -> IngestReport:
    """Do work that tells how far it is and gives sentences; counting is where it can be stopped."""
    started = time.monotonic()

    def count(done: int, total: int, at: str = "", /) -> None:
        if stop.is_set():
            raise _Stopped
        seconds = time.monotonic() - started
        report(Progress((JobStage(stage, done, total, round(seconds, 3)),), done, total, seconds, at, ()))

    sentences: Sequence[str] = ()
    try:
        sentences = work(count)
        stopped = False
    except _Stopped:
        stopped = True
    return IngestReport(collection, (), round(time.monotonic() - started, 3), stopped, tuple(sentences))
