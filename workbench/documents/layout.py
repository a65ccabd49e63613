"""Reading order and line numbers from geometry alone, for words from a text layer and from OCR alike.

A recursive X-Y cut (Nagy and Seth, 1984) over runs of words: side-by-side prose is read column by column, a table row
by row. What this module does not do: find words.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float, Words

_PROSE_WIDTH = 8.0  # line heights; runs at least this wide are prose rather than table cells
_ALIGNED = 0.5  # of the runs: when more share their height with one across the gutter, they are table rows
_SAME_ROW = 0.5  # line heights between the centres of runs in one row, at most
_ALIKE = 0.8  # of the widest gap between rows; gaps this wide are cut in the same step
_NEXT_LINE = 0.8  # line heights between two lines of one cell, at most
_MANY_LINES = 3.0  # line heights; words that run up or down beside more lines than this belong to none of them
_INSET = 0.2  # of a run's height taken off above and below, since ascenders reach into the line before


@dataclass(frozen=True, slots=True)
class TextRun:
    """Words that follow one another on one stretch of a line; ``boxes (k, 4)`` page fractions.

    ``turn`` is which way they run: 0 upright, 90 from the bottom up, 180 upside down, 270 from the top down.
    """

    texts: tuple[str, ...]
    boxes: Float
    ocr: bool
    turn: int = 0


@dataclass(frozen=True, slots=True)
class _Piece:
    """What is put in order: some words, as ``(run, word)`` pairs, and the box around them ``(4,)`` in a frame.

    ``block`` if they run another way than that frame.
    """

    words: tuple[tuple[int, int], ...]
    box: NDArray[np.float64]
    block: bool = False


def arrange(runs: Sequence[TextRun], aspect: float = 1.0) -> Words:
    """All words of a page in reading order; ``aspect`` is the page's width over its height.

    A page is read the way that most of its print runs, by its area: a notice of small print up the margin may have the
    most words. Words that run another way, as the heads of narrow columns do, are put
    in order by themselves and stand in it as one cell. Words of right-to-left scripts come in the order of speech.
    """
    runs = [run for run in runs if run.texts]
    if not runs:
        return Words.empty()
    turn = 90 * int(np.bincount([run.turn // 90 for run in runs], [_area(run.boxes) for run in runs], 4).argmax())
    frames = {way: [turned(run.boxes, way, aspect) for run in runs] for way in {turn, *(run.turn for run in runs)}}
    pieces = [_whole(i, frames[turn]) for i, run in enumerate(runs) if run.turn == turn]
    for block in _blocks(runs, frames, turn):
        boxes = frames[runs[block[0]].turn]
        lines = _lines(runs, [_whole(i, boxes) for i in block], boxes)
        around = _around(np.concatenate([frames[turn][i] for i in block]))
        pieces.append(_Piece(tuple(word for line in lines for word in line), around, block=True))
    rows = _lines(runs, pieces, frames[turn])
    order = [word for row in rows for word in row]
    return Words(
        tuple(runs[i].texts[k] for i, k in order),
        np.stack([runs[i].boxes[k] for i, k in order]).astype(np.float32),
        np.repeat(np.arange(len(rows), dtype=np.int32), [len(row) for row in rows]),
        np.array([runs[i].ocr for i, _ in order], bool),
    )


def _area(boxes: Float) -> float:
    return float((boxes[:, 2:] - boxes[:, :2]).prod(axis=1).sum())


def is_right_to_left(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which code points ``(n,)`` belong to scripts written from right to left: Hebrew, Arabic and their neighbours."""
    found = (codes >= 0x590) & (codes <= 0x8FF) & ~((codes >= 0x660) & (codes <= 0x669))
    found |= (codes >= 0xFB1D) & (codes <= 0xFDFF) | (codes >= 0xFE70) & (codes <= 0xFEFC)
    return np.asarray(found)


def turned(boxes: Float, turn: int, aspect: float) -> NDArray[np.float64]:
    """Boxes ``(n, 4)`` with text that runs this way made upright; the unit is the page's height for both axes."""
    x0, y0, x1, y1 = (boxes.astype(np.float64) * [aspect, 1, aspect, 1]).T
    match turn:
        case 90:
            sides = (1 - y1, x0, 1 - y0, x1)
        case 180:
            sides = (aspect - x1, 1 - y1, aspect - x0, 1 - y0)
        case 270:
            sides = (y0, aspect - x1, y1, aspect - x0)
        case _:
            sides = (x0, y0, x1, y1)
    return np.stack(sides, axis=1)


