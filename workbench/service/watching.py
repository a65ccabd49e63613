"""Folders that collections are kept in step with: new, changed and removed files, as jobs, across restarts.

A file that was moved is known by its content: nothing of it is read again, and its document keeps the name under which
judgements and searches know it.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench import permits
from workbench.errors import InputError, NotFoundError, PagelensError
from workbench.folders import inside
from workbench.ingestion import Jobs
from workbench.ingestion.watching import QUIET, FolderWatcher, difference, look
from workbench.service.collections import Collections
from workbench.service.deletions import Deletions
from workbench.service.ingestion import Ingestion
from workbench.service.open_collections import OpenCollections
from workbench.service.watched_folders import WatchedFolder, WatchedFolders
from workbench.store import Writer
from workbench.types import DocumentOutcome, IngestReport, Job, Progress, Watch

log = logging.getLogger(__name__)

SYNC = "sync"
RETRY = 60.0
"""Seconds after which a folder that is not there is looked for again."""


class Watching:
    """Following folders. ``quiet`` is after how many seconds without a change a folder is looked at."""

    def __init__(
        self,
        home: Path,
        opened: OpenCollections,
        library: Collections,
        ingestion: Ingestion,
        deletions: Deletions,
        folders: WatchedFolders,
        jobs: Jobs,
    ) -> None:
        self._home = home
        self._opened = opened
        self._library = library
        self._ingestion = ingestion
        self._deletions = deletions
        self._folders = folders
        self._jobs = jobs
        self._stops: dict[str, threading.Event] = {}
        self.quiet = QUIET
        jobs.does(SYNC, self._run_sync)

    def all(self, collection: str = "") -> list[Watch]:
        """The folders that are followed, those of one collection if it is named."""
        found = [known.watch for known in self._folders.all() if known.on and permits.sees(known.watch.collection)]
        return [watch for watch in found if collection in ("", watch.collection)]

    def follow(self, folder: Path, collection: str, keep: bool = False) -> Watch:
        """Follow a folder from now on, here and after every restart, and index what it holds into a collection.

        Documents whose file is gone from the folder are deleted, unless ``keep``. `InputError` where there is no such
        folder, or it holds the home folder.
        """
        wanted = self._wanted(folder, collection, keep)
        with self._folders.lock:
            known = replace(self._folders.of(wanted), watch=wanted, on=True)
            self._folders.write(known)
        self._start(known)
        return wanted

    def leave(self, folder: Path, collection: str) -> None:
        """Follow a folder no more; its documents stay. `NotFoundError` where it is not followed."""
        wanted = Watch(collection, str(_resolved(folder)))
        with self._folders.lock:
            known = self._folders.of(wanted)
            if not known.on or not permits.sees(collection):
                raise NotFoundError(f"The folder '{folder.name}' is not followed into a collection '{collection}'.")
            self._folders.write(replace(known, on=False))
            stop = self._stops.pop(known.id, None)
        if stop is not None:
            stop.set()

    def start(self) -> None:
        """Follow the folders that were followed when the last process ended; for a process that stays, as a server."""
        for known in self._folders.all():
            if known.on:
                self._start(known)

    def close(self) -> None:
        """Follow no folder any more in this process."""
        with self._folders.lock:
            stops = list(self._stops.values())
            self._stops.clear()
        for stop in stops:
            stop.set()

    def sync(
        self,
        folder: Path,
        collection: str,
        keep: bool = False,
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> IngestReport:
        """Bring a collection in step with a folder: index what is new or changed since it was last called for it, and
        delete documents whose file was there then and is gone, unless ``keep``; blocks until done.

        A document that another file still holds stays. Of a folder that is empty all of a sudden nothing is deleted: it
        is taken for a disk that is not there. Stopped or killed, the same call does the rest.
        """
        watch = self._wanted(folder, collection, keep)
        known, below = self._folders.of(watch), Path(watch.folder)
        now = look(below, self._home)
        found = difference(below, known.seen, now)
        report = IngestReport(collection, (), 0.0)
        if found.changed:
            report = self._ingestion.ingest(list(found.changed), collection, None, progress, stop, below=below)
        elif not self._opened.has(collection):
            self._library.create(collection)
        if report.stopped:
            return report
        if known.seen and not now:
            note = f"The folder '{below.name}' is empty all of a sudden, so nothing was deleted: is its disk there?"
            return replace(report, notes=(*report.notes, note))
        gone = () if keep else self._let_go(collection, found.gone)
        with self._folders.lock:
            self._folders.write(replace(self._folders.of(watch), watch=watch, seen=now))
        return replace(report, documents=(*report.documents, *gone))

    def _wanted(self, folder: Path, collection: str, keep: bool) -> Watch:
        """What is asked for, if it can be."""
        collection = self._opened.nameable(collection)
        path = _resolved(folder)
        if not os.path.isdir(path):  # of a name that no system takes too, which `Path` raises at
            raise InputError(f"There is no folder '{folder}'; check the path.")
        if inside(self._home, path):
            raise InputError(f"The folder '{path.name}' holds Pagelens' own files; choose one that does not.")
        return Watch(collection, str(path), keep)

    def following(
        self, folder: Path, stop: threading.Event, sync: Callable[[], bool], tell: Callable[[str], None]
    ) -> None:
        """Call ``sync`` now and whenever changes below a folder have come to rest, until told to ``stop``.

        It says whether a person stopped it: then it is called for the next change, and not because time has passed.
        What is wrong is told once, and made up for by a later look.
        """
        told = ""
        while not stop.is_set():
            try:
                with FolderWatcher(folder, self.quiet) as watcher:
                    while not stop.is_set():
                        stopped, told = sync(), ""
                        watcher.wait(stop, events_only=stopped)
            except PagelensError as error:  # another writer, a disk that is not there
                if str(error) != told:
                    tell(str(error))
                told = str(error)
                stop.wait(RETRY)
            except Exception:  # whatever it is, the folder is looked at again
                log.exception("the folder %s could not be followed", folder.name)
                stop.wait(RETRY)

    def _start(self, known: WatchedFolder) -> None:
        """Follow a folder in a thread, if none does."""
        with self._folders.lock:
            if known.id not in self._stops:
                stop = self._stops[known.id] = threading.Event()
                threading.Thread(target=self._follow, args=(known, stop), name="watch", daemon=True).start()

    def _follow(self, known: WatchedFolder, stop: threading.Event) -> None:
        self.following(Path(known.watch.folder), stop, lambda: self._synced(known.id, stop), log.warning)
        with self._folders.lock:
            if self._stops.get(known.id) is stop:
                del self._stops[known.id]

    def _synced(self, id: str, stop: threading.Event) -> bool:
        """Have a job bring the collection in step, and wait for it; whether a person stopped that."""
        known = self._folders.get(id)
        if known is None or not known.on:
            stop.set()
            return False
        job = self._sync_if_changed(known)
        while job is not None and job.active and not stop.is_set():
            job = self._jobs.wait(job.id, 1.0)
        return job is not None and job.state == "stopped"

    def _sync_if_changed(self, known: WatchedFolder) -> Job | None:
        """A job that brings the collection in step, if it is not."""
        watch, folder = known.watch, Path(known.watch.folder)
        now = look(folder, self._home)
        if not difference(folder, known.seen, now) or (known.seen and not now):
            return None
        request = {"collection": watch.collection, "folder": watch.folder, "keep": watch.keep}
        return self._jobs.start(watch.collection, request, SYNC)

    def _run_sync(
        self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: threading.Event
    ) -> IngestReport:
        collection = request["collection"]
        ended = self.sync(Path(request["folder"]), collection, request["keep"], report, stop)
        if not ended.stopped:
            self._ingestion.start_words(collection)
        return ended

    def _let_go(self, collection: str, gone: frozenset[str]) -> tuple[DocumentOutcome, ...]:
        """Take sources that are gone from the documents they held, and delete those that none is left of."""
        store = self._opened.get(collection)
        losing = [record for record in store.records.all() if not gone.isdisjoint(record.sources)] if gone else []
        left = {record.name: tuple(source for source in record.sources if source not in gone) for record in losing}
        staying = [replace(record, sources=left[record.name]) for record in losing if left[record.name]]
        if staying:
            with Writer(store) as writer:
                writer.hold(staying)
        outcomes = []
        for record in losing:
            if not left[record.name]:
                self._deletions.document(collection, record.name)
                why = "deleted: its file is gone from the folder"
                outcomes.append(DocumentOutcome(record.name, record.pages, 0, record.pages, (), why))
        return tuple(outcomes)


def _resolved(folder: Path) -> Path:
    try:
        return Path(folder).expanduser().resolve()
    except (ValueError, RuntimeError, OSError):  # a name that no system takes, or of nobody's home
        raise InputError(f"There is no folder '{folder}'; check the path.") from None
