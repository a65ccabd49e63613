"""A memory-mapped copy of one vectors table, for scans and reranks at the speed of memory.

LanceDB keeps the truth; this copy can be thrown away at any time. It is one flat file to which pages are appended, and
a directory (page ids, where each starts, how long it is) replaced as a whole. Pages that are gone leave the directory
at once and the file when more than half of it is dead. A new file has a new number, so that a reader with the old one
mapped keeps what it maps.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from workbench.types import Ragged

log = logging.getLogger(__name__)

BATCH = 64
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


class FlatFile:
    """The copy of one table on disk. `current` brings it up to date; reading threads and processes may overlap."""

    def __init__(self, folder: Path, name: str, dim: int, dtype: type[np.floating[Any]]) -> None:
        self._folder = folder
        self._name = name
        self._dim = dim
        self._dtype = np.dtype(dtype)
        self._open: FlatVectors | None = None
        self._version = -1

    def current(self, version: int, page_ids: Callable[[], Sequence[str]], fetch: Fetch) -> FlatVectors:
        """The copy at this version of the pages table, fetching only what is missing."""
        if self._open is None or self._version != version:
            self._open = self._read(version) or self._synced(version, page_ids, fetch)
            self._version = version
        return self._open

    def close(self) -> None:
        """Let go of the mapped file."""
        self._open, self._version = None, -1

    @property
    def _directory(self) -> Path:
        return self._folder / f"{self._name}.json"

    def _data(self, generation: int) -> Path:
        return self._folder / f"{self._name}.{generation}.bin"

    def _load(self) -> tuple[dict[str, Any], FlatVectors] | None:
        """The directory and what it describes, or None when there is none that can be trusted."""
        try:
            head = json.loads(self._directory.read_text(encoding="utf-8"))
            if (head["dim"], head["dtype"]) != (self._dim, self._dtype.str):
                return None
            starts, lengths = np.asarray(head["starts"], np.int64), np.asarray(head["lengths"], np.int64)
            path, rows = self._data(head["generation"]), int(head["rows"])
            if path.stat().st_size < rows * self._dim * self._dtype.itemsize:
                return None
            return head, FlatVectors(self._map(path, rows), head["page_ids"], starts, lengths)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            log.warning("the vector copy %s is damaged and will be made again", self._directory)
            return None

    def _map(self, path: Path, rows: int) -> NDArray[Any]:
        if rows == 0:
            return np.zeros((0, self._dim), self._dtype)
        return np.memmap(path, self._dtype, "r", shape=(rows, self._dim))

    def _read(self, version: int) -> FlatVectors | None:
        found = self._load()
        return found[1] if found is not None and found[0]["version"] == version else None

    def _synced(self, version: int, page_ids: Callable[[], Sequence[str]], fetch: Fetch) -> FlatVectors:
        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / f"{self._name}.lock"):
            found = self._load()
            if found is not None and found[0]["version"] == version:
                return found[1]  # another process was quicker
            wanted = list(page_ids())
            wanted_set = set(wanted)
            generation, rows = 0, 0
            places: dict[str, tuple[int, int]] = {}
            if found is not None:
                head, copy = found
                generation, rows = head["generation"], int(head["rows"])
                places = {
                    page: (int(copy.starts[i]), int(copy.lengths[i]))
                    for i, page in enumerate(copy.page_ids)
                    if page in wanted_set
                }
                if sum(length for _, length in places.values()) * 2 < rows:
                    generation, rows, places = generation + 1, 0, {}
            missing = [page for page in wanted if page not in places]
            rows = self._append(generation, rows, missing, places, fetch)
            self._write(version, generation, rows, places)
            self._sweep(generation)
        loaded = self._load()
        if loaded is None:
            raise OSError(f"the vector copy {self._directory} could not be written")
        return loaded[1]

    def _append(
        self, generation: int, rows: int, missing: Sequence[str], places: dict[str, tuple[int, int]], fetch: Fetch
    ) -> int:
        path = self._data(generation)
        path.touch()
        with path.open("r+b") as file:
            file.truncate(rows * self._dim * self._dtype.itemsize)  # what a crash appended is not in the directory
            file.seek(0, os.SEEK_END)
            for start in range(0, len(missing), BATCH):
                for ids, vectors in fetch(missing[start : start + BATCH]):
                    file.write(np.ascontiguousarray(vectors.flat, self._dtype).tobytes())
                    for i, page in enumerate(ids):
                        places[page] = (
                            rows + int(vectors.offsets[i]),
                            int(vectors.offsets[i + 1] - vectors.offsets[i]),
                        )
                    rows += len(vectors.flat)
            file.flush()
            os.fsync(file.fileno())
        return rows

    def _write(self, version: int, generation: int, rows: int, places: Mapping[str, tuple[int, int]]) -> None:
        ids = sorted(places, key=lambda page: places[page][0])
        head = {
            "version": version,
            "generation": generation,
            "rows": rows,
            "dim": self._dim,
            "dtype": self._dtype.str,
            "page_ids": ids,
            "starts": [places[page][0] for page in ids],
            "lengths": [places[page][1] for page in ids],
        }
        partial = self._directory.with_suffix(".partial")
        partial.write_text(json.dumps(head), encoding="utf-8")
        os.replace(partial, self._directory)

    def _sweep(self, generation: int) -> None:
        for path in self._folder.glob(f"{self._name}.*.bin"):
            if path != self._data(generation):
                with suppress(OSError):  # Windows keeps a file that is mapped; the next sweep takes it
                    path.unlink()
