"""Reads the words that an ingest left for later, in the stored pictures of pages that are found by their vectors.

No file is needed for it. Pages are committed some at a time, each with all its words, so that a run that was stopped or
killed goes on where it was.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError as NotYet
from dataclasses import replace

from workbench.documents import ReaderPool
from workbench.documents.reading import later_words
from workbench.documents.workers import Job
from workbench.errors import PagelensError
from workbench.ingestion.meter import Meter
from workbench.store import Collection, Writer
from workbench.types import DocumentOutcome, IngestReport, Page, PageFailureRecord, Progress, Words

STAGES = ("words", "write", "index")
BATCH = 16
"""Pages of a commit: each has the text index and the arrays of words read again what they had of its pages."""
_TICK = 0.1


def read_words(
    collection: Collection,
    pool: ReaderPool,
    report: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> IngestReport:
    """Read what pages of a collection have unread; the outcome of a document counts such pages as indexed.

    A page whose picture cannot be read keeps the words it has. `CollectionBusyError` while somebody writes,
    `DiskFullError` when space runs out, with all that was committed kept.
    """
    meter = Meter(report or (lambda progress: None), stop or threading.Event(), [], STAGES)
    meter.workers["words"] = pool.size
    outcomes: dict[str, DocumentOutcome] = {}
    with Writer(collection) as writer:
        waiting = collection.unread()
        meter.total = len(waiting)
        batch: dict[str, Words] = {}

        def commit() -> None:
            meter.begin("write")
            writer.set_words(batch)
            meter.end("write", len(batch))
            batch.clear()

        for page_id, page, found in _read(collection, waiting, pool, meter):
            name = meter.current = page.ref.document
            one = outcomes.get(name) or DocumentOutcome(name, 0, 0, 0)
            failed = (PageFailureRecord(page.ref.page, str(found)),) if isinstance(found, PagelensError) else ()
            outcomes[name] = replace(
                one, pages=one.pages + 1, indexed=one.indexed + (not failed), failed=(*one.failed, *failed)
            )
            batch[page_id] = page.words if isinstance(found, PagelensError) else found
            if len(batch) == BATCH:
                commit()
        commit()
        for outcome in outcomes.values():
            meter.document(outcome)
        meter.begin("index")
        writer.finish()
        meter.end("index", meter.written)
    seconds = round(time.monotonic() - meter.started, 3)
    return IngestReport(collection.name, tuple(meter.documents), seconds, meter.stop.is_set(), stages=meter.stages())


def _read(
    collection: Collection, page_ids: list[str], pool: ReaderPool, meter: Meter
) -> Iterator[tuple[str, Page, Words | PagelensError]]:
    """Each page with all its words, or why they could not be read; ends early when a stop is asked for."""
    ahead: deque[tuple[str, Page, Job, float]] = deque()
    rest = iter(page_ids)
    try:
        while not meter.stop.is_set():
            for page_id in rest:
                for page in collection.rebuilt([page_id]):
                    path = collection.image_path(page_id, "page")
                    job = pool.submit(later_words, path, page.words, subject=f"Page {page.ref.page}", urgent=False)
                    ahead.append((page_id, page, job, time.monotonic()))
                if len(ahead) > pool.size:
                    break
            if not ahead:
                return
            page_id, page, job, since = ahead[0]
            try:
                found: Words | PagelensError = job.result(_TICK)
            except NotYet:
                continue
            except PagelensError as error:
                found = error
            ahead.popleft()
            meter.add("words", 1, time.monotonic() - since)
            yield page_id, page, found
    finally:
        for _, _, job, _ in ahead:
            job.drop()
