"""The order of pages: by score, then by page ref, whatever else was scored beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float, PageRef


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

    def finite(self) -> Scored:
        """The same with pages whose score is no number among those without one: nothing can be said of them."""
        good = np.isfinite(self.scores)
        if good.all():
            return self
        ids = [page for page, well in zip(self.ids, good, strict=True) if well]
        bad = [page for page, well in zip(self.ids, good, strict=True) if not well]
        return Scored(ids, self.scores[good], [*self.unscored, *bad])


def best(
    ids: Sequence[str], scores: Float, keep: int, refs: Callable[[Sequence[str]], Mapping[str, PageRef]]
) -> NDArray[np.int64]:
    """Positions of the ``keep`` best scores, best first; equal scores in order of page ref.

    Scores are compared as they are. Calling those equal that differ by rounding would need bins, and whether two scores
    share one depends on where its edges lie; the kernel gives a page one score in every batch (`maxsim`), so that equal
    pages score equally without it.
    """
    if len(scores) == 0:
        return np.zeros(0, np.int64)
    order = np.argsort(-scores, kind="stable")
    last = scores[order[min(keep, len(order)) - 1]]
    order = order[: int(np.searchsorted(-scores[order], -last, side="right"))]  # the cut, with all that tie at it
    tied = np.zeros(len(order), bool)
    same = scores[order][1:] == scores[order][:-1]
    tied[1:] |= same
    tied[:-1] |= same
    if tied.any():
        names = refs([ids[i] for i in order[tied]])
        ranked = sorted(order.tolist(), key=lambda i: (-float(scores[i]), *_key(names.get(ids[i]), ids[i])))
        order = np.asarray(ranked, np.int64)
    return order[:keep]


def _key(ref: PageRef | None, page_id: str) -> tuple[str, int, str]:
    return ("", 0, page_id) if ref is None else (ref.document, ref.page, page_id)
