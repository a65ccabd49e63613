"""Work that runs in the background, one job at a time, and outlives the page that started it.

A job's snapshot is written to ``jobs/<id>.json`` as it goes, so that a reload or a restart shows it again; a job whose
process is gone reads as ``interrupted`` and can be resumed, since what was committed stays and the rest is read again.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil

from workbench import permits
from workbench.atomic import write_whole
from workbench.errors import CollectionBusyError, NotFoundError, PagelensError, StateError
from workbench.types import (
    DocumentOutcome,
    Gone,
    IngestReport,
    Job,
    JobStage,
    PageFailureRecord,
    PageNotice,
    Progress,
    Receipt,
)

log = logging.getLogger(__name__)

WRITE_EVERY = 1.0
BUSY_PAUSE = 2.0
"""Seconds until a job whose collection another process writes to asks for its turn again."""
NOTHING_YET = Progress((), 0, 0, 0.0, "", ())
ORPHANED = "Pagelens stopped while this ran; what was indexed is safe. Resume to do the rest."

UNEXPECTED = "Something went wrong that Pagelens did not foresee; the log has the details."

JobRun = Callable[[Mapping[str, Any], Callable[[Progress], None], threading.Event], IngestReport]
"""Does a job's work: (request, progress callback, stop) -> report; `CollectionBusyError` where it has to wait."""


@dataclass(slots=True)
class _Entry:
    job: Job
    request: Mapping[str, Any]
    stop: threading.Event
    written: float = 0.0
    ours: bool = False
    """Whether this process runs it."""


