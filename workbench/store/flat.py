"""A memory-mapped copy of one vectors table, for scans and reranks at the speed of memory.

LanceDB keeps the truth; this copy can be thrown away at any time. It is one flat file to which pages are appended, and
a directory (page ids, where each starts, how long it is) replaced as a whole. Pages that are gone leave the directory
at once and the file when more than half of it is dead. A file is never cut short or written over where a directory has
ever pointed: what cannot be trusted, and what is compacted, goes into a file with a new number, so that a reader with
the old one mapped keeps what it maps (and Windows, which refuses to delete a mapped file, is asked again next time).
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import DTypeLike, NDArray

from workbench.store.files import write_whole
from workbench.types import Ragged

log = logging.getLogger(__name__)

BATCH = 32
"""Pages fetched from the table at a time."""

Fetch = Callable[[Sequence[str]], Iterator[tuple[list[str], Ragged]]]
"""Reads pages from the table: batches of page ids and their vectors, in any order."""


@dataclass(frozen=True)
class FlatVectors:
    """One index, ready to be scanned: page i is rows ``starts[i] : starts[i] + lengths[i]`` of ``flat (N, dim)``."""

    flat: NDArray[Any]
    page_ids: Sequence[str]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """Position of each page id."""
        return {page: i for i, page in enumerate(self.page_ids)}

    def only(self, rows: Sequence[int]) -> FlatVectors:
        """Some of its pages, by position, over the same vectors."""
        at = np.asarray(rows, np.int64)
        return FlatVectors(self.flat, [self.page_ids[row] for row in rows], self.starts[at], self.lengths[at])


@dataclass(frozen=True, slots=True)
class _Copy:
    """What is on disk: the state of the collection it copies, its file's number and rows, and the vectors mapped."""

    stamp: str
    generation: int
    rows: int
    vectors: FlatVectors


class FlatFile:
    """The copy of one table on disk. `current` brings it up to date; reading threads and processes may overlap."""

    def __init__(self, folder: Path, name: str, dim: int, dtype: DTypeLike) -> None:
        self._folder = folder
        self._name = name
        self._dim = dim
        self._dtype = np.dtype(dtype)
        self._open: _Copy | None = None
        self._lock = threading.Lock()

    def current(self, stamp: str, page_ids: Callable[[], Sequence[str]], fetch: Fetch) -> FlatVectors:
        """The copy at this state of the collection (``stamp`` names it), fetching only what is missing."""
        copy = self._open
        if copy is None or copy.stamp != stamp:
            with self._lock:
                copy = self._open if self._open is not None and self._open.stamp == stamp else self._load()
                if copy is None or copy.stamp != stamp:
                    copy = self._synced(stamp, page_ids, fetch)
                self._open = copy
        return copy.vectors

    def rebuild(self) -> None:
        """Have the next `current` write a new file without the dead part of the old one."""
        with self._lock, self._exclusive():
            self._directory.unlink(missing_ok=True)
            self._open = None

    def close(self) -> None:
        """Let go of the mapped file."""
        self._open = None

    @property
    def _directory(self) -> Path:
        return self._folder / f"{self._name}.json"

    def _data(self, generation: int) -> Path:
        return self._folder / f"{self._name}.{generation}.bin"

    def _exclusive(self) -> FileLock:
        self._folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder / f"{self._name}.lock")

    def _load(self) -> _Copy | None:
        """The directory and what it describes, or None when there is none that can be trusted."""
        try:
            head = json.loads(self._directory.read_text(encoding="utf-8"))
            if (head["dim"], head["dtype"]) != (self._dim, self._dtype.str):
                return None
            starts, lengths = np.asarray(head["starts"], np.int64), np.asarray(head["lengths"], np.int64)
            ids, rows = tuple(head["page_ids"]), int(head["rows"])
            if not len(ids) == len(starts) == len(lengths) or int((starts + lengths).max(initial=0)) > rows:
                raise ValueError("the directory contradicts itself")
            path = self._data(head["generation"])
            if path.stat().st_size < rows * self._dim * self._dtype.itemsize:
                raise ValueError(f"{path.name} is cut short")
            vectors = FlatVectors(self._map(path, rows), ids, starts, lengths)
            return _Copy(head["stamp"], int(head["generation"]), rows, vectors)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("the vector copy %s is damaged (%s) and will be made again", self._directory, error)
            return None

    def _map(self, path: Path, rows: int) -> NDArray[Any]:
        if rows == 0:
            return np.zeros((0, self._dim), self._dtype)
        return np.memmap(path, self._dtype, "r", shape=(rows, self._dim))

    def _synced(self, stamp: str, page_ids: Callable[[], Sequence[str]], fetch: Fetch) -> _Copy:
        with self._exclusive():
            found = self._load()
            if found is not None and found.stamp == stamp:
                return found  # another process was quicker
            wanted = page_ids()
            places = self._kept(found, set(wanted))
            if found is not None and sum(length for _, length in places.values()) * 2 >= found.rows:
                generation, rows = found.generation, found.rows
            else:
                generation, rows, places = self._unused(), 0, {}
            missing = [page for page in wanted if page not in places]
            rows = self._append(generation, rows, missing, places, fetch)
            self._write(stamp, generation, rows, places)
            self._sweep(generation)
            copy = self._load()
        if copy is None:
            raise OSError(f"the vector copy {self._directory} could not be written")
        return copy

    @staticmethod
    def _kept(found: _Copy | None, wanted: set[str]) -> dict[str, tuple[int, int]]:
        if found is None:
            return {}
        vectors = found.vectors
        columns = zip(vectors.page_ids, vectors.starts.tolist(), vectors.lengths.tolist(), strict=True)
        return {page: (start, length) for page, start, length in columns if page in wanted}

    def _unused(self) -> int:
        """A number that no file has: a reader may still map any of those there are."""
        numbers = [path.name[len(self._name) + 1 : -len(".bin")] for path in self._files()]
        return 1 + max((int(number) for number in numbers if number.isdigit()), default=0)

    def _append(
        self, generation: int, rows: int, missing: Sequence[str], places: dict[str, tuple[int, int]], fetch: Fetch
    ) -> int:
        """Write pages after the rows the directory knows, over what a crash may have left there; the new row count."""
        path = self._data(generation)
        path.touch()
        with path.open("r+b") as file:
            file.seek(rows * self._dim * self._dtype.itemsize)
            for start in range(0, len(missing), BATCH):
                for ids, vectors in fetch(missing[start : start + BATCH]):
                    file.write(np.ascontiguousarray(vectors.flat, self._dtype).data)
                    for i, page in enumerate(ids):
                        first, last = int(vectors.offsets[i]), int(vectors.offsets[i + 1])
                        places[page] = (rows + first, last - first)
                    rows += len(vectors.flat)
            file.flush()
            os.fsync(file.fileno())
        return rows

    def _write(self, stamp: str, generation: int, rows: int, places: Mapping[str, tuple[int, int]]) -> None:
        ids = sorted(places, key=lambda page: places[page])
        head = {
            "stamp": stamp,
            "generation": generation,
            "rows": rows,
            "dim": self._dim,
            "dtype": self._dtype.str,
            "page_ids": ids,
            "starts": [places[page][0] for page in ids],
            "lengths": [places[page][1] for page in ids],
        }
        write_whole(self._directory, json.dumps(head))

    def _files(self) -> Iterator[Path]:
        return self._folder.glob(f"{self._name}.*.bin")

    def _sweep(self, generation: int) -> None:
        for path in self._files():
            if path != self._data(generation):
                with suppress(OSError):  # Windows keeps a file that is mapped; the next sweep takes it
                    path.unlink()
