"""Documents as streams of pages: words from the text layer or by OCR, and the picture, all of one version of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from workbench.documents import ocr, tesseract
from workbench.documents.blocks import find_drawings
from workbench.documents.crop import content_box
from workbench.documents.languages import AUTO, ENGINES, TESSERACT, check
from workbench.documents.layout import TextRun, arrange
from workbench.documents.pdfium import PdfFile
from workbench.documents.pictures import PictureFile
from workbench.documents.probing import DocumentProbe, check_unchanged, open_document, probe
from workbench.documents.raster import bounded_size, draw
from workbench.documents.sources import Source, display_name
from workbench.documents.textlayer import DOUBTFUL, Sense, picture_boxes, read_text_layer, sense_of, uncovered_pictures
from workbench.documents.visible import VisiblePages
from workbench.documents.webp import encoded
from workbench.errors import DocumentError, InputError
from workbench.types import Box, Drawn, Page, PageFailure, PageRef, ReadWords, Words
from workbench.types.documents import WORDS_LATER, WORDS_NONE, WORDS_NOW

if TYPE_CHECKING:
    from workbench.settings import CollectionSettings  # workers need none of what it imports

MIN_DPI, MAX_DPI = 36, 600
OCR_DPI = 144
_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
_MUCH = 0.3  # of a page; a picture that takes less and cannot be read is not worth a word
_TOLD_BY = 3  # words read by OCR, at least, before a text layer is not believed on their account
POOR = 60
"""Quality below which a page counts as hardly read; `benchmarks.quality` finds no page there that was read well."""
POORLY_READ = "Much of what is written on the page could not be read: is it a poor copy, turned, or handwriting?"
_SLANTING = 4.0  # times the shorter side of a word, from which on the box of another is not that of the same
_OCR_SIDES = (1400, ocr.READ_SIDE)  # px; a page's longer side for OCR stays between them


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How pages are made: ``dpi`` of the drawing, whether margins are cropped, whether OCR may be used.

    Without ``picture`` a page is not drawn, and its ``image`` raises ``DocumentError``. ``languages`` as in
    `ocr.recognize`. With ``later`` pages that OCR would be used for are marked as unread instead; without ``text`` no
    word is read at all. With ``stored`` a page's picture comes encoded too, as it is kept; with
    ``drawings`` it is searched for them, for an encoder that tells what they are.
    """

    dpi: int = 144
    crop: bool = False
    crop_furniture: bool = False
    ocr: bool = True
    picture: bool = True
    languages: tuple[str, ...] = ()
    later: bool = False
    text: bool = True
    stored: bool = False
    drawings: bool = False

    @classmethod
    def of(cls, settings: CollectionSettings) -> ReadSettings:
        """How the pages of a collection are made; `InputError` for what none can be, as in a language not there."""
        words = settings.reads
        ocr = words in (WORDS_LATER, WORDS_NOW)
        cropping = (settings.crop, settings.crop_furniture)
        if ocr:
            check(settings.languages)
        later, text = words == WORDS_LATER, words != WORDS_NONE
        return cls(settings.dpi, *cropping, ocr=ocr, languages=settings.languages, later=later, text=text, stored=True)

    def __post_init__(self) -> None:
        if not MIN_DPI <= self.dpi <= MAX_DPI:
            raise InputError(f"A resolution of {self.dpi} dpi is out of range; give {MIN_DPI} to {MAX_DPI}.")


def read_pages(
    source: Source, settings: ReadSettings, pages: Iterable[int] | None = None
) -> Iterator[Page | PageFailure]:
    """The pages of a file one by one, each a `Page` or the reason why it is none; ``pages`` are 1-based, None is all.

    It happens in this process, which a hostile file may end; see `workers` for where it may not. Memory does not grow
    with the number of pages. ``DocumentError`` (on the first step) when the file itself cannot be read, and whenever
    it changes meanwhile. A page number outside the document gives a `PageFailure`.
    """
    with OpenedDocument(source.path, probe(source.path)) as document:
        for number in range(1, document.pages + 1) if pages is None else pages:
            yield document.read(PageRef(source.name, number), settings)


