"""What is not as it should be in a collection on disk, in words, each sentence with its cure. Nothing is changed.

Everything is read that can be damaged without a search noticing at once: the tables, the copies against their
checksums, what indexes were fitted to, and every picture, which is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from workbench.errors import StoreError
from workbench.store import textindex
from workbench.store.files import intact
from workbench.store.images import broken_images, image_pages
from workbench.store.manifest import FULL
from workbench.store.schema import COMPLETE, LEAVING

if TYPE_CHECKING:
    from workbench.store.collection import Collection
    from workbench.store.encoder_vectors import EncoderVectors

_AGAIN = "ingest their files again"


def problems(collection: Collection) -> list[str]:
    """What is wrong with a collection, one sentence each; empty when nothing is."""
    cure = f"run: pagelens collections repair {collection.name}"
    try:
        committed = set(collection.directory().ids)
    except StoreError:
        return [
            "The table of the pages cannot be read, and with it nothing of the collection; put a saved copy of its "
            f"folder in its place, or delete the collection and {_AGAIN}."
        ]
    found = [*_documents(collection, cure)]
    for space in collection.spaces():
        found += _vectors(space, committed, cure)
    found += _pictures(collection, committed, cure)
    found += _text(collection, cure)
    return found


def unreadable(space: EncoderVectors, index: str) -> bool:
    """Whether the table of an index cannot be read to its end, or what it was fitted to cannot."""
    try:
        space.fitted(index)
        with intact(space.collection):
            for _ in space.vector_table(index).search().select(["page_id", "count", "vectors"]).to_batches(64):
                pass
    except StoreError:
        return True
    return False


def _documents(collection: Collection, cure: str) -> Iterator[str]:
    try:
        listed = {record.content_hash for record in collection.records.listed()}
        begun = [r for r in collection.records.all() if r.state in (LEAVING, COMPLETE) and r.content_hash not in listed]
    except StoreError:
        yield "The table of the documents cannot be read; delete the collection and ingest its files again."
        return
    try:
        collection.catalog.gaps()
    except StoreError:
        yield f"The list of pages that encoders failed on cannot be read; to begin it anew, {cure}"
    for record in begun:
        yield f"The deletion of '{record.name}' was cut off; to finish it, {cure}"


def _vectors(space: EncoderVectors, committed: set[str], cure: str) -> Iterator[str]:
    """Of one encoder. Pages still to be embedded are no fault."""
    name = space.collection
    broken = [index for index in space.indexes if unreadable(space, index)]
    for index in broken:
        if index != FULL:
            yield f"'{index}' of {space.encoder} cannot be read; to make it anew from the full vectors, {cure}"
        elif space.primary:
            yield f"The full vectors of {space.encoder} cannot be read; ingest the files into a new collection."
        else:
            yield f"The full vectors of {space.encoder} cannot be read; to drop them and embed the pages again, {cure}"
    held = {index: space.stored_ids(index) for index in space.indexes if index not in broken}
    begun: set[str] = set().union(*held.values()) & committed
    for index, stored in held.items():
        label = f"'{index}'" if space.primary else f"'{index}@{space.encoder}'"
        if len(stored) != len(set(stored)):
            yield f"{label} holds {len(stored) - len(set(stored))} pages twice; to make it anew, {cure}"
        if lacking := len((committed if space.primary else begun).difference(stored)):
            again = _AGAIN if space.primary else f"embed the collection with '{space.encoder}' again"
            yield f"{lacking} pages have no vectors in {label}; {again if index == FULL else f'{cure}, or {again}'}."
        if orphans := len(set(stored) - committed):
            yield f"{label} holds vectors of {orphans} pages that are not in the collection; to drop them, {cure}"
        if damage := space.damage(index):
            yield f"The copy of {label} of '{name}' {damage}; to make it anew, {cure}"


def _pictures(collection: Collection, committed: set[str], cure: str) -> Iterator[str]:
    there, halves = image_pages(collection.storage)
    broken = broken_images(collection.storage, sorted(committed & there.keys()))
    if bare := sum(not {"page", "thumb"} <= there.get(page, set()) for page in committed - broken.keys()):
        yield f"{bare} pages have no picture, or not in both sizes; {cure}; where it cannot help, {_AGAIN}."
    if broken:
        refs = collection.refs(list(broken))
        some = ", ".join(str(refs[page]) for page in list(broken)[:3])
        more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
        yield f"The pictures of {len(broken)} pages are empty or cannot be decoded ({some}{more}); {cure}"
    if orphans := len(there.keys() - committed) + halves:
        yield f"There are pictures of {orphans} pages that are not in the collection; to drop them, {cure}"


def _text(collection: Collection, cure: str) -> Iterator[str]:
    try:
        with intact(collection.name):
            there = textindex.is_there(collection.catalog.table("pages"))
            if there:
                textindex.search(collection.catalog.table("pages"), "a page", 1)
    except StoreError:
        there = False
    if not there:
        yield f"The text index cannot be used; to make it anew, {cure}"
