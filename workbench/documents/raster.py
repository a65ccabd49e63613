"""Pages as pictures: by pypdfium2, and by pdf2image where poppler is installed and PDFium leaves something out.

Poppler takes two to nine times as long, so it comes first only where ``PAGELENS_DRAW_WITH=poppler`` says so. Both are
given the exact size in pixels, so they agree on it whatever their rounding. Poppler is another program reading hostile
files: each call has a time limit, and whatever goes wrong in it, PDFium's picture is kept; after a call that took too
long, for all the rest of the file.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from typing import Literal

from PIL import Image

from workbench.documents.pdfium import PdfFile
from workbench.types import Box

MAX_EDGE = 16_000  # px; the longest side of a rendered page (WebP ends at 16,383)
MAX_PIXELS = 24_000_000  # px; a page larger than this at the asked resolution is drawn at a lower one
POPPLER_SECONDS = 15.0  # twice this (pdfinfo, then a page) must leave PDFium time within the limit of a page
CHOSEN = "PAGELENS_DRAW_WITH"

Engine = Literal["pdf2image", "pypdfium2"]


def rasterizer() -> Engine:
    """Which engine draws a page first: ``pdf2image`` where it is asked for and poppler is there, else ``pypdfium2``."""
    return "pdf2image" if os.environ.get(CHOSEN) == "poppler" and has_poppler() else "pypdfium2"


def has_poppler() -> bool:
    """Whether poppler's programs, which pdf2image starts, are found."""
    return bool(shutil.which("pdftoppm") and shutil.which("pdfinfo"))


def bounded_size(width: float, height: float, scale: float = 1.0) -> tuple[int, int]:
    """Pixels ``(width, height)`` of something this large times ``scale``, reduced to the limits where it exceeds them.

    >>> bounded_size(612, 792, 2)
    (1224, 1584)
    >>> bounded_size(2e9, 2e9, 2)
    (4898, 4898)
    """
    scale = min(scale, MAX_EDGE / max(width, height), sqrt(MAX_PIXELS / width / height))
    return max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5))


def draw(
    file: PdfFile, number: int, size: tuple[int, int], engine: Engine | None = None, pictures: Sequence[Box] = ()
) -> Image.Image:
    """Page ``number`` (from 1) of a PDF as an RGB picture of exactly ``size`` pixels; ``DocumentError`` if damaged.

    A page that comes out blank, all of it or where one of its ``pictures`` lies, is tried with the other engine too, if
    there is one: each lacks some kinds of picture.
    """
    first = engine or rasterizer()
    image = _draw_with_poppler(file, number, size) if first == "pdf2image" else None
    by_poppler = image is not None
    image = image or _draw_with_pdfium(file, number, size)
    if engine or not _lacks(image, pictures):
        return image
    other = _draw_with_pdfium(file, number, size) if by_poppler else _draw_with_poppler(file, number, size)
    return image if other is None or _lacks(other, pictures) else other


def _lacks(image: Image.Image, pictures: Sequence[Box]) -> bool:
    """Whether the picture of a page is blank, or that of one of the pictures on it."""
    width, height = image.size
    parts = (
        (int(x0 * width), int(y0 * height), int(x1 * width) + 1, int(y1 * height) + 1) for x0, y0, x1, y1 in pictures
    )
    return is_blank(image) or any(is_blank(image.crop(part)) for part in parts)


def is_blank(image: Image.Image) -> bool:
    """Whether a picture is of one colour all over."""
    image = _rgb(image)
    few = image.resize((16, 16), Image.Resampling.NEAREST)  # enough for most, and a page takes 2 ms
    return _is_plain(few) and _is_plain(image)


def _is_plain(image: Image.Image) -> bool:
    return all(low == high for low, high in image.getextrema())  # type: ignore[misc]


def _rgb(image: Image.Image) -> Image.Image:
    """The picture in RGB: itself, if it is, since a copy of a page takes 2 ms."""
    return image if image.mode == "RGB" else image.convert("RGB")


def _draw_with_pdfium(file: PdfFile, number: int, size: tuple[int, int]) -> Image.Image:
    with file.page(number) as page:
        return page.render(size)


def _draw_with_poppler(file: PdfFile, number: int, size: tuple[int, int]) -> Image.Image | None:
    """The page by poppler, or None when poppler failed, hung now or earlier, or drew something of another size."""
    from pdf2image import convert_from_path
    from pdf2image.exceptions import PDFPopplerTimeoutError

    if file.poppler is None:
        file.poppler = has_poppler() and _poppler_opens(file.path)
    if not file.poppler:
        return None
    try:
        images = convert_from_path(
            file.path, first_page=number, last_page=number, size=size, use_cropbox=True, timeout=POPPLER_SECONDS
        )
    except PDFPopplerTimeoutError:
        file.poppler = False
        return None
    except Exception:
        return None
    image: Image.Image | None = images[0] if len(images) == 1 else None
    return _rgb(image) if image is not None and image.size == size else None


def _poppler_opens(path: Path) -> bool:
    """Whether pdfinfo reads the file in time; convert_from_path asks it too, but sets it no limit."""
    from pdf2image import pdfinfo_from_path

    try:
        return int(pdfinfo_from_path(str(path), timeout=POPPLER_SECONDS)["Pages"]) > 0
    except Exception:
        return False
