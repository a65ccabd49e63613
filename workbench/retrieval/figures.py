"""Kinds of figure that a question names, "the map" or "a pie chart", which count as words of the pages that show one.

A map has the names of places for words, seldom "map". What a page shows says so, and weighs what a word weighs that
stands once on a page of the usual length: the rarer among all pages that are searched, the more. A number after it
makes it a reference ("Table 3"), which goes by the caption (`references`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from workbench.store import CorpusPart, Snapshot
    from workbench.store.snapshot import Rows

_NAMES = {
    "chart": r"charts?|graphs?|plots?|histograms?",
    "diagram": r"diagrams?|flow ?charts?|schematics?",
    "equation": r"equations?|formula(?:s|e)?",
    "handwriting": r"handwriting|handwritten",
    "logo": r"logos?",
    "map": r"maps?",
    "music": r"sheet music",
    "photograph": r"photos?|photographs?",
    "screenshot": r"screen ?shots?",
    "table": r"tables?",
}
_PATTERN = re.compile(
    r"\b(?:" + "|".join(f"(?P<{kind}>{names})" for kind, names in _NAMES.items()) + r")\b(?!\.?\s*\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Named:
    """A kind of figure that a text names as ``label``, the rows that show one, and what that is worth."""

    label: str
    kind: str
    rows: Rows
    worth: float


def kinds_in(text: str) -> dict[str, str]:
    """The kinds that a text names, each with the words that name it."""
    return {match.lastgroup or "": match[0] for match in _PATTERN.finditer(text)}


def named(snapshot: Snapshot, text: str, weight: float = 1.0, among: CorpusPart | None = None) -> Iterator[Named]:
    """The kinds that a text names and some page shows, each once; none where their ``weight`` is 0.

    The worth is that times Robertson's rarity with its 1 inside, ``among`` the pages of several collections where these
    are searched together.
    """
    for kind, label in kinds_in(text).items() if weight else ():
        rows = snapshot.by("shows").get(kind)
        if rows is not None and len(rows):
            pages, shown = len(snapshot), len(rows)
            if among is not None:  # of what the words of a picture name, which nobody counted, its own
                pages, shown = among.corpus.pages, among.corpus.shown.get(kind, shown)
            yield Named(label, kind, rows, weight * float(np.log1p((pages - shown + 0.5) / (shown + 0.5))))
