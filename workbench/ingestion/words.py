"""Reads the words of stored pages in their pictures: those that an ingest left for later, or any of them another way.

No file is needed for it. Pages are committed some at a time, each with all its words, so that a run that was stopped or
killed goes on where it was.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import TimeoutError as NotYet
from contextlib import closing
from dataclasses import replace
from itertools import islice

from workbench.documents import ReaderPool, Way
from workbench.documents.blocks import find_drawings
from workbench.documents.reading import later_words
from workbench.documents.workers import Job
from workbench.encoders import Encoder
from workbench.errors import PagelensError
from workbench.ingestion.encoding import outcomes_of_later
from workbench.ingestion.meter import Meter
from workbench.store import Collection, Writer
from workbench.types import (
    DocumentOutcome,
    IngestReport,
    Page,
    PageEmbedding,
    PageFailure,
    PageFailureRecord,
    PageNotice,
    Progress,
    ReadWords,
    Words,
)

STAGES = ("words", "write", "index")
BATCH = 16
"""Pages of a commit: each has the text index and the arrays of words read again what they had of its pages."""
NOTHING_READ = "Nothing could be read that way; the page keeps the words it had."
_TICK = 0.1

_Found = Mapping[str, tuple[Page, ReadWords | PagelensError]]
"""What was found of pages by their ids, or why it was not."""


def read_words(
    collection: Collection,
    pool: ReaderPool,
    report: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> IngestReport:
    """Read what pages of a collection have unread; the outcome of a document counts such pages as indexed.

    A page whose picture cannot be read keeps the words it has. `InputError` where a language of the collection cannot
    be read here, `CollectionBusyError` while somebody writes, `DiskFullError` when space runs out, with all that was
    committed kept.
    """
    return _run(collection, collection.unread, pool, Way(collection.settings.languages), _left, (), report, stop)


def read_again(
    collection: Collection,
    page_ids: Sequence[str],
    pool: ReaderPool,
    way: Way,
    encoders: Sequence[Encoder],
    report: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> IngestReport:
    """Read stored pages another way; ``encoders`` are those of the collection that read words, whose vectors change.

    The outcome of a document counts pages with their new words as indexed. A page that cannot be read, or of which
    nothing is, keeps words and vectors as they were and is among the failed. Raises as `read_words`.
    """
    return _run(collection, lambda: page_ids, pool, way, _again, encoders, report, stop)


def _run(
    collection: Collection,
    wanted: Callable[[], Sequence[str]],
    pool: ReaderPool,
    way: Way,
    settle: Callable[[_Found], tuple[dict[str, ReadWords], dict[str, str]]],
    encoders: Sequence[Encoder],
    report: Callable[[Progress], None] | None,
    stop: threading.Event | None,
) -> IngestReport:
    """Either of the above; ``settle`` says what pages get of what was found, and why some stay as they are."""
    way.check()
    meter = Meter(report or (lambda progress: None), stop or threading.Event(), [], STAGES)
    meter.workers["words"] = pool.size
    outcomes: dict[str, DocumentOutcome] = {}
    with Writer(collection) as writer:
        waiting = wanted()
        meter.total = len(waiting)
        with closing(_read(collection, waiting, pool, way, meter)) as pages:
            while batch := dict(islice(pages, BATCH)):
                meter.begin("write")
                read, failed = settle(batch)
                vectors = _vectors({page_id: batch[page_id][0] for page_id in read}, read, encoders, failed)
                writer.set_words(read, vectors)
                for page_id, (page, _) in batch.items():
                    known = outcomes.get(page.ref.document) or DocumentOutcome(page.ref.document, 0, 0, 0)
                    outcomes[page.ref.document] = _counted(known, page, read.get(page_id), failed.get(page_id, ""))
                meter.end("write", len(batch))
        for outcome in outcomes.values():
            meter.document(outcome)
        meter.begin("index")
        writer.finish()
        meter.end("index", meter.written)
    seconds = round(time.monotonic() - meter.started, 3)
    return IngestReport(collection.name, tuple(meter.documents), seconds, meter.stop.is_set(), stages=meter.stages())


def _left(batch: _Found) -> tuple[dict[str, ReadWords], dict[str, str]]:
    """What pages get that an ingest left, and why some could not be read: these keep their words, and wait no more."""
    failed = {page_id: str(found) for page_id, (_, found) in batch.items() if isinstance(found, PagelensError)}
    read = {
        page_id: ReadWords(page.words, str(found), None) if isinstance(found, PagelensError) else found
        for page_id, (page, found) in batch.items()
    }
    return read, failed


def _again(batch: _Found) -> tuple[dict[str, ReadWords], dict[str, str]]:
    """What pages get that are read another way, and why some stay as they are."""
    read: dict[str, ReadWords] = {}
    failed: dict[str, str] = {}
    for page_id, (page, found) in batch.items():
        if isinstance(found, PagelensError):
            failed[page_id] = str(found)
        elif len(page.words) and not len(found.words):
            failed[page_id] = NOTHING_READ
        else:
            read[page_id] = found
    return read, failed


def _vectors(
    pages: Mapping[str, Page], read: dict[str, ReadWords], encoders: Sequence[Encoder], failed: dict[str, str]
) -> dict[str, dict[str, PageEmbedding]]:
    """What encoders make of pages with their new words; a page that one fails on goes from ``read`` to ``failed``."""
    found: dict[str, dict[str, PageEmbedding]] = {}
    if not encoders:
        return found
    drawings_too = any(encoder.info.tells_figures for encoder in encoders)
    new = [_with_words(page, read[page_id].words, drawings_too) for page_id, page in pages.items()]
    for encoder in encoders:
        made = outcomes_of_later(encoder, new)
        for page_id, outcome in zip(pages, made, strict=True):
            if isinstance(outcome, PageFailure):
                failed.setdefault(page_id, outcome.reason)
                read.pop(page_id, None)
            else:
                found.setdefault(encoder.info.id, {})[page_id] = outcome
    return {encoder: {page: one for page, one in made.items() if page in read} for encoder, made in found.items()}


def _with_words(page: Page, words: Words, drawings_too: bool) -> Page:
    """A stored page with these words, whose places tell its drawings from its text, where they are asked for."""
    picture = page.image()
    drawings = find_drawings(picture, words, page.pictures) if drawings_too else ()
    return replace(page, image=lambda: picture, words=words, drawings=drawings)


def _counted(known: DocumentOutcome, page: Page, read: ReadWords | None, reason: str) -> DocumentOutcome:
    """The outcome of a document with one more page."""
    notice = (PageNotice(page.ref.page, read.notice, read.quality),) if read and read.notice and not reason else ()
    failed = (PageFailureRecord(page.ref.page, reason),) if reason else ()
    return replace(
        known,
        pages=known.pages + 1,
        indexed=known.indexed + (not reason),
        failed=(*known.failed, *failed),
        notices=(*known.notices, *notice),
    )


def _read(
    collection: Collection, page_ids: Sequence[str], pool: ReaderPool, way: Way, meter: Meter
) -> Generator[tuple[str, tuple[Page, ReadWords | PagelensError]], None, None]:
    """Each page with all its words, or why they could not be read; ends early when a stop is asked for."""
    ahead: deque[tuple[str, Page, Job, float]] = deque()
    rest = iter(page_ids)
    try:
        while not meter.stop.is_set():
            for page_id in rest:
                for page in collection.rebuilt([page_id]):
                    path = collection.image_path(page_id, "page")
                    job = pool.submit(later_words, path, page.words, way, subject=f"Page {page.ref.page}", urgent=False)
                    ahead.append((page_id, page, job, time.monotonic()))
                if len(ahead) > pool.size:
                    break
            if not ahead:
                return
            page_id, page, job, since = ahead[0]
            try:
                found: ReadWords | PagelensError = job.result(_TICK)
            except NotYet:
                continue
            except PagelensError as error:
                found = error
            ahead.popleft()
            meter.add("words", 1, time.monotonic() - since)
            meter.current = page.ref.document
            yield page_id, (page, found)
    finally:
        for _, _, job, _ in ahead:
            job.drop()
