"""A folder whose files are followed: what changed in it since it was last looked at, and the wait for the next change.

Events (watchdog) only say when to look; what is new, changed or gone is told by comparing the folder with what was seen
of it, which is kept on disk. So nothing is missed while nobody watches, and no event needs to be understood.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from workbench.documents import discover
from workbench.errors import InputError
from workbench.types.text import storable

QUIET = 2.0
"""Seconds without a change after which a folder is looked at: programs write a file in several steps."""
LONGEST = 60.0
"""Seconds after a change after which it is looked at even so: something in it may be written to all day."""
LOOK_EVERY = 60.0
"""Seconds after which it is looked at in any case: network drives tell of no changes, and a drive may come back."""
_TICK = 0.2  # s; how soon a stop is answered
_IDLE = frozenset({"opened", "closed_no_write"})  # somebody reads


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as it was seen: its size in bytes, the time of its last change in ns, and its path as a source."""

    size: int
    changed: int
    source: str


Seen = Mapping[str, SeenFile]
"""The readable files below a folder, by their paths from it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is otherwise than it was seen: files that are new or changed, and sources of documents that are gone."""

    changed: tuple[Path, ...]
    gone: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone)


def look(folder: Path, home: Path | None = None) -> dict[str, SeenFile]:
    """The readable files below a folder as they are, but those of ``home``, where collections live; `InputError` where
    there is no such folder."""
    if not folder.is_dir():
        raise InputError(f"There is no folder '{folder.name}' at the place that is watched; is its disk there?")
    found = {}
    for source in discover([folder], home)[0]:
        try:
            now = source.path.stat()
            path = storable(str(source.path.resolve()))
        except OSError:  # gone since
            continue
        found[source.path.relative_to(folder).as_posix()] = SeenFile(now.st_size, now.st_mtime_ns, path)
    return found


def difference(folder: Path, seen: Seen, now: Seen) -> Difference:
    """What became of a folder since it was seen; a file that was only moved is gone at one place and new at another."""
    changed = tuple(folder / name for name, file in now.items() if seen.get(name) != file)
    there = {file.source for file in now.values()}
    return Difference(changed, frozenset(file.source for file in seen.values()) - there)


class FolderWatcher:
    """Waits for changes below a folder; use it as a context manager. `InputError` where it cannot be watched."""

    def __init__(self, folder: Path, quiet: float = QUIET, longest: float = LONGEST, every: float = LOOK_EVERY) -> None:
        self._folder, self._quiet, self._longest, self._every = folder, quiet, longest, every
        self._changed = threading.Condition()
        self._first = self._last = 0.0  # of the changes that nobody looked at yet; 0 without any
        self._observer: Any = None

    def __enter__(self) -> FolderWatcher:
        from watchdog.events import FileSystemEvent, FileSystemEventHandler
        from watchdog.observers import Observer
        from watchdog.observers.polling import PollingObserver

        watcher = self

        class Told(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                if event.event_type not in _IDLE:
                    watcher.stir()

        for kind in (Observer, PollingObserver):  # the system tells of so many folders and no more; then it is asked
            try:
                self._observer = kind()
                self._observer.schedule(Told(), str(self._folder), recursive=True)
                self._observer.start()
                return self
            except OSError as error:
                reason = error.strerror or str(error)
        raise InputError(f"The folder '{self._folder.name}' cannot be watched ({reason.lower()}).")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._observer.stop()
        self._observer.join()

    def stir(self) -> None:
        """Take note of a change."""
        with self._changed:
            self._last = time.monotonic()
            self._first = self._first or self._last
            self._changed.notify_all()

    def wait(self, stop: threading.Event, events_only: bool = False) -> bool:
        """Block until changes have come to rest, or it is time to look all the same; False when told to stop."""
        begun = time.monotonic()
        with self._changed:
            while not stop.is_set():
                now = time.monotonic()
                if self._first and (now - self._last >= self._quiet or now - self._first >= self._longest):
                    break
                if now - begun >= self._every and not events_only:
                    break
                self._changed.wait(_TICK)
            self._first = self._last = 0.0
        return not stop.is_set()