class OpenedDocument:
    """A file whose pages are read: those of the version that was probed, or none.

    ``poppler`` is what is known of whether poppler copes with it (see `PdfFile`). `ChangedError` when it is not what
    was probed. Use it as a context manager.
    """

    def __init__(self, path: Path, probed: DocumentProbe, poppler: bool | None = None) -> None:
        self._path = path
        self._probed = probed
        self._file = open_document(path)
        self._visible: VisiblePages | None = None
        if isinstance(self._file, PdfFile):
            self._file.poppler = poppler
        check_unchanged(path, probed.stamp)
        self.pages = self._file.pages

    def __enter__(self) -> OpenedDocument:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def poppler(self) -> bool | None:
        """Whether poppler copes with the file, as far as it was tried."""
        return self._file.poppler if isinstance(self._file, PdfFile) else None

    def close(self) -> None:
        """Let go of the file."""
        if self._visible is not None:
            self._visible.close()
        self._file.close()

    def read(self, ref: PageRef, settings: ReadSettings) -> Page | PageFailure:
        """One page, or why there is none; `ChangedError` when the file is not (any more) what was probed."""
        page = self._read(ref, settings)
        check_unchanged(self._path, self._probed.stamp)  # last: whatever was read before this is of that version
        return page

    def _read(self, ref: PageRef, settings: ReadSettings) -> Page | PageFailure:
        """Nothing that is wrong with a page may lose the others."""
        file, digest = self._file, self._probed.content_hash
        try:
            if not 1 <= ref.page <= file.pages:
                raise DocumentError(f"There is no page {ref.page}; the document has {file.pages}.")
            if isinstance(file, PictureFile):
                page = _picture_page(file, ref, settings, digest)
            else:
                self._visible = self._visible or VisiblePages(file)
                page = _pdf_page(file, self._visible, ref, settings, digest)
            return replace(page, year=file.year)
        except DocumentError as error:
            return PageFailure(ref, str(error))
        except MemoryError:
            raise
        except Exception as error:
            return PageFailure(ref, f"Page {ref.page} could not be read ({type(error).__name__}: {error}).")


def _pdf_page(file: PdfFile, visible: VisiblePages, ref: PageRef, settings: ReadSettings, digest: str) -> Page:
    with file.page(ref.page) as page:
        width, height = page.points()
        size = bounded_size(width, height, settings.dpi / 72.0)
        if not settings.text:
            image = _image(file, ref, size, settings, ())
            return _page(ref, size, image, _judged(Words.empty()), digest, settings)
        to_read: list[Box] = []
        with visible.of(page) as shown:
            layer = read_text_layer(shown)
            pictures = picture_boxes(shown)
            runs = list(layer.runs) if layer.usable else []
            if settings.ocr:
                to_read = uncovered_pictures(shown, _boxes(runs)) if runs else [_WHOLE]
        unread = bool(to_read) or (settings.ocr and layer.doubtful)
    said = _Said()
    if unread and not settings.later:
        drawn = draw(file, ref.page, _ocr_size(width, height), pictures=pictures)
        try:
            if layer.doubtful:
                seen, told = _read_regions(drawn, [_WHOLE], _boxes([]), settings.languages)
                if _differ(runs, seen):
                    runs, said, to_read = seen, told, []
            more, told = _read_regions(drawn, to_read, _boxes(runs), settings.languages)
            runs, said = runs + more, said.and_of(told)
        except DocumentError:
            if not runs:  # a page with text of its own is worth having without the words of its pictures
                raise
    read = _judged(arrange(runs, width / height), said, None if said.letters else layer.sense)
    image = _image(file, ref, size, settings, pictures)
    return _page(ref, size, image, read, digest, settings, pictures, unread and settings.later)


def _image(
    file: PdfFile, ref: PageRef, size: tuple[int, int], settings: ReadSettings, pictures: tuple[Box, ...]
) -> Image.Image | None:
    return draw(file, ref.page, size, pictures=pictures) if settings.picture or settings.crop else None


def _picture_page(file: PictureFile, ref: PageRef, settings: ReadSettings, digest: str) -> Page:
    image = file.draw(ref.page)
    words, said = Words.empty(), _Said()
    if settings.ocr and not settings.later:
        found = ocr.recognize(_within(image, ocr.READ_SIDE), settings.languages)
        words, said = arrange(found.runs, image.width / image.height), _Said.of(found)
    read = _judged(words, said)
    return _page(ref, image.size, image, read, digest, settings, (_WHOLE,), settings.ocr and settings.later)


def _page(
    ref: PageRef,
    size: tuple[int, int],
    image: Image.Image | None,
    read: ReadWords,
    digest: str,
    settings: ReadSettings,
    pictures: tuple[Box, ...] = (),
    unread: bool = False,
) -> Page:
    words = read.words
    crop: Box = (0.0, 0.0, 1.0, 1.0)
    if settings.crop and image is not None:
        crop = content_box(np.asarray(image), words, furniture=settings.crop_furniture)
    notice, quality = ("", None) if unread or not settings.text else (read.notice, read.quality)
    drawings = find_drawings(image, words, pictures) if image is not None and settings.drawings else ()
    drawn = undrawn
    if settings.picture and image is not None:
        drawn = Drawn.of(image, encoded(image) if settings.stored else {})
    return Page(ref, size, drawn, words, digest, crop, notice, unread, pictures, drawings, quality=quality)


