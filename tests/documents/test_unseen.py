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


def white_on_a_see_through_ground(canvas):
    ground(canvas, (0, 0, 0), alpha=0)
    words(canvas, (1, 1, 1), alpha=1)


def white_on_a_ground_clipped_away(canvas):
    canvas.saveState()
    corner = canvas.beginPath()
    corner.rect(0, 0, 1, 1)
    canvas.clipPath(corner, stroke=0)
    ground(canvas, (0, 0, 0))
    canvas.restoreState()
    words(canvas, (1, 1, 1))


def white_lines(canvas):
    canvas.setStrokeColorRGB(1, 1, 1)
    words(canvas, mode=1)


def white_with_white_lines(canvas):
    canvas.setStrokeColorRGB(1, 1, 1)
    words(canvas, (1, 1, 1), mode=2)


@pytest.mark.parametrize(
    "draw",
    [
        paper_white, nearly_white, see_through, black_on_black, redacted, white_on_a_white_card, under_a_photograph,
        under_a_plain_picture, white_on_a_see_through_ground, white_on_a_ground_clipped_away, white_lines,
        white_with_white_lines,
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


def black_lines(canvas):
    words(canvas, (1, 1, 1), mode=1)


def invisible(canvas):
    words(canvas, mode=3)


@pytest.mark.parametrize(
    "draw",
    [
        white_on_dark, watermark, marked_with_a_pen, before_a_photograph, white_with_a_line_around, black_lines,
        invisible,
    ],
)  # fmt: skip
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


def of_few_dots(scan):
    return scan.point(lambda level: level * 0.8 + 20).resize((450, 600)).convert("1").resize((1800, 2400), 0)


def of_one_bit(scan):
    return scan.point(lambda level: level * 0.8 + 20).convert("1")


def dark(scan):
    levels = 76 - (255 - np.asarray(scan, np.float64)) * 46 / 255
    noise = np.random.default_rng(0).normal(0, 10, levels.shape)
    return Image.fromarray(np.clip(levels + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("strips", [1, 4])
@pytest.mark.parametrize("made", [of_few_dots, of_one_bit, dark])
def test_text_beneath_a_whole_scan_stays_however_poor_that_is(tmp_path, made, strips):
    lines = ["Harbour dues were paid", "in barrels of herring", "until the ice came"]
    scan = made(text_picture(lines, size=(900, 1200)).convert("L"))
    canvas = Canvas(str(tmp_path / "page.pdf"), pagesize=(600, 800), invariant=1)
    canvas.setFont("Helvetica", 24.5)
    for i, line in enumerate(lines):
        canvas.drawString(27, 750 - 48 * i, line)
    for i in range(strips):
        strip = scan.crop((0, i * scan.height // strips, scan.width, (i + 1) * scan.height // strips))
        canvas.drawImage(ImageReader(strip), 0, 800 - (i + 1) * 800 // strips, 600, 800 // strips)
    canvas.save()
    assert read(tmp_path / "page.pdf").splitlines() == lines


@pytest.mark.parametrize("made", [of_one_bit, dark])
def test_text_beneath_a_poor_scan_of_half_a_page_stays(tmp_path, made):
    lines = ["Harbour dues were paid", "in barrels of herring", "until the ice came"]
    scan = made(text_picture(lines, size=(900, 600)).convert("L"))

    def draw(canvas):
        canvas.setFont("Helvetica", 24.5)
        for i, line in enumerate(lines):
            canvas.drawString(27, 350 - 48 * i, line)
        canvas.drawImage(ImageReader(scan), 0, 0, 600, 400)

    assert page_of(tmp_path / "page.pdf", draw).splitlines() == [BODY, *lines]


def test_small_labels_of_a_large_plan_are_read_beneath_a_tint(tmp_path):
    canvas = Canvas(str(tmp_path / "plan.pdf"), pagesize=(14_400, 10_000), invariant=1)
    canvas.setFont("Helvetica", 4)
    canvas.drawString(1000, 5000, "inspection hatch")
    canvas.setFillColorRGB(0, 0, 1, alpha=0.05)
    canvas.rect(0, 0, 14_400, 10_000, stroke=0, fill=1)
    canvas.save()
    assert read(tmp_path / "plan.pdf") == "inspection hatch"
