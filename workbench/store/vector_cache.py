"""A memory-mapped copy of one vectors table, for scans and reranks at the speed of memory.

LanceDB keeps the truth; this copy can be thrown away at any time. It is one flat file to which pages are appended, and
a directory (page ids, where each starts, how long it is) replaced as a whole. Pages that are gone leave the directory
at once and the file when more than half of it is dead. A file is never cut short or written over where a directory has
ever pointed: what cannot be trusted, and what is compacted, goes into a file with a new number, so that a reader with
the old one mapped keeps what it maps (and Windows, which refuses to delete a mapped file, is asked again next time).

Nothing on disk is believed unseen. The directory carries a checksum of itself, and of every page one of its vectors,
its id and the index it belongs to, so that noise, zeros, pages of each other's names and files of each other's indexes
are all noticed when the copy is opened; pages that do not fit are read from the table again. That reads the file once,
at some gigabytes a second; a large file found sound is not read again until its size, times or number change.
Where a full or locked disk leaves no room for the copy, the vectors are held in memory instead.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from filelock import FileLock
from numpy.typing import DTypeLike, NDArray

from workbench.atomic import write_whole
from workbench.errors import DiskFullError
from workbench.store.files import is_disk_full
from workbench.types import Ragged

log = logging.getLogger(__name__)

READ_ALWAYS = 64 << 20
"""Bytes up to which a copy is read whole whenever it is opened: some hundredths of a second."""
SETTLED = 2.0
"""Seconds a file has to have been left alone before its times tell it from one changed since: file systems count
them in steps."""
IN_MEMORY = 0.5
"""Share of the free memory that vectors may take when the disk has no room for them."""

Fetch = Callable[[Sequence[str]], Iterator[tuple[list[str], Ragged]]]
"""Reads pages from the table: page ids and their vectors, in any order, in batches that memory easily holds."""


@dataclass(frozen=True)
class Block:
    """The vectors of some pages in an array: the page asked for at ``places[i]`` is ``starts[i]``, ``lengths[i]``."""

    places: NDArray[np.int64]
    flat: NDArray[Any]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]


@dataclass(frozen=True)
class FlatVectors:
    """One index, ready to be scanned: page i is rows ``starts[i] : starts[i] + lengths[i]`` of ``flat (N, dim)``.

    ``sums (pages,) uint32`` are the pages' checksums, empty where the vectors were made for the moment. ``in_memory``
    when the copy could not be written.
    """

    flat: NDArray[Any]
    page_ids: Sequence[str]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    sums: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    in_memory: bool = False

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """Position of each page id."""
        return {page: i for i, page in enumerate(self.page_ids)}

    @property
    def row_bytes(self) -> int:
        """Bytes of a vector."""
        return int(self.flat.shape[1] * self.flat.dtype.itemsize)

    def blocks(self, at: NDArray[np.int64]) -> Iterator[Block]:
        """The vectors of the pages at these positions: all in one, where they lie."""
        yield Block(np.arange(len(at)), self.flat, self.starts[at], self.lengths[at])

    def only(self, rows: Sequence[int]) -> FlatVectors:
        """Some of its pages, by position, over the same vectors."""
        at = np.asarray(rows, np.int64)
        sums = self.sums[at] if len(self.sums) else self.sums
        ids = [self.page_ids[row] for row in rows]
        return FlatVectors(self.flat, ids, self.starts[at], self.lengths[at], sums, self.in_memory)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page's vectors lie in the file, and their checksum."""

    start: int
    length: int
    sum: int


@dataclass(frozen=True, slots=True)
class _Copy:
    """What is on disk: the state of the collection it copies, its file's number and rows, and the vectors mapped.

    ``damaged`` pages are left out; a copy that lacks some is of no state.
    """

    stamp: str
    generation: int
    rows: int
    vectors: FlatVectors
    damaged: int = 0

    def places(self) -> dict[str, _Place]:
        """Where each page lies."""
        held = self.vectors
        columns = zip(held.page_ids, held.starts.tolist(), held.lengths.tolist(), held.sums.tolist(), strict=True)
        return {page: _Place(start, length, total) for page, start, length, total in columns}