def undrawn() -> Image.Image:
    """The ``image`` of a page that was read without, or whose picture is no longer held."""
    raise DocumentError("The page was read without its picture.")


def first_picture(path: Path, side: int) -> tuple[str, Image.Image]:
    """The sha256 of a file in hex, and its first page as an RGB picture whose longer side has at most ``side`` pixels.

    ``DocumentError`` if there is none.
    """
    (page,) = read_pages(Source(path, display_name(path.name)), ReadSettings(ocr=False), [1])
    if isinstance(page, PageFailure):
        raise DocumentError(page.reason)
    return page.content_hash, _within(page.image(), side)


@dataclass(frozen=True, slots=True)
class Way:
    """How the picture of a page is read once it is stored; ``languages`` and ``engine`` as in `ocr.recognize`.

    Without ``layer`` the picture alone counts, whatever the page's text layer said.
    """

    languages: tuple[str, ...] = ()
    engine: str = AUTO
    layer: bool = True

    @classmethod
    def another(cls, words: str, languages: tuple[str, ...] = ()) -> Way:
        """The way to try next on pages that were hardly read and whose words came from ``words`` (`Words.source`).

        A text layer is believed no more; what OCR read, another OCR reads where this machine has one.
        """
        scanned = words in ("ocr", "none")
        foreign = scanned and not languages and tesseract.installed() - {"osd"}
        return cls(languages, TESSERACT if foreign else AUTO, layer=scanned)

    def check(self) -> None:
        """`InputError` with the cure where this machine cannot read that way."""
        if self.engine not in ENGINES:
            raise InputError(f"There is no OCR '{self.engine}'; there are: {', '.join(ENGINES)}.")
        if self.engine == TESSERACT and not tesseract.installed() - {"osd"}:
            raise InputError(f"tesseract is not installed; to have it: {tesseract.command('')}.")
        check(self.languages, self.engine)


def later_words(path: Path, words: Words, way: Way) -> ReadWords:
    """All words of a page: those known from its text layer, and what OCR reads in its stored picture besides.

    A text layer that says otherwise than what is seen is not
    believed; words that OCR read before are forgotten. ``DocumentError`` if OCR is not to be had, or the picture cannot
    be read.
    """
    try:
        with Image.open(path) as stored:
            image = _legible(stored.convert("RGB"))
    except OSError as error:
        raise DocumentError(f"The stored picture cannot be read ({error}).") from None
    read = ocr.recognize(image, way.languages, way.engine)
    known = _without_ocr(words) if way.layer else Words.empty()
    runs = list(_runs(known))
    if runs and _differ(runs, list(read.runs)):
        known, runs = Words.empty(), []
    found = [run for one in read.runs if (run := _apart(one, _boxes(runs))) is not None]
    words = arrange([*runs, *found], image.width / image.height) if found else known
    said = _Said.of(read)
    return _judged(words, replace(said, notice="") if runs else said)


@dataclass(frozen=True, slots=True)
class _Said:
    """What OCR says of what it saw: a notice, how many letters it read, and their mean ``certainty``, or the least of
    its parts where it read none."""

    notice: str = ""
    letters: int = 0
    certainty: float = 1.0

    @classmethod
    def of(cls, found: ocr.Recognition) -> _Said:
        letters = sum(len(text) for run in found.runs for text in run.texts)
        return cls(ocr.told(found.certainty, found.script), letters, found.certainty)

    def and_of(self, other: _Said) -> _Said:
        """Both together."""
        letters, notice = self.letters + other.letters, self.notice or other.notice
        if not letters:
            return _Said(notice, 0, min(self.certainty, other.certainty))
        known = self.letters * self.certainty + other.letters * other.certainty
        return _Said(notice, letters, known / letters)


def _judged(words: Words, said: _Said = _Said(), sense: Sense | None = None) -> ReadWords:
    """The words of a page with what is to be said of them: what OCR says, or that they are hardly any.

    ``sense`` is theirs where it is known.
    """
    sense = sense or sense_of(words.texts)
    letters = [len(text) for text in words.texts]
    uncertain = float(np.dot(letters, words.ocr)) / sum(letters) if sum(letters) else 1.0  # the part that OCR read
    quality = round(100 * (1.0 - uncertain * (1.0 - said.certainty)) * sense.share)
    nothing = not words.texts and said.certainty == 1.0
    notice = said.notice or (DOUBTFUL if sense.doubtful else POORLY_READ if quality < POOR and not nothing else "")
    return ReadWords(words, notice, None if nothing else quality)


def _without_ocr(words: Words) -> Words:
    """The words that stand in the text layer."""
    if not words.ocr.any():
        return words
    keep = np.flatnonzero(~words.ocr)
    return Words(tuple(words.texts[i] for i in keep), words.boxes[keep], words.lines[keep], words.ocr[keep])


