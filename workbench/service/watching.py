"""Folders that collections are kept in step with: new, changed and removed files, as jobs, across restarts.

What is watched and what was seen of it lies in ``state/watches`` of the home folder, a file for each folder. A file
that was moved is known by its content: nothing of it is read again, and its document keeps the name under which
judgements and searches know it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench import permits
from workbench.errors import InputError, NotFoundError, PagelensError
from workbench.ingestion import JobRun
from workbench.ingestion.watching import QUIET, FolderWatcher, SeenFile, difference, look
from workbench.service.ingestion import Ingestion
from workbench.settings import CollectionSettings, Settings
from workbench.store import Writer
from workbench.store.files import write_whole
from workbench.store.library import check_name
from workbench.types import DocumentOutcome, Gone, IngestReport, Job, Progress, Receipt, Watch

log = logging.getLogger(__name__)

SYNC = "sync"
RETRY = 60.0
"""Seconds after which a folder that is not there is looked for again."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A folder that is, or was, kept in step with a collection; ``on`` while a server follows it."""

    watch: Watch
    on: bool = False
    seen: Mapping[str, SeenFile] = field(default_factory=dict)


class Watching(Ingestion):
    """Following folders. ``quiet`` is after how many seconds without a change a folder is looked at."""

    quiet = QUIET

    def __init__(self, settings: Settings | None = None) -> None:
        self._followed: dict[str, threading.Event] = {}
        super().__init__(settings)

    def watches(self, collection: str = "") -> list[Watch]:
        """The folders that are followed, those of one collection if it is named."""
        kept = [kept.watch for kept in self._records() if kept.on and permits.sees(kept.watch.collection)]
        return [watch for watch in kept if collection in ("", watch.collection)]

    def watch(self, folder: Path, collection: str, keep: bool = False) -> Watch:
        """Follow a folder from now on, here and after every restart, and index what it holds into a collection.

        Documents whose file is gone from the folder are deleted, unless ``keep``. `InputError` where there is no such
        folder, or it holds the home folder.
        """
        wanted = self._watch(folder, collection, keep)
        with self._lock:
            known = self._record_of(wanted)
            self._write_record(replace(known, watch=wanted, on=True))
        self._follow(wanted)
        return wanted

    def unwatch(self, folder: Path, collection: str) -> None:
        """Follow a folder no more; its documents stay. `NotFoundError` where it is not followed."""
        wanted = Watch(collection, str(_resolved(folder)))
        known = self._record_of(wanted)
        if not known.on or not permits.sees(collection):
            raise NotFoundError(f"The folder '{folder.name}' is not followed into a collection '{collection}'.")
        with self._lock:
            self._write_record(replace(known, on=False))
            stop = self._followed.pop(_key(wanted), None)
        if stop is not None:
            stop.set()

    def start_watching(self) -> None:
        """Follow the folders that were followed when the last process ended; for a process that stays, as a server."""
        for kept in self._records():
            if kept.on:
                self._follow(kept.watch)

    def sync_folder(
        self,
        folder: Path,
        collection: str,
        keep: bool = False,
        progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
        settings: CollectionSettings | None = None,
    ) -> IngestReport:
        """Bring a collection in step with a folder: index what is new or changed since it was last called for it, and
        delete documents whose file was there then and is gone, unless ``keep``; blocks until done.

        A document that another file still holds stays. Of a folder that is empty all of a sudden nothing is deleted: it
        is taken for a disk that is not there. Stopped or killed, the same call does the rest.
        """
        watch = self._watch(folder, collection, keep)
        known, below = self._record_of(watch), Path(watch.folder)
        now = look(below)
        found = difference(below, known.seen, now)
        report = IngestReport(collection, (), 0.0)
        if found.changed:
            report = self.ingest(list(found.changed), collection, settings, progress, stop, below=below)
        elif collection not in self._library.names():
            self.create_collection(collection, settings)
        if report.stopped:
            return report
        if known.seen and not now:
            note = f"The folder '{below.name}' is empty all of a sudden, so nothing was deleted: is its disk there?"
            return replace(report, notes=(*report.notes, note))
        gone = () if keep else self._let_go(collection, found.gone)
        with self._lock:
            self._write_record(replace(self._record_of(watch), watch=watch, seen=now))
        return replace(report, documents=(*report.documents, *gone))

    def close(self, patience: float = 0) -> None:
        """See `Core.close`; folders are followed no more by this process."""
        with self._lock:
            stops = list(self._followed.values())
            self._followed.clear()
        for stop in stops:
            stop.set()
        super().close(patience)

    def _watch(self, folder: Path, collection: str, keep: bool) -> Watch:
        """What is asked for, if it can be."""
        permits.check_name(collection)
        if collection not in self._library.names():
            check_name(collection)
        path = _resolved(folder)
        if not path.is_dir():
            raise InputError(f"There is no folder '{folder}'; check the path.")
        if self.settings.home.resolve().is_relative_to(path):
            raise InputError(f"The folder '{path.name}' holds Pagelens' own files; choose one that does not.")
        return Watch(collection, str(path), keep)

    # -- what is followed, and what was seen --------------------------------------------------------------------------

    @property
    def _watches_folder(self) -> Path:
        return self.settings.home / "state" / "watches"

    def _records(self) -> Iterator[_Kept]:
        for path in sorted(self._watches_folder.glob("*.json")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                yield _read(path)

    def _record_of(self, watch: Watch) -> _Kept:
        try:
            return _read(self._watches_folder / f"{_key(watch)}.json")
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
        ):  # never looked at, or not to be read: all files are looked at
            return _Kept(watch)

    def _write_record(self, kept: _Kept) -> None:
        self._watches_folder.mkdir(parents=True, exist_ok=True)
        seen = {name: [file.size, file.changed, file.source] for name, file in kept.seen.items()}
        record = {"watch": asdict(kept.watch), "on": kept.on, "seen": seen}
        write_whole(self._watches_folder / f"{_key(kept.watch)}.json", json.dumps(record))

    def _forget(self, gone: Gone) -> Receipt:
        if not gone.document:
            with self._lock:
                for kept in list(self._records()):
                    if kept.watch.collection == gone.collection:
                        (self._watches_folder / f"{_key(kept.watch)}.json").unlink(missing_ok=True)
                        if (stop := self._followed.pop(_key(kept.watch), None)) is not None:
                            stop.set()
        return super()._forget(gone)

    # -- following ----------------------------------------------------------------------------------------------------

    def _follow(self, watch: Watch) -> None:
        """Follow a folder in a thread, if none does."""
        with self._lock:
            if _key(watch) not in self._followed:
                stop = self._followed[_key(watch)] = threading.Event()
                threading.Thread(target=self._following, args=(watch, stop), name="watch", daemon=True).start()

    def _following(self, watch: Watch, stop: threading.Event) -> None:
        folder = Path(watch.folder)
        while not stop.is_set():
            try:
                with FolderWatcher(folder, self.quiet) as watcher:
                    stopped = False
                    while not stop.is_set():
                        job = self._sync_if_changed(watch)
                        while job is not None and job.active and not stop.is_set():
                            job = self._jobs.wait(job.id, 1.0)
                        stopped = job is not None and job.state == "stopped"  # a person did that: wait for a change
                        watcher.wait(stop, events_only=stopped)
            except PagelensError as error:
                log.warning("%s", error)
                stop.wait(RETRY)
            except Exception:  # whatever it is, the folder is looked at again
                log.exception("the folder %s could not be followed", folder.name)
                stop.wait(RETRY)

    def _sync_if_changed(self, watch: Watch) -> Job | None:
        """A job that brings the collection in step, if it is not."""
        folder, kept = Path(watch.folder), self._record_of(watch)
        now = look(folder)
        if not difference(folder, kept.seen, now) or (kept.seen and not now):
            return None
        request = {"collection": watch.collection, "folder": watch.folder, "keep": kept.watch.keep}
        return self._jobs.start(watch.collection, request, SYNC)

    def _job_runs(self) -> Mapping[str, JobRun]:
        return {**super()._job_runs(), SYNC: self._run_sync}

    def _run_sync(
        self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: threading.Event
    ) -> IngestReport:
        collection = request["collection"]
        ended = self.sync_folder(Path(request["folder"]), collection, request["keep"], report, stop)
        if not ended.stopped:
            self.start_words(collection)
        return ended

    def _let_go(self, collection: str, gone: frozenset[str]) -> tuple[DocumentOutcome, ...]:
        """Take sources that are gone from the documents they held, and delete those that none is left of."""
        store = self._collection(collection)
        losing = [record for record in store.records.all() if not gone.isdisjoint(record.sources)] if gone else []
        left = {record.name: tuple(source for source in record.sources if source not in gone) for record in losing}
        staying = [replace(record, sources=left[record.name]) for record in losing if left[record.name]]
        if staying:
            with Writer(store) as writer:
                writer.hold(staying)
        outcomes = []
        for record in losing:
            if not left[record.name]:
                self.delete_document(collection, record.name)
                why = "deleted: its file is gone from the folder"
                outcomes.append(DocumentOutcome(record.name, record.pages, 0, record.pages, (), why))
        return tuple(outcomes)


def _resolved(folder: Path) -> Path:
    return Path(folder).expanduser().resolve()


def _key(watch: Watch) -> str:
    return hashlib.sha256(f"{watch.collection}\n{watch.folder}".encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _read(path: Path) -> _Kept:
    record = json.loads(path.read_text(encoding="utf-8"))
    seen = {name: SeenFile(*values) for name, values in record["seen"].items()}
    return _Kept(Watch(**record["watch"]), bool(record["on"]), seen)
