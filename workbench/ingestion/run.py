"""One ingest: files in, committed pages out, with progress, a stop, and an outcome for every file and page.

Reading (rendering, words, OCR) runs in its own thread, a bounded number of pages ahead of embedding and writing, so
that two cores are used and memory does not grow with the file. A batch is committed as soon as it is embedded; whatever
happens later, committed pages stay and are skipped the next time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
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
from workbench.ingestion.uploads import UPLOADS
from workbench.settings import CollectionSettings
from workbench.store import Collection, DocumentRecord, Writer
from workbench.store.names import place, replacement, settled
from workbench.store.schema import LEAVING, storable
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


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page with its picture rendered."""

    page: Page
    image: Image


@dataclass(frozen=True, slots=True)
class Planned:
    """What will be done with one file: ``missing`` are the pages to read (None: all); ``note`` says why none are.

    ``record`` is the document as it is announced before the run, with every source of it that holds its content; None
    where nothing is to be written. ``replaces`` says which documents leave; ``namesake`` is as in `types.PlannedFile`.
    """

    source: Source
    probe: DocumentProbe | None
    missing: tuple[int, ...] | None
    note: str = ""
    refused: bool = False
    record: DocumentRecord | None = None
    replaces: str = ""
    namesake: str = ""

    @property
    def sentence(self) -> str:
        """The note, with what is replaced."""
        return "; ".join(filter(None, (self.note, f"replaces {self.replaces}" if self.replaces else "")))

    @property
    def pages_to_read(self) -> int:
        """How many pages have to be read."""
        if self.probe is None or self.refused:
            return 0
        return self.probe.pages if self.missing is None else len(self.missing)


def plan_sources(
    collection: Collection | None,
    sources: Sequence[Source],
    home: Path | None = None,
    replacing: bool | Container[str] = False,
) -> Iterator[Planned]:
    """Look at each file: new, known, partly known, a duplicate of another in this list, or refused with its reason.

    Files are planned in order, each among the documents that those before it leave. ``replacing`` says which documents
    (all, or those named) a different one that comes under their name takes the place of.
    """
    probes = [_probed(source) for source in sources]
    holders: dict[str, list[str]] = {}
    for source, found in zip(sources, probes, strict=True):
        if isinstance(found, DocumentProbe):
            holders.setdefault(found.content_hash, []).append(storable(_identity(source, found, home)))
    before = [record for record in collection.records() if record.state != LEAVING] if collection is not None else []
    known_contents = {record.content_hash for record in before}
    moved = {source: content for content in known_contents for source in holders.get(content, ())}
    there = [_held(record, holders, moved) for record in before]
    first = {record.content_hash: record for record in there}
    seen: dict[str, str] = {}
    for source, found in zip(sources, probes, strict=True):
        if isinstance(found, DocumentError):
            yield Planned(source, None, None, str(found), refused=True)
        elif found.content_hash in seen:
            yield Planned(source, found, (), f"same content as {seen[found.content_hash]}")
        else:
            known = next((other for other in there if other.content_hash == found.content_hash), None)
            new = DocumentRecord(source.name, (), found.content_hash, found.pages, found.bytes)
            record = known or _held(new, holders, {})
            planned, after = _planned(collection, source, found, record, there, holders, replacing)
            if known is not None:
                idle = planned.missing == () and after == there and record in before
                planned = replace(planned, record=None if idle else first[found.content_hash])
            there = after
            seen[found.content_hash] = planned.source.name
            yield planned


def _planned(
    collection: Collection | None,
    source: Source,
    found: DocumentProbe,
    record: DocumentRecord,
    there: Sequence[DocumentRecord],
    held: Container[str],
    replacing: bool | Container[str],
) -> tuple[Planned, list[DocumentRecord]]:
    """What becomes of a file among the documents there are, and the documents after it."""
    stands = place(record, there)
    namesake = stands.namesake
    if namesake is not None and namesake.content_hash in held:
        namesake = None  # a file of this run holds it
    if namesake is not None and (replacing is True or (replacing and namesake.name in replacing)):
        record = replacement(record, namesake)
        stands, namesake = place(record, there), None
    known = any(other.content_hash == record.content_hash for other in there)
    notes = [f"the version of {old.added[:10]} stays as {old.name}, which another file holds" for old in stands.staying]
    if stands.namesake is not None:
        notes.append(f"a different document has the name {named(stands.namesake)}; both are kept")
    missing = None
    if known and collection is not None:
        have = collection.indexed_pages(record.content_hash)
        missing = tuple(n for n in range(1, found.pages + 1) if n not in have)
        notes = notes if missing else [f"already indexed as {stands.name}", *notes]
    item = Planned(
        replace(source, name=stands.name),
        found,
        missing,
        "; ".join(notes),
        record=record,
        replaces=", ".join(map(named, stands.leaving)),
        namesake=namesake.name if namesake is not None else "",
    )
    changed = {old.content_hash: old for old in stands.staying}
    changed[record.content_hash] = replace(settled(record), name=stands.name)
    gone = {old.content_hash for old in stands.leaving}
    left = [changed.pop(old.content_hash, old) for old in there if old.content_hash not in gone]
    return item, [*left, *changed.values()]


