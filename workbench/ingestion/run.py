"""One ingest: files in, committed pages out, with progress, a stop, and an outcome for every file and page.

Reading (rendering, words, OCR) runs in its own thread, a bounded number of pages ahead of embedding and writing, so
that two cores are used and memory does not grow with the file. A batch is committed as soon as it is embedded; whatever
happens later, committed pages stay and are skipped the next time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, Full, Queue

from PIL.Image import Image

from workbench import memory
from workbench.documents import DocumentProbe, ReadSettings, Source, probe, read_pages
from workbench.encoders import Encoder
from workbench.errors import DocumentError
from workbench.ingestion.encoding import outcomes, outcomes_of_later
from workbench.ingestion.meter import Meter
from workbench.settings import CollectionSettings
from workbench.store import Collection, DocumentRecord, FieldsChange, Writer
from workbench.types import (
    DocumentOutcome,
    IngestReport,
    Page,
    PageEmbedding,
    PageFailure,
    PageFailureRecord,
    Progress,
)

log = logging.getLogger(__name__)

BATCH = 8
TRIM_EVERY = 4
"""Batches after which freed memory goes back to the system."""
READ_AHEAD = 4
UPLOADS = "uploads"


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page with its picture rendered."""

    page: Page
    image: Image


@dataclass(frozen=True, slots=True)
class Planned:
    """What will be done with one file: ``missing`` are the pages to read (None: all); ``note`` says why none are."""

    source: Source
    probe: DocumentProbe | None
    missing: tuple[int, ...] | None
    note: str = ""
    refused: bool = False

    @property
    def pages_to_read(self) -> int:
        """How many pages have to be read."""
        if self.probe is None or self.refused:
            return 0
        return self.probe.pages if self.missing is None else len(self.missing)


def plan_sources(collection: Collection | None, sources: Sequence[Source]) -> Iterator[Planned]:
    """Look at each file: new, known, partly known, a duplicate of another in this list, or refused with its reason."""
    seen: dict[str, str] = {}
    for source in sources:
        try:
            found = probe(source.path)
        except DocumentError as error:
            yield Planned(source, None, None, str(error), refused=True)
            continue
        if found.content_hash in seen:
            yield Planned(source, found, (), f"same content as {seen[found.content_hash]}")
            continue
        seen[found.content_hash] = source.name
        known = collection.document_by_hash(found.content_hash) if collection is not None else None
        if known is None:
            yield Planned(source, found, None)
            continue
        assert collection is not None
        have = collection.indexed_pages(known.content_hash)
        missing = tuple(n for n in range(1, found.pages + 1) if n not in have)
        note = "" if missing else f"already indexed as {known.name}"
        yield Planned(replace(source, name=known.name), found, missing, note)


def ingest(
    collection: Collection,
    load: Callable[[], Sequence[Encoder]],
    sources: Sequence[Source],
    refused: Sequence[DocumentOutcome] = (),
    report: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    home: Path | None = None,
    changes: Mapping[Path, FieldsChange] | None = None,
) -> IngestReport:
    """Index files into a collection.

    ``load`` gives the collection's encoders, its first one first, and is called when there is a page to embed; without
    a later one, the new pages wait for its vectors.
    ``refused`` are outcomes already known (files that cannot be taken at all); ``home`` tells uploaded files, which
    have no lasting path, from files on disk. ``changes`` are the tags and fields that files get, by path; those of a
    file that is in the collection already change too. `CollectionBusyError` when another ingest writes; `DiskFullError`
    when space runs out, with all that was committed kept.
    """
    meter = Meter(report or (lambda progress: None), stop or threading.Event(), list(refused))
    with collection.writer() as writer:
        planned = list(plan_sources(collection, sources))
        meter.total = sum(item.pages_to_read for item in planned)
        encoders = load() if meter.total else ()
        for item in planned:
            if meter.stop.is_set():
                break
            change = (changes or {}).get(item.source.path, FieldsChange())
            meter.document(_one(collection, writer, encoders, item, meter, home, change))
        meter.begin("index")
        writer.finish()
        meter.end("index", meter.written)
    return IngestReport(
        collection.name, tuple(meter.documents), round(time.monotonic() - meter.started, 3), meter.stop.is_set()
    )


