"""The file of an index's vectors rounded to a byte a number, row by row as they lie in their copy. See `screening`.

Like the copy it only grows, or gets a new number with it; its checksum stands in the copy's directory.
"""

from __future__ import annotations

import logging
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from workbench.maxsim import rows_of
from workbench.screening import Screen, rounded
from workbench.store.files import UNREADABLE
from workbench.store.soundness import Soundness
from workbench.types import Float, Int64

log = logging.getLogger(__name__)

AT_ONCE = 256
"""Pages whose vectors are rounded at once."""


@dataclass(frozen=True, slots=True)
class RoundedFile:
    """The ``file``, of vectors of ``dim`` numbers, and the ``record`` of whether it was found sound."""

    file: Path
    record: Path
    dim: int

    def read(self, rows: int, total: int, bounds: Float, mark: int | None, trusting: bool) -> Screen | None:
        """What it holds, if its first ``rows`` have the checksum ``total``; None, with a warning, if they have not.

        They are not read where it was found to be what ``mark`` stands for, except for who does not trust that. Nor
        without a mark: for who has no use for them.
        """
        try:
            before, codes = self.soundness.identity(), self._map(rows)
            if mark is not None and not (trusting and self.soundness.known(mark)):
                if zlib.crc32(codes.data) != total:
                    raise ValueError("it is not as it was written")
                self.soundness.read(mark, before)
            return Screen(codes, bounds)
        except UNREADABLE as error:
            log.warning("the rounded vectors %s are damaged (%s) and will be made again", self.file, error)
            return None

    def extended(
        self, known: Screen | None, total: int, flat: NDArray[Any], starts: Int64, lengths: Int64
    ) -> tuple[Screen, int]:
        """Those of all pages of ``flat``, and their checksum; ``known``, of the checksum ``total``, has the first.

        Pages come as they lie. `OSError` where the disk has no room.
        """
        row, total = (0, 0) if known is None else (len(known.codes), total)
        bounds = [np.zeros((0, 3), np.float32) if known is None else known.bounds]
        if known is None:  # who has an earlier one mapped keeps what is mapped
            self.file.unlink(missing_ok=True)
        self.file.touch()
        with self.file.open("r+b") as file, _cut_back(file, row * self.dim):
            file.seek(row * self.dim)
            for first in range(len(bounds[0]), len(starts), AT_ONCE):
                at, count = starts[first : first + AT_ONCE], lengths[first : first + AT_ONCE]
                end = int(at[-1] + count[-1]) if first + AT_ONCE < len(starts) else len(flat)
                span, rows = np.zeros((end - row, self.dim), np.int8), rows_of(at, count)  # 0: of pages now gone
                span[rows - row], found = rounded(flat[rows], count)
                file.write(span.data)
                bounds.append(found)
                row, total = end, zlib.crc32(span.data, total)
            file.flush()
            os.fsync(file.fileno())
        self.soundness.date_back()
        return Screen(self._map(row), np.concatenate(bounds)), total

    @property
    def soundness(self) -> Soundness:
        """Whether it was found sound."""
        return Soundness(self.file, self.record)

    def _map(self, rows: int) -> NDArray[np.int8]:
        return np.memmap(self.file, np.int8, "r", shape=(rows, self.dim)) if rows else np.zeros((0, self.dim), np.int8)


@contextmanager
def _cut_back(file: IO[bytes], size: int) -> Iterator[None]:
    """Leave a file that is written to at its former size where that fails: a full disk needs room for the directory."""
    try:
        yield
    except BaseException:
        with suppress(OSError):
            file.truncate(size)
        raise
