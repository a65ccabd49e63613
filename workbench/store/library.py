"""The collections of a home folder: names, making, opening, deleting."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
import uuid
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from workbench.encoders import EncoderInfo
from workbench.errors import CollectionBusyError, InputError, NotFoundError, StoreError
from workbench.settings import CollectionSettings
from workbench.store.collection import Collection
from workbench.store.files import room
from workbench.store.manifest import FILE, Manifest
from workbench.store.mending import mend, mend_manifest
from workbench.store.recovery import Given
from workbench.store.tables import FOLDER, create_tables
from workbench.store.writer import write_lock

_NAME = re.compile(r"\w|\w[\w .-]{0,62}\w")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_MAX_BYTES = 200  # of UTF-8: a folder name may have 255
TRASH = ".deleted-"
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
    """All collections under ``home``. Several threads and processes may use one home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "collections"
        self._handed_out: weakref.WeakSet[Collection] = weakref.WeakSet()

    def names(self) -> list[str]:
        """Names of the collections that are complete enough to open, in order."""
        if not self._folder.exists():
            return []
        return sorted(p.name for p in self._folder.iterdir() if not p.name.startswith(".") and (p / FILE).is_file())

    def lost(self) -> list[str]:
        """Names of folders that hold pages but no manifest, so that they cannot be opened and must not be cleared."""
        if not self._folder.exists():
            return []
        return sorted(p.name for p in self._folder.iterdir() if not p.name.startswith(".") and _is_lost(p))

    def create(self, name: str, settings: CollectionSettings, info: EncoderInfo) -> Collection:
        """Make an empty collection; `StoreError` when the name is taken. It exists once its manifest is written.

        A folder of that name that holds pages but no manifest is never cleared: `StoreError` too.
        """
        return self.make(name, Manifest.of(settings, info))

    def make(self, name: str, manifest: Manifest) -> Collection:
        """Make an empty collection of a manifest; see `create`."""
        path = self._folder / check_name(name)
        with room(name), self._changing():
            if (path / FILE).exists():
                raise StoreError(f"There is a collection '{name}' already; choose another name or add to that one.")
            _refuse_lost(path)
            _clear(path)  # a creation or deletion that was cut off: there is nothing in it, or it was to go
            path.mkdir(parents=True)
            create_tables(path, manifest)
            manifest.write(path)
        return self._opened(path)

    def open(self, name: str) -> Collection:
        """Open a collection; `NotFoundError` when there is none, `StoreError` when its manifest is lost."""
        path = self._folder / check_name(name)
        _refuse_lost(path)
        if not (path / FILE).is_file():
            raise NotFoundError(f"There is no collection '{name}'.")
        return self._opened(path)

    def delete(self, name: str) -> None:
        """Delete a collection, also one that cannot be opened; `CollectionBusyError` while somebody writes to it.

        It is gone when its manifest is; the rest of its files follows.
        """
        path = self._folder / check_name(name)
        with self._changing():
            if not (path / FILE).is_file() and not _is_lost(path):
                raise NotFoundError(f"There is no collection '{name}'.")
            lock = write_lock(path)
            try:
                lock.acquire()
            except Timeout:
                raise CollectionBusyError(
                    f"An ingest is writing to collection '{name}'; stop it or wait for it to end, then delete."
                ) from None
            try:
                if (path / FILE).is_file():
                    os.replace(path / FILE, path / DELETED)
                else:
                    (path / DELETED).touch()
            finally:
                lock.release()
            for collection in list(self._handed_out):
                if collection.path == path:
                    collection.close()
            _clear(path)

    def repair(self, name: str, info_of: Callable[[str], EncoderInfo], given: Given) -> list[str]:
        """Make anew what can be of a damaged collection, its manifest first; sentences on what was done.

        See `mending` and `recovery`. `NotFoundError` when there is none.
        """
        path = self._folder / check_name(name)
        if not (path / FILE).is_file() and not _is_lost(path):
            raise NotFoundError(f"There is no collection '{name}'.")
        done = mend_manifest(path, info_of, given)
        return done + mend(self._opened(path))

    def _opened(self, path: Path) -> Collection:
        collection = Collection(path)
        self._handed_out.add(collection)
        return collection

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One creation or deletion at a time, and room to sweep up after earlier ones."""
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._folder / ".lock", timeout=_PATIENCE):
                yield
                for trash in self._folder.glob(f"{TRASH}*"):
                    shutil.rmtree(trash, ignore_errors=True)
        except Timeout:
            raise CollectionBusyError("Another Pagelens is making or deleting a collection; try again.") from None


def _is_lost(path: Path) -> bool:
    """Whether a folder holds pages but no manifest. Empty tables have no files of data."""
    if not path.is_dir() or (path / FILE).is_file() or (path / DELETED).is_file():
        return False
    return any(path.glob(f"{FOLDER}/*.lance/data/*")) or any(path.glob("images/*/*.webp"))


def _refuse_lost(path: Path) -> None:
    if _is_lost(path):
        raise StoreError(
            f"The folder of collection '{path.name}' holds pages but no manifest; "
            f"to make it again from the tables, run: pagelens collections repair {path.name}"
        )


def _clear(path: Path) -> None:
    """Get a folder out of the way: renamed, then deleted as far as its files are not in use."""
    if not path.exists():
        return
    trash = path.with_name(f"{TRASH}{uuid.uuid4().hex}")
    try:
        path.rename(trash)
    except OSError:  # Windows, while somebody maps or reads a file in it
        shutil.rmtree(path, ignore_errors=True)
        return
    shutil.rmtree(trash, ignore_errors=True)
