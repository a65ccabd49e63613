"""Documents as streams of pages: words from the text layer or by OCR, the picture only when it is asked for."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from workbench.documents import ocr
from workbench.documents.crop import content_box
from workbench.documents.layout import Run, arrange
from workbench.documents.pdfium import PdfFile
from workbench.documents.pictures import PictureFile
from workbench.documents.probing import content_hash, open_document
from workbench.documents.raster import bounded_size, draw
from workbench.documents.sources import Source
from workbench.documents.textlayer import read_text_layer, uncovered_pictures
from workbench.errors import DocumentError, InputError
from workbench.types import Box, Page, PageFailure, PageRef, Words

MIN_DPI, MAX_DPI = 36, 600
OCR_DPI = 144
_OCR_SIDES = (1400, ocr.READ_SIDE)  # px; a page's longer side for OCR stays between them
_KEPT_PIXELS = 24_000_000  # px; pictures a reader keeps in case they are asked for again, about a dozen pages


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How pages are made: ``dpi`` of the drawing, whether margins are cropped, whether OCR may be used."""

    dpi: int = 144
    crop: bool = False
    crop_furniture: bool = False
    ocr: bool = True

    def __post_init__(self) -> None:
        if not MIN_DPI <= self.dpi <= MAX_DPI:
            raise InputError(f"A resolution of {self.dpi} dpi is out of range; give {MIN_DPI} to {MAX_DPI}.")


def read_pages(
    source: Source, settings: ReadSettings, pages: Iterable[int] | None = None
) -> Iterator[Page | PageFailure]:
    """The pages of a file one by one, each a `Page` or the reason why it is none; ``pages`` are 1-based, None is all.

    Memory does not grow with the number of pages. ``DocumentError`` (on the first step) when the file itself cannot be
    read. A page number outside the document gives a `PageFailure`.
    """
    file = open_document(source.path)
    try:
        digest = content_hash(source.path)
        kept = RecentImages(_KEPT_PIXELS)
        for number in range(1, file.pages + 1) if pages is None else pages:
            yield _read_page(file, PageRef(source.name, number), settings, digest, kept)
    finally:
        if isinstance(file, PdfFile):
            file.close()


def _read_page(
    file: PdfFile | PictureFile, ref: PageRef, settings: ReadSettings, digest: str, kept: RecentImages
) -> Page | PageFailure:
    """One page, or why there is none: nothing that is wrong with a page may lose the others."""
    try:
        if not 1 <= ref.page <= file.pages:
            raise DocumentError(f"There is no page {ref.page}; the document has {file.pages}.")
        if isinstance(file, PdfFile):
            return _pdf_page(file, ref, settings, digest, kept)
        return _picture_page(file, ref, settings, digest, kept)
    except DocumentError as error:
        return PageFailure(ref, str(error))
    except MemoryError:
        return PageFailure(ref, f"Page {ref.page} needs more memory than there is; lower the resolution.")
    except Exception as error:
        return PageFailure(ref, f"Page {ref.page} could not be read ({type(error).__name__}: {error}).")


class RecentImages:
    """The pictures drawn last, up to a number of pixels, so that one asked for twice in a row is drawn once."""

    def __init__(self, pixels: int) -> None:
        self._limit = pixels
        self._held: deque[Image.Image] = deque()
        self._pixels = 0
        self._lock = threading.Lock()

    def hold(self, image: Image.Image) -> None:
        """Keep an image alive until enough others came after it; the last is always kept."""
        with self._lock:
            self._held.append(image)
            self._pixels += image.width * image.height
            while self._pixels > self._limit and len(self._held) > 1:
                gone = self._held.popleft()
                self._pixels -= gone.width * gone.height


class LazyImage:
    """A page's picture, drawn on call; a copy that is still alive somewhere is given again."""

    def __init__(self, make: Callable[[], Image.Image], kept: RecentImages) -> None:
        self._make = make
        self._kept = kept
        self._last: weakref.ref[Image.Image] | None = None

    def __call__(self) -> Image.Image:
        """The RGB picture of the whole page; ``DocumentError`` when the file cannot be drawn (any more)."""
        image = self._last() if self._last is not None else None
        if image is None:
            image = self._make()
            self._last = weakref.ref(image)
            self._kept.hold(image)
        return image


