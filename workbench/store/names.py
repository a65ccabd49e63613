"""Which name a document gets in a collection, and which documents leave for it.

A name is one document's. A file whose bytes changed takes over from its earlier version, name included; any other file
that comes under a name that is taken gets a number, ``report (2).pdf``, unless it is asked to replace the holder. No
name tells where on the machine a file lies.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

from workbench.documents.sources import free_name
from workbench.store.schema import LEAVING, DocumentRecord, document_name

_REPLACES = "replaces:"


class Documents:
    """The documents there are, in their order, found by what tells them apart: content, name, source.

    So that what becomes of one file takes no longer for all the others.
    """

    def __init__(self, records: Iterable[DocumentRecord] = ()) -> None:
        self._records: dict[str, DocumentRecord] = {}
        self._rank: dict[str, int] = {}
        self._named: dict[str, dict[str, None]] = {}
        self._from: dict[str, dict[str, None]] = {}
        for record in records:
            self.put(record)

    def get(self, content_hash: str) -> DocumentRecord | None:
        """The document of a content."""
        return self._records.get(content_hash)

    def put(self, record: DocumentRecord) -> None:
        """Add a document, or give the one of its content other values."""
        content = record.content_hash
        self._forget(content)
        self._records[content] = record
        self._rank.setdefault(content, len(self._rank))
        self._named.setdefault(record.name, {})[content] = None
        for source in record.sources:
            self._from.setdefault(source, {})[content] = None

    def drop(self, content_hash: str) -> None:
        """Leave a document out."""
        self._forget(content_hash)
        self._records.pop(content_hash, None)

    def sharing(self, record: DocumentRecord) -> list[DocumentRecord]:
        """Those that have its content or one of its sources, or that it is to replace."""
        found = {record.content_hash}
        for source in record.sources:
            found.update(self._from.get(source, ()))
            if source.startswith(_REPLACES):
                found.add(source.removeprefix(_REPLACES))
        there = [self._records[content] for content in found if content in self._records]
        return sorted(there, key=lambda other: self._rank[other.content_hash])

    def holder(self, name: str, without: Container[str]) -> DocumentRecord | None:
        """Who has a name, but for contents that do not count and documents that are being deleted."""
        found = None
        for content in self._named.get(name, ()):
            if content not in without and self._records[content].state != LEAVING:
                found = self._records[content]
        return found

    def _forget(self, content: str) -> None:
        old = self._records.get(content)
        if old is not None:
            self._named[old.name].pop(content, None)
            for source in old.sources:
                self._from[source].pop(content, None)


class _Names:
    """The names that are taken, by a container of contents that do not count, and one name besides."""

    def __init__(self, there: Documents, without: Container[str], besides: str = "") -> None:
        self._there, self._without, self._besides = there, without, besides

    def __contains__(self, name: object) -> bool:
        return name == self._besides or self._there.holder(str(name), self._without) is not None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document goes: its name, the documents that leave for it, and those that lose a source but stay.

    ``staying`` are as they will be. ``namesake`` is a different document that holds the name this one came under.
    """

    name: str
    leaving: tuple[DocumentRecord, ...] = ()
    staying: tuple[DocumentRecord, ...] = ()
    namesake: DocumentRecord | None = None


def place(record: DocumentRecord, there: Documents) -> Place:
    """Where a new document, or a known one that gained sources, goes among the documents there are."""
    moved, known = set(record.sources), ""
    leaving, losing = [], []
    for other in there.sharing(record):
        if other.content_hash == record.content_hash:
            known = other.name
        elif other.state != LEAVING:
            if moved.issuperset(other.sources) or _mark(other) in moved:
                leaving.append(other)
            elif not moved.isdisjoint(other.sources):
                losing.append(other)
    name = known or (leaving[0].name if leaving else record.name)
    without = {record.content_hash, *(other.content_hash for other in leaving)}
    staying = []
    for other in losing:
        left = tuple(source for source in other.sources if source not in moved)
        own = _name_of(left[0], other.name, next(source for source in other.sources if source in moved))
        called = other.name
        if called == name and own not in ("", name):  # its own file is called otherwise
            without.add(other.content_hash)
            called = free_name(own, _Names(there, without, name))
        staying.append(replace(other, name=called, sources=left))
    namesake = None if known else there.holder(name, without)
    if namesake is not None:
        name = free_name(name, _Names(there, without))
    return Place(name, tuple(leaving), tuple(staying), namesake)


def replacement(record: DocumentRecord, old: DocumentRecord) -> DocumentRecord:
    """The record, to take the place of a document whatever its sources are, once it is whole."""
    return replace(record, sources=(*record.sources, _mark(old)))


def again(record: DocumentRecord, version: DocumentRecord) -> DocumentRecord:
    """Another version of the file that the record is of: it replaces what that was to replace."""
    marks = (source for source in record.sources if source.startswith(_REPLACES))
    return replace(version, sources=(*version.sources, *marks))


def settled(record: DocumentRecord) -> DocumentRecord:
    """The record of a document that is whole: it has replaced what it was to replace."""
    sources = tuple(source for source in record.sources if not source.startswith(_REPLACES))
    return replace(record, sources=sources)


def _mark(old: DocumentRecord) -> str:
    return f"{_REPLACES}{old.content_hash}"


def _name_of(source: str, name: str, beside: str) -> str:
    """The name of a source as of one ``beside`` it that went by ``name``; empty for one that is no path."""
    source, beside = (document_name(text.replace(os.sep, "/")) for text in (source, beside))
    if "/" not in source:
        return ""
    folder = beside.removesuffix(name)
    below = source.startswith(folder) and folder.endswith("/")
    return source.removeprefix(folder) if below else source.rpartition("/")[2]
