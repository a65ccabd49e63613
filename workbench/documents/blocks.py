"""The blocks of a page, found in its picture: paragraphs, tables, figures, headings.

Ink is what differs from its neighbourhood, so that coloured and dark pages work as white ones do; ink closer than about
a line's distance is one block. On the evidence boxes that people drew on real pages this finds, for a page's best block
of about eleven, a mean overlap (IoU) of .66 with theirs; lines alone reach .20. What this module does not do: read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.types import Box, Words

if TYPE_CHECKING:
    from PIL.Image import Image

_WIDTH = 640  # pixels at which a page is looked at
_TALLEST = 8  # times as high as that at most: a page of 1 x 40,000 points would take 60 GB
_CONTRAST = 28  # of 255: a step between neighbouring pixels from which on there is ink
_JOIN = 0.012  # of the page's width: ink this close is one block
_MIN_AREA = 0.0008  # of the page's area; what is smaller is a speck
_RULE = 0.008  # of the page; what is thinner is a rule
_WORDY = 0.12  # of a block's area under words, from which on it is text
_COLUMN_GAP = 2.5  # word heights between two words of a line, from which on they are two cells
MOST_DRAWINGS = 4  # of a page that are looked at; each costs a tenth of a second
_LARGE = 0.03  # of the page; smaller ones are icons and rules
_ALL = 0.9  # of the page; a picture of so much is a scan, whose parts are looked at, or a photograph
_SCANNED = 20  # words from which on it is a scan
_SAME = 0.5  # of a drawing in a picture, from which on it is that picture
_ROWS = 0.5  # of a block's lines with two cells or more, from which on it is a table


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a page: ``text``, ``table`` or ``figure``, and the words in it (indices, in reading order)."""

    kind: str
    box: Box
    words: tuple[int, ...]

    @property
    def thin(self) -> bool:
        """Whether it is no more than a rule."""
        x0, y0, x1, y1 = self.box
        return min(x1 - x0, y1 - y0) < _RULE


def find_blocks(image: Image, words: Words) -> list[Block]:
    """The blocks of a page picture (RGB, any size), from top to bottom; boxes are fractions of the picture.

    Every word belongs to the smallest block that holds its centre; words outside all blocks make no block.
    """
    boxes = _components(_ink(image))
    members = _members(boxes, words)
    return [Block(_kind(box, inside, words), box, inside) for box, inside in zip(boxes, members, strict=True)]


def find_drawings(image: Image, words: Words, pictures: Sequence[Box]) -> tuple[Box, ...]:
    """The larger figures and tables of a page picture that are none of its ``pictures``, the largest first.

    They are made of lines, as charts and diagrams are in most files, or parts of a scan; at most `MOST_DRAWINGS`.
    """
    apart = [box for box in pictures if _area(box) <= _ALL]
    if len(apart) < len(pictures) and len(words) < _SCANNED:
        return ()
    found = [block.box for block in find_blocks(image, words) if block.kind != "text"]
    large = sorted((box for box in found if _area(box) >= _LARGE), key=lambda box: (-_area(box), box))
    return tuple(box for box in large if not any(_shared(box, other) > _SAME for other in apart))[:MOST_DRAWINGS]


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _shared(box: Box, other: Box) -> float:
    """The share of a box that lies in another."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return max(width, 0.0) * max(height, 0.0) / max(_area(box), 1e-12)


def _ink(image: Image) -> NDArray[np.uint8]:
    """Where the picture changes from one pixel to the next, ``(h, w) uint8`` of 0 and 1."""
    import cv2
    from PIL.Image import Resampling

    width, height = image.size
    scale = min(_WIDTH / width, _TALLEST * _WIDTH / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    pixels = np.asarray(image.resize(size, Resampling.BOX))
    red, green, blue = cv2.split(cv2.morphologyEx(pixels, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)))
    return np.asarray(cv2.max(cv2.max(red, green), blue) > _CONTRAST, np.uint8)


def _components(ink: NDArray[np.uint8]) -> list[Box]:
    import cv2

    reach = max(1, round(ink.shape[1] * _JOIN))
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (reach, reach))
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, kernel), connectivity=8)
    height, width = ink.shape
    found: list[Box] = []
    for x, y, w, h, _ in stats[1:].tolist():
        if w * h >= _MIN_AREA * width * height:
            found.append((x / width, y / height, (x + w) / width, (y + h) / height))
    return sorted(found, key=lambda box: (box[1], box[0]))


def _members(boxes: Sequence[Box], words: Words) -> list[tuple[int, ...]]:
    if not boxes:
        return []
    edges = np.asarray(boxes)
    area = (edges[:, 2] - edges[:, 0]) * (edges[:, 3] - edges[:, 1])
    centres = (words.boxes[:, :2] + words.boxes[:, 2:]) / 2
    after = (centres[:, None] >= edges[None, :, :2]).all(axis=2)
    inside = np.logical_and(after, (centres[:, None] <= edges[None, :, 2:]).all(axis=2))
    home = np.where(inside, area, np.inf).argmin(axis=1) if len(words) else np.zeros(0, np.int64)
    held = inside.any(axis=1)
    return [tuple(np.flatnonzero(held & (home == i)).tolist()) for i in range(len(boxes))]


def _kind(box: Box, members: Sequence[int], words: Words) -> str:
    if not members:
        return "figure"
    index = np.asarray(members)
    sizes = words.boxes[index, 2:] - words.boxes[index, :2]
    area = (box[2] - box[0]) * (box[3] - box[1])
    rows = [index[words.lines[index] == line] for line in np.unique(words.lines[index])]
    if len(rows) >= 3 and np.mean([_cells(words, row) >= 2 for row in rows]) >= _ROWS:
        return "table"
    return "text" if float(sizes.prod(axis=1).sum()) >= _WORDY * area else "figure"


def _cells(words: Words, row: NDArray[np.int64]) -> int:
    """How many cells a line falls into: stretches of words with wide gaps between them."""
    boxes = words.boxes[row[np.argsort(words.boxes[row, 0])]]
    gaps = boxes[1:, 0] - np.maximum.accumulate(boxes[:, 2])[:-1]
    return 1 + int((gaps > _COLUMN_GAP * float(np.median(boxes[:, 3] - boxes[:, 1]))).sum())
