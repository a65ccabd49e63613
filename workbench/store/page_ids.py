"""Page ids in order, as one array of bytes: where each of a hundred thousand is among others takes one look-up of all.

As Python strings they would be objects that each process makes anew when it opens a collection, and that take several
times the memory. Ids of another array are found by the order of their bytes, which is worked out once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from workbench.types import Int64

Raw = NDArray[np.bytes_]


class PageIds(Sequence[str]):
    """Ids of pages, each once. ``raw (n,)`` are their bytes in UTF-8, with zeros after them up to the longest."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw

    @classmethod
    def of(cls, ids: Iterable[str]) -> PageIds:
        """Ids given as strings; those that are an array already as they are."""
        if isinstance(ids, PageIds):
            return ids
        return cls.of_bytes([page.encode("utf-8", "surrogatepass") for page in ids])

    @classmethod
    def of_bytes(cls, ids: list[bytes]) -> PageIds:
        """Ids given as their bytes."""
        return cls(np.asarray(ids, np.bytes_) if ids else np.zeros(0, "S1"))

    @classmethod
    def joined(cls, several: Sequence[PageIds]) -> PageIds:
        """Several one after the other."""
        return cls(np.concatenate([np.zeros(0, "S1"), *(ids.raw for ids in several)]))

    def __len__(self) -> int:
        return len(self.raw)

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> PageIds: ...

    def __getitem__(self, place: int | slice) -> str | PageIds:
        return PageIds(self.raw[place]) if isinstance(place, slice) else _text(self.raw[place])

    def __iter__(self) -> Iterator[str]:
        return map(_text, self.raw.tolist())

    def __contains__(self, page: object) -> bool:
        return isinstance(page, str) and self.place(page) >= 0

    def __eq__(self, other: object) -> bool:
        if isinstance(other, PageIds):
            return np.array_equal(self.raw, other.raw)
        return isinstance(other, Sequence) and not isinstance(other, str) and [*self] == [*other]

    __hash__ = None  # type: ignore[assignment]  # as of any array

    def __repr__(self) -> str:
        return f"PageIds({len(self)})"

    def take(self, at: Any) -> PageIds:
        """Those at these positions, or where a mask is true."""
        return PageIds(self.raw[at])

    def only(self, at: Int64) -> list[str]:
        """Those at these positions as strings."""
        return [*self.take(at)]

    def index(self, page: str, start: int = 0, stop: int | None = None) -> int:
        """The position of an id; `ValueError` where it is not there."""
        place = self.place(page)
        if place < start or (stop is not None and place >= stop):
            raise ValueError(f"{page!r} is not there")
        return place

    def place(self, page: str) -> int:
        """The position of an id, -1 where it is not there."""
        wanted, (order, ordered) = page.encode("utf-8", "surrogatepass"), self._ordered
        if not len(ordered) or len(wanted) > ordered.dtype.itemsize:
            return -1
        at = int(np.searchsorted(ordered, np.bytes_(wanted)))
        return int(order[at]) if at < len(ordered) and ordered[at] == wanted else -1

    def places(self, ids: Iterable[str]) -> Int64:
        """The position of each of other ids, -1 for one that is not there: ``(ids,) int64``."""
        wanted, (order, ordered) = PageIds.of(ids).raw, self._ordered
        if not len(ordered) or not len(wanted):
            return np.full(len(wanted), -1, np.int64)
        at = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
        return np.where(ordered[at] == wanted, order[at], -1)

    def beginning(self, prefix: str) -> Int64:
        """The positions of ids that begin so, ascending."""
        wanted, (order, ordered) = prefix.encode(), self._ordered
        if not len(ordered) or len(wanted) > ordered.dtype.itemsize:
            return np.zeros(0, np.int64)
        ends = np.asarray([wanted, wanted + b"\xff" * (ordered.dtype.itemsize - len(wanted))], ordered.dtype)
        first, last = np.searchsorted(ordered, ends[:1])[0], np.searchsorted(ordered, ends[1:], "right")[0]
        return np.sort(order[first:last])

    @cached_property
    def _ordered(self) -> tuple[Int64, Raw]:
        """The positions in the order of their ids, and the ids in that order."""
        order = np.argsort(self.raw, kind="stable").astype(np.int64)
        return order, self.raw[order]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")
