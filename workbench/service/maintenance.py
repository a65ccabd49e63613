"""Looking after collections: what is wrong with them, mending, compaction, quarantine, audits and recall.

What takes long runs as a job and leaves a record in the home folder, so that what was found is there the next day.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from workbench import permits
from workbench.analysis import recall
from workbench.analysis.audit import PROBES, Audit, audit
from workbench.analysis.recall import RecallReport
from workbench.answers.upkeep import Audited
from workbench.atomic import write_whole
from workbench.errors import StoreError
from workbench.ingestion import Jobs
from workbench.service.counted import Count, counted
from workbench.service.models import Models
from workbench.service.open_collections import OpenCollections
from workbench.store import Writer
from workbench.store.checks import problems
from workbench.store.recovery import Given
from workbench.store.tableinfo import tables
from workbench.types import Gone, IngestReport, Job, PageRef, Progress, ProgressCallback, Quarantined, Receipt
from workbench.types.system import TableInfo

log = logging.getLogger(__name__)

AUDIT, RECALL, COMPACT, REPAIR = "audit", "recall", "compact", "repair"


class Maintenance:
    """What keeps a collection whole, small and sound."""

    def __init__(self, home: Path, opened: OpenCollections, models: Models, jobs: Jobs) -> None:
        self._home = home
        self._opened = opened
        self._models = models
        self._jobs = jobs
        jobs.does(AUDIT, self._run_audit)
        jobs.does(RECALL, self._run_recall)
        jobs.does(COMPACT, self._run_compact)
        jobs.does(REPAIR, self._run_repair)

    def verify(self, collection: str) -> list[str]:
        """Inconsistencies of a collection on disk, in words; an empty list is good news. Every picture is looked at."""
        try:
            store = self._opened.get(collection)
        except StoreError as error:
            return [str(error)]
        return problems(store)

    def repair(self, collection: str, encoders: Sequence[str] = (), dpi: int | None = None) -> list[str]:
        """Make anew what can be of a damaged collection; sentences on what was done. `verify` says what is left.

        ``encoders`` and ``dpi`` say of a collection without a manifest what its tables do not. `NotFoundError` without
        such a collection, `StoreError` when what is left does not make a collection.
        """
        permits.check_name(collection)
        self._opened.close(collection)
        library, models = self._opened.library, self._models
        return library.repair(collection, lambda encoder: models.encoder(encoder).info, Given(encoders, dpi))

    def compact(self, collection: str) -> tuple[int, int]:
        """Rewrite a collection without its dead bytes: (bytes before, bytes after)."""
        store = self._opened.get(collection)
        before = store.info().bytes
        with Writer(store) as writer:
            writer.upkeep.compact()
        return before, store.info().bytes

    def tables(self, collection: str) -> tuple[TableInfo, ...]:
        """The tables of a collection on disk, with the rows that their indexes lack."""
        return tables(self._opened.get(collection))

    def quarantine(self, collection: str, what: PageRef | str, reason: str = "") -> Quarantined:
        """Keep a page, or a whole document by its name, out of search without deleting anything.

        `NotFoundError` when there is no such page or document.
        """
        return self._opened.get(collection).put_away(*_named(what), reason=reason[:500])

    def release(self, collection: str, what: PageRef | str) -> None:
        """Let a page or document be found again; `NotFoundError` when it is not in quarantine."""
        self._opened.get(collection).release(*_named(what))

    def quarantined(self, collection: str) -> tuple[Quarantined, ...]:
        """What is kept out of a collection's searches, the latest first; also what is not in it at present."""
        entries = self._opened.get(collection).quarantine().entries.values()
        return tuple(sorted(entries, key=lambda entry: (entry.since, entry.document, entry.page), reverse=True))

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
        store = self._opened.get(collection)
        found = audit(store, self._models.of(store), encoder, probes, progress=progress)
        self._keep(AUDIT, collection, Audited.of(found).model_dump())
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
        scratch = self._home / "state" / "scratch" / f"{collection}-{time.monotonic_ns()}"
        found = recall.measure(self._opened.get(collection), scratch, encoder, queries, progress=progress)
        self._keep(RECALL, collection, asdict(found))
        return found

    def kept_audit(self, collection: str) -> Mapping[str, Any] | None:
        """The last audit as `answers.upkeep.Audited` has it, and when it was ``made``; None when there was none."""
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

    def start_repair(self, collection: str, encoders: Sequence[str] = (), dpi: int | None = None) -> Job:
        """Queue `repair` in the background; the job's message says what was done, and what is left."""
        permits.check_name(collection)
        with suppress(StoreError):  # which is why it is to be repaired
            self._opened.get(collection)
        return self._jobs.start(collection, {"collection": collection, "encoders": [*encoders], "dpi": dpi}, REPAIR)

    def forget(self, gone: Gone) -> Receipt:
        """Remove what was found of a collection that leaves or that a document of leaves, for it names pages."""
        for kind in (AUDIT, RECALL):
            with suppress(OSError):
                self._record(kind, gone.collection).unlink(missing_ok=True)
        return Receipt.of(gone)

    def rename_collection(self, collection: str, name: str) -> None:
        """Let what was found of a collection stand under its new name."""
        for kind in (AUDIT, RECALL):
            with suppress(OSError):  # there is none
                self._record(kind, collection).replace(self._record(kind, name))

    def _start(self, kind: str, collection: str, encoder: str) -> Job:
        store = self._opened.get(collection)
        chosen = store.space(encoder).encoder if kind != COMPACT else ""
        return self._jobs.start(collection, {"collection": collection, "encoder": chosen}, kind, chosen)

    def _run_audit(self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: Event) -> IngestReport:
        def work(count: Count) -> tuple[str, ...]:
            found = self.audit(request["collection"], request["encoder"], progress=count)
            pages = f"{len(found.suspects)} of {found.pages:,} pages to look at"
            return (f"{pages}, {len(found.copies)} pairs of copies.",)

        return counted(AUDIT, request["collection"], report, stop, work)

    def _run_recall(self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: Event) -> IngestReport:
        def work(count: Count) -> tuple[str, ...]:
            found = self.recall(request["collection"], request["encoder"], progress=count)
            return (f"{len(found.rows)} ways to search held against the exact answer to {found.queries} queries.",)

        return counted(RECALL, request["collection"], report, stop, work)

    def _run_compact(self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: Event) -> IngestReport:
        def work(_count: Count) -> tuple[str, ...]:
            before, after = self.compact(request["collection"])
            saved = f"{(before - after) / 1e6:.1f} MB saved" if before > after else "nothing to save"
            return (f"{before / 1e6:.1f} MB before, {after / 1e6:.1f} MB after: {saved}.",)

        return counted(COMPACT, request["collection"], report, stop, work)

    def _run_repair(self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: Event) -> IngestReport:
        name = request["collection"]

        def work(_count: Count) -> tuple[str, ...]:
            done = self.repair(name, request["encoders"], request["dpi"])
            return (*done, *self.verify(name)) or (f"'{name}' is as it should be; nothing was done.",)

        return counted(REPAIR, name, report, stop, work)

    def _record(self, kind: str, collection: str) -> Path:
        return self._home / "state" / kind / f"{collection}.json"

    def _keep(self, kind: str, collection: str, record: Mapping[str, Any]) -> None:
        made = datetime.now(UTC).isoformat(timespec="seconds")
        path = self._record(kind, collection)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps({**record, "made": made}))
        except OSError:  # what was found is still told
            log.warning("the record of the %s could not be kept", kind, exc_info=True)

    def _kept(self, kind: str, collection: str) -> Mapping[str, Any] | None:
        self._opened.get(collection)
        try:
            found = json.loads(self._record(kind, collection).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None


def _named(what: PageRef | str) -> tuple[str, int]:
    return (what, 0) if isinstance(what, str) else (what.document, what.page)
