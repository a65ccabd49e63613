"""Files for the tests, built from nothing: PDFs written object by object, so that each can be wrong in one way."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

LINES = (
    "The quick brown fox jumps over the lazy dog.",
    "Pack my box with five dozen liquor jugs.",
    "Sphinx of black quartz, judge my vow.",
)


def raw_pdf(
    path: Path, pages: Sequence[tuple[str, bytes]], damaged: Sequence[int] = (), kids: str | None = None
) -> Path:
    """A PDF of pages given as (page dictionary entries, content stream); pages in ``damaged`` (from 0) are no page."""
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    numbers = []
    for i, (entries, content) in enumerate(pages):
        number = len(objects) + 1
        numbers.append(number)
        fonts = "" if "/Resources" in entries else "/Resources << /Font << /F1 3 0 R >> >>"
        body = f"<< /Type /Page /Parent 2 0 R {fonts} /Contents {number + 1} 0 R {entries} >>"
        objects.append(b"(this is no page)" if i in damaged else body.encode())
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    kids = kids if kids is not None else " ".join(f"{n} 0 R" for n in numbers)
    objects[1] = f"<< /Type /Pages /Kids [{kids}] /Count {kids.count('R')} >>".encode()
    return objects_pdf(path, objects)


def objects_pdf(path: Path, objects: Sequence[bytes]) -> Path:
    """A PDF of these objects, numbered from 1; the first is its catalog."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    path.write_bytes(out)
    return path


def show(text: str, x: float = 72, y: float = 700, size: float = 12) -> bytes:
    """A content stream that prints one text at a place (points, origin bottom left)."""
    return f"BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n".encode("latin-1")


def text_pdf(path: Path, pages: int = 1, lines: Sequence[str] = LINES, size: tuple[float, float] = (612, 792)) -> Path:
    """A born-digital PDF; every page carries its number and the lines."""
    canvas = Canvas(str(path), pagesize=size, invariant=1)
    for number in range(1, pages + 1):
        canvas.setFont("Helvetica", 12)
        canvas.drawString(72, size[1] - 72, f"Heading of page {number}")
        for i, line in enumerate(lines):
            canvas.drawString(72, size[1] - 100 - 16 * i, line)
        canvas.showPage()
    canvas.save()
    return path


def encrypted_pdf(path: Path, password: str) -> Path:
    """A PDF that needs this user password; an empty one opens for everybody."""
    canvas = Canvas(str(path), encrypt=StandardEncryption(password, ownerPassword="owner", strength=128))
    canvas.drawString(72, 700, "Encrypted words")
    canvas.save()
    return path


def text_picture(
    lines: Sequence[str], size: tuple[int, int] = (900, 400), height: int = 36, dark: bool = False
) -> Image.Image:
    """A picture with lines of print, as a scanner or a camera would give it."""
    image = Image.new("RGB", size, (20, 20, 40) if dark else (255, 255, 255))
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(height)
    for i, line in enumerate(lines):
        pen.text((40, 40 + 2 * height * i), line, font=font, fill=(240, 240, 240) if dark else (0, 0, 0))
    return image


def shaken(picture: Image.Image, noise: float = 72.0) -> Image.Image:
    """A poor copy of a picture, of whose text little can be read: out of focus, under noise of that deviation."""
    grain = np.random.default_rng(0).normal(0, noise, (picture.height, picture.width, 1))
    blurred = picture.convert("RGB").filter(ImageFilter.GaussianBlur(noise / 16))
    return Image.fromarray(np.clip(np.asarray(blurred, np.float64) + grain, 0, 255).astype(np.uint8))


def picture_pdf(
    path: Path, image: Image.Image, words: Sequence[tuple[float, float, str]] = (), box=(72, 300, 400, 200)
) -> Path:  # type: ignore[no-untyped-def]
    """A Letter page with a picture at ``box`` (x, y, width, height in points) and words (x, y, text) beside it."""
    canvas = Canvas(str(path), pagesize=(612, 792), invariant=1)
    canvas.drawImage(ImageReader(image), *box)
    canvas.setFont("Helvetica", 12)
    for x, y, text in words:
        canvas.drawString(x, y, text)
    canvas.save()
    return path


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims this size and carries next to nothing: a decompression bomb's head."""
    buffer = io.BytesIO()
    Image.new("1", (8, 8)).save(buffer, "PNG")
    data = bytearray(buffer.getvalue())
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


TOPICS = {
    "whales.pdf": ["The blue whale is the largest animal alive.", "Humpback whales sing long songs under water."],
    "bread.pdf": [
        "Knead the dough until it is smooth.",
        "Bake the loaf in a hot oven for forty minutes.",
        "Let it cool.",
    ],
    "stars.pdf": ["A red giant is a star near the end of its life.", "Astronomers measure distance by parallax."],
}
"""Three small documents, by file name: the text of each page."""


def write_pdf(path: Path, pages: Sequence[str], blocks: bool = False, size: int = 16, footer: str = "") -> Path:
    """A PDF with a line of text on every page, and a second one, the ``footer``, if there is any; its folder is made.

    With ``blocks`` page n has n black bars too, so that no two look alike.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    for number, text in enumerate(pages, 1):
        canvas.setFont("Helvetica", size)
        canvas.drawString(72, 700, text)
        for bar in range(number if blocks else 0):
            canvas.rect(72, 600 - 120 * bar, 400, 80, fill=1)
        if footer:
            canvas.drawString(72, 120, footer)
        canvas.showPage()
    canvas.save()
    return path
