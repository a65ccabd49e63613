"""The part of a page that holds something: uniform margins off, content never.

The box is lossless by construction: every pixel outside it has the colour of the paper. Only with ``furniture`` may
more go, and then only a page number or running head: one line of text in the margin, set off from the body by a gap
that no two lines of the body have between them. Whatever is in doubt stays. What this module does not do: cut pixels;
`Page.crop` carries the box.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from workbench.types import Box, Words

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

TOLERANCE = 12  # levels of 255 by which a pixel may differ from the paper and still be paper
PADDING = 8  # px of paper left around the content, so that no letter touches the edge
LIGHT = 190  # least luminance of paper; a darker page is designed to its edges
_RING = 2  # px; the frame of the page in which the paper's colour is looked for
_PAPER_SHARE = 0.5  # of the frame that must be paper; less, and the page bleeds to its edges
_MARGIN_ZONE = 0.12  # of the height, above and below, where page numbers and running heads stand
_LINE = 0.035  # of the height; anything taller is not one line
_RULE = 0.004  # of the height; the thickest rule that may go with a running head
_NUMBER_WIDTH = 0.06  # of the width; a lone block no wider than this, where no words are known
_DOT_GAP = 0.003  # of the height; white rows inside a line of print
_HEAD_WORDS = 16
_BODY_LINES = 8
_PAGE_NUMBER = re.compile(
    r"[-–—|•\[(]*\s*(page|p\.?|seite|s\.?|pág\.?)?\s*(\d{1,4}|[ivxlc]{1,7})(\s*(/|of|von|de)\s*\d{1,4})?\s*[-–—|•\])]*",
    re.IGNORECASE,
)

_Mask = NDArray[np.bool_]
_Band = tuple[int, int]  # rows [top, bottom) that hold ink without a break


def content_box(pixels: NDArray[np.uint8], words: Words, *, furniture: bool = False) -> Box:
    """The box (fractions of the page) around a page's content, or the whole page where nothing can safely go.

    ``pixels (h, w, 3) uint8`` RGB. Unless ``furniture``, no pixel outside the box differs from the paper by more than
    `TOLERANCE`. A blank page, a dark page and one that bleeds to its edges stay whole. Doing it twice cuts no more.
    """
    found = _filled(pixels, words if furniture else None)
    if found is None:
        return WHOLE
    left, top, right, bottom = found
    if _filled(pixels[top:bottom, left:right], None) not in (None, (0, 0, right - left, bottom - top)):
        return WHOLE  # two light colours frame the page: what is paper to one look is content to the next
    height, width = pixels.shape[:2]
    return left / width, top / height, right / width, bottom / height


def _filled(pixels: NDArray[np.uint8], words: Words | None) -> tuple[int, int, int, int] | None:
    """The box of the content and its padding in pixels, or None; with ``words``, less the furniture among them."""
    ink = _ink(pixels)
    if ink is None or not ink.any():
        return None
    filled: _Mask = np.any(ink, axis=1)
    if words is not None:
        top, bottom = _without_furniture(ink, _bands(filled), words)
        filled[:top] = False
        filled[bottom:] = False
    rows = np.flatnonzero(filled)
    columns = np.flatnonzero(ink[rows[0] : rows[-1] + 1].any(axis=0))
    height, width = ink.shape
    return (
        max(0, int(columns[0]) - PADDING),
        max(0, int(rows[0]) - PADDING),
        min(width, int(columns[-1]) + 1 + PADDING),
        min(height, int(rows[-1]) + 1 + PADDING),
    )


def _ink(pixels: NDArray[np.uint8]) -> _Mask | None:
    """Where the page is not paper ``(h, w)``; None when there is no light paper around it."""
    if min(pixels.shape[:2]) < 4 * _RING:
        return None
    paper = _paper(pixels)
    if paper is None:
        return None
    low = np.clip(paper.astype(np.int16) - TOLERANCE, 0, 255).astype(np.uint8)
    high = np.clip(paper.astype(np.int16) + TOLERANCE, 0, 255).astype(np.uint8)
    import cv2

    return np.asarray(cv2.inRange(np.ascontiguousarray(pixels), low, high) == 0)


def _paper(pixels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The one light colour ``(3,)`` that most of the page's frame has, or None."""
    ring = np.concatenate(
        [
            pixels[:_RING].reshape(-1, 3),
            pixels[-_RING:].reshape(-1, 3),
            pixels[:, :_RING].reshape(-1, 3),
            pixels[:, -_RING:].reshape(-1, 3),
        ]
    )
    paper = np.median(ring, axis=0)  # the colour of more than half of the ring, if one has so much
    share = (np.abs(ring - paper) <= TOLERANCE).all(axis=1).mean()
    luminance = float(paper @ (0.299, 0.587, 0.114))
    return np.round(paper).astype(np.uint8) if share > _PAPER_SHARE and luminance >= LIGHT else None