def _one(
    collection: Collection,
    writer: Writer,
    encoders: Sequence[Encoder],
    item: Planned,
    meter: Meter,
    home: Path | None,
    change: FieldsChange,
) -> DocumentOutcome:
    """Index one file; whatever goes wrong inside it is its outcome, but for errors that concern the whole run."""
    name = item.source.name
    if item.probe is None:
        return DocumentOutcome(name, 0, 0, 0, (), item.note)
    if item.refused or item.missing == ():
        known = collection.document_by_hash(item.probe.content_hash)
        writer.change_fields([known] if known is not None and not item.refused else [], change)
        return DocumentOutcome(name, item.probe.pages, 0, item.probe.pages, (), "" if item.refused else item.note)
    meter.current = name
    record = DocumentRecord(
        name=name,
        source=_identity(item.source, home),
        content_hash=item.probe.content_hash,
        pages=item.probe.pages,
        bytes=item.probe.bytes,
    )
    (record,) = writer.change_fields([writer.begin_document(record)], change)
    indexed = 0
    failed: list[PageFailureRecord] = []
    source = replace(item.source, name=record.name)
    reader = _Reader(source, _read_settings(collection.settings), item.missing, meter)
    try:
        for number, (pages, failures) in enumerate(reader.batches(), 1):
            meter.begin("embed")
            embedded, broken = _embed(encoders[0], pages)
            others = {e.info.id: outcomes_of_later(e, [page for page, _, _ in embedded]) for e in encoders[1:]}
            meter.end("embed", len(pages))
            meter.begin("write")
            broken = [*failures, *broken, *writer.add_pages(record, embedded, others)]
            if broken:
                writer.add_failures(record, broken)
            meter.end("write", len(pages) + len(failures))
            indexed += len(pages) + len(failures) - len(broken)
            failed += [PageFailureRecord(failure.ref.page, failure.reason) for failure in broken]
            if number % TRIM_EVERY == 0:
                memory.give_back()
    finally:
        reader.close()
    if not meter.stop.is_set():
        writer.finish_document(record)
    skipped = item.probe.pages - item.pages_to_read
    return DocumentOutcome(record.name, item.probe.pages, indexed, skipped, tuple(failed))


def _read_settings(settings: CollectionSettings) -> ReadSettings:
    return ReadSettings(settings.dpi, settings.crop, settings.crop_furniture, settings.ocr)


def _identity(source: Source, home: Path | None) -> str:
    """What makes a file the same file when its bytes change: its path, or, for an upload, the name it was given."""
    path = source.path.resolve()
    if home is not None and path.is_relative_to((home / UPLOADS).resolve()):
        return f"upload:{source.name}"
    return str(path)


def _embed(
    encoder: Encoder, pages: Sequence[ReadPage]
) -> tuple[list[tuple[Page, PageEmbedding, Image]], list[PageFailure]]:
    """Embed a batch, and tell the pages that failed from the others."""
    good: list[tuple[Page, PageEmbedding, Image]] = []
    bad: list[PageFailure] = []
    for item, result in zip(pages, outcomes(encoder, [item.page for item in pages]), strict=True):
        if isinstance(result, PageFailure):
            bad.append(result)
        else:
            good.append((item.page, result, item.image))
    return good, bad


class _Reader:
    """Reads pages in a thread of its own, at most `READ_AHEAD` ahead, and hands them out in batches."""

    def __init__(self, source: Source, settings: ReadSettings, numbers: Sequence[int] | None, meter: Meter) -> None:
        self._source = source
        self._settings = settings
        self._numbers = numbers
        self._meter = meter
        self._closed = threading.Event()
        self._queue: Queue[ReadPage | PageFailure | BaseException | None] = Queue(READ_AHEAD)
        self._thread = threading.Thread(target=self._read, name="pagelens-read", daemon=True)
        self._thread.start()

    def batches(self) -> Iterator[tuple[list[ReadPage], list[PageFailure]]]:
        """Up to `BATCH` pages at a time, with the failures met among them; ends early when a stop is asked for."""
        pages: list[ReadPage] = []
        failures: list[PageFailure] = []
        while True:
            item = self._queue.get()
            if isinstance(item, BaseException):
                raise item
            if isinstance(item, ReadPage):
                pages.append(item)
            elif item is not None:
                failures.append(item)
            if item is None or len(pages) + len(failures) == BATCH:
                if pages or failures:
                    yield pages, failures
                pages, failures = [], []
            if item is None or self._meter.stop.is_set():
                return

    def close(self) -> None:
        """Stop reading and wait for the thread."""
        self._closed.set()
        while self._thread.is_alive():
            with suppress(Empty):
                self._queue.get(timeout=0.05)

    def _put(self, item: ReadPage | PageFailure | BaseException | None) -> bool:
        while not self._closed.is_set():
            with suppress(Full):
                self._queue.put(item, timeout=0.1)
                return True
        return False

    def _read(self) -> None:
        try:
            self._meter.begin("read")
            for item in read_pages(self._source, self._settings, self._numbers):
                ready = _render(item) if isinstance(item, Page) else item
                self._meter.end("read", 1)
                if not self._put(ready):
                    return
                self._meter.begin("read")
        except BaseException as error:  # handed to the thread that waits for pages
            self._put(error)
        else:
            self._put(None)


def _render(page: Page) -> ReadPage | PageFailure:
    try:
        return ReadPage(page, page.image())
    except DocumentError as error:
        return PageFailure(page.ref, str(error))
