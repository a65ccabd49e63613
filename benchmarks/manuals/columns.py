"""The lines of an index or contents page, column by column, from the places of its words.

Reading order as `documents` makes it joins the short lines of two columns into rows, which is right for tables and
wrong here, so columns are found anew: by the gutter that no stretch of text crosses.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.types import Page

GAP = 1.5
"""Line heights between two words that make them different stretches; the dots of a leader are nearer."""
CROSSED = 0.1
"""Share of the stretches that may cross a gutter: headings, and entries too long for their column."""
THERE = 0.2
"""Share of the stretches that must begin in a column for it to be one."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one column: ``indent`` from the column's left edge and ``height``, both as shares of the page's width.

    Stretches of its text that stand apart are divided by a tab.
    """

    text: str
    indent: float
    height: float


@dataclass(frozen=True, slots=True)
class _Stretch:
    text: str
    x0: float
    x1: float
    y: float
    height: float


def lines_of(page: Page) -> list[Line]:
    """The lines of a page in the order of its columns; one, two or three of them."""
    stretches = _stretches(page)
    if not stretches:
        return []
    edges = [0.0, *_gutters(stretches), 1.0]
    lines: list[Line] = []
    for left, right in itertools.pairwise(edges):
        lines += _column([s for s in stretches if left <= s.x0 < right])
    return lines


def _column(stretches: Sequence[_Stretch]) -> list[Line]:
    if not stretches:
        return []
    edge = _edge(stretches)
    rows: list[list[_Stretch]] = []
    for stretch in sorted(stretches, key=lambda s: s.y):
        if rows and abs(stretch.y - rows[-1][0].y) < 0.5 * min(stretch.height, rows[-1][0].height):
            rows[-1].append(stretch)
        else:
            rows.append([stretch])
    found = []
    for row in rows:
        row.sort(key=lambda s: s.x0)
        text = "\t".join(s.text for s in row)
        found.append(Line(text, max(row[0].x0 - edge, 0.0), float(np.median([s.height for s in row]))))
    return found


def _edge(stretches: Sequence[_Stretch]) -> float:
    """The leftmost place where several lines begin; one line that begins further left is a misprint or a heading."""
    places = sorted(s.x0 for s in stretches)
    near = 0.3 * float(np.median([s.height for s in stretches]))
    enough = max(2, len(places) // 20)
    return next((x for x in places if sum(x <= other <= x + near for other in places) >= enough), places[0])


def _stretches(page: Page) -> list[_Stretch]:
    """Words that follow one another closely at one height. Heights are in widths of the page, as x is."""
    words, (width, height) = page.words, page.size
    scale = height / width
    order = sorted(range(len(words)), key=lambda i: (words.lines[i], words.boxes[i][0]))
    found: list[_Stretch] = []
    texts: list[str] = []
    box = np.zeros(4)

    def finish() -> None:
        if texts:
            y0, y1 = box[1] * scale, box[3] * scale
            found.append(_Stretch(" ".join(texts), float(box[0]), float(box[2]), (y0 + y1) / 2, max(y1 - y0, 1e-4)))
        texts.clear()

    for i in order:
        here = words.boxes[i].astype(np.float64)
        middle = (here[1] + here[3]) / 2
        near = (here[0] - box[2]) < GAP * (here[3] - here[1]) * scale and box[1] < middle < box[3] and here[0] > box[0]
        if texts and near:
            box = np.array([box[0], min(box[1], here[1]), max(box[2], here[2]), max(box[3], here[3])])
        else:
            finish()
            box = here
        texts.append(words.texts[i])
    finish()
    return found


def _gutters(stretches: Sequence[_Stretch]) -> list[float]:
    """Where columns after the first begin: of three, of two, or none."""
    for places in ((1 / 3, 2 / 3), (1 / 2,)):
        found = [_gutter(stretches, place) for place in places]
        gutters = [x for x in found if x is not None]
        edges = [0.0, *gutters, 1.0]
        shares = [sum(a <= s.x0 < b for s in stretches) / len(stretches) for a, b in itertools.pairwise(edges)]
        if len(gutters) == len(places) and min(shares) >= THERE:
            return gutters
    return []


def _gutter(stretches: Sequence[_Stretch], place: float, reach: float = 0.08) -> float | None:
    """The x near ``place`` that fewest stretches cross, the rightmost of several; None when too many cross it."""
    crossed = {
        float(x): sum(s.x0 < x < s.x1 for s in stretches) for x in np.arange(place - reach, place + reach, 0.005)
    }
    fewest = min(crossed.values())
    if fewest > CROSSED * len(stretches):
        return None
    return max(x for x, count in crossed.items() if count == fewest)