def _bands(rows: _Mask) -> list[_Band]:
    """The stretches of rows that hold ink, from top to bottom; the dot of an i belongs to the letters below it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    apart = starts[1:] - ends[:-1] > _DOT_GAP * len(rows)
    starts, ends = starts[np.append(True, apart)], ends[np.append(apart, True)]
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _without_furniture(ink: _Mask, bands: list[_Band], words: Words) -> _Band:
    """First and last row of what is left when a page number or running head above and below is taken off."""
    above = _peeled(ink, bands, words)
    flipped = [(len(ink) - bottom, len(ink) - top) for top, bottom in reversed(bands)]
    boxes = words.boxes.copy()
    boxes[:, [1, 3]] = 1.0 - words.boxes[:, [3, 1]]
    below = _peeled(ink[::-1], flipped, Words(words.texts, boxes, words.lines, words.ocr))
    if above + below >= len(bands):
        return bands[0][0], bands[-1][1]
    return bands[above][0], bands[len(bands) - 1 - below][1]


def _peeled(ink: _Mask, bands: Sequence[_Band], words: Words) -> int:
    """How many bands from the top are furniture: one line of text and the rules around it, or none at all."""
    height = len(ink)
    taken = 0
    line: _Band | None = None
    for band in bands:
        if band[1] > _MARGIN_ZONE * height or band[0] <= PADDING:
            break  # what touches the edge was cut there, or belongs there
        if band[1] - band[0] > _RULE * height or _is_dot_row(ink, band):
            if line is not None or not _is_set_line(ink, band, words):
                break
            line = band
        taken += 1
    if line is None or taken >= len(bands):
        return 0
    body = bands[taken:]
    gap = body[0][0] - bands[taken - 1][1]
    return taken if _stands_apart(gap, line, body, ink.shape, words) else 0


def _is_dot_row(ink: _Mask, band: _Band) -> bool:
    """Whether a thin band is broken up, as letters are and a rule is not."""
    columns = np.flatnonzero(ink[band[0] : band[1]].any(axis=0))
    return len(columns) < 0.9 * int(columns[-1] + 1 - columns[0])


def _is_set_line(ink: _Mask, band: _Band, words: Words) -> bool:
    """Whether a band is one line of small print: a page number, or a few words with nothing else beside them."""
    height, width = ink.shape
    if band[1] - band[0] > _LINE * height:
        return False
    columns = np.flatnonzero(ink[band[0] : band[1]].any(axis=0))
    inside = _words_in(band, height, words)
    if not len(words):
        return bool(columns[-1] + 1 - columns[0] <= _NUMBER_WIDTH * width)
    if not len(inside) or len(inside) > _HEAD_WORDS:
        return False
    covered = np.zeros(width, bool)
    for x0, _, x1, _ in words.boxes[inside]:
        covered[max(0, int((x0 - 0.01) * width)) : int((x1 + 0.01) * width) + 1] = True
    if not covered[columns].all():
        return False  # a logo or an ornament beside the words
    others = np.setdiff1d(np.arange(len(words)), inside)
    if not len(others):
        return False  # all the text there is
    own = float(np.median(words.boxes[inside, 3] - words.boxes[inside, 1]))
    body = float(np.median(words.boxes[others, 3] - words.boxes[others, 1]))
    return own <= 1.25 * body  # larger print is a title


def _stands_apart(gap: int, line: _Band, body: Sequence[_Band], shape: tuple[int, ...], words: Words) -> bool:
    """Whether the white below ``line`` is wider than any between two lines of the body, as paragraphs never make it."""
    height = shape[0]
    if not len(words):
        inner = [b[0] - a[1] for a, b in pairwise(body)]
        return gap >= 3 * (line[1] - line[0]) and gap > 1.2 * max(inner, default=0)
    text = _text_of(_words_in(line, height, words), words)
    others = np.setdiff1d(np.arange(len(words)), _words_in(line, height, words))
    print_height = float(np.median(words.boxes[others, 3] - words.boxes[others, 1])) * height
    if _PAGE_NUMBER.fullmatch(text):
        return gap >= 2.0 * print_height
    if len(np.unique(words.lines[others])) < _BODY_LINES:
        return False  # a cover or a slide, whose last line is as likely its author
    if body[-1][0] > (1 - _MARGIN_ZONE) * height:
        body = body[:-1]  # the gap before the furniture of the other margin is none between lines
    with_text = [len(_words_in(band, height, words)) > 0 for band in body]
    inner = [b[0] - a[1] for (a, x), (b, y) in pairwise(zip(body, with_text, strict=True)) if x and y]
    return gap >= 1.5 * print_height and gap > 1.2 * max(inner, default=height)


def _words_in(band: _Band, height: int, words: Words) -> NDArray[np.int64]:
    """Indices of the words whose middle lies in a band, a pixel of slack either side."""
    middle = (words.boxes[:, 1] + words.boxes[:, 3]) / 2 * height
    return np.flatnonzero((middle >= band[0] - 1) & (middle <= band[1] + 1))


def _text_of(indices: NDArray[np.int64], words: Words) -> str:
    by_place = sorted(indices.tolist(), key=lambda i: float(words.boxes[i, 0]))
    return " ".join(words.texts[i] for i in by_place)
