"""Makes anew what a damaged collection can spare: manifests, indexes, copies, small pictures, the text index.

What only the files themselves can bring back (pages, full vectors, large pictures) is left to ingesting them again,
which is told what is missing: a page without its picture or its vectors counts as not indexed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from filelock import Timeout

from workbench.encoders import EncoderInfo
from workbench.errors import CollectionBusyError, MismatchError, NotFoundError, StoreError
from workbench.store import textindex
from workbench.store.checks import unreadable
from workbench.store.collection import Collection
from workbench.store.files import intact, room
from workbench.store.images import broken_images, image_name, image_pages, save_thumb
from workbench.store.manifest import FILE, FULL, Manifest
from workbench.store.recovery import DAMAGED, Given, recover
from workbench.store.storage import Storage
from workbench.store.writer import Writer

log = logging.getLogger(__name__)


def mend_manifest(storage: Storage, info_of: Callable[[str], EncoderInfo], given: Given) -> list[str]:
    """Write the manifest anew where it is lost or cannot be read; sentences on what was done.

    A damaged one is kept beside it. `MismatchError` for one of a newer Pagelens, which is left alone.
    """
    try:
        Manifest.read(storage)
        return []
    except MismatchError:
        raise
    except (NotFoundError, StoreError) as error:
        log.info("%s", error)
    lock = storage.write_lock()
    try:
        lock.acquire()
    except Timeout:
        raise CollectionBusyError(f"Somebody writes to collection '{storage.name}'; try again.") from None
    try:
        with room(storage.name):
            manifest, notes = recover(storage, info_of, given)
            if storage.exists(FILE):
                storage.rename(FILE, DAMAGED)
            manifest.write(storage)
    finally:
        lock.release()
    encoders = ", ".join(space.encoder.id for space in manifest.spaces)
    return [f"The manifest was made again from the tables: encoder {encoders}.", *notes]


def mend(collection: Collection) -> list[str]:
    """Make anew what can be; sentences on what was done. `CollectionBusyError` while somebody writes."""
    done: list[str] = []
    collection.recount()
    again = _leave_out(collection, done)
    try:
        collection.catalog.gaps()
    except StoreError:
        done.append("The list of pages that encoders failed on could not be read and was begun anew.")
    with Writer(collection) as writer:
        for encoder, index in again:
            writer.indexes.add_index(encoder, index)
            done.append(f"'{index}' of {encoder} was made again from the full vectors.")
        _copies(collection, done)
        _pictures(collection, done)
        _text(collection, writer, done)
        if told := writer.note_languages():
            done.append(f"The language of {told:,} pages was looked for by their words.")
        writer.finish()
    return done


def _leave_out(collection: Collection, done: list[str]) -> list[tuple[str, str]]:
    """Take what cannot be used out of the manifest: encoders to be embedded again, and the indexes to make anew."""
    again: list[tuple[str, str]] = []
    manifest = collection.manifest
    for space in collection.spaces():
        bad = [index for index in space.indexes if unreadable(space, index)]
        if FULL in bad and space.primary:
            raise StoreError(
                f"The full vectors of {space.encoder} in collection '{collection.name}' cannot be read, so that it "
                "cannot be repaired; ingest its files into a new collection."
            )
        if FULL in bad:
            manifest = manifest.without(space.encoder)
            cure = f"run: pagelens collections embed {collection.name} --encoder {space.encoder}"
            done.append(f"The vectors of {space.encoder} could not be read and were dropped; {cure}")
            continue
        wanted = set(space.stored_ids(FULL))
        for index in space.indexes:
            if index not in bad and index != FULL:
                stored = space.stored_ids(index)
                bad += [index] if len(stored) != len(set(stored)) or not wanted <= set(stored) else []
        again += [(space.encoder, index) for index in bad]
        kept = tuple(index for index in space.record.indexes if index.name not in bad)
        manifest = manifest.with_space(replace(space.record, indexes=kept))
    if manifest != collection.manifest:
        with room(collection.name):
            manifest.write(collection.storage)
    return again


def _copies(collection: Collection, done: list[str]) -> None:
    for space in collection.spaces():
        bad = [index for index in space.indexes if space.damage(index)]
        if bad:
            space.drop_copies()
            done.append(f"The copies of {', '.join(bad)} of {space.encoder} were damaged and are made anew.")


def _pictures(collection: Collection, done: list[str]) -> None:
    storage, committed = collection.storage, collection.directory().ids
    there, _ = image_pages(storage)
    broken = broken_images(storage, committed)
    made = lost = 0
    for page in committed:
        bad = set(broken.get(page, ()))
        if "page" in bad or "page" not in there.get(page, ()):
            lost += 1
            storage.remove(image_name(page, "page"))
        elif "thumb" in bad or "thumb" not in there[page]:
            save_thumb(storage, page)
            made += 1
    done += [f"{made} small pictures were made again."] if made else []
    done += [f"{lost} pages have no picture; ingest their files again to have them back."] if lost else []


def _text(collection: Collection, writer: Writer, done: list[str]) -> None:
    try:
        with intact(collection.name):
            table = collection.catalog.table("pages")
            if textindex.is_there(table):
                textindex.search(table, "a page", 1)
                return
    except StoreError:
        log.info("the text index of %s cannot be used", collection.name)
    writer.upkeep.index_text()
    done.append("The text index was made again.")
