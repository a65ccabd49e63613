"""How far a run is: its stages counted and timed, told to whoever started it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from workbench.types import DocumentOutcome, JobStage, Progress

STAGES = ("read", "embed", "write", "index")
PREPARING = ("read", "prepare", "embed", "write", "index")
"""The stages with a page model, whose processor works beside it."""


class Meter:
    """Counts and times the stages of a run and tells the caller. Stages run in threads of their own, hence the lock.

    ``workers`` is at how many places a stage is worked at once; its seconds are those of all of them together.
    """

    def __init__(
        self,
        report: Callable[[Progress], None],
        stop: threading.Event,
        documents: list[DocumentOutcome],
        stages: Sequence[str] = STAGES,
    ) -> None:
        self.report = report
        self.stop = stop
        self.documents = documents
        self.total = 0
        self.written = 0
        self.started = time.monotonic()
        self.current = ""
        self.workers: dict[str, int] = {}
        self._waiting: dict[str, DocumentOutcome] = {}
        self._reading: dict[str, DocumentOutcome] = {}
        self._done = dict.fromkeys(stages, 0)
        self._seconds = dict.fromkeys(self._done, 0.0)
        self._since: dict[str, float] = {}
        self._lock = threading.RLock()  # held while telling, so that what is heard only ever grows

    def has(self, stages: Sequence[str]) -> None:
        """Say which stages there are, once that is known; what was counted stays."""
        with self._lock:
            self._done = {stage: self._done.get(stage, 0) for stage in stages}
            self._seconds = {stage: self._seconds.get(stage, 0.0) for stage in stages}

    def begin(self, stage: str) -> None:
        """Start the clock of a stage, which one thread works at."""
        self._since[stage] = time.monotonic()

    def end(self, stage: str, pages: int) -> None:
        """Stop it, count the pages that went through, and tell."""
        self.add(stage, pages, time.monotonic() - self._since.pop(stage))

    def counted(self, stage: str) -> Callable[[int], None]:
        """Start the clock of a stage; who is given this says how many pages are through it by now."""
        self.begin(stage)
        before = 0

        def reached(pages: int) -> None:
            nonlocal before
            self.end(stage, pages - before)
            self.begin(stage)
            before = pages

        return reached

    def add(self, stage: str, pages: int, seconds: float) -> None:
        """Count pages that went through a stage and the seconds of work they took, and tell."""
        with self._lock:
            self._seconds[stage] += seconds
            self._done[stage] += pages
            if stage == "write":
                self.written += pages
            self.report(self._progress())

    def spent(self) -> dict[str, tuple[int, float]]:
        """Pages and seconds of each stage that did something."""
        return {stage: (done, self._seconds[stage]) for stage, done in self._done.items() if self._seconds[stage]}

    def merge(self, spent: Mapping[str, tuple[int, float]]) -> None:
        """Count what was worked elsewhere, and tell."""
        if spent.keys() - self._done.keys():
            self.has(PREPARING)
        for stage, (pages, seconds) in spent.items():
            self.add(stage, pages, seconds)

    def stages(self) -> tuple[JobStage, ...]:
        """The stages as they are now."""
        return tuple(
            JobStage(name, done, self.total, round(self._seconds[name], 3), self.workers.get(name, 1))
            for name, done in self._done.items()
        )

    def expect(self, files: Mapping[str, DocumentOutcome]) -> None:
        """Say which files there are to go through, each under a key of its own, and tell."""
        with self._lock:
            self._waiting = {key: replace(file, state="waiting") for key, file in files.items()}
            self.report(self._progress())

    def reading(self, key: str, outcome: DocumentOutcome) -> None:
        """Say how far an expected file is; what is counted next tells it."""
        with self._lock:
            self._waiting.pop(key, None)
            self._reading[key] = replace(outcome, state="reading")

    def document(self, outcome: DocumentOutcome, key: str = "") -> None:
        """Add what became of a document, which was expected under a key, and tell."""
        with self._lock:
            self._waiting.pop(key, None)
            self._reading.pop(key, None)
            self.documents.append(outcome)
            self.report(self._progress())

    def _progress(self) -> Progress:
        seconds = time.monotonic() - self.started
        left = (*self._reading.values(), *self._waiting.values())
        return Progress(self.stages(), self.written, self.total, seconds, self.current, tuple(self.documents), left)
