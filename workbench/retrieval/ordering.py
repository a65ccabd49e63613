"""The order of pages: by score, then by page ref, whatever else was scored beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float, PageRef

# A float32 sum of a few dozen products of unit vectors is good to about 1e-6 of its size; closer scores are ties.
_TIE = 4e-6


@dataclass(frozen=True, slots=True)
class Scored:
    """Pages and their scores, in any order; and pages without one, in the order in which they follow after them."""

    ids: Sequence[str]
    scores: Float
    unscored: Sequence[str] = ()

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, float]], unscored: Sequence[str] = ()) -> Scored:
        """From pairs of page and score."""
        return cls([page for page, _ in pairs], np.asarray([score for _, score in pairs], np.float32), unscored)


def best(
    ids: Sequence[str], scores: Float, keep: int, refs: Callable[[Sequence[str]], Mapping[str, PageRef]]
) -> NDArray[np.int64]:
    """Positions of the ``keep`` best scores, best first; equal scores (to float32 rounding) in order of page ref."""
    if len(scores) == 0:
        return np.zeros(0, np.int64)
    quantum = max(float(np.abs(scores).max()) * _TIE, 1e-12)
    keys = -np.rint(scores.astype(np.float64) / quantum)
    order = np.argsort(keys, kind="stable")
    last = keys[order[min(keep, len(order)) - 1]]
    order = order[: int(np.searchsorted(keys[order], last, side="right"))]  # the cut, with all that tie at it
    tied = np.zeros(len(order), bool)
    same = keys[order][1:] == keys[order][:-1]
    tied[1:] |= same
    tied[:-1] |= same
    if tied.any():
        names = refs([ids[i] for i in order[tied]])
        order = np.asarray(sorted(order, key=lambda i: (keys[i], *_key(names.get(ids[i]), ids[i]))), np.int64)
    return order[:keep]


def _key(ref: PageRef | None, page_id: str) -> tuple[str, int, str]:
    return ("", 0, page_id) if ref is None else (ref.document, ref.page, page_id)
