"""Pages and their words, as they are read from files and as they are stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.types.arrays import Box, Float, Int

if TYPE_CHECKING:
    from PIL.Image import Image


WORDS_NONE, WORDS_TEXT, WORDS_LATER, WORDS_NOW = WORDS = ("none", "text", "later", "now")
"""What is read of a page's words: nothing; its text layer; that, and by OCR what its picture holds, later or at once.
"""

_PAGE_REF = re.compile(r"(?P<document>.+)#page=(?P<page>[1-9][0-9]{0,8})", re.DOTALL)  # what the store can number


PICTURE_AREA = 0.03
"""Share of the page from which on a picture counts as one that it shows; smaller ones are icons and logos."""


@dataclass(frozen=True, order=True, slots=True)
class PageRef:
    """A page as a person names it: document name and 1-based page number, written ``report.pdf#page=12`` (RFC 8118).

    The name is taken as it stands, blanks and line ends included, since files may be called so.
    """

    document: str
    page: int

    def __str__(self) -> str:
        return f"{self.document}#page={self.page}"

    @classmethod
    def parse(cls, text: str) -> PageRef:
        """Read ``report.pdf#page=12``, whatever its Unicode form; ``ValueError`` when the text is not of that form."""
        match = _PAGE_REF.fullmatch(unicodedata.normalize("NFC", text.rstrip()))
        if match is None:
            shown = text if len(text) <= 200 else f"{text[:200]}\N{HORIZONTAL ELLIPSIS}"
            raise ValueError(f"'{shown}' is not a page reference; write one as report.pdf#page=12")
        return cls(match["document"], int(match["page"]))


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a page in reading order, as parallel columns of length n.

    ``boxes (n, 4) float32`` page fractions; ``lines (n,) int32`` number of the text line a word stands in;
    ``ocr (n,) bool`` true where the word was read from the picture rather than from the PDF's text layer.
    """

    texts: tuple[str, ...]
    boxes: Float
    lines: Int
    ocr: NDArray[np.bool_]

    def __post_init__(self) -> None:
        n = len(self.texts)
        if self.boxes.shape != (n, 4) or self.lines.shape != (n,) or self.ocr.shape != (n,):
            raise ValueError(f"{n} words need boxes ({n}, 4), lines ({n},) and ocr ({n},)")

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def text(self) -> str:
        """The words as plain text, one text line a line."""
        parts: list[str] = []
        for i, word in enumerate(self.texts):
            parts.append("" if i == 0 else ("\n" if self.lines[i] != self.lines[i - 1] else " "))
            parts.append(word)
        return "".join(parts)

    @property
    def source(self) -> str:
        """``text`` (text layer), ``ocr``, ``mixed``, or ``none`` for a page without words."""
        if not self.texts:
            return "none"
        if self.ocr.all():
            return "ocr"
        return "mixed" if self.ocr.any() else "text"

    @classmethod
    def empty(cls) -> Words:
        """A page without words."""
        return cls((), np.zeros((0, 4), np.float32), np.zeros(0, np.int32), np.zeros(0, np.bool_))


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What a page's ``image`` calls: its picture as ``pixels (height, width, 3) uint8``, which go to another process
    as they lie in memory. ``stored`` is the same as it is kept, by size, where that was made of it already."""

    pixels: NDArray[np.uint8]
    stored: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, image: Image, stored: Mapping[str, bytes] = MappingProxyType({})) -> Drawn:
        """An RGB picture."""
        return cls(np.asarray(image), dict(stored))

    def __call__(self) -> Image:
        """The picture, RGB."""
        from PIL import Image

        return Image.fromarray(self.pixels)


@dataclass(frozen=True, slots=True)
class Page:
    """One page, read from its file.

    ``size`` is the rendered (width, height) in pixels before cropping; ``crop`` the part that encoders see, as
    fractions of it; ``image`` renders or decodes the whole page on call and is RGB. ``notice`` says in a sentence what
    of it could not be read, if anything, and ``quality`` how much of it was read, in per cent (see `ReadWords`).
    ``unread`` marks a page whose picture may hold more words, which are to be read later. ``pictures`` are the boxes of
    the larger pictures on it and of some logos, ``drawings`` those of what else looks like a figure: charts and
    diagrams made of lines. ``year`` is when its file says that it was made, 0 where it does not.
    """

    ref: PageRef
    size: tuple[int, int]
    image: Callable[[], Image]
    words: Words
    content_hash: str
    crop: Box = (0.0, 0.0, 1.0, 1.0)
    notice: str = ""
    unread: bool = False
    pictures: tuple[Box, ...] = ()
    drawings: tuple[Box, ...] = ()
    year: int = 0
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class ReadWords:
    """The words of a page when all have been read, and how well that went.

    ``notice`` says in a sentence what could not be read, if anything. ``quality``, 0 to 100, is how certain the words
    are, by letters: 100 for a text layer, for OCR the share of the text it saw that it read; times the share of them
    that can be words of a language. It is None where nothing was seen to be read, and where that failed.
    """

    words: Words
    notice: str
    quality: int | None


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """A picture as a model got it, after its processor resized it or cut it into tiles.

    ``image`` RGB; ``box`` the part of the page that it shows; ``label`` says which, as in "tile row 1, column 2".
    """

    image: Image
    box: Box
    label: str


@dataclass(frozen=True, slots=True)
class PageFailure:
    """A page that could not be read, embedded or stored, and why, in one sentence."""

    ref: PageRef
    reason: str


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A committed page as read back: everything about it but its vectors.

    ``shows`` names the kinds of its figures, None where nothing has looked for them. ``language`` is that of its words,
    as a tag of BCP 47, ``year`` when its file says that it was made; empty and 0 where that is not known.
    ``quality`` is how well it was read (`ReadWords`), None where nothing was seen to be read, words are still to be
    read, or were before Pagelens 0.3.0.
    """

    page_id: str
    ref: PageRef
    document_pages: int
    size: tuple[int, int]
    crop: Box
    words: Words
    tags: tuple[str, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    shows: tuple[str, ...] | None = None
    language: str = ""
    year: int = 0
    quality: int | None = None