def _pdf_page(file: PdfFile, ref: PageRef, settings: ReadSettings, digest: str, kept: RecentImages) -> Page:
    with file.page(ref.page) as page:
        width, height = page.points()
        size = bounded_size(width, height, settings.dpi / 72.0)
        layer = read_text_layer(page)
        runs = list(layer.runs) if layer.usable else []
        to_read: list[Box] = []
        if settings.ocr:
            to_read = uncovered_pictures(page, _boxes(runs)) if runs else [(0.0, 0.0, 1.0, 1.0)]
        drawn = page.render(_ocr_size(width, height)) if to_read else None
    if drawn is not None:
        try:
            runs += _read_regions(drawn, to_read, _boxes(runs))
        except DocumentError:
            if not runs:  # a page with text of its own is worth having without the words of its pictures
                raise
    words = arrange(runs, width / height)
    image = LazyImage(lambda: draw(file, ref.page, size), kept)
    return Page(ref, size, image, words, digest, _crop(image, words, settings))


def _picture_page(file: PictureFile, ref: PageRef, settings: ReadSettings, digest: str, kept: RecentImages) -> Page:
    size = file.size(ref.page)
    image = LazyImage(lambda: file.draw(ref.page), kept)
    drawn = image()  # decoded now: a picture cut short is a failed page, not a surprise later
    words = words_of(drawn) if settings.ocr else Words.empty()
    return Page(ref, size, image, words, digest, _crop(image, words, settings))


def words_of(image: Image.Image) -> Words:
    """The words of an RGB picture, by OCR; ``DocumentError`` if it is not to be had."""
    return arrange(ocr.read_words(_within(image, ocr.READ_SIDE)), image.width / image.height)


def _crop(image: Callable[[], Image.Image], words: Words, settings: ReadSettings) -> Box:
    if not settings.crop:
        return (0.0, 0.0, 1.0, 1.0)
    return content_box(np.asarray(image()), words, furniture=settings.crop_furniture)


def _ocr_size(width: float, height: float) -> tuple[int, int]:
    """Pixels at which a page of this many points is drawn for OCR, whatever the resolution asked of its picture."""
    low, high = _OCR_SIDES
    longest = max(width, height)
    return bounded_size(width, height, min(max(OCR_DPI / 72.0, low / longest), high / longest))


def _within(image: Image.Image, side: int) -> Image.Image:
    """The picture with its longer side at most this long."""
    if max(image.size) <= side:
        return image
    smaller = image.copy()
    smaller.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return smaller


def _read_regions(image: Image.Image, regions: list[Box], known: np.ndarray) -> list[Run]:
    """Words by OCR in some parts of a page's picture, without those that lie on words ``known (n, 4)`` already."""
    found: list[Run] = []
    for x0, y0, x1, y1 in regions:
        left, top = int(x0 * image.width), int(y0 * image.height)
        right, bottom = round(x1 * image.width), round(y1 * image.height)
        if right - left < 8 or bottom - top < 8:
            continue
        part = image.crop((left, top, right, bottom))
        scale = np.array([part.width, part.height] * 2, np.float32) / np.array([image.width, image.height] * 2)
        offset = np.array([left / image.width, top / image.height] * 2, np.float32)
        for run in ocr.read_words(part):
            boxes = (run.boxes * scale + offset).astype(np.float32)
            new = ~_covered(boxes, known)
            if new.any():
                texts = tuple(text for text, keep in zip(run.texts, new, strict=True) if keep)
                found.append(Run(texts, boxes[new], ocr=True))
    return found


def _covered(boxes: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which boxes ``(n, 4)`` have their centre in one of ``known (m, 4)``, or around the centre of one."""
    if not len(known):
        return np.zeros(len(boxes), bool)
    centre, other = (boxes[:, :2] + boxes[:, 2:]) / 2, (known[:, :2] + known[:, 2:]) / 2
    inside = (centre[:, None] >= known[None, :, :2]) & (centre[:, None] <= known[None, :, 2:])
    around = (other[None] >= boxes[:, None, :2]) & (other[None] <= boxes[:, None, 2:])
    return np.asarray(inside.all(axis=2).any(axis=1) | around.all(axis=2).any(axis=1))


def _boxes(runs: Iterable[Run]) -> np.ndarray:
    boxes = [run.boxes for run in runs]
    return np.concatenate(boxes) if boxes else np.zeros((0, 4), np.float32)
