"""What becomes of each file of an ingest before any page is read: new, known, partly known, a duplicate, refused."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.documents import DocumentProbe, ReaderPool, Source, readers
from workbench.errors import DocumentError
from workbench.folders import inside
from workbench.ingestion.uploads import UPLOADS
from workbench.store import Collection, DocumentRecord
from workbench.store.document_records import Troubles
from workbench.store.names import Documents, place, replacement, settled
from workbench.store.schema import LEAVING
from workbench.types.text import storable


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
    def state(self) -> str:
        """What becomes of the file, see `PlannedFile`."""
        if self.refused:
            return "refused"
        if not self.pages_to_read:
            return "known"
        return "replaces" if self.replaces else "new" if self.missing is None else "rest"

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
            holders.setdefault(found.content_hash, []).append(storable(identity(source, found, home)))
    before = (
        [record for record in collection.records.all() if record.state != LEAVING] if collection is not None else []
    )
    known_contents = {record.content_hash for record in before}
    moved = {source: content for content in known_contents for source in holders.get(content, ())}
    first = {record.content_hash: _held(record, holders, moved) for record in before}
    there = Documents(first.values())
    stored = {record.content_hash: record for record in before}
    troubles = collection.records.troubles() if collection is not None else {}
    seen: dict[str, str] = {}
    for source, found in zip(sources, probes, strict=True):
        if isinstance(found, DocumentError):
            yield Planned(source, None, None, str(found), refused=True)
        elif found.content_hash in seen:
            yield Planned(source, found, (), f"same content as {seen[found.content_hash]}")
        else:
            known = there.get(found.content_hash)
            record = known or _held(record_of(source, found), holders, {})
            planned, changed = _planned(collection, source, found, record, there, holders, replacing, troubles)
            if known is not None:
                idle = planned.missing == () and not changed and record == stored.get(found.content_hash)
                planned = replace(planned, record=None if idle else first[found.content_hash])
            seen[found.content_hash] = planned.source.name
            yield planned


def _planned(
    collection: Collection | None,
    source: Source,
    found: DocumentProbe,
    record: DocumentRecord,
    there: Documents,
    held: Container[str],
    replacing: bool | Container[str],
    troubles: Mapping[str, Troubles],
) -> tuple[Planned, bool]:
    """What becomes of a file among the documents there are, and whether they are others after it, as they then are."""
    stands = place(record, there)
    namesake = stands.namesake
    if namesake is not None and namesake.content_hash in held:
        namesake = None  # a file of this run holds it
    if namesake is not None and (replacing is True or (replacing and namesake.name in replacing)):
        record = replacement(record, namesake)
        stands, namesake = place(record, there), None
    known = there.get(record.content_hash) is not None
    notes = [f"the version of {old.added[:10]} stays as {old.name}, which another file holds" for old in stands.staying]
    if stands.namesake is not None:
        notes.append(f"a different document has the name {named(stands.namesake)}; both are kept")
    missing = None
    if known and collection is not None:
        have = collection.indexed_pages(record.content_hash)
        missing = tuple(n for n in range(1, found.pages + 1) if n not in have)
        trouble = troubles.get(record.content_hash, Troubles())
        if failed := trouble.failed.intersection(missing):
            notes.append(f"{len(failed):,} of its pages could not be read before and are tried again")
        if hardly := len(trouble.hardly):
            notes.append(f"{hardly:,} of its pages could hardly be read; they can be read again another way")
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
    after = [*stands.staying, replace(settled(record), name=stands.name)]
    changed = bool(stands.leaving) or any(there.get(one.content_hash) != one for one in after)
    for old in stands.leaving:
        there.drop(old.content_hash)
    for one in after:
        there.put(one)
    return item, changed


def _held(record: DocumentRecord, holders: Mapping[str, Sequence[str]], moved: Mapping[str, str]) -> DocumentRecord:
    """The record with the sources of this run that hold its content, without those that ``moved`` to a known one."""
    if record.content_hash not in holders:
        return record
    kept = [source for source in record.sources if moved.get(source, record.content_hash) == record.content_hash]
    return replace(record, sources=tuple(dict.fromkeys((*kept, *holders[record.content_hash]))))


def record_of(source: Source, found: DocumentProbe, sources: Sequence[str] = ()) -> DocumentRecord:
    """A probed file as a document of a collection."""
    return DocumentRecord(source.name, tuple(sources), found.content_hash, found.pages, found.bytes)


def named(document: DocumentRecord) -> str:
    """A document as plans and reports name one that goes: ``report.pdf of 2026-11-26 (12 pages)``."""
    return f"{document.name} of {document.added[:10]} ({document.pages} page{'' if document.pages == 1 else 's'})"


def identity(source: Source, found: DocumentProbe, home: Path | None) -> str:
    """What a file is, beside its content: its path. An upload has none that lasts, so that it is its content alone."""
    if home is not None and inside(source.path, home / UPLOADS):
        return f"upload:{found.content_hash}"
    return str(source.path.resolve())
