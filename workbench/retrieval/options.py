"""Options of stages: what each does, its default, the values it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """An option of a stage: what it does, its default, and the values it takes.

    Those are ``choices``, or with ``number`` a number from ``low`` to ``high`` (``whole``: without a fraction), or with
    ``numbers`` several of those joined by a slash. An option of an index is checked by its representation.
    ``experimental``: measurements do not favour it so far; it is there to be measured.
    """

    summary: str
    default: str
    choices: tuple[str, ...] = ()
    number: bool = False
    numbers: bool = False
    whole: bool = False
    low: float = 0
    high: float = 1_000_000
    experimental: bool = False

    def wrong(self, value: str) -> str:
        """Why a value does not fit, after "is "; empty where it does."""
        if self.choices:
            return "" if value in self.choices else f"one of {', '.join(self.choices)}"
        if not self.number and not self.numbers:
            return ""
        kind = "whole number" if self.whole else "number"
        joined = ", or such numbers joined by /" if self.numbers else ""
        parts = value.split("/") if self.numbers else [value]
        if not all(re.fullmatch(r"[0-9]+" if self.whole else r"[0-9]+(\.[0-9]+)?", part) for part in parts):
            return f"a {kind}{joined}"
        fits = all(self.low <= float(part) <= self.high for part in parts)
        return "" if fits else f"a {kind} from {self.low:g} to {self.high:,.10g}{joined}"


WEIGHTS = OptionSpec("one weight per list, as 1/2", "1", numbers=True)
"""The option of a fusion."""


def count(summary: str, default: int, low: int = 1, high: int = 1_000_000) -> OptionSpec:
    """An option that is a whole number."""
    return OptionSpec(summary, str(default), number=True, whole=True, low=low, high=high)


def share(summary: str, default: float) -> OptionSpec:
    """An option that is a weight."""
    return OptionSpec(summary, f"{default:g}", number=True, high=100)


SEARCHING: Mapping[str, OptionSpec] = {
    "query": OptionSpec("score every query token, or only their mean", "tokens", ("tokens", "mean")),
    "weights": OptionSpec(
        "weigh query tokens by how rare their words are in the collection (idf), or leave stop words out (stop)",
        "none",
        ("none", "idf", "stop"),
    ),
    "top": count("compare only so many query tokens, the rarest; 0: all", 0, 0),
    "engine": OptionSpec(
        "compare every page of the memory-mapped copy (flat); ask an approximate index which pages to compare (ann; a "
        "first stage of one vector a page); let LanceDB scan its table (lance); auto: ann for very many pages, else "
        "flat",
        "auto",
        ("auto", "flat", "ann", "lance"),
    ),
    "probes": count("of engine=ann: cells of like pages that are looked in; 0: a quarter of all, at least 20", 0, 0),
    "prune": OptionSpec(
        "leave candidates out that a bound rules out (safe: the same list; of use where a page's vectors lie close "
        "together), by the score of the stage before (relative, gap), or once some query tokens, drawn by lot, have "
        "probably settled it (bandit)",
        "none",
        ("none", "safe", "relative", "gap", "bandit"),
        experimental=True,
    ),
    "alpha": OptionSpec(
        "of prune=relative or gap: the larger, the fewer are left out",
        "0.05",
        number=True,
        high=100,
        experimental=True,
    ),
    "exit": OptionSpec(
        "stop after so many candidates in a row that did not make it among those kept; 0: never",
        "0",
        number=True,
        whole=True,
        experimental=True,
    ),
}
"""Options of a vector stage that say how its index is searched; all others say which index it is."""
