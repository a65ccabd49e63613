"""What the words of a page are part of, told by layout: title, headings, captions, table rows; and what it is called.

Sizes are those of the text lines' boxes, which are as high as their font is large in a text layer and as the letters
are in OCR, so that pages of either kind, and pages stored long ago, are told alike. What this module does not do: see
weight or colour of type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float, Int

LARGE = 1.18
"""Times the page's usual line height, from which on a line is a heading: from 10 to 12 points."""
LARGEST = 1.5
"""The same of a title, which also stands in the upper part of its page (`TOP`)."""
TOP = 0.4
HEADING_WORDS = 15
"""A longer line is no heading."""
EDGE_LINES = 2
"""Lines at either end of a page that may hold its number."""
SECTIONS = 8
"""More numbered headings than these on a page are a table of contents."""
_NUMBERED = re.compile(r"(?:§+|[A-Z]\.?)?\d{1,3}(?:\.\d{1,3})*\.?|[IVXL]+\.")
_NAMED = re.compile(r"(?:section|chapter|appendix|part|item|note|unit|annex|article)", re.IGNORECASE)
KINDS = {
    "figure": "figure fig abbildung abb figura рис рисунок",
    "table": "table tab tabelle tabla tableau cuadro таблица",
    "chart": "chart graph diagram",
    "exhibit": "exhibit",
    "box": "box",
    "map": "map",
    "equation": "equation eq",
}
"""What captions call things, by the name they are referred to by here."""
WORDS_FOR = {word: kind for kind, words in KINDS.items() for word in words.split()}
_ID = re.compile(r"[A-Za-z]{0,2}[-.]?\d+(?:[.-]\d+)*[a-z]?|[IVXLC]+|[A-Z]")
_NUMBER_CELL = re.compile(r"[(\[$€£]*-?\d[\d.,]*%?[)\]]*")
_PAGE_NUMBER = re.compile(r"[-–—|\[(]*(?:p\.?|page)?(\d{1,4}|[ivxl]+)[-–—|\])]*", re.IGNORECASE)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


class Role(IntEnum):
    """What a word is part of."""

    BODY = 0
    TITLE = 1
    HEADING = 2
    CAPTION = 3
    ROW = 4
    """The label of a row of numbers."""


@dataclass(frozen=True, slots=True)
class Structure:
    """The role of each word ``(n,) int32``, and what the page can be referred to by: ``figure 5``, ``section 3.2``,
    ``label 12`` (a number that stands where page numbers do)."""

    roles: Int
    names: tuple[str, ...]


def structure(words: Sequence[str], lines: Int, boxes: Float, size: tuple[int, int]) -> Structure:
    """The structure of a page: ``lines (n,)`` and ``boxes (n, 4)`` (fractions) of its words, ``size`` in pixels."""
    roles = np.zeros(len(words), np.int32)
    if not len(words):
        return Structure(roles, ())
    starts = np.flatnonzero(np.diff(lines, prepend=lines[0] - 1))
    ends = np.append(starts[1:], len(words))
    upright = np.minimum(boxes[:, 3] - boxes[:, 1], 4 * (boxes[:, 2] - boxes[:, 0]) * size[0] / max(size[1], 1))
    heights = _medians(upright, starts, ends)
    usual = float(np.median(np.repeat(heights, ends - starts)))
    names: dict[str, None] = {}
    sections: dict[str, None] = {}
    headings = []
    for number, (a, b) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        line = words[a:b]
        if caption := _caption(line):
            roles[a:b] = Role.CAPTION
            names[caption] = None
        elif _is_heading(line, heights[number] / max(usual, 1e-6)):
            roles[a:b] = Role.HEADING
            headings.append(number)
            sections.update(dict.fromkeys(_section(line)))
        elif label := _row_label(line):
            roles[a : a + label] = Role.ROW
    top = [n for n in headings if boxes[starts[n], 1] < TOP and heights[n] >= LARGEST * usual]
    largest = max((heights[n] for n in top), default=0)
    for n in top:
        if heights[n] > 0.9 * largest:
            roles[starts[n] : ends[n]] = Role.TITLE
    if len(sections) <= SECTIONS:
        names.update(sections)
    names.update(dict.fromkeys(_labels(words, starts, ends, boxes)))
    return Structure(roles, tuple(names))


