"""The collections of a home folder: names, making, opening, deleting."""

from __future__ import annotations

import math
import re
import shutil
import time
import unicodedata
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from workbench.encoders import EncoderInfo
from workbench.errors import CollectionBusyError, InputError, NotFoundError, StoreError
from workbench.settings import CollectionSettings, Settings
from workbench.store.collection import Collection
from workbench.store.files import room
from workbench.store.images import FOLDER as IMAGES
from workbench.store.manifest import FILE, Manifest
from workbench.store.mending import mend, mend_manifest
from workbench.store.object_storage import ObjectStorage
from workbench.store.recovery import Given
from workbench.store.storage import TRASH, Storage, storage_at
from workbench.store.tables import FOLDER, create_tables

_NAME = re.compile(r"\w|\w[\w .-]{0,62}\w")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_MAX_BYTES = 200  # of UTF-8: a folder name may have 255
DELETED = "manifest.deleted"
"""What a manifest is renamed to when its collection is deleted: the folder may then be cleared."""
_PATIENCE = 60.0


def check_name(name: str) -> str:
    """The name (composed Unicode), if it can be a folder on every system; `InputError` otherwise."""
    composed = unicodedata.normalize("NFC", name)
    if (
        not _NAME.fullmatch(composed)
        or len(composed.encode("utf-8", "replace")) > _MAX_BYTES
        or composed.split(".")[0].strip().lower() in _RESERVED
        or ".." in composed
    ):
        raise InputError(
            f"{name!r} cannot be a collection's name; use 1 to 64 letters, digits, spaces, dots, - and _, "
            "beginning and ending with a letter or digit."
        )
    return composed


