"""Reading order and line numbers from geometry alone, for words from a text layer and from OCR alike.

A recursive X-Y cut (Nagy and Seth, 1984) over runs of words: side-by-side prose is read column by column, a table row
by row. What this module does not do: find words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float, Words

_PROSE_WIDTH = 8.0  # line heights; runs at least this wide are prose rather than table cells
_ALIGNED = 0.5  # of the runs: when more share their height with one across the gutter, they are table rows
_SAME_ROW = 0.5  # line heights between the centres of runs in one row, at most
_ALIKE = 0.8  # of the widest gap between rows; gaps this wide are cut in the same step
_INSET = 0.2  # of a run's height taken off above and below, since ascenders reach into the line before


@dataclass(frozen=True, slots=True)
class Run:
    """Words that follow one another on one stretch of a line; ``boxes (k, 4)`` page fractions."""

    texts: tuple[str, ...]
    boxes: Float
    ocr: bool

    @property
    def box(self) -> NDArray[np.float64]:
        """The box around all its words ``(4,)``."""
        return np.concatenate([self.boxes[:, :2].min(axis=0), self.boxes[:, 2:].max(axis=0)]).astype(np.float64)


def arrange(runs: Sequence[Run], aspect: float = 1.0) -> Words:
    """All words of a page in reading order; ``aspect`` is the page's width over its height."""
    runs = [run for run in runs if run.texts]
    if not runs:
        return Words.empty()
    boxes = np.stack([run.box for run in runs])
    boxes[:, [0, 2]] *= aspect
    texts: list[str] = []
    parts, lines, ocr = [], [], []
    for line, row in enumerate(_rows_in_order(boxes, np.arange(len(runs)))):
        for i in row:
            run = runs[int(i)]
            texts.extend(run.texts)
            parts.append(run.boxes)
            lines.extend([line] * len(run.texts))
            ocr.extend([run.ocr] * len(run.texts))
    return Words(tuple(texts), np.concatenate(parts).astype(np.float32), np.array(lines, np.int32), np.array(ocr, bool))


def _rows_in_order(boxes: NDArray[np.float64], among: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows of run indices in reading order. An explicit stack, since a long page can be cut hundreds of times."""
    rows: list[NDArray[np.int64]] = []
    stack = [among]
    while stack:
        part = stack.pop()
        cut = None if len(part) < 2 else _cut(boxes, part)
        if cut is None:
            rows.extend(_rows(boxes, part))
        else:
            stack.extend(reversed(cut))
    return rows


def _cut(boxes: NDArray[np.float64], part: NDArray[np.int64]) -> list[NDArray[np.int64]] | None:
    """``part`` split into pieces to be read in turn, or None when nothing in it stands side by side or comes apart."""
    own = boxes[part]
    heights = own[:, 3] - own[:, 1]
    height = float(np.median(np.minimum(heights, own[:, 2] - own[:, 0])))
    top, bottom = own[:, 1] + _INSET * heights, own[:, 3] - _INSET * heights
    if not _any_overlap(top, bottom):
        return None
    for middle, _ in _gaps(own[:, 0], own[:, 2], least=height):
        left = own[:, 2] <= middle
        if _are_columns(own[left], own[~left], height):
            return [part[left], part[~left]]
    gaps = _gaps(top, bottom, least=0.0)
    if not gaps:
        return None
    # All gaps about as wide as the widest at once: the rows of a table come apart in one step.
    cuts = np.sort([middle for middle, width in gaps if width >= _ALIKE * gaps[0][1]])
    piece = np.searchsorted(cuts, (top + bottom) / 2)
    return [part[piece == i] for i in range(len(cuts) + 1)]


def _any_overlap(start: NDArray[np.float64], end: NDArray[np.float64]) -> bool:
    order = np.argsort(start, kind="stable")
    return bool((start[order][1:] < np.maximum.accumulate(end[order])[:-1]).any())


def _gaps(start: NDArray[np.float64], end: NDArray[np.float64], least: float) -> list[tuple[float, float]]:
    """Middle and width of the stretches no interval covers and wider than ``least``, the widest first."""
    order = np.argsort(start, kind="stable")
    reach = np.maximum.accumulate(end[order])[:-1]
    after = start[order][1:]
    width = after - reach
    wide = np.flatnonzero((width > least) & (width > 0))
    return [(float((reach[i] + after[i]) / 2), float(width[i])) for i in wide[np.argsort(-width[wide], kind="stable")]]


def _are_columns(left: NDArray[np.float64], right: NDArray[np.float64], height: float) -> bool:
    """Whether two sides of a gutter are columns to be read one after the other, rather than the cells of table rows."""
    if min(len(left), len(right)) < 2:
        return False
    widths = [float(np.median(side[:, 2] - side[:, 0])) for side in (left, right)]
    if min(widths) >= _PROSE_WIDTH * height:
        return True
    few, many = sorted((left, right), key=len)
    centre = (few[:, 1] + few[:, 3]) / 2
    across = (many[:, 1] + many[:, 3]) / 2
    aligned = (np.abs(centre[:, None] - across[None, :]).min(axis=1) < _INSET * height).mean()
    return bool(aligned < _ALIGNED)


def _rows(boxes: NDArray[np.float64], part: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Runs grouped into rows from top to bottom, each row from left to right."""
    own = boxes[part]
    centre = (own[:, 1] + own[:, 3]) / 2
    height = own[:, 3] - own[:, 1]
    rows: list[list[int]] = []
    at = tall = 0.0
    for i in np.argsort(centre, kind="stable"):
        if rows and centre[i] - at <= _SAME_ROW * min(tall, height[i]):
            rows[-1].append(int(i))
        else:
            rows.append([int(i)])
            at, tall = float(centre[i]), float(height[i])
    return [part[np.array(sorted(row, key=lambda i: own[i, 0]))] for row in rows]
