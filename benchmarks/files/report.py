"""What became of many files: each one's outcome, the reasons grouped, and the memory of every process."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.files.command import CRASHED, HUNG, SWOLLEN
from benchmarks.processes import ProcessPeak

INDEXED = "indexed"
PARTLY = "in part"
FAILED = "failed"
SAME = "same content"
UNSAID = "not mentioned"
"""The command ended well and said nothing of the file."""
STATES = (INDEXED, PARTLY, FAILED, SAME, UNSAID, CRASHED, HUNG, SWOLLEN)
WRONG = frozenset({UNSAID, CRASHED, HUNG, SWOLLEN})
"""What must not happen, whatever the file."""

PAGE = "page"
BATCH = "batch"
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """A page that did not go in, and why."""

    page: int
    reason: str


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file: ``path`` below the folder with ``/``, ``state`` one of `STATES`."""

    path: str
    bytes: int
    state: str
    pages: int = 0
    indexed: int = 0
    reason: str = ""
    failed: tuple[RefusedPage, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One command over some files, from ``first`` on: how it ended, and what each of its processes took at most."""

    first: str
    files: int
    how: str
    why: str
    seconds: float
    processes: tuple[ProcessPeak, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Files or pages with the same ``reason`` but for names and numbers; ``what`` is a state, `PAGE` or `BATCH`."""

    what: str
    reason: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FilesReport:
    """What `try_files` found. ``loose`` are batches that came to no good end though each of their files does alone."""

    folder: str
    files: tuple[FileOutcome, ...]
    runs: tuple[Run, ...]
    loose: tuple[Run, ...]
    quiet: float
    """Seconds without a move that counted as hanging."""
    memory: float
    """Bytes of all processes together at which a command was ended."""
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether nothing happened that must not, whatever the file."""
        return not self.loose and not any(file.state in WRONG for file in self.files)

    def count(self, state: str) -> int:
        """How many files ended so."""
        return sum(file.state == state for file in self.files)

    def groups(self, examples: int = 3) -> list[Group]:
        """Everything that went wrong, grouped by what and why; most frequent first, with some examples each."""
        found: dict[tuple[str, str], list[str]] = {}
        for what, reason, where in self._troubles():
            found.setdefault((what, reason), []).append(where)
        groups = [Group(*key, len(places), tuple(places[:examples])) for key, places in found.items()]
        order = [*STATES, BATCH, PAGE]
        return sorted(groups, key=lambda group: (order.index(group.what), -group.count, group.reason))

    def _troubles(self) -> Iterator[tuple[str, str, str]]:
        for file in self.files:
            name = file.path.rpartition("/")[2]
            if file.state not in (INDEXED, PARTLY) and (file.state != FAILED or not file.failed):
                yield file.state, pattern(file.reason, name), file.path
            for page in file.failed:
                yield PAGE, pattern(page.reason, name), f"{file.path}#page={page.page}"
        for run in self.loose:
            yield BATCH, f"{run.how}: {run.why}", f"{run.files} files from {run.first}"

    def peaks(self) -> list[tuple[str, int, ProcessPeak, Run]]:
        """(kind of process, how many there were, the one with most memory, its run), the parent first."""
        seen: dict[str, list[tuple[ProcessPeak, Run]]] = {}
        for run in self.runs:
            for peak in run.processes:
                seen.setdefault(peak.name, []).append((peak, run))
        return [(name, len(all_), *max(all_, key=lambda one: one[0].peak.own)) for name, all_ in seen.items()]


def pattern(reason: str, name: str) -> str:
    """A reason without what differs from file to file: its name, what is quoted, and numbers.

    >>> pattern("a b.pdf has 12 pages, page 'iv' is 3.5 x 4 mm", "a b.pdf")
    "FILE has # pages, page '...' is # x # mm"
    """
    return _NUMBER.sub("#", _QUOTED.sub("'...'", reason.replace(name, "FILE") if name else reason))


def outcome(path: str, size: int, document: Mapping[str, Any] | None) -> FileOutcome:
    """A file's outcome by what the command's JSON says of it; None where it says nothing."""
    if document is None:
        return FileOutcome(path, size, UNSAID, reason="the command said nothing of it")
    failed = tuple(RefusedPage(page["page"], page["reason"]) for page in document["failed"])
    pages, indexed = document["pages"], document["indexed"]
    if indexed:
        state = INDEXED if indexed == pages else PARTLY
    else:
        state = SAME if document["skipped"] and not failed else FAILED
    return FileOutcome(path, size, state, pages, indexed, document.get("reason", ""), failed)
