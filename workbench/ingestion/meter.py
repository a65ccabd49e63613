"""How far a run is: its stages counted and timed, told to whoever started it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from workbench.types import DocumentOutcome, JobStage, Progress

STAGES = ("read", "embed", "write", "index")


class Meter:
    """Counts and times the stages of a run and tells the caller. Reading runs in another thread, hence the lock."""

    def __init__(
        self, report: Callable[[Progress], None], stop: threading.Event, documents: list[DocumentOutcome]
    ) -> None:
        self.report = report
        self.stop = stop
        self.documents = documents
        self.total = 0
        self.written = 0
        self.started = time.monotonic()
        self.current = ""
        self._done = dict.fromkeys(STAGES, 0)
        self._seconds = dict.fromkeys(self._done, 0.0)
        self._since: dict[str, float] = {}
        self._lock = threading.Lock()

    def begin(self, stage: str) -> None:
        """Start the clock of a stage."""
        self._since[stage] = time.monotonic()

    def end(self, stage: str, pages: int) -> None:
        """Stop it, count the pages that went through, and tell."""
        with self._lock:
            self._seconds[stage] += time.monotonic() - self._since.pop(stage)
            self._done[stage] += pages
            if stage == "write":
                self.written += pages
            stages = tuple(
                JobStage(name, done, self.total, round(self._seconds[name], 3)) for name, done in self._done.items()
            )
            seconds = time.monotonic() - self.started
            progress = Progress(stages, self.written, self.total, seconds, self.current, tuple(self.documents))
        self.report(progress)

    def document(self, outcome: DocumentOutcome) -> None:
        """Add what became of a document, and tell."""
        self.documents.append(outcome)
        self.begin("write")
        self.end("write", 0)
