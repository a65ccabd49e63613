"""One ingest: files in, committed pages out, with progress, a stop, and an outcome for every file and page.

The road is straight: `plan` says what is to be read, `stages.read` reads it in processes of its own, `stages.embedded`
has the encoders make vectors of it, and what comes out is written here, all at the same time and a bounded number of
pages ahead of one another, so that nothing waits for what need not be waited for and memory does not grow with the
file. A batch is committed as soon as it is embedded; whatever happens later, committed pages stay and are skipped the
next time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from workbench import memory
from workbench.documents import GivenUp, ReaderPool, Reading, ReadSettings
from workbench.encoders import Encoder
from workbench.encoders.pictures import PreparingEncoder
from workbench.ingestion.meter import PREPARING, Meter
from workbench.ingestion.plan import Planned, named
from workbench.ingestion.stages import BATCH, Begin, Encoded, End, Entry, embedded, pictured, read
from workbench.store import Collection, DocumentRecord, FieldsChange, Writer
from workbench.types import DocumentOutcome, IngestReport, PageFailure, PageFailureRecord, PageRef

TRIM_EVERY = 4
"""Batches after which freed memory goes back to the system."""
UNTRIED = 10_000
"""Pages nobody tried that are recorded: a file may claim a million, which would take minutes and a GB of memory."""
FAILURES = 1000
"""Failed pages after which a batch ends too: they weigh nothing, but each batch is a commit."""


def ingest(
    collection: Collection,
    writer: Writer,
    planned: Sequence[Planned],
    encoders: Sequence[Encoder],
    meter: Meter,
    pool: ReaderPool,
    processors: ReaderPool | None = None,
    home: Path | None = None,
    changes: Mapping[Path, FieldsChange] | None = None,
) -> IngestReport:
    """Index planned files into a collection; ``encoders`` are its own, the first one first.

    Without a later one, the new pages wait for its vectors. ``pool`` reads files, ``processors`` prepare pages for
    encoders on a GPU; ``home`` tells uploaded files, which have no lasting path, from files on disk. ``changes`` are
    the tags and fields that files get, by path; those of a file that is in the collection already change too.
    `DiskFullError` when space runs out, with all that was committed kept.
    """
    writer.hold([item.record for item in planned if item.record is not None and item.missing is not None])
    meter.total = sum(item.pages_to_read for item in planned)
    if any(isinstance(encoder, PreparingEncoder) for encoder in encoders):
        meter.has(PREPARING)
    meter.expect({item.source.name: _expected(item) for item in planned})
    settings = ReadSettings.of(collection.settings)
    readings = [_reading(item, settings) for item in planned]
    files = pictured(read(planned, readings, collection, pool, meter, home))
    writing = _Writing(collection, writer, encoders, meter, changes or {})
    with closing(embedded(files, encoders, meter, processors)) as entries:
        for entry in entries:
            writing.take(entry)
    writing.leave()
    meter.begin("index")
    writer.finish()
    meter.end("index", meter.written)
    seconds = round(time.monotonic() - meter.started, 3)
    return IngestReport(collection.name, tuple(meter.documents), seconds, meter.stop.is_set(), stages=meter.stages())


@dataclass
class _Document:
    """The version of a file that is being written, what went in and what did not."""

    begin: Begin
    record: DocumentRecord
    batch: list[Encoded | PageFailure | GivenUp] = field(default_factory=list)
    indexed: int = 0
    failed: list[PageFailureRecord] = field(default_factory=list)
    notices: list[PageFailureRecord] = field(default_factory=list)
    given_up: GivenUp | None = None

    @property
    def key(self) -> str:
        """What the file goes by in this run."""
        return self.begin.item.source.name

    def outcome(self, replaced: str = "") -> DocumentOutcome:
        """What became of it."""
        reading = self.begin.reading
        read, pages = (len(reading.numbers), reading.probed.pages) if reading else (0, 0)
        reason = "; ".join(filter(None, (self._note, self.given_up.reason if self.given_up else "")))
        return DocumentOutcome(
            self.record.name,
            pages,
            self.indexed,
            pages - read,
            tuple(self.failed),
            reason,
            replaced,
            notices=tuple(self.notices),
        )

    @property
    def _note(self) -> str:
        return "" if self.begin.changed else self.begin.item.note


class _Writing:
    """Commits entries in their order, a batch at a time, none of pages of two documents."""

    def __init__(
        self,
        collection: Collection,
        writer: Writer,
        encoders: Sequence[Encoder],
        meter: Meter,
        changes: Mapping[Path, FieldsChange],
    ) -> None:
        self._collection, self._writer, self._meter, self._changes = collection, writer, meter, changes
        self._first, *self._later = [encoder.info.id for encoder in encoders] or [""]
        self._open: _Document | None = None
        self._batches = 0

    def take(self, entry: Entry) -> None:
        """Take the next entry."""
        if isinstance(entry, Begin):
            self._commit()
            if entry.reading is None or entry.record is None:
                self._meter.document(self._idle(entry.item), entry.item.source.name)
            else:
                self._meter.current = entry.item.source.name
                self._open = _Document(entry, self._begun(entry, entry.record))
                self._meter.reading(self._open.key, self._open.outcome())
        elif self._open is not None:
            if isinstance(entry, End):
                self._ended(self._open, entry)
            else:
                self._open.batch.append(entry)
                if self._full(self._open.batch):
                    self._commit()

    def leave(self) -> None:
        """Commit what has come, when there is no more: a stop may have left a document half way."""
        if self._open is not None:
            self._commit()
            self._meter.document(self._open.outcome(), self._open.key)

    def _ended(self, document: _Document, end: End) -> None:
        self._open = None
        if end.error:
            self._write(document)
            self._meter.document(DocumentOutcome(document.key, 0, 0, 0, (), end.error), document.key)
            return
        self._write(document)
        replaced = ", ".join(map(named, self._writer.finish_document(document.record)))
        self._meter.document(document.outcome(replaced), document.key)

    def _idle(self, item: Planned) -> DocumentOutcome:
        """A file of which nothing is to be read."""
        name = item.source.name
        if item.probe is None:
            return DocumentOutcome(name, 0, 0, 0, (), item.note)
        change = self._change(item)
        replaced = ""
        if item.record is None:
            held = None if item.refused else self._collection.records.by_hash(item.probe.content_hash)
            self._writer.change_fields([held] if held is not None else [], change)
        else:
            record = self._collection.records.by_hash(item.probe.content_hash)
            (record,) = self._writer.change_fields([record or self._writer.begin_document(item.record)], change)
            replaced = ", ".join(map(named, self._writer.finish_document(record)))
        return DocumentOutcome(name, item.probe.pages, 0, item.probe.pages, (), item.note, replaced)

    def _begun(self, begin: Begin, record: DocumentRecord) -> DocumentRecord:
        """A version of a file announced; a content that is known and came anew gains the source."""
        known = None if begin.changed else self._collection.records.by_hash(record.content_hash)
        (begun,) = self._writer.change_fields([known or self._writer.begin_document(record)], self._change(begin.item))
        return begun

    def _change(self, item: Planned) -> FieldsChange:
        return self._changes.get(item.source.path, FieldsChange())

    def _full(self, batch: Sequence[Encoded | PageFailure | GivenUp]) -> bool:
        return sum(isinstance(entry, Encoded) for entry in batch) == BATCH or len(batch) == FAILURES

    def _commit(self) -> None:
        if self._open is not None:
            self._write(self._open)

    def _write(self, document: _Document) -> None:
        """Commit what has come of a document."""
        batch, document.batch = document.batch, []
        if not batch:
            return
        self._meter.begin("write")
        record = document.record

        def ref(number: int) -> PageRef:
            return PageRef(record.name, number)

        good = [(replace(one.page, ref=ref(one.page.ref.page)), one) for one in batch if isinstance(one, Encoded)]
        broken = [PageFailure(ref(one.ref.page), one.reason) for one in batch if isinstance(one, PageFailure)]
        gone = len(good) + len(broken)
        pages = [(page, one.vectors[self._first], one.pictures) for page, one in good]
        others = {encoder: [one.vectors[encoder] for _, one in good] for encoder in self._later}
        broken += self._writer.add_pages(record, pages, others)  # type: ignore[arg-type]
        self._writer.add_failures(record, broken)
        for left in batch:
            if isinstance(left, GivenUp):
                document.given_up = left
                rest = [PageFailure(ref(number), left.reason) for number in left.numbers[:UNTRIED]]
                self._writer.add_failures(record, rest)
                gone += len(left.numbers)
        document.indexed += len(good) + sum(isinstance(one, PageFailure) for one in batch) - len(broken)
        document.notices += [PageFailureRecord(page.ref.page, page.notice) for page, _ in good if page.notice]
        document.failed += [PageFailureRecord(failure.ref.page, failure.reason) for failure in broken]
        self._meter.reading(document.key, document.outcome())
        self._meter.end("write", gone)
        self._batches += 1
        if self._batches % TRIM_EVERY == 0:
            memory.give_back()


def _expected(item: Planned) -> DocumentOutcome:
    """A file before anything is read of it."""
    pages = item.probe.pages if item.probe else 0
    return DocumentOutcome(item.source.name, pages, 0, pages - item.pages_to_read)


def _reading(item: Planned, settings: ReadSettings) -> Reading | None:
    """What is to be read of a file, if anything."""
    if item.probe is None or item.record is None or item.missing == ():
        return None
    numbers = range(1, item.probe.pages + 1) if item.missing is None else item.missing
    return Reading(item.source, item.probe, settings, numbers)
