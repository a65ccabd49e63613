"""What an ingest will do, is doing and did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

ProgressCallback = Callable[[int, int], None]
"""Called with how many are done, and of how many; 0 of 0 before that is known."""


@dataclass(frozen=True, slots=True)
class PageFailureRecord:
    """A failed page as a report prints it."""

    page: int
    reason: str


@dataclass(frozen=True, slots=True)
class PageNotice:
    """What of a page that is in could not be read, in a sentence, and its ``quality`` (`ReadWords`), where known."""

    page: int
    reason: str
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class DocumentOutcome:
    """What became of one file in an ingest.

    ``reason`` says why the file itself could not be read (``pages`` 0), why there was nothing to do, or why pages that
    are neither indexed nor among the ``failed`` ones were not tried. ``replaced`` says which document left the
    collection for this one, as "report.pdf of 2026-11-26 (12 pages)". ``left_out`` marks a file that lay in a folder
    and is of no kind that is read: it is named, but nothing failed. ``notices`` say of pages that are in what of them
    could not be read. ``state`` is ``waiting`` or ``reading`` while the run is not through with the file, whose counts
    are those of the moment then (``pages`` 0 before it was looked at).
    """

    name: str
    pages: int
    indexed: int
    skipped: int
    failed: tuple[PageFailureRecord, ...] = ()
    reason: str = ""
    replaced: str = ""
    left_out: bool = False
    notices: tuple[PageNotice, ...] = ()
    state: str = "done"


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest (or adding an encoder) did, per document, and how long it took.

    ``notes`` are sentences on what was left undone although all pages went in, as vectors of another encoder;
    ``stages`` say what each stage got through. Of ``unread`` pages, all that the collection has, words are still to be
    read.
    """

    collection: str
    documents: tuple[DocumentOutcome, ...]
    seconds: float
    stopped: bool = False
    notes: tuple[str, ...] = ()
    stages: tuple[JobStage, ...] = ()
    unread: int = 0


@dataclass(frozen=True, slots=True)
class JobStage:
    """How far one stage of an ingest is: ``done`` of ``total`` pages, and the seconds it has worked.

    Where ``workers`` do the same side by side, the seconds are those of all of them. Stages overlap, so that the
    seconds of all stages come to more than the job takes.
    """

    name: str
    done: int
    total: int
    seconds: float
    workers: int = 1

    @property
    def pages_per_second(self) -> float:
        """What the stage gets through while it works, with all its workers."""
        return self.done * self.workers / self.seconds if self.seconds > 0 else 0.0


def bottleneck(stages: Sequence[JobStage]) -> str:
    """The stage that the others wait for: the slowest of those that pages pass; empty before one is known."""
    paced = [stage for stage in stages if stage.name != "index" and stage.done and stage.seconds > 0]
    return min(paced, key=lambda stage: stage.pages_per_second).name if len(paced) > 1 else ""


@dataclass(frozen=True, slots=True)
class Progress:
    """A snapshot of a running ingest: stages (read, embed, write, index), pages, and the outcomes so far.

    ``pending`` are the files that it is not through with, in their order.
    """

    stages: tuple[JobStage, ...]
    pages_done: int
    pages_total: int
    seconds: float
    current: str
    documents: tuple[DocumentOutcome, ...]
    pending: tuple[DocumentOutcome, ...] = ()

    @property
    def pages_per_second(self) -> float:
        """Pages committed per second of wall time."""
        return self.pages_done / self.seconds if self.seconds > 0 else 0.0

    @property
    def eta_seconds(self) -> float | None:
        """Seconds left at the rate so far; None before a page is done."""
        left = self.pages_total - self.pages_done
        return left / self.pages_per_second if self.pages_done else None


@dataclass(frozen=True, slots=True)
class Job:
    """Work in the background, ``waiting | running | stopping | stopped | done | failed | interrupted``.

    ``kind`` is ``ingest``, ``words`` for reading those that an ingest left for later, ``embed`` for adding the vectors
    of ``encoder`` to what is there, or ``index`` for adding an index of them.
    """

    id: str
    collection: str
    state: str
    progress: Progress
    message: str
    started: str
    kind: str = "ingest"
    encoder: str = ""

    @property
    def active(self) -> bool:
        """Whether it is still going to change."""
        return self.state in ("waiting", "running", "stopping")


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of a plan, under the name that its document will have.

    ``note`` is empty, or says in a sentence why the file will be skipped or refused, what it replaces or tries again.
    ``namesake`` is the name of a different document that this one may take the place of, if that is asked for.
    ``state`` is what becomes of it: ``new`` (it is read), ``rest`` (pages that are not in yet are read), ``replaces``
    (what it was before leaves), ``known`` (it is in, or another file of the plan is the same), ``refused`` (it cannot
    be read) or ``dropped`` (it was left out). ``source`` is the name that it came under, by which it can be left out.
    """

    name: str
    pages: int
    note: str = ""
    namesake: str = ""
    state: str = "new"
    source: str = ""


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """What an ingest would do: files and pages, and its likely cost on this machine.

    ``words`` says which are read of a page and when: ``none``, ``text``, ``later`` (behind the vectors) or ``now``.
    """

    files: tuple[PlannedFile, ...]
    pages: int
    pages_to_read: int
    seconds: float
    bytes: int
    words: str = ""
