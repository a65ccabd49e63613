"""Text of a PDF's page that nobody sees: in the colour of what it stands on, see-through, or under a picture.

What could be such is found without drawing. It is then taken off the page, which is drawn with it and without: where
nothing changes, it was not to be seen. Invisible text, as over scans, is there to be found and stays; so does what
other programs put under the picture of a scan, which has ink where its words lie and paper around them. What this
module does not do: read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.documents.pdfium import PageObject, PdfPage

_ALIKE = 12  # levels of 255 that two colours may differ by and be one to the eye, in each channel
_CHANGED = 8  # levels by which a pixel changes when something that is seen is taken off
_CLEAR = 24  # levels of opacity; what has less is hardly seen
_SIDE = 800  # px; the longer side that pages are drawn at
_LARGE = 0.0005  # of the page; smaller shapes are nothing that words stand on or lie under
_SHAPES = 300  # of a page that are looked at
_TEXTS = 3_000  # of a page that are held against its shapes; others are believed to be seen
_SIDES = 5  # segments of a rectangle
_FLAT = 24  # levels between the darkest and the lightest pixel of a place where nothing is written
_INKY = 1.8  # times the steps between neighbouring pixels around words that there are where they lie, on a scan
_PAPER = (255, 255, 255)

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What fills a place of the page: the how manieth object it is, its box in page fractions, its one colour if so.

    ``whole`` where it fills all of its box.
    """

    at: int
    box: tuple[float, float, float, float]
    colour: Colour | None
    whole: bool

    def holds(self, x: float, y: float) -> bool:
        return self.box[0] <= x <= self.box[2] and self.box[1] <= y <= self.box[3]


def leave_out_unseen(page: PdfPage) -> None:
    """Switch off the texts of a page that leave no mark on it."""
    suspects = _suspects(page)
    if not suspects:
        return
    boxes = _pixels(page, suspects)
    with_them = page.render(_size(page))
    switch(suspects, on=False)
    without = page.render(_size(page))
    changed = np.abs(np.asarray(with_them, np.int16) - np.asarray(without, np.int16)).max(axis=2) > _CHANGED
    seen = [bool(changed[y0:y1, x0:x1].any()) for x0, y0, x1, y1 in boxes]
    grey = np.asarray(with_them.convert("L"), np.int16)
    inky = ~np.array(seen) & [np.ptp(grey[y0:y1, x0:x1]) > _FLAT for x0, y0, x1, y1 in boxes]
    stay = np.array(seen) | (inky & _are_read_off(grey, boxes[inky]))
    switch([thing for thing, stays in zip(suspects, stay, strict=True) if stays], on=True)


def switch(objects: Iterable[PageObject], on: bool) -> None:
    """Make objects part of the page, or leave them out of it."""
    import pypdfium2.raw as raw

    for thing in objects:
        raw.FPDFPageObj_SetIsActive(thing.handle, on)


def _suspects(page: PdfPage) -> list[PageObject]:
    """The texts that may not be seen, by their colours, what they stand on, and what is drawn after them."""
    import pypdfium2.raw as raw

    matrix = page.to_fractions()
    shapes: list[_Shape] = []
    texts: list[tuple[int, PageObject, bool]] = []
    colours, left = {_PAPER}, _SHAPES
    for at, thing in enumerate(page.objects()):
        if thing.kind == raw.FPDF_PAGEOBJ_TEXT:
            mode = raw.FPDFTextObj_GetTextRenderMode(thing.handle)
            if mode == raw.FPDF_TEXTRENDERMODE_FILL:
                texts.append((at, thing, _alike(thing.fill(), colours)))
            elif mode == raw.FPDF_TEXTRENDERMODE_STROKE:
                texts.append((at, thing, False))
        elif left and thing.is_filled:
            left -= 1
            box = thing.box(matrix)
            if box is not None and (box[2] - box[0]) * (box[3] - box[1]) > _LARGE:
                is_path = thing.kind == raw.FPDF_PAGEOBJ_PATH
                fill = thing.fill() if is_path else None
                shapes.append(_Shape(at, (*box.tolist(),), fill and fill[0], not is_path or thing.segments <= _SIDES))
                colours |= {fill[0]} if fill else set()
    last = shapes[-1].at if shapes else -1
    return [
        thing
        for at, thing, alike in [(at, thing, alike) for at, thing, alike in texts if alike or at < last][:_TEXTS]
        if _may_be_unseen(thing, at, alike, thing.box(matrix), shapes) and thing.is_active
    ]


def _may_be_unseen(
    thing: PageObject, at: int, alike: bool, box: NDArray[np.float64] | None, shapes: Sequence[_Shape]
) -> bool:
    if box is None:
        return False
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    around = [shape for shape in shapes if shape.holds(x, y)]
    if any(shape.at > at for shape in around):
        return True
    grounds: list[Colour | None] = [_PAPER]
    for shape in around:
        grounds = [shape.colour] if shape.whole else [*grounds, shape.colour]
    return alike and (None in grounds or _alike(thing.fill(), filter(None, grounds)))


def _alike(fill: tuple[Colour, int] | None, colours: Iterable[Colour]) -> bool:
    """Whether what is filled so is hardly seen on one of these colours."""
    if fill is None:
        return False
    (red, green, blue), opacity = fill
    return opacity < _CLEAR or any(
        abs(red - r) <= _ALIKE and abs(green - g) <= _ALIKE and abs(blue - b) <= _ALIKE for r, g, b in colours
    )


def _size(page: PdfPage) -> tuple[int, int]:
    points = page.points()
    width, height = (max(1, round(side * _SIDE / max(points))) for side in points)
    return width, height


def _pixels(page: PdfPage, things: Sequence[PageObject]) -> NDArray[np.int64]:
    """Boxes ``(n, 4)`` of objects in pixels of the drawing, rounded outwards; at least one pixel each."""
    width, height = _size(page)
    matrix, side = page.to_fractions(), np.array([width, height, width, height])
    found = [thing.box(matrix) for thing in things]
    boxes = np.array([[0, 0, 1, 1] if box is None else box for box in found]) * side
    low = np.clip(np.floor(boxes[:, :2]), 0, [width - 1, height - 1]).astype(np.int64)
    high = np.clip(np.ceil(boxes[:, 2:]), low + 1, [width, height]).astype(np.int64)
    return np.concatenate([low, high], axis=1)


def _are_read_off(grey: NDArray[np.int16], boxes: NDArray[np.int64]) -> bool:
    """Whether words were read off what is drawn over them: there is ink where they lie, and paper around them."""
    steps = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1]))
    inside, near = np.zeros(grey.shape, bool), np.zeros(grey.shape, bool)
    for x0, y0, x1, y1 in boxes:
        reach = max(2, (y1 - y0) // 2)
        near[max(0, y0 - reach) : y1 + reach, max(0, x0 - reach) : x1 + reach] = True
        inside[y0:y1, x0:x1] = True
    around = steps[near & ~inside]
    return bool(len(boxes)) and (not len(around) or steps[inside].mean() > _INKY * max(1.0, float(around.mean())))
