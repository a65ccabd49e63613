"""Where a collection's files lie: a folder here (`Folder`), or a place in an object store (`object_storage`).

Paths are relative and written with slashes. What can be made again, the copies of vectors and words, lies in ``cache``:
beside the files of a folder, and for an object store on this machine.
"""

from __future__ import annotations

import os
import shutil
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from filelock import FileLock

from workbench.atomic import written_whole
from workbench.store.files import sizes

LOCK = ".lock"
TRASH = ".deleted-"


class StoredFile(NamedTuple):
    """A file and its size in bytes."""

    path: str
    bytes: int


class WriteLock(Protocol):
    """The right to write to a collection, which one process has at a time. Asking for it never waits."""

    def acquire(self) -> None:
        """Take it; `filelock.Timeout` while somebody else has it."""

    def release(self) -> None:
        """Let go of it, if it was taken."""

    def check(self) -> None:
        """`CollectionBusyError` when it was lost meanwhile; asked before each commit."""


class Storage(ABC):
    """The files of one collection, or of all. Safe to use from several threads."""

    name: str
    """Of the collection, for messages."""
    uri: str
    """What LanceDB opens."""
    options: Mapping[str, str]
    """How to reach it, for LanceDB; holds secrets, and is written nowhere."""
    cache: Path
    """A folder on this machine."""
    remote: bool
    """Whether each question to it costs a request."""
    fresh_for: float
    """Seconds for which what it said is believed; 0 asks every time."""

    @abstractmethod
    def below(self, name: str) -> Storage:
        """The files below a folder of it."""

    @abstractmethod
    def read(self, path: str) -> bytes:
        """A file; `FileNotFoundError` without one."""

    @abstractmethod
    def write(self, path: str, data: bytes, new: bool = False) -> None:
        """Write a file whole or not at all; with ``new`` `FileExistsError` where there is one."""

    @abstractmethod
    def update(self, path: str, change: Callable[[bytes | None], bytes | None]) -> None:
        """Replace a file by what ``change`` makes of it (None: no file), whoever else does so at the same time."""

    @abstractmethod
    def remove(self, path: str) -> bool:
        """Delete a file; false where it is not there, or in use."""

    @abstractmethod
    def rename(self, path: str, to: str) -> None:
        """Give a file another name."""

    @abstractmethod
    def signature(self, path: str) -> Hashable | None:
        """What changes whenever a file does, cheap enough to be asked in every query; None without one."""

    @abstractmethod
    def local(self, path: str) -> Path:
        """A file on this machine with the content of a file, whole and checked; `FileNotFoundError` without one."""

    @abstractmethod
    def files(self, folder: str = "", but: str = "") -> Iterator[StoredFile]:
        """All files below a folder, but those in the folder ``but`` right in it."""

    @abstractmethod
    def folders(self, folder: str = "") -> list[str]:
        """Names of the folders in a folder, those made first before the others where that is known."""

    def bytes(self, folder: str) -> int:
        """Bytes of all files below a folder."""
        return sum(file.bytes for file in self.files(folder))

    @abstractmethod
    def free_bytes(self) -> float:
        """How many bytes more it has room for."""

    @abstractmethod
    def discard(self) -> None:
        """Delete it with everything in it, as far as its files are not in use."""

    @abstractmethod
    def write_lock(self) -> WriteLock:
        """The lock of the collection's one writer."""

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        return self.signature(path) is not None

    @abstractmethod
    def refresh(self) -> None:
        """Believe nothing that was said before: a writer begins with what is there now."""

    @abstractmethod
    def used(self, path: Path) -> None:
        """Note that a file of the cache is in use, and make room in the cache should it hold more than it may."""


class FolderLock:
    """A lock that goes with its process."""

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(path / LOCK, timeout=0)

    def acquire(self) -> None:
        """See `WriteLock`."""
        self._lock.acquire()

    def release(self) -> None:
        """See `WriteLock`."""
        self._lock.release()

    def check(self) -> None:
        """It cannot be lost."""


class Folder(Storage):
    """A folder on this machine."""

    remote = False
    fresh_for = 0.0
    options: Mapping[str, str] = {}

    def __init__(self, path: Path) -> None:
        self.cache = path
        self.name = path.name
        self.uri = str(path)

    def below(self, name: str) -> Folder:
        """See `Storage`."""
        return Folder(self.cache / name)

    def read(self, path: str) -> bytes:
        """See `Storage`."""
        return (self.cache / path).read_bytes()

    def write(self, path: str, data: bytes, new: bool = False) -> None:
        """See `Storage`."""
        target = self.cache / path
        if new and target.exists():
            raise FileExistsError(path)
        if not self.cache.is_dir():  # a collection that is gone does not come back
            raise FileNotFoundError(self.cache)
        target.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(target) as partial, partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def update(self, path: str, change: Callable[[bytes | None], bytes | None]) -> None:
        """See `Storage`."""
        target = self.cache / path
        with FileLock(target.with_name(f"{target.name}.lock")):
            try:
                held: bytes | None = target.read_bytes()
            except FileNotFoundError:
                held = None
            made = change(held)
            if made is None:
                target.unlink(missing_ok=True)
            else:
                self.write(path, made)

    def remove(self, path: str) -> bool:
        """See `Storage`."""
        with suppress(OSError):  # gone already, or on Windows being looked at; the next sweep takes it
            (self.cache / path).unlink()
            return True
        return False

    def rename(self, path: str, to: str) -> None:
        """See `Storage`."""
        os.replace(self.cache / path, self.cache / to)

    def signature(self, path: str) -> Hashable | None:
        """See `Storage`."""
        try:
            stat = os.stat(os.path.join(self.uri, path))
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_ino, stat.st_size

    def local(self, path: str) -> Path:
        """See `Storage`."""
        file = self.cache / path
        if not file.is_file():
            raise FileNotFoundError(path)
        return file

    def files(self, folder: str = "", but: str = "") -> Iterator[StoredFile]:
        """See `Storage`."""
        for path, size in sizes(self.cache / folder, but):
            yield StoredFile(f"{folder}/{path}".lstrip("/"), size)

    def folders(self, folder: str = "") -> list[str]:
        """See `Storage`."""
        try:
            found = [path for path in (self.cache / folder).iterdir() if path.is_dir()]
        except FileNotFoundError:
            return []
        return [path.name for path in sorted(found, key=lambda path: path.stat().st_ctime_ns)]

    def free_bytes(self) -> float:
        """See `Storage`."""
        return shutil.disk_usage(self.cache).free

    def discard(self) -> None:
        """See `Storage`. It is out of the way at once: renamed, then deleted."""
        if not self.cache.exists():
            return
        trash = self.cache.with_name(f"{TRASH}{uuid.uuid4().hex}")
        try:
            self.cache.rename(trash)
        except OSError:  # Windows, while somebody maps or reads a file in it
            trash = self.cache
        shutil.rmtree(trash, ignore_errors=True)

    def write_lock(self) -> FolderLock:
        """See `Storage`."""
        return FolderLock(self.cache)

    def refresh(self) -> None:
        """Every question is asked anew."""

    def used(self, path: Path) -> None:
        """What lies beside the files stays."""


def storage_at(place: Path | Storage) -> Storage:
    """The storage at a path of this machine; one that is one already is given back."""
    return Folder(place) if isinstance(place, Path) else place
