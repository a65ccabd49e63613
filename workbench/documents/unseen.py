"""Text of a PDF's page that nobody sees: in the colour of what it stands on, see-through, or under a picture.

What could be such is found without drawing. It is then taken off the page, which is drawn with it and without: where
nothing changes, it was not to be seen. Invisible text, as over scans, is there to be found and stays; so does what
other programs put under the picture of a scan, which has ink where its words lie and paper around them. What lies
under pictures that cover the page is taken for that without a look: to lose a scan's words is worse than to read what
is hidden. What this module does not do: read.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFilter

from workbench.documents.pdfium import PageObject, PdfPage

_ALIKE = 12  # levels of 255 that two colours may differ by and be one to the eye, in each channel
_CHANGED = 8  # levels by which a pixel changes when something that is seen is taken off
_CLEAR = 24  # levels of opacity; what has less is hardly seen
_SIDE = 800  # px; the longer side that pages are drawn at
_LARGE = 0.0005  # of the page; smaller shapes are nothing that words stand on or lie under
_SHAPES = 300  # of a page that are looked at
_TEXTS = 3_000  # of a page that are held against its shapes; others are believed to be seen
_WHOLE = 0.8  # of the page; pictures that together cover more are a scan
_TINY = 0.5  # px; text that is drawn less high may leave no mark though it can be read on so large a page
_FLAT = 24  # levels between the darkest and the lightest pixel of a place where nothing is written
_BLUR = ImageFilter.BoxBlur(1)  # over 3 px: of large words more is left than of noise and the dots of a halftone
_INKY = 1.8  # times the steps between neighbouring pixels around words that there are where they lie, on a scan
_PAPER = (255, 255, 255)

Colour = tuple[int, int, int]
Paint = tuple[Colour, int] | None
"""A colour and its opacity, 0 to 255; None where that is not one."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that is painted: the how manieth object of the page it is, and its colour."""

    at: int
    thing: PageObject
    paint: Paint


@dataclass(slots=True)
class _Shapes:
    """What fills places of the page, in the order it is drawn: the how manieth object each is, its `bounds`, and its
    one colour where it has one."""

    at: list[int] = field(default_factory=list)
    things: list[PageObject] = field(default_factory=list)
    bounds: list[tuple[float, float, float, float]] = field(default_factory=list)
    colours: list[Colour | None] = field(default_factory=list)

    def add(self, at: int, thing: PageObject, least: float) -> None:
        """Add an object, unless it covers less than ``least`` square points or there are enough."""
        import pypdfium2.raw as raw

        bounds = thing.bounds() if len(self.at) < _SHAPES and thing.is_filled else None
        if bounds is None or (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) < least:
            return
        fill = thing.fill() if thing.kind == raw.FPDF_PAGEOBJ_PATH else None
        self.at.append(at)
        self.things.append(thing)
        self.bounds.append(bounds)
        self.colours.append(fill and fill[0])

    def pictures(self) -> list[tuple[int, PageObject]]:
        """Those that are pictures."""
        import pypdfium2.raw as raw

        return [(at, one) for at, one in zip(self.at, self.things, strict=True) if one.kind == raw.FPDF_PAGEOBJ_IMAGE]

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
    boxes, high = _pixels(page, suspects)
    with_them = page.render(_size(page))
    switch(suspects, on=False)
    without = page.render(_size(page))
    changed = np.abs(np.asarray(with_them, np.int16) - np.asarray(without, np.int16)).max(axis=2) > _CHANGED
    seen = [bool(changed[y0:y1, x0:x1].any()) for x0, y0, x1, y1 in boxes]
    grey = with_them.convert("L")
    levels = np.asarray(grey)
    inky = ~np.array(seen) & [np.ptp(levels[y0:y1, x0:x1]) > _FLAT for x0, y0, x1, y1 in boxes]
    read_off = any(_are_read_off(np.asarray(each, np.int16), boxes[inky]) for each in (grey, grey.filter(_BLUR)))
    stay = np.array(seen) | (high < _TINY) | (inky & read_off)
    switch([thing for thing, stays in zip(suspects, stay, strict=True) if stays], on=True)


def switch(objects: Iterable[PageObject], on: bool) -> None:
    """Make objects part of the page, or leave them out of it."""
    import pypdfium2.raw as raw

    for thing in objects:
        raw.FPDFPageObj_SetIsActive(thing.handle, on)


