"""Pages as pictures: pdf2image where poppler is installed, pypdfium2 where it is not, the same page either way.

Both engines are given the exact size in pixels, so they agree on it whatever their rounding. Poppler is another
program reading hostile files: each call has a time limit, and whatever goes wrong in it, PDFium draws the page; after a
call that took too long, all the rest of the file.
"""

from __future__ import annotations

import shutil
from math import sqrt
from pathlib import Path
from typing import Literal

from PIL import Image

from workbench.documents.pdfium import PdfFile

MAX_EDGE = 16_000  # px; the longest side of a rendered page (WebP ends at 16,383)
MAX_PIXELS = 24_000_000  # px; a page larger than this at the asked resolution is drawn at a lower one
POPPLER_SECONDS = 15.0  # twice this (pdfinfo, then a page) must leave PDFium time within the limit of a page

Engine = Literal["pdf2image", "pypdfium2"]


def rasterizer() -> Engine:
    """Which engine draws PDF pages: ``pdf2image`` when poppler's pdftoppm and pdfinfo are found, else ``pypdfium2``."""
    return "pdf2image" if shutil.which("pdftoppm") and shutil.which("pdfinfo") else "pypdfium2"


def bounded_size(width: float, height: float, scale: float = 1.0) -> tuple[int, int]:
    """Pixels ``(width, height)`` of something this large times ``scale``, reduced to the limits where it exceeds them.

    >>> bounded_size(612, 792, 2)
    (1224, 1584)
    >>> bounded_size(2e9, 2e9, 2)
    (4898, 4898)
    """
    scale = min(scale, MAX_EDGE / max(width, height), sqrt(MAX_PIXELS / width / height))
    return max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5))


def draw(file: PdfFile, number: int, size: tuple[int, int], engine: Engine | None = None) -> Image.Image:
    """Page ``number`` (from 1) of a PDF as an RGB picture of exactly ``size`` pixels; ``DocumentError`` if damaged.

    A page that comes out blank is tried with the other engine too, if there is one: each lacks some kinds of picture.
    """
    by_poppler = _draw_with_poppler(file, number, size) if (engine or rasterizer()) == "pdf2image" else None
    if by_poppler is not None and (engine or not is_blank(by_poppler)):
        return by_poppler
    with file.page(number) as page:
        image = page.render(size)
    if engine or by_poppler is not None or not is_blank(image):
        return image
    by_poppler = _draw_with_poppler(file, number, size) if rasterizer() == "pdf2image" else None
    return image if by_poppler is None else by_poppler


def is_blank(image: Image.Image) -> bool:
    """Whether a picture is of one colour all over."""
    extrema = _rgb(image).getextrema()
    return all(low == high for low, high in extrema)  # type: ignore[misc]


def _rgb(image: Image.Image) -> Image.Image:
    """The picture in RGB: itself, if it is, since a copy of a page takes 2 ms."""
    return image if image.mode == "RGB" else image.convert("RGB")


def _draw_with_poppler(file: PdfFile, number: int, size: tuple[int, int]) -> Image.Image | None:
    """The page by poppler, or None when poppler failed, hung now or earlier, or drew something of another size."""
    from pdf2image import convert_from_path
    from pdf2image.exceptions import PDFPopplerTimeoutError

    if file.poppler is None:
        file.poppler = _poppler_opens(file.path)
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