class VectorCache:
    """The copy of one table on disk. `current` brings it up to date; reading threads and processes may overlap."""

    def __init__(self, folder: Path, name: str, dim: int, dtype: DTypeLike) -> None:
        self._folder = folder
        self._name = name
        self._dim = dim
        self._dtype = np.dtype(dtype)
        self._open: _Copy | None = None
        self._lock = threading.Lock()

    def current(self, stamp: str, page_ids: Callable[[], Sequence[str]], fetch: Fetch) -> FlatVectors:
        """The copy at this state of the collection (``stamp`` names it), fetching only what is missing.

        `DiskFullError` when there is room for it neither on disk nor in memory.
        """
        copy = self._open
        if copy is None or copy.stamp != stamp:
            with self._lock:
                copy = self._open if self._open is not None and self._open.stamp == stamp else self._load(self._open)
                if copy is None or copy.stamp != stamp:
                    copy = self._renewed(copy, stamp, page_ids, fetch)
                self._open = copy
        return copy.vectors

    @property
    def in_memory(self) -> bool:
        """Whether the vectors last given out are held in memory, because the copy could not be written."""
        copy = self._open
        return copy is not None and copy.vectors.in_memory

    def damage(self) -> str:
        """Read the whole copy against its checksums: what is wrong with it, in words; empty when nothing is."""
        try:
            if "sums" not in json.loads(self.directory.read_text(encoding="utf-8")):
                return ""  # an earlier Pagelens made it; it is made anew when it is opened
        except FileNotFoundError:
            return ""
        except (OSError, ValueError, TypeError) as error:
            log.info("%s: %s", self.directory, error)
        with self._lock:
            found = self._load(None, trusting=False)
        if found is None:
            return "cannot be read"
        return f"is damaged in {found.damaged:,} of its pages" if found.damaged else ""

    def drop(self) -> None:
        """Delete the copy, so that the next `current` makes a new one; who has it mapped keeps what is mapped."""
        with self._lock, self._exclusive():
            self.directory.unlink(missing_ok=True)
            self._sound.unlink(missing_ok=True)
            self._open = None
            self._sweep(-1)

    def forget(self, page_ids: Sequence[str]) -> None:
        """Have the vectors of these pages read from the table again: they are others now."""
        with self._lock, self._exclusive():
            found, gone = self._load(self._open), set(page_ids)
            self._open = None
            if found is not None and not gone.isdisjoint(found.vectors.page_ids):
                kept = {page: place for page, place in found.places().items() if page not in gone}
                self._write("", found.generation, found.rows, kept)

    def close(self) -> None:
        """Let go of the mapped file."""
        self._open = None

    @property
    def directory(self) -> Path:
        """The file that says which pages the copy has."""
        return self._folder / f"{self._name}.json"

    def _data(self, generation: int) -> Path:
        return self._folder / f"{self._name}.{generation}.bin"

    def _exclusive(self) -> FileLock:
        self._folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder / f"{self._name}.lock")

    def _load(self, known: _Copy | None = None, trusting: bool = True) -> _Copy | None:
        """The directory and what it describes as far as it can be trusted; None when there is nothing.

        Pages that lie where ``known``, an earlier state, had them are not read again.
        """
        try:
            text = self.directory.read_text(encoding="utf-8")
            head = json.loads(text)
            if "sums" not in head:
                log.info("the vector copy %s has no checksums and will be made again", self.directory)
                return None
            if head.pop("checksum") != _checksum(head) or head["name"] != self._name:
                raise ValueError("the directory is not as it was written")
            if (head["dim"], head["dtype"]) != (self._dim, self._dtype.str):
                return None
            starts, lengths = np.asarray(head["starts"], np.int64), np.asarray(head["lengths"], np.int64)
            ids, rows, generation = tuple(head["page_ids"]), int(head["rows"]), int(head["generation"])
            path = self._data(generation)
            if path.stat().st_size < rows * self._dim * self._dtype.itemsize:
                raise ValueError(f"{path.name} is cut short")
            vectors = FlatVectors(self._map(path, rows), ids, starts, lengths, np.asarray(head["sums"], np.uint32))
            copy = _Copy(head["stamp"], generation, rows, vectors)
            if trusting and self._seen_sound(path, text):
                return copy
            found = self._checked(copy, known, path, text)
            if found.damaged and trusting and (known is None or known.damaged != found.damaged):  # told only once
                log.warning("%d pages of the vector copy %s are damaged and are read again", found.damaged, path)
            return found
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("the vector copy %s is damaged (%s) and will be made again", self.directory, error)
            return None

    def _map(self, path: Path, rows: int) -> NDArray[Any]:
        if rows == 0:
            return np.zeros((0, self._dim), self._dtype)
        return np.memmap(path, self._dtype, "r", shape=(rows, self._dim))

    def _checked(self, copy: _Copy, known: _Copy | None, path: Path, text: str) -> _Copy:
        """The copy without the pages whose vectors do not fit their checksums."""
        before = _identity(path)
        sure = known.places() if known is not None and known.generation == copy.generation else {}
        flat = copy.vectors.flat
        good = [
            i
            for i, (page, place) in enumerate(copy.places().items())
            if sure.get(page) == place or self._sum(page, flat[place.start : place.start + place.length]) == place.sum
        ]
        damaged = len(copy.vectors.page_ids) - len(good)
        if not damaged:
            self._remember_sound(path, text, before)
            return copy
        return _Copy("", copy.generation, copy.rows, copy.vectors.only(good), damaged)

    def _sum(self, page: str, vectors: NDArray[Any]) -> int:
        return zlib.crc32(vectors.data, zlib.crc32(f"{self._name}\n{page}\n".encode()))

    def _seen_sound(self, path: Path, text: str) -> bool:
        """Whether this very directory and file were read and found sound before. Small files always are read."""
        identity = _identity(path)
        if identity[0] <= READ_ALWAYS:
            return False
        try:
            return bool(json.loads(self._sound.read_text(encoding="utf-8")) == [zlib.crc32(text.encode()), *identity])
        except (OSError, ValueError):
            return False

    def _remember_sound(self, path: Path, text: str, identity: Sequence[int]) -> None:
        settled = time.time_ns() - max(identity[1:3]) > SETTLED * 1e9
        if identity[0] <= READ_ALWAYS or not settled or identity != _identity(path):
            return
        with suppress(OSError):  # a folder that is read only, or a full disk: it is read again next time
            write_whole(self._sound, json.dumps([zlib.crc32(text.encode()), *identity]))

    @property
    def _sound(self) -> Path:
        return self._folder / f"{self._name}.sound.json"

    def _renewed(self, found: _Copy | None, stamp: str, page_ids: Callable[[], Sequence[str]], fetch: Fetch) -> _Copy:
        """The copy brought up to date; where the disk has no room for that, what it would be, in memory."""
        try:
            return self._synced(found, stamp, page_ids, fetch)
        except Exception as error:
            if not (is_disk_full(error) or _read_only(error)):
                raise
            log.warning("the vector copy %s cannot be written; its vectors are held in memory", self.directory)
            wanted = page_ids()
            places = self._kept(found, set(wanted))
            if found is not None and len(places) == len(wanted):  # pages only left: the file has all that is needed
                return _Copy(stamp, found.generation, found.rows, self._vectors(found.vectors.flat, places))
            return self._in_memory(stamp, found, places, wanted, fetch)

    def _synced(self, found: _Copy | None, stamp: str, page_ids: Callable[[], Sequence[str]], fetch: Fetch) -> _Copy:
        with self._exclusive():
            found = self._load(found)
            if found is not None and found.stamp == stamp:
                return found  # another process was quicker
            wanted = page_ids()
            places = self._kept(found, set(wanted))
            if found is not None and sum(place.length for place in places.values()) * 2 >= found.rows:
                generation, rows = found.generation, found.rows
            else:
                generation, rows, places = self._unused(), 0, {}
            missing = [page for page in wanted if page not in places]
            rows = self._append(generation, rows, missing, places, fetch)
            self._write(stamp, generation, rows, places)
            self._sweep(generation)
            return _Copy(stamp, generation, rows, self._vectors(self._map(self._data(generation), rows), places))

    def _in_memory(
        self, stamp: str, found: _Copy | None, places: dict[str, _Place], wanted: Sequence[str], fetch: Fetch
    ) -> _Copy:
        """The wanted pages from what the file has and the table, in an array that is nowhere on disk."""
        most, taken, rows = int(psutil.virtual_memory().available * IN_MEMORY), 0, 0
        parts: list[NDArray[Any]] = []
        held: dict[str, _Place] = {}

        def take(page: str, vectors: NDArray[Any]) -> None:
            nonlocal rows, taken
            parts.append(np.array(vectors, self._dtype, order="C"))
            held[page] = _Place(rows, len(vectors), self._sum(page, parts[-1]))
            rows, taken = rows + len(vectors), taken + parts[-1].nbytes
            if taken * 2 > most:  # the parts and the whole are there at once for a moment
                raise DiskFullError(
                    "The disk is full, and memory has no room for the vectors that are to be searched; free some space."
                )

        if found is not None:
            for page, place in places.items():
                take(page, found.vectors.flat[place.start : place.start + place.length])
        missing = [page for page in wanted if page not in held]
        for ids, vectors in fetch(missing):
            for i, page in enumerate(ids):
                take(page, vectors[i])
        flat = np.concatenate(parts) if parts else np.zeros((0, self._dim), self._dtype)
        return _Copy(stamp, -1, rows, self._vectors(flat, held, in_memory=True))

    @staticmethod
    def _vectors(flat: NDArray[Any], places: Mapping[str, _Place], in_memory: bool = False) -> FlatVectors:
        ids = tuple(sorted(places, key=lambda page: places[page].start))
        starts = np.asarray([places[page].start for page in ids], np.int64)
        lengths = np.asarray([places[page].length for page in ids], np.int64)
        sums = np.asarray([places[page].sum for page in ids], np.uint32)
        return FlatVectors(flat, ids, starts, lengths, sums, in_memory)

    @staticmethod
    def _kept(found: _Copy | None, wanted: set[str]) -> dict[str, _Place]:
        return {page: place for page, place in found.places().items() if page in wanted} if found is not None else {}

    def _unused(self) -> int:
        """A number that no file has: a reader may still map any of those there are."""
        numbers = [path.name[len(self._name) + 1 : -len(".bin")] for path in self._files()]
        return 1 + max((int(number) for number in numbers if number.isdigit()), default=0)

    def _append(
        self, generation: int, rows: int, missing: Sequence[str], places: dict[str, _Place], fetch: Fetch
    ) -> int:
        """Write pages after the rows the directory knows, over what a crash may have left there; the new row count."""
        path = self._data(generation)
        path.touch()
        end = rows * self._dim * self._dtype.itemsize
        with path.open("r+b") as file:
            file.seek(end)
            try:
                for ids, vectors in fetch(missing):
                    flat = np.ascontiguousarray(vectors.flat, self._dtype)
                    file.write(flat.data)
                    for i, page in enumerate(ids):
                        first, last = int(vectors.offsets[i]), int(vectors.offsets[i + 1])
                        places[page] = _Place(rows + first, last - first, self._sum(page, flat[first:last]))
                    rows += len(flat)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                with suppress(OSError):  # what no directory names would take room until the next time
                    file.truncate(end)
                raise
        return rows

    def _write(self, stamp: str, generation: int, rows: int, places: Mapping[str, _Place]) -> None:
        ids = sorted(places, key=lambda page: places[page].start)
        head = {
            "stamp": stamp,
            "name": self._name,
            "generation": generation,
            "rows": rows,
            "dim": self._dim,
            "dtype": self._dtype.str,
            "page_ids": ids,
            "starts": [places[page].start for page in ids],
            "lengths": [places[page].length for page in ids],
            "sums": [places[page].sum for page in ids],
        }
        write_whole(self.directory, json.dumps({**head, "checksum": _checksum(head)}))

    def _files(self) -> Iterator[Path]:
        return self._folder.glob(f"{self._name}.*.bin")

    def _sweep(self, generation: int) -> None:
        for path in self._files():
            if path != self._data(generation):
                with suppress(OSError):  # Windows keeps a file that is mapped; the next sweep takes it
                    path.unlink()


def _checksum(head: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(head, sort_keys=True).encode())


def _identity(path: Path) -> list[int]:
    """What changes when a file is written, replaced or copied: size, times of content and entry, number."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _read_only(error: BaseException) -> bool:
    return isinstance(error, PermissionError) or (isinstance(error, OSError) and error.errno == errno.EROFS)
