"""Whether the best page found is likely to answer the query at all: found, uncertain, or probably nothing.

A search's `Signals` are held against those of searches known to have nothing to find, and of searches taken to have an
answer. With m of either, the bar that a fresh one of the same kind passes the wrong way with a chance of at most ``a``
is the ``ceil((m + 1)(1 - a))``-th of them, whatever their scores are like (split conformal prediction, Vovk et al.
2005; the rule of one bar is that of open-set photo identification, arXiv 2601.08798). That holds only for searches
that had no say in what is measured: so the signal is chosen on some of them, and the bars are set by the others. Where
there are too few for both, the signal is `USUAL`, whatever they are like. Between the two bars it is
uncertain. The probability is a logistic curve through both kinds, taken to be equally likely beforehand (Platt 1999).

It holds for exact scores of one collection, encoder and pipeline, and for queries like those it was fitted on. What
this module does not do: search.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from workbench.types import Verdict

Signal = Literal["level", "gap", "lead"]
RATE = 0.05
"""Share of searches of either kind that may pass a bar the wrong way."""
MIN_SEARCHES = 19
"""Searches of each kind below which there is no bar for that rate."""
CHOOSERS = 10
"""Searches of each kind below which no signal is chosen: so few would choose by luck."""
USUAL: Signal = "level"
"""The signal where none is chosen."""
SEPARATION = 0.6
"""Least chance that a search with an answer has the higher signal; below, a verdict would be a guess."""
NEXT = 5
"""Pages that `Signals.lead` looks at."""

SIGNALS: dict[Signal, str] = {
    "level": "the score of the best page",
    "gap": "the lead of the best page over the next",
    "lead": "the lead of the best page over the next four",
}


@dataclass(frozen=True, slots=True)
class Signals:
    """What one search's scores say, per unit of query weight, so that none depends on the query's length.

    ``level`` is the best score, ``gap`` its lead over the second, ``lead`` that over the mean of the next four.
    """

    level: float
    gap: float
    lead: float

    @classmethod
    def of(cls, scores: Sequence[float], query_weight: float) -> Signals | None:
        """Signals of exact scores, best first; None of fewer than `NEXT` pages or a query that weighs nothing."""
        if len(scores) < NEXT or query_weight <= 0:
            return None
        each = np.asarray(scores[:NEXT], np.float64) / query_weight
        return cls(float(each[0]), float(each[0] - each[1]), float(each[0] - each[1:].mean()))


def bar(values: Sequence[float], rate: float = RATE) -> float | None:
    """The level that at most a share ``rate`` of searches like these exceed; None for too few of them.

    Needs ``ceil(1 / rate) - 1`` of them: 19 for 5 %.
    """
    place = math.ceil((len(values) + 1) * (1 - rate) - 1e-9)
    return sorted(float(value) for value in values)[place - 1] if 1 <= place <= len(values) else None


def separation(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """The chance that a search with an answer has a higher signal than one without, ties halved (AUROC)."""
    if not len(positives) or not len(negatives):
        raise ValueError("separation needs searches with an answer and searches without")
    difference = np.asarray(positives, np.float64)[:, None] - np.asarray(negatives, np.float64)
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


@dataclass(frozen=True, slots=True)
class Calibration:
    """Bars and curve fitted on searches with and without something to find, and what they were fitted on.

    ``answered`` and ``unanswered`` are the values of ``signal``, in ascending order, of the searches that set the bars,
    which are not those that the signal was chosen on. At most `RATE` of the searches with
    nothing to find exceed ``found``, and of those with an answer fall below ``nothing``. The chance that no page is
    relevant is ``1 / (1 + exp(slope * value + offset))``.
    """

    signal: Signal
    found: float
    nothing: float
    slope: float
    offset: float
    answered: tuple[float, ...]
    unanswered: tuple[float, ...]
    auroc: float
    basis: str

    @classmethod
    def fit(cls, answered: Sequence[Signals], unanswered: Sequence[Signals], basis: str) -> Calibration | None:
        """By the signal that tells the two kinds apart best; None where there are too few, or none tells them apart.

        Every third search, but never so many that the bars lack their `MIN_SEARCHES`, is for choosing; with fewer than
        `CHOOSERS` of them of either kind the signal is `USUAL` and all set the bars. ``basis`` says what they were, and
        gets the signal, how it was come by, and how well it separates put behind.
        """
        if min(len(answered), len(unanswered)) < MIN_SEARCHES:
            return None
        (choosing_yes, setting_yes), (choosing_no, setting_no) = _parted(answered), _parted(unanswered)
        chosen = min(len(choosing_yes), len(choosing_no)) >= CHOOSERS
        if not chosen:
            choosing_yes, choosing_no, setting_yes, setting_no = answered, unanswered, answered, unanswered
        told_apart = {name: separation(_values(choosing_yes, name), _values(choosing_no, name)) for name in SIGNALS}
        signal = max(SIGNALS, key=lambda name: told_apart[name]) if chosen else USUAL
        yes, no = (tuple(sorted(_values(side, signal))) for side in (setting_yes, setting_no))
        found, least = bar(no), bar([-value for value in yes])
        if told_apart[signal] < SEPARATION or found is None or least is None:
            return None
        slope, offset = _curve(yes, no)
        if slope <= 0:
            return None
        auroc = separation(yes, no)
        how = f"chosen on {len(choosing_yes)} and {len(choosing_no)} others" if chosen else "too few to choose another"
        told = f"{basis}, by {SIGNALS[signal]} ({how}; AUROC {auroc:.2f})."
        return cls(signal, found, min(-least, found), slope, offset, yes, no, auroc, told)

    def judge(self, signals: Signals) -> Verdict:
        """The verdict on a search; neither its state nor its probability falls as the signal rises."""
        value = float(getattr(signals, self.signal))
        chance = 1 / (1 + math.exp(min(max(self.slope * value + self.offset, -60), 60)))
        high = _share(sum(other >= value for other in self.unanswered), len(self.unanswered))
        low = _share(sum(other <= value for other in self.answered), len(self.answered))
        if value > self.found:
            said = f"A page here probably answers this: {high} of searches with nothing to find score so high."
            return Verdict("found", chance, said, self.basis)
        if value < self.nothing:
            said = f"Probably no page here answers this: {low} of searches with an answer score so low."
            return Verdict("nothing", chance, said, self.basis)
        said = (
            f"It is uncertain whether a page here answers this: {high} of searches with nothing to find score as high, "
            f"{low} of those with an answer as low."
        )
        return Verdict("uncertain", chance, said, self.basis)


def _values(searches: Sequence[Signals], signal: Signal) -> list[float]:
    return [float(getattr(search, signal)) for search in searches]


def _parted(searches: Sequence[Signals]) -> tuple[Sequence[Signals], Sequence[Signals]]:
    """Searches to choose a signal on, evenly from all of them, and the others, which set the bars."""
    count = min(len(searches) // 3, len(searches) - MIN_SEARCHES)
    places = {i * len(searches) // count for i in range(count)} if count else set()
    return [s for i, s in enumerate(searches) if i in places], [s for i, s in enumerate(searches) if i not in places]


def _share(count: int, of: int) -> str:
    """A share as a fresh search of the same kind has it at most: ``(count + 1) / (of + 1)``."""
    return f"{(count + 1) / (of + 1):.0%}"


def _curve(answered: Sequence[float], unanswered: Sequence[float]) -> tuple[float, float]:
    """Slope and offset of the logistic curve, both kinds weighing the same, by Newton's method on Platt's targets."""
    x = np.asarray([*answered, *unanswered], np.float64)
    centre, scale = float(x.mean()), max(float(x.std()), 1e-9)
    z = np.stack([(x - centre) / scale, np.ones(len(x))], axis=1)
    a, b = len(answered), len(unanswered)
    target = np.r_[np.full(a, (a + 1) / (a + 2)), np.full(b, 1 / (b + 2))]
    weight = np.r_[np.full(a, 0.5 / a), np.full(b, 0.5 / b)]
    curve: NDArray[np.float64] = np.zeros(2)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(z @ curve, -60, 60)))
        gradient = z.T @ (weight * (chance - target)) + 1e-6 * curve
        hessian = (z * (weight * chance * (1 - chance))[:, None]).T @ z + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        curve = curve - step
        if float(np.abs(step).max()) < 1e-9:
            break
    slope = float(curve[0]) / scale
    return slope, float(curve[1]) - slope * centre
