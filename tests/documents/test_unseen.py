"""Text that nobody sees is not read; text that somebody sees is, and what was read off a scan."""

import numpy as np
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.documents.make import text_picture
from workbench.documents import ReadSettings, Source, read_pages

BODY = "Minutes of the spring meeting"


def read(path) -> str:
    (page,) = read_pages(Source(path, path.name), ReadSettings(ocr=False, picture=False))
    return page.words.text


def page_of(path, draw) -> str:
    """The words of a page that says `BODY` at the top and holds what ``draw`` puts on it."""
    canvas = Canvas(str(path), pagesize=(600, 800), invariant=1)
    canvas.setFont("Helvetica", 14)
    canvas.drawString(50, 740, BODY)
    draw(canvas)
    canvas.save()
    return read(path)


def photograph() -> ImageReader:
    """Something with light and dark all over, as grass has."""
    noise = np.random.default_rng(0).integers(0, 256, (60, 90, 3)).astype(np.uint8)
    return ImageReader(Image.fromarray(noise).resize((720, 480), Image.Resampling.BICUBIC))


def words(canvas, fill=(0, 0, 0), alpha=None, mode=None):
    canvas.setFillColorRGB(*fill, alpha=alpha)
    canvas.drawString(100, 500, "buy xylophones now", mode=mode)


def ground(canvas, fill, alpha=None):
    canvas.setFillColorRGB(*fill, alpha=alpha)
    canvas.rect(80, 450, 300, 100, stroke=0, fill=1)


def paper_white(canvas):
    words(canvas, (1, 1, 1))


def nearly_white(canvas):
    words(canvas, (0.98, 0.98, 0.98))


def see_through(canvas):
    words(canvas, alpha=0)


def black_on_black(canvas):
    ground(canvas, (0, 0, 0))
    words(canvas)


def redacted(canvas):
    words(canvas)
    ground(canvas, (0, 0, 0))


def white_on_a_white_card(canvas):
    ground(canvas, (0.2, 0.2, 0.2))
    canvas.setFillColorRGB(1, 1, 1)
    canvas.rect(90, 480, 250, 60, stroke=0, fill=1)
    words(canvas, (1, 1, 1))


def under_a_photograph(canvas):
    words(canvas)
    canvas.drawImage(photograph(), 80, 400, 300, 200)


def under_a_plain_picture(canvas):
    words(canvas)
    canvas.drawImage(ImageReader(Image.new("RGB", (30, 20), (200, 220, 240))), 80, 400, 300, 200)


@pytest.mark.parametrize(
    "draw",
    [
        paper_white, nearly_white, see_through, black_on_black, redacted, white_on_a_white_card, under_a_photograph,
        under_a_plain_picture,
    ],
)  # fmt: skip
def test_what_nobody_sees_is_not_read(tmp_path, draw):
    assert page_of(tmp_path / "page.pdf", draw) == BODY


def white_on_dark(canvas):
    ground(canvas, (0.1, 0.1, 0.3))
    words(canvas, (1, 1, 1))


def watermark(canvas):
    words(canvas, (0.88, 0.88, 0.88))


def marked_with_a_pen(canvas):
    words(canvas)
    ground(canvas, (1, 1, 0), alpha=0.4)


def before_a_photograph(canvas):
    canvas.drawImage(photograph(), 80, 400, 300, 200)
    words(canvas, (1, 1, 1))


def white_with_a_line_around(canvas):
    canvas.setStrokeColorRGB(0, 0, 0)
    words(canvas, (1, 1, 1), mode=2)


def invisible(canvas):
    words(canvas, mode=3)


@pytest.mark.parametrize(
    "draw", [white_on_dark, watermark, marked_with_a_pen, before_a_photograph, white_with_a_line_around, invisible]
)
def test_what_is_seen_is_read(tmp_path, draw):
    assert page_of(tmp_path / "page.pdf", draw) == f"{BODY}\nbuy xylophones now"


@pytest.mark.parametrize("how", ["under", "see-through", "invisible"])
def test_what_was_read_off_a_scan_stays(tmp_path, how):
    lines = ["Harbour dues were paid", "in barrels of herring", "until the ice came"]
    scan = ImageReader(text_picture(lines, size=(600, 800)))
    canvas = Canvas(str(tmp_path / "page.pdf"), pagesize=(600, 800), invariant=1)
    if how != "under":
        canvas.drawImage(scan, 0, 0, 600, 800)
    canvas.setFillColorRGB(0, 0, 0, alpha=0 if how == "see-through" else None)
    canvas.setFont("Helvetica", 34)
    for i, line in enumerate(lines):
        canvas.drawString(40, 730 - 72 * i, line, mode=3 if how == "invisible" else None)
    if how == "under":
        canvas.drawImage(scan, 0, 0, 600, 800)
    canvas.save()
    assert read(tmp_path / "page.pdf").splitlines() == lines