def _held(record: DocumentRecord, holders: Mapping[str, Sequence[str]], moved: Mapping[str, str]) -> DocumentRecord:
    """The record with the sources of this run that hold its content, without those that ``moved`` to a known one."""
    if record.content_hash not in holders:
        return record
    kept = [source for source in record.sources if moved.get(source, record.content_hash) == record.content_hash]
    return replace(record, sources=tuple(dict.fromkeys((*kept, *holders[record.content_hash]))))


def _probed(source: Source) -> DocumentProbe | DocumentError:
    try:
        return probe(source.path)
    except DocumentError as error:
        return error


def named(document: DocumentRecord) -> str:
    """A document as plans and reports name one that goes: ``report.pdf of 2026-11-26 (12 pages)``."""
    return f"{document.name} of {document.added[:10]} ({document.pages} page{'' if document.pages == 1 else 's'})"


def ingest(
    collection: Collection,
    load: Callable[[], Sequence[Encoder]],
    sources: Sequence[Source],
    refused: Sequence[DocumentOutcome] = (),
    report: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    home: Path | None = None,
    replacing: bool | Container[str] = False,
) -> IngestReport:
    """Index files into a collection.

    ``load`` gives the collection's encoders, its first one first, and is called when there is a page to embed; without
    a later one, the new pages wait for its vectors.
    ``refused`` are outcomes already known (files that cannot be taken at all); ``home`` tells uploaded files, which
    have no lasting path, from files on disk; ``replacing`` as in `plan_sources`. `CollectionBusyError` when another
    ingest writes; `DiskFullError` when space runs out, with all that was committed kept.
    """
    meter = Meter(report or (lambda progress: None), stop or threading.Event(), list(refused))
    with collection.writer() as writer:
        planned = list(plan_sources(collection, sources, home, replacing))
        known = [item.record for item in planned if item.record is not None and item.missing is not None]
        writer.hold(known)  # before any file replaces what another holds
        meter.total = sum(item.pages_to_read for item in planned)
        encoders = load() if meter.total else ()
        for item in planned:
            if meter.stop.is_set():
                break
            meter.document(_one(collection, writer, encoders, item, meter))
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
) -> DocumentOutcome:
    """Index one file; whatever goes wrong inside it is its outcome, but for errors that concern the whole run."""
    name = item.source.name
    if item.probe is None:
        return DocumentOutcome(name, 0, 0, 0, (), item.note)
    if item.record is None:
        return DocumentOutcome(name, item.probe.pages, 0, item.probe.pages, (), item.note)
    record = collection.document_by_hash(item.probe.content_hash) or writer.begin_document(item.record)
    if item.missing == ():
        replaced = ", ".join(map(named, writer.finish_document(record)))
        return DocumentOutcome(name, item.probe.pages, 0, item.probe.pages, (), item.note, replaced)
    meter.current = name
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
    replaced = "" if meter.stop.is_set() else ", ".join(map(named, writer.finish_document(record)))
    skipped = item.probe.pages - item.pages_to_read
    return DocumentOutcome(record.name, item.probe.pages, indexed, skipped, tuple(failed), item.note, replaced)


def _read_settings(settings: CollectionSettings) -> ReadSettings:
    return ReadSettings(settings.dpi, settings.crop, settings.crop_furniture, settings.ocr)


def _identity(source: Source, found: DocumentProbe, home: Path | None) -> str:
    """What a file is, beside its content: its path. An upload has none that lasts, so that it is its content alone."""
    path = source.path.resolve()
    if home is not None and path.is_relative_to((home / UPLOADS).resolve()):
        return f"upload:{found.content_hash}"
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