def _suspects(page: PdfPage) -> list[PageObject]:
    """The texts that may not be seen, by their colours, what they stand on, and what is drawn after them."""
    texts, shapes = _painted(page)
    colours = {_PAPER, *filter(None, shapes.colours)}
    alike = functools.cache(lambda paint: _alike(paint, colours))
    last = shapes.at[-1] if shapes.at else -1
    placed = [
        (text, ((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2))
        for text in [text for text in texts if text.at < last or alike(text.paint)][:_TEXTS]
        if (bounds := text.thing.bounds()) is not None
    ]
    if not placed:
        return []
    around = shapes.around(np.array([centre for _, centre in placed], np.float64))
    covered = _covered(page, np.array([text.at for text, _ in placed]), shapes, around)
    grounds = [{shapes.colours[i] for i in np.flatnonzero(on)} for on in around]
    return [
        text.thing
        for (text, _), under, ground in zip(placed, covered, grounds, strict=True)
        if text.thing.is_active and (under or (alike(text.paint) and _is_on_its_colour(text.paint, ground)))
    ]


def _painted(page: PdfPage) -> tuple[list[_Text], _Shapes]:
    """The texts of a page that are painted, which those of OCR are not, and what else fills places of it."""
    import pypdfium2.raw as raw

    texts, shapes, least = list[_Text](), _Shapes(), _LARGE * math.prod(page.points())
    paints = {
        raw.FPDF_TEXTRENDERMODE_FILL: PageObject.fill,
        raw.FPDF_TEXTRENDERMODE_FILL_STROKE: PageObject.fill,
        raw.FPDF_TEXTRENDERMODE_STROKE: PageObject.stroke,
    }
    for at, thing in enumerate(page.objects()):
        if thing.kind != raw.FPDF_PAGEOBJ_TEXT:
            shapes.add(at, thing, least)
        elif paint := paints.get(raw.FPDFTextObj_GetTextRenderMode(thing.handle)):
            texts.append(_Text(at, thing, paint(thing)))
    return texts, shapes


def _covered(page: PdfPage, drawn: NDArray[np.int64], shapes: _Shapes, around: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the texts that were ``drawn (n,)`` as the how manieth objects lie under a shape, by what is ``around``
    them ``(n, m)``; those under the pictures of a scan do not count."""
    pictures = shapes.pictures()
    later = np.array(shapes.at) > drawn[:, None]
    of_scan = (drawn[:, None] < _scan(page, pictures)) & np.isin(shapes.at, [at for at, _ in pictures])
    return np.asarray((around & later & ~of_scan).any(axis=1))


def _scan(page: PdfPage, pictures: Sequence[tuple[int, PageObject]]) -> int:
    """The how manieth object of the page begins the last pictures that cover it all, in strips too; -1 if none do."""
    width, height = _size(page)
    seen = np.zeros((height, width), bool)
    boxes, _ = _pixels(page, [thing for _, thing in pictures])
    for (at, _), (x0, y0, x1, y1) in zip(reversed(pictures), reversed(boxes.tolist()), strict=True):
        seen[y0:y1, x0:x1] = True
        if np.count_nonzero(seen) > _WHOLE * seen.size:
            return at
    return -1


def _is_on_its_colour(paint: Paint, grounds: Set[Colour | None]) -> bool:
    """Whether a text may stand on its own colour: that of a shape around it, or of the paper.

    All of them count, since what is drawn over the paper may be clipped away or see-through.
    """
    return None in grounds or _alike(paint, {_PAPER, *filter(None, grounds)})


def _alike(paint: Paint, colours: Iterable[Colour]) -> bool:
    """Whether what is painted so is hardly seen on one of these colours."""
    if paint is None:
        return False
    (red, green, blue), opacity = paint
    return opacity < _CLEAR or any(
        abs(red - r) <= _ALIKE and abs(green - g) <= _ALIKE and abs(blue - b) <= _ALIKE for r, g, b in colours
    )


def _size(page: PdfPage) -> tuple[int, int]:
    points = page.points()
    width, height = (max(1, round(side * _SIDE / max(points))) for side in points)
    return width, height


def _pixels(page: PdfPage, things: Sequence[PageObject]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Boxes ``(n, 4)`` of objects in pixels of the drawing, rounded outwards, at least one pixel each; and their
    shorter sides ``(n,)`` before that."""
    width, height = _size(page)
    matrix, side = page.to_fractions(), np.array([width, height, width, height])
    found = [thing.box(matrix) for thing in things]
    boxes = np.array([[0, 0, 1, 1] if box is None else box for box in found]).reshape(-1, 4) * side
    low = np.clip(np.floor(boxes[:, :2]), 0, [width - 1, height - 1]).astype(np.int64)
    high = np.clip(np.ceil(boxes[:, 2:]), low + 1, [width, height]).astype(np.int64)
    return np.concatenate([low, high], axis=1), (boxes[:, 2:] - boxes[:, :2]).min(axis=1)


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