def _medians(values: Float, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Float:
    """The median of each ``values[starts[i] : ends[i]]``, one after the other: `numpy.median` costs 0.1 ms a call."""
    counts = ends - starts
    ordered = values[np.lexsort((values, np.repeat(np.arange(len(starts)), counts)))]
    return np.asarray((ordered[starts + (counts - 1) // 2] + ordered[starts + counts // 2]) / 2, values.dtype)


def identifier(text: str) -> str:
    """A number as it is compared: ``II`` and ``2.`` are ``2``, ``A-3`` is ``a3``."""
    low = text.strip("().:,;[]–-").casefold()
    if low and all(letter in _ROMAN for letter in low) and low not in ("c", "l"):
        values = [_ROMAN[letter] for letter in low]
        following = [*values[1:], 0]
        return str(sum(-a if a < b else a for a, b in zip(values, following, strict=True)))
    return re.sub(r"(?<=[a-z])[-.]", "", low)


def _caption(line: Sequence[str]) -> str:
    """What a caption that begins with this line is the caption of, as ``figure 5``; empty for another line."""
    kind = WORDS_FOR.get(line[0].rstrip(".").casefold(), "")
    if not kind or len(line) < 2 or not line[0][0].isupper():
        return ""
    told = line[1].rstrip(".:,")
    if not _ID.fullmatch(told):
        return ""
    marked = line[1] != told or (len(line) > 2 and (not line[2][0].isalnum() or line[2][0].isupper()))
    return f"{kind} {identifier(told)}" if marked or len(line) == 2 else ""


def _is_heading(line: Sequence[str], larger: float) -> bool:
    letters = "".join(line)
    if len(line) > HEADING_WORDS or not any(map(str.isalpha, letters)):
        return False
    if larger >= LARGE:
        return True
    if len(line) < 2 or letters[-1] in ".,;:":
        return False
    named = _NUMBERED.fullmatch(line[0]) is not None and line[1][0].isupper()
    return named or (letters.isupper() and len(line) > 1) or bool(_NAMED.fullmatch(line[0]) and _ID.match(line[1]))


def _section(line: Sequence[str]) -> Iterator[str]:
    """What a heading is called by its number."""
    if _NUMBERED.fullmatch(line[0]):
        yield f"section {identifier(line[0])}"
    elif len(line) > 1 and _NAMED.fullmatch(line[0]) and _ID.fullmatch(line[1].rstrip(".:,")):
        yield f"{line[0].casefold()} {identifier(line[1])}"


def _row_label(line: Sequence[str]) -> int:
    """How many words of a line are the label of a row of two numbers or more; 0 for another line."""
    cells = [_NUMBER_CELL.fullmatch(word) is not None for word in line]
    if sum(cells) < 2 or cells[0]:
        return 0
    first = cells.index(True)
    return first if sum(cells[first:]) * 2 >= len(line) - first else 0


def _labels(words: Sequence[str], starts: NDArray[np.int64], ends: NDArray[np.int64], boxes: Float) -> Iterator[str]:
    """Numbers that stand where page numbers do: alone, or first or last, in an outer line of the page."""
    order = np.argsort(boxes[starts, 1], kind="stable")
    for n in {*order[:EDGE_LINES].tolist(), *order[-EDGE_LINES:].tolist()}:
        line = words[starts[n] : ends[n]]
        for word in dict.fromkeys((line[0], line[-1])):
            if found := _PAGE_NUMBER.fullmatch(word):
                yield f"label {identifier(found[1])}"