class Jobs:
    """The jobs of one home folder, by kind; ``request`` is what the kind's run needs, as JSON values.

    Whoever asks is shown those of collections that they may see.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs: dict[str, JobRun] = {}
        self._lock = threading.Lock()
        self._queue: SimpleQueue[_Entry] = SimpleQueue()
        self._worker: threading.Thread | None = None
        self._entries: dict[str, _Entry] = {}
        for path in sorted(folder.glob("*.json")) if folder.exists() else []:
            entry = _read(path)
            if entry is not None:
                self._entries[entry.job.id] = entry

    def does(self, kind: str, run: JobRun) -> None:
        """Let the work of a kind of jobs be done so."""
        self._runs[kind] = run

    def start(
        self,
        collection: str,
        request: Mapping[str, Any],
        kind: str = "ingest",
        encoder: str = "",
        files: Sequence[DocumentOutcome] = (),
    ) -> Job:
        """Queue a job and return its first snapshot; ``files`` are those that it is to go through."""
        progress = replace(NOTHING_YET, pending=tuple(replace(file, state="waiting") for file in files))
        job = Job(uuid.uuid4().hex[:12], collection, "waiting", progress, "", _now(), kind, encoder)
        with self._lock:
            return self._enqueue(_Entry(job, request, threading.Event()))

    def resume(self, job_id: str) -> Job:
        """Run a stopped, failed or interrupted job again; pages already committed are skipped.

        One that waits or runs stays as it is; `StateError` for one that is done, or about to stop.
        """
        with self._lock:
            entry = self._known(job_id)
            if entry.job.state in ("waiting", "running"):
                return entry.job
            if entry.job.state == "stopping":
                raise StateError("This job is about to stop; resume it once it has.")
            if entry.job.state == "done":
                raise StateError("This job is done; there is nothing left of it to resume.")
            again = _Entry(replace(entry.job, state="waiting", message=""), entry.request, threading.Event())
            return self._enqueue(again)

    def stop(self, job_id: str) -> Job:
        """Ask a job to stop after the batch it is at; one that waits for its turn is stopped at once."""
        with self._lock:
            entry = self._known(job_id)
            if entry.job.active:
                entry.stop.set()
                entry.job = replace(entry.job, state="stopped" if entry.job.state == "waiting" else "stopping")
                self._write(entry)
            return entry.job

    def get(self, job_id: str) -> Job:
        """The job as it is now; `NotFoundError` for an unknown id."""
        return self._entry(job_id).job

    def request(self, job_id: str) -> Mapping[str, Any]:
        """What a job was asked to do, as it was given to `start`."""
        return self._entry(job_id).request

    def all(self) -> list[Job]:
        """The jobs, newest first."""
        return sorted(
            (job for job in self._snapshots() if permits.sees(job.collection)),
            key=lambda job: job.started,
            reverse=True,
        )

    def active(self, collection: str = "", kind: str = "") -> list[Job]:
        """Those that are still going to change, newest first; of a collection, and of a kind, where one is named."""
        found = (job for job in self.all() if job.active and collection in ("", job.collection))
        return [job for job in found if kind in ("", job.kind)]

    def states(self) -> Counter[str]:
        """How many of all jobs are in which state, whoever asks."""
        return Counter(job.state for job in self._snapshots())

    def requests(self) -> list[tuple[str, Mapping[str, Any]]]:
        """The collection and the request of every job, whoever asks."""
        with self._lock:
            return [(entry.job.collection, entry.request) for entry in self._entries.values()]

    def forget(self, gone: Gone) -> Receipt:
        """Drop the jobs of a deleted collection, those that wait included: run, they would make it anew; or take what
        became of a deleted document out of the records of its collection's jobs."""
        with self._lock:
            for entry in [one for one in self._entries.values() if one.job.collection == gone.collection]:
                if gone.document:
                    self._leave_out(entry, gone.document)
                elif entry.job.state not in ("running", "stopping"):
                    entry.job = replace(entry.job, state="stopped")  # it may still stand in the queue
                    del self._entries[entry.job.id]
                    (self._folder / f"{entry.job.id}.json").unlink(missing_ok=True)
        return Receipt.of(gone)

    def rename_collection(self, collection: str, name: str) -> None:
        """Let the jobs of a collection be those of its new name, which runs again of them then mean."""
        with self._lock:
            for entry in self._entries.values():
                if entry.job.collection == collection:
                    entry.job = replace(entry.job, collection=name)
                    entry.request = {**entry.request, "collection": name}
                    self._write(entry)

    def stop_all(self, seconds: float) -> None:
        """Have the jobs of this process stop after their batch, and wait so long at most; they can be resumed."""
        with self._lock:
            ours = [entry for entry in self._entries.values() if entry.ours and entry.job.active]
        for entry in ours:
            self.stop(entry.job.id)
        end = time.monotonic() + seconds
        while any(entry.job.active for entry in ours) and time.monotonic() < end:
            time.sleep(0.05)

    def wait(self, job_id: str, seconds: float = 3600.0) -> Job:
        """Block until a job ends or the time is over."""
        end = time.monotonic() + seconds
        while self.get(job_id).active and time.monotonic() < end:
            time.sleep(0.05)
        return self.get(job_id)

    def _leave_out(self, entry: _Entry, document: str) -> None:
        """Take a document out of a job's record; the lock is held."""
        progress = entry.job.progress
        left = tuple(outcome for outcome in progress.documents if outcome.name != document)
        pending = tuple(outcome for outcome in progress.pending if outcome.name != document)
        without = replace(progress, documents=left, pending=pending)
        if without != progress:
            entry.job = replace(entry.job, progress=without)
            self._write(entry)

    def _snapshots(self) -> list[Job]:
        with self._lock:
            return [entry.job for entry in self._entries.values()]

    def _entry(self, job_id: str) -> _Entry:
        with self._lock:
            return self._known(job_id)

    def _known(self, job_id: str) -> _Entry:
        """The entry of a job; the lock is held."""
        entry = self._entries.get(job_id)
        if entry is None or not permits.sees(entry.job.collection):
            raise NotFoundError(f"There is no job '{job_id}'.")
        return entry

    def _enqueue(self, entry: _Entry) -> Job:
        """Let a job wait for its turn; the lock is held."""
        entry.ours = True
        self._entries[entry.job.id] = entry
        self._write(entry)
        self._queue.put(entry)
        if self._worker is None or not self._worker.is_alive():
            self._worker = threading.Thread(target=self._work, name="pagelens-jobs", daemon=True)
            self._worker.start()
        return entry.job

    def _work(self) -> None:
        while True:
            entry = self._queue.get()
            with self._lock:
                begins = entry.job.state == "waiting"  # it may have been stopped meanwhile
                if begins:
                    entry.job = replace(entry.job, state="running", message="")
                    self._write(entry)
            if begins:
                self._do(entry)

    def _do(self, entry: _Entry) -> None:
        def report(progress: Progress) -> None:
            with self._lock:
                entry.job = replace(entry.job, progress=progress)
                if time.monotonic() - entry.written > WRITE_EVERY:
                    self._write(entry)

        try:
            run = self._runs.get(entry.job.kind)
            if run is None:
                raise NotFoundError(f"This version of Pagelens has no '{entry.job.kind}' jobs.")
            ended = run(entry.request, report, entry.stop)
        except CollectionBusyError as error:
            self._wait_again(entry, str(error))
        except PagelensError as error:
            self._change(entry, state="failed", message=str(error))
        except Exception:  # a job's thread must outlive whatever a job does
            log.exception("job %s failed", entry.job.id)
            self._change(entry, state="failed", message=UNEXPECTED)
        else:
            named = {document.name for document in ended.documents}
            left = tuple(file for file in entry.job.progress.pending if ended.stopped and file.name not in named)
            done = replace(entry.job.progress, documents=ended.documents, pending=left)
            state = "stopped" if ended.stopped else "done"
            self._change(entry, state=state, progress=done, message=" ".join(ended.notes))

    def _wait_again(self, entry: _Entry, why: str) -> None:
        """Put a job that another process' writing keeps from its work at the end of the queue, after a pause."""
        with self._lock:
            stopped = entry.stop.is_set()
            entry.job = replace(entry.job, state="stopped" if stopped else "waiting", message=why)
            self._write(entry)
        if not stopped:
            pause = threading.Timer(BUSY_PAUSE, self._queue.put, (entry,))
            pause.daemon = True
            pause.start()

    def _change(self, entry: _Entry, **values: Any) -> None:
        with self._lock:
            entry.job = replace(entry.job, **values)
            self._write(entry)

    def _write(self, entry: _Entry) -> None:
        entry.written = time.monotonic()
        record = {"job": asdict(entry.job), "request": dict(entry.request), "process": _process()}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._folder / f"{entry.job.id}.json", json.dumps(record))
        except OSError:
            log.warning("could not write the record of job %s", entry.job.id, exc_info=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _process() -> list[float]:
    return [os.getpid(), psutil.Process().create_time()]


def _alive(process: list[float]) -> bool:
    try:
        return bool(psutil.Process(int(process[0])).create_time() == process[1])
    except psutil.Error:
        return False


def _read(path: Path) -> _Entry | None:
    """A job as its file tells; a file that is not whole is skipped, for the collection itself knows what is indexed."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        job = _job(record["job"])
        if job.active and not _alive(record["process"]):
            job = replace(job, state="interrupted", message=ORPHANED)
        return _Entry(job, record["request"], threading.Event())
    except (OSError, ValueError, KeyError, TypeError):
        log.warning("could not read the job record %s", path)
        return None


def _job(record: Mapping[str, Any]) -> Job:
    progress = record["progress"]
    made = {
        "stages": tuple(JobStage(**stage) for stage in progress["stages"]),
        "documents": tuple(map(_outcome, progress["documents"])),
        "pending": tuple(map(_outcome, progress.get("pending", ()))),
    }
    return Job(**{**record, "progress": Progress(**{**progress, **made})})


def _outcome(record: Mapping[str, Any]) -> DocumentOutcome:
    failed = tuple(PageFailureRecord(**page) for page in record.get("failed", ()))
    notices = tuple(PageNotice(**page) for page in record.get("notices", ()))
    return DocumentOutcome(**{**record, "failed": failed, "notices": notices})
