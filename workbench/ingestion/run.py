"""One ingest: files in, committed pages out, with progress, a stop, and an outcome for every file and page.

Reading (rendering, words, OCR) runs in processes of its own, a bounded number of pages ahead of embedding and writing,
so that all cores are used and memory does not grow with the file. A batch is committed as soon as it is embedded;
whatever happens later, committed pages stay and are skipped the next time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

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
from workbench.ingestion.uploads import UPLOADS
from workbench.settings import CollectionSettings
from workbench.store import Collection, DocumentRecord, FieldsChange, Writer
from workbench.store.names import again, place, replacement, settled
from workbench.store.schema import LEAVING
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
from workbench.types.text import storable

log = logging.getLogger(__name__)

BATCH = 8
TRIM_EVERY = 4
"""Batches after which freed memory goes back to the system."""
UNTRIED = 10_000
"""Pages nobody tried that are recorded: a file may claim a million, which would take minutes and a GB of memory."""
FAILURES = 1000
"""Failed pages after which a batch ends too: they weigh nothing, but each batch is a commit."""


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
    pool: ReaderPool | None = None,
    stop: threading.Event | None = None,
    home: Path | None = None,
    replacing: bool | Container[str] = False,
) -> Iterator[Planned]:
    """Look at each file: new, known, partly known, a duplicate of another in this list, or refused with its reason.

    Files are planned in order, each among the documents that those before it leave. ``replacing`` says which documents
    (all, or those named) a different one that comes under their name takes the place of. Nothing is planned when a
    stop is asked for.
    """
    probes = list((pool or readers()).probes([source.path for source in sources], stop))
    if len(probes) < len(sources):
        return
    holders: dict[str, list[str]] = {}
    for source, found in zip(sources, probes, strict=True):
        if isinstance(found, DocumentProbe):
            holders.setdefault(found.content_hash, []).append(storable(_identity(source, found, home)))
    before = (
        [record for record in collection.records.all() if record.state != LEAVING] if collection is not None else []
    )
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
            record = known or _held(_record(source, found), holders, {})
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
        if failed := {failure.page for failure in collection.records.failed_pages(record.name)}.intersection(missing):
            notes.append(f"{len(failed):,} of its pages could not be read before and are tried again")
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


def _record(source: Source, found: DocumentProbe, sources: Sequence[str] = ()) -> DocumentRecord:
    return DocumentRecord(source.name, tuple(sources), found.content_hash, found.pages, found.bytes)


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
    pool: ReaderPool | None = None,
    changes: Mapping[Path, FieldsChange] | None = None,
    replacing: bool | Container[str] = False,
) -> IngestReport:
    """Index files into a collection.

    ``load`` gives the collection's encoders, its first one first, and is called when there is a page to embed; without
    a later one, the new pages wait for its vectors.
    ``refused`` are outcomes already known (files that cannot be taken at all); ``home`` tells uploaded files, which
    have no lasting path, from files on disk; ``pool`` reads them. ``changes`` are the tags and fields that files get,
    by path; those of a file that is in the collection already change too; ``replacing`` as in `plan_sources`.
    `CollectionBusyError` when another ingest writes; `DiskFullError` when space runs out, with all that was committed
    kept.
    """
    meter = Meter(report or (lambda progress: None), stop or threading.Event(), list(refused))
    pool = pool or readers()
    with Writer(collection) as writer:
        planned = list(plan_sources(collection, sources, pool, meter.stop, home, replacing))
        known = [item.record for item in planned if item.record is not None and item.missing is not None]
        writer.hold(known)  # before any file replaces what another holds
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
    if item.record is None:
        held = None if item.refused else collection.records.by_hash(item.probe.content_hash)
        writer.change_fields([held] if held is not None else [], change)
        return DocumentOutcome(name, item.probe.pages, 0, item.probe.pages, (), item.note)
    if reading is None:
        record = collection.records.by_hash(item.probe.content_hash) or writer.begin_document(item.record)
        (record,) = writer.change_fields([record], change)
        replaced = ", ".join(map(named, writer.finish_document(record)))
        return DocumentOutcome(name, item.probe.pages, 0, item.probe.pages, (), item.note, replaced)
    meter.current = name
    index = partial(_index, collection, writer, encoders, change=change, meter=meter)
    try:
        try:
            return index(reading, item.record, stream, note=item.note)
        except ChangedError:
            log.info("%s changed while it was read; reading a copy", name)
            with pool.snapshot(item.source.path) as copy:
                found = pool.probe(copy)
                have = collection.indexed_pages(found.content_hash)
                missing = [number for number in range(1, found.pages + 1) if number not in have]
                meter.total += len(missing) - item.pages_to_read
                version = again(item.record, _record(item.source, found, [_identity(item.source, found, home)]))
                version = writer.begin_document(version)  # a content that is known gains the source
                afresh = Reading(Source(copy, name), found, reading.settings, missing)
                with closing(pool.pages([afresh], meter.stop)) as pages:
                    return index(afresh, version, pages)
    except DocumentError as error:
        return DocumentOutcome(name, 0, 0, 0, (), str(error))


def _index(
    collection: Collection,
    writer: Writer,
    encoders: Sequence[Encoder],
    reading: Reading,
    record: DocumentRecord,
    stream: PageStream,
    change: FieldsChange,
    meter: Meter,
    note: str = "",
) -> DocumentOutcome:
    """Index the pages of one version of a file; ``DocumentError`` when it cannot be read any more."""
    probed = reading.probed
    record = collection.records.by_hash(probed.content_hash) or writer.begin_document(record)
    (record,) = writer.change_fields([record], change)
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
                rest = [PageFailure(PageRef(record.name, page), left.reason) for page in left.numbers[:UNTRIED]]
                writer.add_failures(record, rest)
        meter.end("write", len(pages) + len(failures) + (len(given_up.numbers) if given_up else 0))
        indexed += len(pages) + len(failures) - len(broken)
        failed += [PageFailureRecord(failure.ref.page, failure.reason) for failure in broken]
        if number % TRIM_EVERY == 0:
            memory.give_back()
    replaced = "" if meter.stop.is_set() else ", ".join(map(named, writer.finish_document(record)))
    reason = "; ".join(filter(None, (note, given_up.reason if given_up else "")))
    skipped = probed.pages - len(reading.numbers)
    return DocumentOutcome(record.name, probed.pages, indexed, skipped, tuple(failed), reason, replaced)


def _reading(item: Planned, settings: ReadSettings) -> Reading | None:
    """What is to be read of a file, if anything."""
    if item.probe is None or item.record is None or item.missing == ():
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


def _identity(source: Source, found: DocumentProbe, home: Path | None) -> str:
    """What a file is, beside its content: its path. An upload has none that lasts, so that it is its content alone."""
    path = source.path.resolve()
    if home is not None and path.is_relative_to((home / UPLOADS).resolve()):
        return f"upload:{found.content_hash}"
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
