"""Pages of a dataset as PDF files: pictures as they are, one a page, and plain texts set in type.

Benchmarks hand out pages as loose pictures or texts. In one PDF a document they are read like any other document, page
numbers mean what they meant, and a whole document goes through a model in batches. A picture's page is as many points
wide as it is at `DPI`, so that drawing the page at the default resolution gives back the picture's own pixels; JPEG
bytes go in untouched, everything else is stored without loss.
"""

from __future__ import annotations

import io
import textwrap
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from workbench.settings import CollectionSettings

DPI = CollectionSettings().dpi
Order = tuple[int, int]
"""Where a page goes: its number, and what tells it from another of that number."""
_TURNED = 0x0112  # EXIF orientation
_INSET = 0.01  # pixels; a picture that ends exactly at a pixel's edge is stretched over one more by poppler
_WIDTH, _MARGIN, _SIZE, _LEADING = 595, 50, 10, 13  # points: A4 across, as long as the text needs
_COLUMNS, _MAX_LINES = 96, 1_000
_WIDEST = 0.6
"""Of a letter's size, the width that a line of `_COLUMNS` letters needs on average; Helvetica's are .5 wide."""


class PdfPages:
    """A PDF written page by page; `close` writes the page tree, in the order that pages were given.

    The file is opened for each page, so that hundreds can be written at once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offsets: dict[int, int] = {}
        self._pages: list[tuple[Order, int]] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        self._next = 4  # 1 is the catalogue, 2 the page tree, 3 the font

    def picture(self, data: bytes, order: Order, text: str = "") -> tuple[tuple[int, int], int]:
        """Add a picture file as a page; returns its size in pixels, turned upright. Errors are Pillow's.

        A ``text`` is laid over it unseen, its lines spread from top to bottom; also returned is how many characters of
        it the type does not have.
        """
        with Image.open(io.BytesIO(data)) as image:
            plain = image.getexif().get(_TURNED, 1) == 1
            if image.format == "JPEG" and plain and image.mode in ("L", "RGB"):
                image.load()  # damaged bytes are found now, not when a page is drawn
                size, mode, stored, how = image.size, image.mode, data, b"/DCTDecode"
            else:
                flat = _flat(ImageOps.exif_transpose(image))
                size, mode, stored, how = flat.size, flat.mode, zlib.compress(flat.tobytes(), 6), b"/FlateDecode"
        width, height = (72 * pixels / DPI for pixels in size)
        colours = b"/DeviceGray" if mode == "L" else b"/DeviceRGB"
        with self._path.open("ab") as file:
            head = b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace%s/BitsPerComponent 8/Filter%s"
            picture = self._stream(file, head % (*size, colours, how), stored)
            inset = 72 * _INSET / DPI
            place = (width - 2 * inset, height - 2 * inset, inset, inset)
            unseen, lost = _unseen(text, width, height)
            content = self._stream(file, b"", b"q %.4f 0 0 %.4f %.4f %.4f cm /P Do Q" % place + unseen)
            self._page(file, order, width, height, b"/Font<</F 3 0 R>>/XObject<</P %d 0 R>>" % picture, content)
        return size, lost

    def text(self, title: str, text: str, order: Order) -> int:
        """Add a text as one page, as long as it needs to be; returns how many characters the type does not have."""
        lines = [title, ""] if title else []
        for paragraph in text.splitlines() or [""]:
            lines += textwrap.wrap(paragraph, _COLUMNS) or [""]
        lines = lines[:_MAX_LINES]
        height = 2 * _MARGIN + _LEADING * len(lines)
        rows, lost = _typed(lines)
        top = height - _MARGIN + _LEADING - _SIZE
        with self._path.open("ab") as file:
            content = self._stream(
                file, b"", b"BT /F %d Tf %d TL %d %d Td\n%s\nET" % (_SIZE, _LEADING, _MARGIN, top, rows)
            )
            self._page(file, order, _WIDTH, height, b"/Font<</F 3 0 R>>", content)
        return lost

    def __len__(self) -> int:
        return len(self._pages)

    def close(self) -> list[Order]:
        """Write what makes it a PDF; returns the orders of the pages as they stand, first page first."""
        self._pages.sort()
        with self._path.open("ab") as file:
            kids = b" ".join(b"%d 0 R" % page for _, page in self._pages)
            self._object(file, 1, b"<</Type/Catalog/Pages 2 0 R>>")
            self._object(file, 2, b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(self._pages), kids))
            self._object(file, 3, b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
            start = file.tell()
            rows = b"".join(b"%010d 00000 n \n" % self._offsets[number] for number in range(1, self._next))
            file.write(b"xref\n0 %d\n0000000000 65535 f \n%s" % (self._next, rows))
            file.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (self._next, start))
        return [order for order, _ in self._pages]

    def _page(self, file: BinaryIO, order: Order, width: float, height: float, resources: bytes, content: int) -> None:
        what = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.4f %.4f]/Resources<<%s>>/Contents %d 0 R>>"
        self._pages.append((order, self._new(file, what % (width, height, resources, content))))

    def _stream(self, file: BinaryIO, head: bytes, data: bytes) -> int:
        return self._new(file, b"<<%s/Length %d>>stream\n%s\nendstream" % (head, len(data), data))

    def _new(self, file: BinaryIO, body: bytes) -> int:
        number, self._next = self._next, self._next + 1
        self._object(file, number, body)
        return number

    def _object(self, file: BinaryIO, number: int, body: bytes) -> None:
        self._offsets[number] = file.tell()
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))


def _typed(lines: Sequence[str]) -> tuple[bytes, int]:
    """Lines as PDF shows them, each on the next, and how many characters the type does not have."""
    whole = "".join(lines)
    lost = len(whole) - len(whole.encode("cp1252", "ignore").decode("cp1252"))
    shown = (line.encode("cp1252", "replace") for line in lines)
    escaped = (line.translate(None, b"\r\n\0").replace(b"\\", b"\\\\") for line in shown)
    return b"\n".join(b"(%s) '" % line.replace(b"(", b"\\(").replace(b")", b"\\)") for line in escaped), lost


def _unseen(text: str, width: float, height: float) -> tuple[bytes, int]:
    """A text over a page of so many points, drawn in no colour: all of it, however small it has to be."""
    lines = [line for row in text.splitlines() for line in textwrap.wrap(row, _COLUMNS)]
    if not lines:
        return b"", 0
    leading = height / (len(lines) + 1)
    size = min(leading * _SIZE / _LEADING, width / (_COLUMNS * _WIDEST))
    rows, lost = _typed(lines)
    return b"\nBT 3 Tr /F %.4f Tf %.4f TL %.4f %.4f Td\n%s\nET" % (size, leading, 0, height, rows), lost


def _flat(image: Image.Image) -> Image.Image:
    """Grey or RGB, with what is transparent on white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", rgba.size, (255, 255, 255))
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white
    return image if image.mode == "L" else image.convert("RGB")
