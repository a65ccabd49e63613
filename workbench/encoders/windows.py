"""Cuts a long run of word pieces into overlapping windows that a model can read, and says which speaks for a word.

Pure arithmetic on counts; no model, no text.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

SLACK = 8
"""Pieces a window may exceed the even share by, so that word borders do not cost a page one more window."""


@dataclass(frozen=True, slots=True)
class Window:
    """Words ``[start, stop)`` are read together; words ``[first, last)`` take their vectors from this reading."""

    start: int
    stop: int
    first: int
    last: int


def cut(pieces: NDArray[np.int64], size: int, overlap: int) -> tuple[Window, ...]:
    """Windows over n words of ``pieces (n,)`` pieces each (every count in 1..size), in order; none for no words.

    A window holds at most ``size`` pieces and shares at least ``overlap``, less a word, with the next. The windows of a
    page are of about equal length, and the last reaches back as far as the others, so that no word is read without
    context. Each word is spoken for by the window in which it stands farthest from an edge: two neighbours meet in the
    middle of what they share.

    >>> [(w.start, w.stop, w.first, w.last) for w in cut(np.ones(10, np.int64), 6, 2)]
    [(0, 6, 0, 5), (4, 10, 5, 10)]
    """
    n = len(pieces)
    if not n:
        return ()
    if pieces.max() > size or overlap >= size:
        raise ValueError(
            f"a word of {pieces.max()} pieces and an overlap of {overlap} need windows of more than {size}"
        )
    ends = np.cumsum(pieces)  # (n,) pieces up to and including a word
    begins = ends - pieces
    total = int(ends[-1])
    count = max(1, -(-(total - overlap) // (size - overlap)))
    share = -(-(total + (count - 1) * overlap) // count)
    length = min(size, max(share + SLACK, int(pieces.max())))

    spans: list[tuple[int, int]] = []
    start, stop = 0, 0
    while stop < n:
        stop = int(np.searchsorted(ends, begins[start] + length, "right"))
        if stop == n:
            start = min(start, int(np.searchsorted(begins, total - length, "left")))
        spans.append((start, stop))
        start = max(start + 1, int(np.searchsorted(begins, ends[stop - 1] - overlap, "left")))

    centres = (begins + ends) / 2
    meets = [(begins[later[0]] + ends[earlier[1] - 1]) / 2 for earlier, later in pairwise(spans)]
    borders = [0, *(int(i) for i in np.searchsorted(centres, meets, "left")), n]
    return tuple(Window(*span, *between) for span, between in zip(spans, pairwise(borders), strict=True))
