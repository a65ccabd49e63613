"""The last step of an ingest, wherever the others are taken: what is ready is committed, each file gets an outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from workbench import memory
from workbench.documents import GivenUp
from workbench.ingestion.batches import Batch, Part
from workbench.ingestion.meter import Meter
from workbench.ingestion.plan import Planned, named
from workbench.ingestion.stages import Begin, End
from workbench.store import Collection, DocumentRecord, FieldsChange, Writer
from workbench.types import DocumentOutcome, PageFailure, PageFailureRecord, PageNotice, PageRef

TRIM_EVERY = 4
"""Commits after which freed memory goes back to the system."""
UNTRIED = 10_000
"""Pages nobody tried that are recorded: a file may claim a million, which would take minutes and a GB of memory."""

Version = tuple[Path, str]
"""A file, and the hash of what it holds while it is read."""


def version_of(begin: Begin) -> Version:
    """Which version of which file is begun."""
    return begin.item.source.path, begin.record.content_hash if begin.record else ""


@dataclass
class _Document:
    """The version of a file that is being written, what went in and what did not."""

    begin: Begin
    record: DocumentRecord
    indexed: int = 0
    failed: list[PageFailureRecord] = field(default_factory=list)
    notices: list[PageNotice] = field(default_factory=list)
    given_up: GivenUp | None = None

    @property
    def key(self) -> str:
        """What the file goes by in this run."""
        return self.begin.item.source.name

    def outcome(self, replaced: str = "") -> DocumentOutcome:
        """What became of it."""
        reading = self.begin.reading
        read, pages = (len(reading.numbers), reading.probed.pages) if reading else (0, 0)
        note = "" if self.begin.changed else self.begin.item.note
        return DocumentOutcome(
            self.record.name,
            pages,
            self.indexed,
            pages - read,
            tuple(sorted(self.failed, key=lambda failure: failure.page)),
            "; ".join(filter(None, (note, self.given_up.reason if self.given_up else ""))),
            replaced,
            notices=tuple(sorted(self.notices, key=lambda notice: notice.page)),
        )


class Writing:
    """Announces files, commits batches in the order in which they come, and completes files at their end."""

    def __init__(
        self, collection: Collection, writer: Writer, meter: Meter, changes: Mapping[Path, FieldsChange]
    ) -> None:
        self._collection, self._writer, self._meter, self._changes = collection, writer, meter, changes
        self._open: dict[Version, _Document] = {}
        self._commits = 0
        self._notes: dict[str, None] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What batches said was left undone, each sentence once."""
        return tuple(self._notes)

    def begin(self, begins: Sequence[Begin]) -> list[Begin | None]:
        """Announce files; see `batches.Announce`."""
        idle = {i for i, begin in enumerate(begins) if begin.reading is None or begin.record is None}
        new = [begin.record for i, begin in enumerate(begins) if i not in idle and begin.record is not None]
        records, found = iter(self._writer.begin_documents(new)), list[Begin | None]()
        for i, begin in enumerate(begins):
            if i in idle:
                self._meter.document(self._idle(begin.item), begin.item.source.name)
                found.append(None)
                continue
            if begin.changed:
                for version in [version for version in self._open if version[0] == begin.item.source.path]:
                    del self._open[version]
            self._meter.current = begin.item.source.name
            (record,) = self._writer.change_fields([next(records)], self._change(begin.item))
            begun = replace(begin, record=record)
            self._open[version_of(begun)] = made = _Document(begun, record)
            self._meter.reading(made.key, made.outcome())
            found.append(begun)
        return found

    def take(self, batches: Sequence[Batch]) -> None:
        """Commit batches together, and complete the files whose end they bring."""
        parts = [part for batch in batches for part in batch.parts]
        for batch in batches:
            self._meter.merge(batch.spent)
            self._notes |= dict.fromkeys(batch.notes)
        self._meter.begin("write")
        self._writer.commit([batch.staged for batch in batches])
        for part in parts:
            self._count(self._document(part), part)
        self._meter.end("write", sum(len(part.numbers) for part in parts))
        self._commits += 1
        if self._commits % TRIM_EVERY == 0:
            memory.give_back()
        self._ended([(self._open.pop(version_of(part.begin)), part.end) for part in parts if part.end is not None])

    def leave(self) -> None:
        """Tell of what is left half way, when there is no more: by a stop. Many may not have been begun with."""
        for document in self._open.values():
            if document.indexed or document.failed:
                self._meter.document(document.outcome(), document.key)

    def _document(self, part: Part) -> _Document:
        """The document of a part. One that others found changed while they read it is announced only now."""
        version = version_of(part.begin)
        if version not in self._open:
            (begun,) = self.begin([part.begin])
            if begun is not None and begun.record is not None:
                self._writer.conform(begun.record)
        self._meter.current = part.begin.item.source.name
        return self._open[version]

    def _count(self, document: _Document, part: Part) -> None:
        self._writer.add_failures(document.record, part.failed)
        if part.given_up is not None:
            document.given_up = part.given_up
            refs = (PageRef(document.record.name, number) for number in part.given_up.numbers[:UNTRIED])
            self._writer.add_failures(document.record, [PageFailure(ref, part.given_up.reason) for ref in refs])
        document.indexed += len(part.ready)
        document.notices += [page for page in part.ready if page.reason]
        document.failed += [PageFailureRecord(failure.ref.page, failure.reason) for failure in part.failed]
        self._meter.reading(document.key, document.outcome())

    def _ended(self, ended: Sequence[tuple[_Document, End]]) -> None:
        whole = [document for document, end in ended if not end.error]
        replaced = iter(self._writer.finish_documents([document.record for document in whole]) if whole else [])
        for document, end in ended:
            if end.error:
                self._meter.document(DocumentOutcome(document.key, 0, 0, 0, (), end.error), document.key)
            else:
                outcome = document.outcome(", ".join(map(named, next(replaced))))
                self._meter.document(outcome, document.key)

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

    def _change(self, item: Planned) -> FieldsChange:
        return self._changes.get(item.source.path, FieldsChange())
