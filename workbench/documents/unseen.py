"""Text of a PDF's page that nobody sees: in the colour of what it stands on, see-through, or under a picture.

What could be such is found without drawing. It is then taken off the page, which is drawn with it and without: where
nothing changes, it was not to be seen. Invisible text, as over scans, is there to be found and stays; so does what
other programs put under the picture of a scan, which has ink where its words lie and paper around them. What this
module does not do: read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class _Shapes:
    """What fills places of the page, in the order it is drawn: the how manieth object each is, its `bounds`, its one
    colour where it has one, and whether it fills all of its bounds."""

    at: list[int] = field(default_factory=list)
    bounds: list[tuple[float, float, float, float]] = field(default_factory=list)
    colours: list[Colour | None] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)

    def around(self, centres: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of them ``(m,)`` lie around each of these points: ``(n, m)``."""
        left, bottom, right, top = np.array(self.bounds).reshape(-1, 4).T
        x, y = centres.T[:, :, None]
        return np.asarray((left <= x) & (x <= right) & (bottom <= y) & (y <= top))


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

    shapes, least = _Shapes(), _LARGE * math.prod(page.points())
    texts: list[tuple[int, PageObject, bool]] = []
    colours, known = {_PAPER}, dict[object, bool]()
    for at, thing in enumerate(page.objects()):
        if thing.kind == raw.FPDF_PAGEOBJ_TEXT:
            mode = raw.FPDFTextObj_GetTextRenderMode(thing.handle)
            if mode == raw.FPDF_TEXTRENDERMODE_FILL:
                fill = thing.fill()
                if fill not in known:
                    known[fill] = _alike(fill, colours)
                texts.append((at, thing, known[fill]))
            elif mode == raw.FPDF_TEXTRENDERMODE_STROKE:
                texts.append((at, thing, False))
        elif len(shapes.at) < _SHAPES and thing.is_filled:
            bounds = thing.bounds()
            if bounds is None or (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) < least:
                continue
            is_path = thing.kind == raw.FPDF_PAGEOBJ_PATH
            fill = thing.fill() if is_path else None
            shapes.at.append(at)
            shapes.bounds.append(bounds)
            shapes.colours.append(fill and fill[0])
            shapes.whole.append(not is_path or thing.segments <= _SIDES)
            if fill and fill[0] not in colours:
                colours.add(fill[0])
                known.clear()
    last = shapes.at[-1] if shapes.at else -1
    placed = [
        (at, thing, alike, ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2))
        for at, thing, alike in [text for text in texts if text[2] or text[0] < last][:_TEXTS]
        if (bounds := thing.bounds()) is not None
    ]
    around = shapes.around(np.array([centre for *_, centre in placed], np.float64).reshape(-1, 2))
    later = np.array(shapes.at)[None] > np.array([at for at, *_ in placed])[:, None]
    covered = np.asarray((around & later).any(axis=1))
    return [
        thing
        for (_, thing, alike, _), under, on in zip(placed, covered, around, strict=True)
        if (under or (alike and _is_on_its_colour(thing, np.flatnonzero(on).tolist(), shapes))) and thing.is_active
    ]


def _is_on_its_colour(thing: PageObject, around: Sequence[int], shapes: _Shapes) -> bool:
    """Whether a text may stand on its own colour: that of one of the shapes around it, or of the paper."""
    grounds: list[Colour | None] = [_PAPER]
    for i in around:
        grounds = [shapes.colours[i]] if shapes.whole[i] else [*grounds, shapes.colours[i]]
    return None in grounds or _alike(thing.fill(), filter(None, grounds))


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
