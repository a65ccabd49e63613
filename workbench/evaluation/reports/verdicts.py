"""What the tests say of some systems: intervals, letters, who is best, if anyone is, and that in words."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from workbench.evaluation.reports.letters import letters
from workbench.evaluation.reports.view import ReportedSystem, View
from workbench.evaluation.statistics import LEVEL, Paired, compare, flips, holm, interval
from workbench.evaluation.statistics import RESAMPLES as MIN_RESAMPLES

PER_PAIR = 200
"""Sign patterns drawn for each pair at least, as `statistics.compare` draws them."""


class Verdicts:
    """The tests of one view, each made when it is first asked for.

    Every measure is tested by itself, all pairs of systems at once, with Holm's correction for their number.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._apart = lru_cache(maxsize=None)(self._told_apart)
        self._intervals = lru_cache(maxsize=None)(self._interval)
        self._pairs: dict[tuple[int, int], Paired] = {}

    def interval(self, measure: str, number: int) -> tuple[float, float] | None:
        """The 95% interval over questions of a system's mean; only for the measure that is compared."""
        return self._intervals(number) if measure == self._view.measure else None

    def letters(self, measure: str) -> Mapping[int, str]:
        """Letters by system number; systems that share one are not told apart."""
        ranked = sorted(self._view.systems, key=lambda system: -system.mean(measure))
        place = {system.number: i for i, system in enumerate(ranked)}
        apart = [(place[a], place[b]) for a, b in self._apart(measure)]
        return {system.number: mark for system, mark in zip(ranked, letters(len(ranked), apart), strict=True)}

    def best(self, measure: str) -> int | None:
        """The number of the system that is told apart from every other and has the highest mean; None without one."""
        top = max(self._view.systems, key=lambda system: system.mean(measure)).number
        others = [system.number for system in self._view.systems if system.number != top]
        return top if others and all(_pair(top, other) in self._apart(measure) for other in others) else None

    def pairs(self) -> list[tuple[ReportedSystem, ReportedSystem, Paired]]:
        """Every later system against every earlier one, on the measure compared."""
        return [(first, second, self._pair(first.number, second.number))
                for first, second in itertools.combinations(self._view.systems, 2)]  # fmt: skip

    def against_first(self, system: ReportedSystem) -> Paired:
        """A system against the first one."""
        return self._pair(self._view.systems[0].number, system.number)

    @property
    def notes(self) -> tuple[str, ...]:
        """What intervals, letters and bold type mean here."""
        said = [
            f"The range beside {self._view.measure} is its {LEVEL:.0%} bootstrap interval (BCa) over {self._view.unit}."
        ]
        if len(self._view.systems) < 2:
            return tuple(said)
        if any(self._apart(measure) for measure in self._view.measures):
            said.append(
                f"Within a column, systems that share a letter are not told apart: {self.how} Bold is told apart from "
                "every other system."
            )
        else:
            said.append(f"No two systems are told apart on any measure: {self.how}")
        return tuple(said)

    @property
    def how(self) -> str:
        """The test in one sentence."""
        count = len(self._view.systems) * (len(self._view.systems) - 1) // 2
        corrected = f", Holm's correction for {count} pairs" if count > 1 else ""
        return f"paired randomization test over {self._view.unit}{corrected}, p < {1 - LEVEL:.2f}."

    def sentence(self) -> str:
        """What may be said of the systems on the measure compared, and no more."""
        measure, ranked = self._view.measure, self._view.ranked()
        top = ranked[0]
        low, high = self._intervals(top.number)
        value = f"{measure} {top.mean(measure):.3f} ({LEVEL:.0%} interval {low:.3f} to {high:.3f})"
        if len(ranked) == 1:
            return f"{top.label} reaches {value} over {self._view.unit}."
        if self.best(measure) == top.number:
            return f"{top.label} is best: {value}, told apart from every other system."
        apart = [s for s in ranked[1:] if _pair(top.number, s.number) in self._apart(measure)]
        alike = [s for s in ranked[1:] if s not in apart]
        said = f"No winner: {top.label} has the highest {value}, but is not told apart from {_names(alike)}"
        return f"{said}; it is from {_names(apart)}." if apart else f"{said}."

    def _told_apart(self, measure: str) -> frozenset[tuple[int, int]]:
        pairs = list(itertools.combinations(self._view.systems, 2))
        if not pairs:
            return frozenset()
        columns = np.stack([b.values(measure) - a.values(measure) for a, b in pairs], 1)
        corrected = holm(flips(columns, max(MIN_RESAMPLES, PER_PAIR * len(pairs))).tolist())
        return frozenset((a.number, b.number) for (a, b), p in zip(pairs, corrected, strict=True) if p < 1 - LEVEL)

    def _interval(self, number: int) -> tuple[float, float]:
        found = interval(self._view.systems[number - 1].values(self._view.measure))
        return found.low, found.high

    def _pair(self, first: int, second: int) -> Paired:
        if not self._pairs:
            values = {str(system.number): system.values(self._view.measure) for system in self._view.systems}
            self._pairs = {(int(pair.a), int(pair.b)): pair for pair in compare(values)}
        return self._pairs[first, second]


def _pair(a: int, b: int) -> tuple[int, int]:
    return min(a, b), max(a, b)


def _names(systems: list[ReportedSystem]) -> str:
    names = [system.label for system in systems]
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} others"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
