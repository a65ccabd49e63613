"""The state of the installation and of the collections in it: quarantine, audits, recall, compaction, sizes, latency.

What takes long runs as a job and leaves a record in the home folder, so that what was found is there the next day.
"""

from __future__ import annotations

import importlib.metadata
import json
import logging
import platform
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from workbench import recall
from workbench.audit import PROBES, Audit, audit
from workbench.ingestion import JobRun
from workbench.recall import RecallReport
from workbench.service.ingestion import Ingestion
from workbench.settings import version
from workbench.store.files import tree_bytes, write_whole
from workbench.store.tableinfo import tables
from workbench.types import Gone, IngestReport, Job, JobStage, PageRef, Progress, ProgressCallback, Quarantined, Receipt
from workbench.types.system import FolderInfo, PipelineLatency, SystemInfo, TableInfo

log = logging.getLogger(__name__)

AUDIT, RECALL, COMPACT = "audit", "recall", "compact"
_PACKAGES = ("lancedb", "torch", "numpy", "gradio", "pyarrow", "pillow")


class _Stopped(Exception):
    """Ends a job at a person's wish."""


class System(Ingestion):
    """Looking after collections, and what there is to know about the place they live in."""

    # -- quarantine ---------------------------------------------------------------------------------------------------

    def quarantine(self, collection: str, what: PageRef | str, reason: str = "") -> Quarantined:
        """Keep a page, or a whole document by its name, out of search without deleting anything.

        `NotFoundError` when there is no such page or document.
        """
        return self._collection(collection).put_away(*_named(what), reason=reason[:500])

    def release(self, collection: str, what: PageRef | str) -> None:
        """Let a page or document be found again; `NotFoundError` when it is not in quarantine."""
        self._collection(collection).release(*_named(what))

    def quarantined(self, collection: str) -> tuple[Quarantined, ...]:
        """What is kept out of a collection's searches, the latest first; also what is not in it at present."""
        entries = self._collection(collection).quarantine().entries.values()
        return tuple(sorted(entries, key=lambda entry: (entry.since, entry.document, entry.page), reverse=True))

    # -- audit and recall ---------------------------------------------------------------------------------------------

    def audit(
        self,
        collection: str,
        encoder: str = "",
        probes: int = PROBES,
        progress: ProgressCallback = lambda done, total: None,
    ) -> Audit:
        """Pages that unrelated questions find, and pages that are copies of others; blocks for some seconds.

        ``progress`` hears how many of how many questions are encoded. The record is kept for `kept_audit`.
        """
        store = self._collection(collection)
        found = audit(store, self._queries.of(store), encoder, probes, progress=progress)
        self._keep(AUDIT, collection, found.as_dict())
        return found

    def recall(
        self,
        collection: str,
        encoder: str = "",
        queries: int = recall.QUERIES,
        progress: ProgressCallback = lambda done, total: None,
    ) -> RecallReport:
        """How much of the exact answer every index, LanceDB's scan and an approximate index of it find; see `recall`.

        Blocks for seconds to minutes. The record is kept for `kept_recall`.
        """
        scratch = self.settings.home / "state" / "scratch" / f"{collection}-{time.monotonic_ns()}"
        found = recall.measure(self._collection(collection), scratch, encoder, queries, progress=progress)
        self._keep(RECALL, collection, asdict(found))
        return found

    def kept_audit(self, collection: str) -> Mapping[str, Any] | None:
        """The record of the last audit (`Audit.as_dict`) and when it was ``made``; None when there was none."""
        return self._kept(AUDIT, collection)

    def kept_recall(self, collection: str) -> Mapping[str, Any] | None:
        """The record of the last `recall` as a dict and when it was ``made``; None when there was none."""
        return self._kept(RECALL, collection)

    def start_audit(self, collection: str, encoder: str = "") -> Job:
        """Queue `audit` in the background."""
        return self._start(AUDIT, collection, encoder)

    def start_recall(self, collection: str, encoder: str = "") -> Job:
        """Queue `recall` in the background."""
        return self._start(RECALL, collection, encoder)

    def start_compact(self, collection: str) -> Job:
        """Queue `compact` in the background; the job's message says how many bytes it saved."""
        return self._start(COMPACT, collection, "")

    # -- what there is ------------------------------------------------------------------------------------------------

    def tables(self, collection: str) -> tuple[TableInfo, ...]:
        """The tables of a collection on disk, with the rows that their indexes lack."""
        return tables(self._collection(collection))

    def latency(self, collection: str) -> tuple[PipelineLatency, ...]:
        """How long the searches of a collection took, by pipeline and stage, over time."""
        self._collection(collection)
        return self._latency.of(collection)

    def measures(self, ready: bool) -> bytes:
        """What this process measured of itself, as Prometheus reads it; ``ready`` is whether it answers searches."""
        return self._metrics.text(self._jobs.all(), ready)

    def system(self) -> SystemInfo:
        """Versions, and what the home folder holds."""
        home = self.settings.home
        parts = sorted(path for path in home.iterdir() if path.is_dir()) if home.is_dir() else []
        folders = tuple(FolderInfo(path.name, tree_bytes(path)) for path in parts)
        there = next((path for path in (home, *home.parents) if path.exists()), Path.cwd())
        return SystemInfo(tuple(_versions()), str(home), folders, shutil.disk_usage(there).free)

    def _forget(self, gone: Gone) -> Receipt:
        receipt = super()._forget(gone)
        for kind in (AUDIT, RECALL):  # they name pages
            with suppress(OSError):
                self._record(kind, gone.collection).unlink(missing_ok=True)
        if not gone.document:
            self._latency.forget(gone.collection)
        return receipt

    def _rename(self, collection: str, name: str) -> None:
        super()._rename(collection, name)
        for kind in (AUDIT, RECALL):
            with suppress(OSError):  # there is none
                self._record(kind, collection).replace(self._record(kind, name))
        self._latency.rename(collection, name)

    # -- jobs and records ---------------------------------------------------------------------------------------------

    def _job_runs(self) -> Mapping[str, JobRun]:
        return {**super()._job_runs(), AUDIT: self._run_audit, RECALL: self._run_recall, COMPACT: self._run_compact}

    def _start(self, kind: str, collection: str, encoder: str) -> Job:
        store = self._collection(collection)
        chosen = store.space(encoder).encoder if kind != COMPACT else ""
        return self._jobs.start(collection, {"collection": collection, "encoder": chosen}, kind, chosen)

    def _run_audit(self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: Event) -> IngestReport:
        def work(progress: ProgressCallback) -> str:
            found = self.audit(request["collection"], request["encoder"], progress=progress)
            pages = f"{len(found.suspects)} of {found.pages:,} pages to look at"
            return f"{pages}, {len(found.copies)} pairs of copies."

        return _job(AUDIT, request["collection"], work, report, stop)

    def _run_recall(self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: Event) -> IngestReport:
        def work(progress: ProgressCallback) -> str:
            found = self.recall(request["collection"], request["encoder"], progress=progress)
            return f"{len(found.rows)} ways to search held against the exact answer to {found.queries} queries."

        return _job(RECALL, request["collection"], work, report, stop)

    def _run_compact(self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: Event) -> IngestReport:
        def work(_progress: ProgressCallback) -> str:
            before, after = self.compact(request["collection"])
            saved = f"{(before - after) / 1e6:.1f} MB saved" if before > after else "nothing to save"
            return f"{before / 1e6:.1f} MB before, {after / 1e6:.1f} MB after: {saved}."

        return _job(COMPACT, request["collection"], work, report, stop)

    def _record(self, kind: str, collection: str) -> Path:
        return self.settings.home / "state" / kind / f"{collection}.json"

    def _keep(self, kind: str, collection: str, record: Mapping[str, Any]) -> None:
        made = datetime.now(UTC).isoformat(timespec="seconds")
        path = self._record(kind, collection)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps({**record, "made": made}))
        except OSError:  # what was found is still told
            log.warning("the record of the %s could not be kept", kind, exc_info=True)

    def _kept(self, kind: str, collection: str) -> Mapping[str, Any] | None:
        self._collection(collection)
        try:
            found = json.loads(self._record(kind, collection).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None


def _named(what: PageRef | str) -> tuple[str, int]:
    return (what, 0) if isinstance(what, str) else (what.document, what.page)


def _job(
    kind: str,
    collection: str,
    work: Callable[[ProgressCallback], str],
    report: Callable[[Progress], None],
    stop: Event,
) -> IngestReport:
    """Do work that tells how far it is and ends with a sentence, as a job."""
    started = time.monotonic()

    def progress(done: int, total: int) -> None:
        if stop.is_set():
            raise _Stopped
        seconds = time.monotonic() - started
        report(Progress((JobStage(kind, done, total, round(seconds, 3)),), done, total, seconds, "", ()))

    try:
        sentence = work(progress)
    except _Stopped:
        return IngestReport(collection, (), round(time.monotonic() - started, 3), True)
    return IngestReport(collection, (), round(time.monotonic() - started, 3), notes=(sentence,))


def _versions() -> list[tuple[str, str]]:
    found = [("pagelens", version()), ("python", platform.python_version())]
    for name in _PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found.append((name, importlib.metadata.version(name)))
    return [*found, ("system", f"{platform.system()} {platform.release()} {platform.machine()}")]
