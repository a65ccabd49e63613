"""One ingest: files in, committed pages out, with progress, a stop, and an outcome for every file and page.

Reading (rendering, words, OCR) runs in processes of its own, a bounded number of pages ahead of embedding and writing,
so that all cores are used and memory does not grow with the file. A batch is committed as soon as it is embedded;
whatever happens later, committed pages stay and are skipped the next time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from PIL.Image import Image

from workbench import memory
from workbench.documents import (
    DocumentProbe,
    GivenUp,
    PageStream,
    ReaderPool,
    Reading,
    ReadSettings,
    Source,
    readers,
)
from workbench.encoders import Encoder
from workbench.errors import ChangedError, DocumentError
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
    PageRef,
    Progress,
)

log = logging.getLogger(__name__)

BATCH = 8
TRIM_EVERY = 4
"""Batches after which freed memory goes back to the system."""
FAILURES = 1000
"""Failed pages after which a batch ends too: they weigh nothing, but each batch is a commit."""
UPLOADS = "uploads"
AnyPage = TypeVar("AnyPage", Page, PageFailure)


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


def plan_sources(
    collection: Collection | None,
    sources: Sequence[Source],
    pool: ReaderPool | None = None,
    stop: threading.Event | None = None,
) -> Iterator[Planned]:
    """Look at each file: new, known, partly known, a duplicate of another in this list, or refused with its reason.

    Ends early when a stop is asked for.
    """
    seen: dict[str, str] = {}
    probes = (pool or readers()).probes([source.path for source in sources], stop)
    for source, found in zip(sources, probes, strict=False):  # fewer after a stop
        if isinstance(found, DocumentError):
            yield Planned(source, None, None, str(found), refused=True)
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
    pool: ReaderPool | None = None,
    changes: Mapping[Path, FieldsChange] | None = None,
) -> IngestReport:
    """Index files into a collection.

    ``load`` gives the collection's encoders, its first one first, and is called when there is a page to embed; without
    a later one, the new pages wait for its vectors.
    ``refused`` are outcomes already known (files that cannot be taken at all); ``home`` tells uploaded files, which
    have no lasting path, from files on disk; ``pool`` reads them. ``changes`` are the tags and fields that files get,
    by path; those of a file that is in the collection already change too. `CollectionBusyError` when another ingest
    writes; `DiskFullError` when space runs out, with all that was committed kept.
    """
    meter = Meter(report or (lambda progress: None), stop or threading.Event(), list(refused))
    pool = pool or readers()
    with collection.writer() as writer:
        planned = list(plan_sources(collection, sources, pool, meter.stop))
        meter.total = sum(item.pages_to_read for item in planned)
        encoders = load() if meter.total else ()
        settings = _read_settings(collection.settings)
        readings = [_reading(item, settings) for item in planned]
        with closing(pool.pages([reading for reading in readings if reading], meter.stop)) as stream:
            for item, reading in zip(planned, readings, strict=True):
                if meter.stop.is_set():
                    break
                change = (changes or {}).get(item.source.path, FieldsChange())
                meter.document(_one(collection, writer, encoders, item, reading, stream, meter, home, pool, change))
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
    reading: Reading | None,
    stream: PageStream,
    meter: Meter,
    home: Path | None,
    pool: ReaderPool,
    change: FieldsChange,
) -> DocumentOutcome:
    """Index one file; whatever goes wrong inside it is its outcome, but for errors that concern the whole run."""
    name = item.source.name
    if item.probe is None:
        return DocumentOutcome(name, 0, 0, 0, (), item.note)
    if reading is None:
        known = collection.document_by_hash(item.probe.content_hash)
        writer.change_fields([known] if known is not None and not item.refused else [], change)
        return DocumentOutcome(name, item.probe.pages, 0, item.probe.pages, (), "" if item.refused else item.note)
    meter.current = name
    identity = _identity(item.source, home)
    index = partial(_index, collection, writer, encoders, identity=identity, change=change, meter=meter)
    try:
        try:
            return index(reading, stream)
        except ChangedError:
            log.info("%s changed while it was read; reading a copy", name)
            with pool.snapshot(item.source.path) as copy:
                found = pool.probe(copy)
                have = collection.indexed_pages(found.content_hash)
                missing = [number for number in range(1, found.pages + 1) if number not in have]
                meter.total += len(missing) - item.pages_to_read
                again = Reading(Source(copy, name), found, reading.settings, missing)
                with closing(pool.pages([again], meter.stop)) as afresh:
                    return index(again, afresh)
    except DocumentError as error:
        return DocumentOutcome(name, 0, 0, 0, (), str(error))


def _index(
    collection: Collection,
    writer: Writer,
    encoders: Sequence[Encoder],
    reading: Reading,
    stream: PageStream,
    identity: str,
    change: FieldsChange,
    meter: Meter,
) -> DocumentOutcome:
    """Index the pages of one version of a file; ``DocumentError`` when it cannot be read any more."""
    probed = reading.probed
    record = DocumentRecord(
        name=reading.source.name,
        source=identity,
        content_hash=probed.content_hash,
        pages=probed.pages,
        bytes=probed.bytes,
    )
    (record,) = writer.change_fields([writer.begin_document(record)], change)
    indexed = 0
    failed: list[PageFailureRecord] = []
    given_up: GivenUp | None = None
    for number, batch in enumerate(_batches(stream.pages(reading), meter), 1):
        pages = [replace(page, ref=PageRef(record.name, page.ref.page)) for page in batch if isinstance(page, Page)]
        failures = [
            PageFailure(PageRef(record.name, p.ref.page), p.reason) for p in batch if isinstance(p, PageFailure)
        ]
        meter.begin("embed")
        embedded, broken = _embed(encoders[0], pages)
        others = {e.info.id: outcomes_of_later(e, [page for page, _, _ in embedded]) for e in encoders[1:]}
        meter.end("embed", len(pages))
        meter.begin("write")
        broken = [*failures, *broken, *writer.add_pages(record, embedded, others)]
        writer.add_failures(record, broken)
        for left in batch:
            if isinstance(left, GivenUp):
                given_up = left
                rest = [PageFailure(PageRef(record.name, page), left.reason) for page in left.numbers]
                writer.add_failures(record, rest)
        meter.end("write", len(pages) + len(failures) + (len(given_up.numbers) if given_up else 0))
        indexed += len(pages) + len(failures) - len(broken)
        failed += [PageFailureRecord(failure.ref.page, failure.reason) for failure in broken]
        if number % TRIM_EVERY == 0:
            memory.give_back()
    if not meter.stop.is_set():
        writer.finish_document(record)
    skipped = probed.pages - len(reading.numbers)
    return DocumentOutcome(
        record.name, probed.pages, indexed, skipped, tuple(failed), given_up.reason if given_up else ""
    )


def _named(page: AnyPage, record: DocumentRecord) -> AnyPage:
    """A page under the name that its document has in the collection."""
    return replace(page, ref=PageRef(record.name, page.ref.page))


def _reading(item: Planned, settings: ReadSettings) -> Reading | None:
    """What is to be read of a file, if anything."""
    if item.probe is None or item.refused or item.missing == ():
        return None
    numbers = range(1, item.probe.pages + 1) if item.missing is None else item.missing
    return Reading(item.source, item.probe, settings, numbers)


def _batches(
    pages: Iterator[Page | PageFailure | GivenUp], meter: Meter
) -> Iterator[list[Page | PageFailure | GivenUp]]:
    """Up to `BATCH` pages at a time, with what was met among them; ends early when a stop is asked for."""
    batch: list[Page | PageFailure | GivenUp] = []
    good = 0
    while True:
        meter.begin("read")
        item = next(pages, None)
        meter.end("read", isinstance(item, (Page, PageFailure)))
        if meter.stop.is_set():
            return
        if item is not None:
            batch.append(item)
            good += isinstance(item, Page)
        if batch and (item is None or good == BATCH or len(batch) == FAILURES):
            yield batch
            batch, good = [], 0
        if item is None:
            return


def _read_settings(settings: CollectionSettings) -> ReadSettings:
    return ReadSettings(settings.dpi, settings.crop, settings.crop_furniture, settings.ocr)


def _identity(source: Source, home: Path | None) -> str:
    """What makes a file the same file when its bytes change: its path, or, for an upload, the name it was given."""
    path = source.path.resolve()
    if home is not None and path.is_relative_to((home / UPLOADS).resolve()):
        return f"upload:{source.name}"
    return str(path)


def _embed(
    encoder: Encoder, pages: Sequence[Page]
) -> tuple[list[tuple[Page, PageEmbedding, Image]], list[PageFailure]]:
    """Embed a batch, and tell the pages that failed from the others."""
    good: list[tuple[Page, PageEmbedding, Image]] = []
    bad: list[PageFailure] = []
    for page, result in zip(pages, outcomes(encoder, pages), strict=True):
        if isinstance(result, PageFailure):
            bad.append(result)
        else:
            good.append((page, result, page.image()))
    return good, bad