def _legible(image: Image.Image) -> Image.Image:
    """A picture at a size that OCR reads well, whatever resolution the page was drawn at."""
    low, _ = _OCR_SIDES
    longest = max(image.size)
    if longest >= low:
        return _within(image, ocr.READ_SIDE)
    size = tuple(max(1, round(side * low / longest)) for side in image.size)
    return image.resize(size, Image.Resampling.LANCZOS)  # type: ignore[arg-type]


def _runs(words: Words) -> Iterator[TextRun]:
    """Stored words as runs again: those of a line, parted where a gap is wider than the words are high."""
    if not len(words):
        return
    left, right, height = words.boxes[1:, 0], words.boxes[:-1, 2], words.boxes[1:, 3] - words.boxes[1:, 1]
    breaks = np.flatnonzero((np.diff(words.lines) != 0) | (left - right > height)) + 1
    for part in np.split(np.arange(len(words)), breaks):
        yield TextRun(tuple(words.texts[i] for i in part), words.boxes[part], bool(words.ocr[part].all()))


def _apart(run: TextRun, known: np.ndarray) -> TextRun | None:
    """The words of a run that do not lie on known ones, if there are any."""
    new = ~_covered(run.boxes, known)
    texts = tuple(text for text, keep in zip(run.texts, new, strict=True) if keep)
    return TextRun(texts, run.boxes[new], run.ocr, run.turn) if texts else None


def words_of(image: Image.Image) -> Words:
    """The words of an RGB picture, by OCR; ``DocumentError`` if it is not to be had."""
    return arrange(ocr.read_words(_within(image, ocr.READ_SIDE)), image.width / image.height)


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


def _read_regions(
    image: Image.Image, regions: list[Box], known: np.ndarray, languages: Sequence[str]
) -> tuple[list[TextRun], _Said]:
    """Words by OCR in some parts of a page's picture, without those that lie on words ``known (n, 4)`` already.

    And what is to be said of them: its notice is of a part that takes much of the page and could hardly be read.
    """
    found: list[TextRun] = []
    said = _Said()
    for x0, y0, x1, y1 in regions:
        left, top = int(x0 * image.width), int(y0 * image.height)
        right, bottom = round(x1 * image.width), round(y1 * image.height)
        if right - left < 8 or bottom - top < 8:
            continue
        part = image.crop((left, top, right, bottom))
        scale = np.array([part.width, part.height] * 2, np.float32) / np.array([image.width, image.height] * 2)
        offset = np.array([left / image.width, top / image.height] * 2, np.float32)
        read = ocr.recognize(part, languages)
        one = _Said.of(read)
        said = said.and_of(one if (x1 - x0) * (y1 - y0) > _MUCH else replace(one, notice=""))
        for run in read.runs:
            boxes = (run.boxes * scale + offset).astype(np.float32)
            new = ~_covered(boxes, known)
            if new.any():
                texts = tuple(text for text, keep in zip(run.texts, new, strict=True) if keep)
                found.append(TextRun(texts, boxes[new], True, run.turn))
    return found, said


def _differ(layer: list[TextRun], seen: list[TextRun]) -> bool:
    """Whether most of what OCR reads where a text layer has words is none of its words."""
    if not seen:
        return False
    known = "".join(filter(str.isalnum, "".join(text for run in layer for text in run.texts).casefold()))
    words = ["".join(filter(str.isalnum, text.casefold())) for run in seen for text in run.texts]
    both = [word for word, on in zip(words, _covered(_boxes(seen), _boxes(layer)), strict=True) if on and len(word) > 2]
    return len(both) >= _TOLD_BY and sum(word in known for word in both) < len(both) / 2


def _covered(boxes: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which boxes ``(n, 4)`` have their centre in one of ``known (m, 4)``, or around the centre of one.

    The box of a slanting word, as of a watermark, holds much besides: such are not in the way of smaller words.
    """
    if not len(known):
        return np.zeros(len(boxes), bool)
    thin, other_thin = (np.min(each[:, 2:] - each[:, :2], axis=1) for each in (boxes, known))
    alike = other_thin <= _SLANTING * np.maximum(thin[:, None], 1e-4)
    centre, other = (boxes[:, :2] + boxes[:, 2:]) / 2, (known[:, :2] + known[:, 2:]) / 2
    inside = (centre[:, None] >= known[None, :, :2]) & (centre[:, None] <= known[None, :, 2:])
    around = (other[None] >= boxes[:, None, :2]) & (other[None] <= boxes[:, None, 2:])
    return np.asarray(((inside.all(axis=2) | around.all(axis=2)) & alike).any(axis=1))


def _boxes(runs: Iterable[TextRun]) -> np.ndarray:
    boxes = [run.boxes for run in runs]
    return np.concatenate(boxes) if boxes else np.zeros((0, 4), np.float32)
