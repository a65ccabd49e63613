"""Which name a document gets in a collection, and which documents leave for it.

A name is one document's. A file whose bytes changed takes over from its earlier version, name included; any other file
that comes under a name that is taken gets a number, ``report (2).pdf``, unless it is asked to replace the holder. No
name tells where on the machine a file lies.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from workbench.documents.sources import free_name
from workbench.store.schema import LEAVING, DocumentRecord, document_name

_REPLACES = "replaces:"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document goes: its name, the documents that leave for it, and those that lose a source but stay.

    ``staying`` are as they will be. ``namesake`` is a different document that holds the name this one came under.
    """

    name: str
    leaving: tuple[DocumentRecord, ...] = ()
    staying: tuple[DocumentRecord, ...] = ()
    namesake: DocumentRecord | None = None


def place(record: DocumentRecord, there: Sequence[DocumentRecord]) -> Place:
    """Where a new document, or a known one that gained sources, goes among the documents there are."""
    moved, known = set(record.sources), ""
    leaving, losing, others = [], [], []
    for other in there:
        if other.content_hash == record.content_hash:
            known = other.name
        elif other.state != LEAVING:
            if moved.issuperset(other.sources) or _mark(other) in moved:
                leaving.append(other)
            else:
                others.append(other)
                if not moved.isdisjoint(other.sources):
                    losing.append(other)
    name = known or (leaving[0].name if leaving else record.name)
    holders = {other.name: other for other in others}
    staying = []
    for other in losing:
        left = tuple(source for source in other.sources if source not in moved)
        own = _name_of(left[0], other.name, next(source for source in other.sources if source in moved))
        called = other.name
        if called == name and own not in ("", name):  # its own file is called otherwise
            del holders[name]
            called = free_name(own, {*holders, name})
        staying.append(replace(other, name=called, sources=left))
    namesake = None if known else holders.get(name)
    if namesake is not None:
        name = free_name(name, holders)
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
