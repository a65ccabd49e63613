"""Whether the best page found is likely to answer the query at all: found, uncertain, or probably nothing.

The score of the best page is measured against scores of searches known to have nothing to find (`without`: the same
queries once their relevant pages, or the document of their best page, are taken out). With m such negatives, the bar
for a false alarm rate ``a`` is the ``ceil((m + 1)(1 - a))``-th smallest: a fresh query that has no answer passes it
with a probability of at most ``a``, whatever the scores are like (split conformal prediction, Vovk et al. 2005). The
rule of one bar is that of open-set photo identification (arXiv 2601.08798).

It holds for exact scores of one collection, encoder and pipeline, and for queries like those it was fitted on. Those
negatives are near misses, so the verdict errs towards "nothing". What this module does not do: search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float

State = Literal["found", "uncertain", "nothing", "not calibrated"]

STRICT, LOOSE = 0.01, 0.10
"""False alarm rates under which a page counts as found, and above which it counts as nothing."""
_SPREAD = 1.4826
"""A normal distribution's standard deviation over its median absolute deviation."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What one search's scores say: none depends on the query's length.

    ``level`` is the best score per unit of query weight, ``gap`` its lead over the next page likewise, ``stands_out``
    how many (robust) standard deviations it lies above the median page.
    """

    level: float
    gap: float
    stands_out: float

    @classmethod
    def of(cls, scores: Float, query_weight: float) -> Signals:
        """Signals of the exact scores of *all* pages searched; ``query_weight`` is the sum of token weights.

        Two pages of equal score have no gap. `ValueError` without a page or for a query that weighs nothing.
        """
        if not len(scores) or query_weight <= 0:
            raise ValueError("a verdict needs the score of at least one page, and a query that weighs something")
        each = np.sort(np.asarray(scores, np.float64) / query_weight)[::-1]
        middle = float(np.median(each))
        spread = _SPREAD * float(np.median(np.abs(each - middle)))
        return cls(
            float(each[0]),
            float(each[0] - each[1]) if len(each) > 1 else 0.0,
            (float(each[0]) - middle) / spread if spread > 1e-9 else 0.0,
        )


def without(scores: Float, documents: NDArray[np.int64], relevant: Sequence[int] = ()) -> Float:
    """The scores of a search with nothing to find: every document that holds a relevant page taken out.

    ``documents (pages,)`` numbers each page's document. Without labels (``relevant`` empty) the document of the best
    page is taken out, on the assumption that the answer, if there is one, is there. Empty where nothing is left.
    """
    answers = list(relevant) if len(relevant) else [int(np.argmax(scores))]
    return np.asarray(scores[~np.isin(documents, documents[answers])], np.float32)


def bar(negatives: Sequence[float], rate: float) -> float | None:
    """The level that at most a share ``rate`` of searches with nothing to find exceed; None for too few negatives.

    Needs ``ceil(1 / rate) - 1`` of them: 99 for 1 %, 9 for 10 %. A rate of 0 no level satisfies: infinity; 1: minus
    infinity.
    """
    if rate <= 0:
        return math.inf
    if rate >= 1:
        return -math.inf
    m = len(negatives)
    place = math.ceil((m + 1) * (1 - rate) - 1e-9)
    return sorted(float(value) for value in negatives)[place - 1] if 1 <= place <= m else None


@dataclass(frozen=True, slots=True)
class Calibration:
    """Bars fitted on searches with nothing to find, and what they were fitted on, so that nothing else is judged.

    ``signal`` names the field of `Signals` that is compared; ``of`` the collection, encoder, pipeline and queries.
    """

    signal: Literal["level", "gap", "stands_out"]
    found: float | None
    nothing: float | None
    negatives: int
    of: str

    @classmethod
    def fit(
        cls,
        negatives: Sequence[Signals],
        of: str,
        signal: Literal["level", "gap", "stands_out"] = "level",
        strict: float = STRICT,
        loose: float = LOOSE,
    ) -> Calibration:
        """Bars at two false alarm rates. Too few negatives for one leave that state out, and for both, any verdict."""
        values = [float(getattr(negative, signal)) for negative in negatives]
        return cls(signal, bar(values, strict), bar(values, loose), len(values), of)

    def judge(self, signals: Signals) -> State:
        """The verdict on a search; it never falls as the signal rises."""
        value = float(getattr(signals, self.signal))
        if self.found is not None and value > self.found:
            return "found"
        if self.nothing is None:
            return "not calibrated"
        return "uncertain" if value > self.nothing else "nothing"


def separation(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """The chance that a search with an answer has a higher signal than one without, ties halved (AUROC)."""
    if not len(positives) or not len(negatives):
        raise ValueError("separation needs searches with an answer and searches without")
    difference = np.asarray(positives, np.float64)[:, None] - np.asarray(negatives, np.float64)
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())