class Library:
    """All collections under ``home``, a folder, or a place in an object store. Several processes may use one home."""

    def __init__(self, home: Path | Storage) -> None:
        self._storage = storage_at(home).below("collections")
        self._handed_out: weakref.WeakSet[Collection] = weakref.WeakSet()
        self._listed: tuple[float, list[str]] = -math.inf, []

    @classmethod
    def of(cls, settings: Settings) -> Library:
        """The collections that the settings say where to find."""
        return cls(ObjectStorage.of(settings) if settings.place else settings.home)

    @property
    def storage(self) -> Storage:
        """Where the collections lie."""
        return self._storage

    def names(self) -> list[str]:
        """Names of the collections that are complete enough to open, in order."""
        now, (then, known) = time.monotonic(), self._listed
        if now - then >= self._storage.fresh_for:
            found = (name for name in self._storage.folders() if not name.startswith("."))
            known = sorted(name for name in found if self._storage.exists(f"{name}/{FILE}"))
            self._listed = now, known
        return [*known]

    def lost(self) -> list[str]:
        """Names of folders that hold pages but no manifest, so that they cannot be opened and must not be cleared."""
        found = (name for name in self._storage.folders() if not name.startswith("."))
        return sorted(name for name in found if _is_lost(self._storage.below(name)))

    def create(self, name: str, settings: CollectionSettings, info: EncoderInfo) -> Collection:
        """Make an empty collection; `StoreError` when the name is taken. It exists once its manifest is written.

        A folder of that name that holds pages but no manifest is never cleared: `StoreError` too.
        """
        return self.make(name, Manifest.of(settings, info))

    def make(self, name: str, manifest: Manifest) -> Collection:
        """Make an empty collection of a manifest; see `create`."""
        storage = self._storage.below(check_name(name))
        taken = StoreError(f"There is a collection '{name}' already; choose another name or add to that one.")
        with room(name), self._changing():
            if storage.exists(FILE):
                raise taken
            _refuse_lost(storage)
            if storage.remote:
                storage.write_lock()  # says where it cannot be written to
            storage.discard()  # a creation or deletion that was cut off: there is nothing in it, or it was to go
            storage.cache.mkdir(parents=True, exist_ok=True)
            create_tables(storage, manifest)
            try:
                manifest.write(storage, new=True)
            except FileExistsError:
                raise taken from None
        return self._opened(storage)

    def open(self, name: str) -> Collection:
        """Open a collection; `NotFoundError` when there is none, `StoreError` when its manifest is lost."""
        storage = self._storage.below(check_name(name))
        _refuse_lost(storage)
        if not storage.exists(FILE):
            raise NotFoundError(f"There is no collection '{name}'.")
        return self._opened(storage)

    def delete(self, name: str) -> None:
        """Delete a collection, also one that cannot be opened; `CollectionBusyError` while somebody writes to it.

        It is gone when its manifest is; the rest of its files follows.
        """
        storage = self._storage.below(check_name(name))
        with self._changing():
            if not storage.exists(FILE) and not _is_lost(storage):
                raise NotFoundError(f"There is no collection '{name}'.")
            lock = storage.write_lock()
            try:
                lock.acquire()
            except Timeout:
                raise CollectionBusyError(
                    f"An ingest is writing to collection '{name}'; stop it or wait for it to end, then delete."
                ) from None
            try:
                if storage.exists(FILE):
                    storage.rename(FILE, DELETED)
                else:
                    storage.write(DELETED, b"")
            finally:
                lock.release()
            self._let_go(storage)
            storage.discard()

    def rename(self, name: str, to: str) -> None:
        """Give a collection another name; `CollectionBusyError` while somebody writes to it.

        `StoreError` when the name is taken or the collection lies in an object store, which has no folders to rename;
        `NotFoundError` without such a collection.
        """
        storage, target = self._storage.below(check_name(name)), self._storage.below(check_name(to))
        with self._changing():
            if not storage.exists(FILE):
                raise NotFoundError(f"There is no collection '{name}'.")
            if storage.remote:
                raise StoreError(
                    "A collection in an object store keeps its name; to have it under another one, export it "
                    "(pagelens collections export) and ingest the export."
                )
            if target.exists(FILE) or _is_lost(target):
                raise StoreError(f"There is a collection '{to}' already; choose another name.")
            lock = storage.write_lock()
            try:
                lock.acquire()
            except Timeout:
                raise CollectionBusyError(
                    f"An ingest is writing to collection '{name}'; stop it or wait for it to end, then rename."
                ) from None
            try:
                self._let_go(storage)
                target.discard()  # what a deletion that was cut off left
            finally:
                lock.release()  # Windows renames no folder with an open file
            try:
                storage.cache.rename(target.cache)
            except OSError as error:
                raise CollectionBusyError(
                    f"Collection '{name}' is in use ({error.strerror}); close what reads it and try again."
                ) from None

    def _let_go(self, storage: Storage) -> None:
        """Close what was opened here of a collection that is not at its place any more."""
        for collection in list(self._handed_out):
            if collection.storage.uri == storage.uri:
                collection.storage.refresh()
                collection.close()

    def repair(self, name: str, info_of: Callable[[str], EncoderInfo], given: Given) -> list[str]:
        """Make anew what can be of a damaged collection, its manifest first; sentences on what was done.

        See `mending` and `recovery`. `NotFoundError` when there is none.
        """
        storage = self._storage.below(check_name(name))
        if not storage.exists(FILE) and not _is_lost(storage):
            raise NotFoundError(f"There is no collection '{name}'.")
        done = mend_manifest(storage, info_of, given)
        return done + mend(self._opened(storage))

    def _opened(self, storage: Storage) -> Collection:
        collection = Collection(storage)
        self._handed_out.add(collection)
        return collection

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One creation or deletion at a time on this machine, and room to sweep up after earlier ones."""
        folder = self._storage.cache
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder / ".lock", timeout=_PATIENCE):
                yield
                self._listed = -math.inf, []
                self._storage.refresh()
                for trash in folder.glob(f"{TRASH}*"):
                    shutil.rmtree(trash, ignore_errors=True)
        except Timeout:
            raise CollectionBusyError("Another Pagelens is making or deleting a collection; try again.") from None


def _is_lost(storage: Storage) -> bool:
    """Whether a folder holds pages but no manifest. Empty tables have no files of data."""
    if storage.exists(FILE) or storage.exists(DELETED):
        return False
    tables = (f"{FOLDER}/{name}/data" for name in storage.folders(FOLDER))
    return any(next(storage.files(folder), None) is not None for folder in (*tables, IMAGES))


def _refuse_lost(storage: Storage) -> None:
    if _is_lost(storage):
        raise StoreError(
            f"The folder of collection '{storage.name}' holds pages but no manifest; "
            f"to make it again from the tables, run: pagelens collections repair {storage.name}"
        )