def _whole(run: int, boxes: Sequence[NDArray[np.float64]]) -> _Piece:
    """A run with all its words."""
    return _Piece(tuple((run, k) for k in range(len(boxes[run]))), _around(boxes[run]))


def _around(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _blocks(runs: Sequence[TextRun], frames: dict[int, list[NDArray[np.float64]]], turn: int) -> list[list[int]]:
    """Runs that run another way than the page, those together that are lines of one another."""
    blocks: list[list[int]] = []
    for way in sorted({run.turn for run in runs} - {turn}):
        boxes = {i: _around(frames[way][i]) for i, run in enumerate(runs) if run.turn == way}
        before: NDArray[np.float64] | None = None
        for i, own in sorted(boxes.items(), key=lambda item: float(item[1][1])):
            if before is not None and _is_next_line(before, own):
                blocks[-1].append(i)
            else:
                blocks.append([i])
            before = own
    return blocks


def _is_next_line(before: NDArray[np.float64], after: NDArray[np.float64]) -> bool:
    height = min(before[3] - before[1], after[3] - after[1])
    shared = min(before[2], after[2]) - max(before[0], after[0])
    narrower = min(before[2] - before[0], after[2] - after[0])
    return bool(after[1] - before[3] < _NEXT_LINE * height and shared > 0.5 * narrower)


def _lines(
    runs: Sequence[TextRun], pieces: Sequence[_Piece], boxes: Sequence[NDArray[np.float64]]
) -> list[list[tuple[int, int]]]:
    """Pieces in reading order, as lines of ``(run, word)`` pairs."""
    words = [word for piece in pieces for word in piece.words]
    leftward = {(i, k) for i, k in words if _runs_left(runs[i].texts[k])}
    rows = _rows_in_order(np.stack([piece.box for piece in pieces]), 2 * len(leftward) > len(words))
    rows = [part for row in rows for part in _apart(row, pieces)]
    lines = [[word for piece in row for word in pieces[int(piece)].words] for row in rows]
    if not leftward:
        return lines
    signs = {(i, k) for i, k in words if not any(map(str.isalpha, runs[i].texts[k]))}
    return [_spoken(line, leftward, signs, boxes) if leftward.intersection(line) else line for line in lines]


def _apart(row: NDArray[np.int64], pieces: Sequence[_Piece]) -> list[NDArray[np.int64]]:
    """A row without what runs another way along many of its lines, as a notice in the margin does; that comes first."""
    block = np.array([pieces[i].block for i in row])
    if not block.any() or block.all():
        return [row]
    heights = np.array([pieces[i].box[3] - pieces[i].box[1] for i in row])
    beside = block & (heights > _MANY_LINES * np.median(heights[~block]))
    return [row[beside], row[~beside]] if beside.any() else [row]


def _runs_left(text: str) -> bool:
    return not text.isascii() and bool(is_right_to_left(np.array([ord(letter) for letter in text])).any())


def _spoken(
    line: Sequence[tuple[int, int]],
    leftward: Container[tuple[int, int]],
    signs: Container[tuple[int, int]],
    boxes: Sequence[NDArray[np.float64]],
) -> list[tuple[int, int]]:
    """The words of a line with right-to-left ones in the order of speech, from where they lie.

    What most of its words do is the direction of the line; stretches of words of the other direction are turned round.
    Numbers and ``signs`` have none: they go with the line, or with the words of the other direction beside them.
    """
    line = sorted(line, key=lambda word: float(boxes[word[0]][word[1], 0]))
    back = 2 * sum(word in leftward for word in line) >= sum(word not in signs for word in line)
    if back:
        line = line[::-1]
    spoken: list[tuple[int, int]] = []
    for against, stretch in groupby(line, lambda word: (word in leftward) != back):
        words = list(stretch)
        turned = against and not (back and all(word in signs for word in words))
        spoken += words[::-1] if turned else words
    return spoken


def _rows_in_order(boxes: NDArray[np.float64], leftward: bool) -> list[NDArray[np.int64]]:
    """Rows of indices in reading order. An explicit stack, since a long page can be cut hundreds of times."""
    rows: list[NDArray[np.int64]] = []
    stack = [np.arange(len(boxes))]
    while stack:
        part = stack.pop()
        cut = None if len(part) < 2 else _cut(boxes, part, leftward)
        if cut is None:
            rows.extend(_rows(boxes, part))
        else:
            stack.extend(reversed(cut))
    return rows


def _cut(boxes: NDArray[np.float64], part: NDArray[np.int64], leftward: bool) -> list[NDArray[np.int64]] | None:
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
            return [part[~left], part[left]] if leftward else [part[left], part[~left]]
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
