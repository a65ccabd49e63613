"""Margins go, content never: each thing that density thresholds get wrong, and the law behind all of it."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfgen.canvas import Canvas

from tests.documents.make import LINES
from workbench.documents import ReadSettings, Source, read_pages
from workbench.documents.crop import LIGHT, PADDING, TOLERANCE, WHOLE, content_box
from workbench.types import Words

pytestmark = pytest.mark.slow

W, H = 1158, 1637  # A4 at 140 dpi
FONT = ImageFont.load_default(16)


class Sheet:
    """A page being drawn, which knows its words."""

    def __init__(self, paper=(255, 255, 255), size=(W, H)):
        self.image = Image.new("RGB", size, paper)
        self.pen = ImageDraw.Draw(self.image)
        self.words: list[tuple[str, tuple[float, ...]]] = []

    def text(self, x, y, text, size=16):
        font = ImageFont.load_default(size)
        for word in text.split():
            left, _, right, _ = self.pen.textbbox((x, y), word, font=font)
            self.pen.text((x, y), word, font=font, fill=(0, 0, 0))
            self.words.append(
                (
                    word,
                    (
                        left / self.image.width,
                        y / self.image.height,
                        right / self.image.width,
                        (y + size * 1.2) / self.image.height,
                    ),
                )
            )
            x = right + size * 0.3
        return self

    def block(self, box, colour):
        self.pen.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=colour)
        return self

    def body(self, top=300, lines=12, pitch=24):
        for i in range(lines):
            self.text(160, top + pitch * i, " ".join(LINES[i % 3 : i % 3 + 2])[:90])
        return self

    @property
    def pixels(self):
        return np.asarray(self.image)

    @property
    def known(self) -> Words:
        n = len(self.words)
        boxes = np.array([box for _, box in self.words], np.float32).reshape(n, 4)
        rounded = (
            np.unique(np.round(boxes[:, 1] * 1e4), return_inverse=True)[1].astype(np.int32)
            if n
            else np.zeros(0, np.int32)
        )
        return Words(tuple(word for word, _ in self.words), boxes, rounded, np.zeros(n, bool))

    def box(self, furniture=False, words=True):
        """The content box in pixels."""
        found = content_box(self.pixels, self.known if words else Words.empty(), furniture=furniture)
        return tuple(round(v * s) for v, s in zip(found, self.image.size * 2, strict=True))


def lost(pixels, box, paper=(255, 255, 255)) -> int:
    """Pixels outside a box (fractions) that are not paper."""
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = (round(v * s) for v, s in zip(box, (width, height) * 2, strict=True))
    ink = (np.abs(pixels.astype(int) - paper) > TOLERANCE).any(axis=2)
    ink[y0:y1, x0:x1] = False
    return int(ink.sum())


def test_margins_go_down_to_the_padding():
    sheet = Sheet().block((200, 300, 900, 1200), (0, 0, 0))
    assert sheet.box() == (200 - PADDING, 300 - PADDING, 900 + PADDING, 1200 + PADDING)


@pytest.mark.parametrize("paper", [(255, 255, 255), (250, 245, 230), (LIGHT + 5,) * 3])
def test_light_paper_of_any_colour_is_a_margin(paper):
    assert Sheet(paper).block((200, 300, 900, 1200), (0, 0, 0)).box() == (192, 292, 908, 1208)


@pytest.mark.parametrize("paper", [(255, 255, 255), (0, 0, 0), (250, 245, 230)])
@pytest.mark.parametrize("furniture", [False, True])
def test_a_blank_page_is_left_alone(paper, furniture):
    sheet = Sheet(paper)
    assert content_box(sheet.pixels, Words.empty(), furniture=furniture) == WHOLE


@pytest.mark.parametrize("furniture", [False, True])
def test_a_dark_page_is_never_cut(furniture):
    sheet = Sheet((20, 24, 60)).block((400, 500, 700, 800), (250, 250, 250))
    assert content_box(sheet.pixels, sheet.known, furniture=furniture) == WHOLE


@pytest.mark.parametrize("colour", [(30, 60, 160), (225, 235, 255), (240, 240, 240), (255, 255, 235)])
@pytest.mark.parametrize("furniture", [False, True])
@pytest.mark.parametrize("edge", ["top", "bottom", "left", "right"])
def test_a_full_bleed_banner_is_never_cut(colour, furniture, edge):
    banner = {"top": (0, 0, W, 210), "bottom": (0, H - 210, W, H), "left": (0, 0, 210, H), "right": (W - 210, 0, W, H)}[
        edge
    ]
    sheet = Sheet().block(banner, colour).body()
    box = sheet.box(furniture)
    assert box[0] <= banner[0] and box[1] <= banner[1] and box[2] >= banner[2] and box[3] >= banner[3]


@pytest.mark.parametrize("width", [1, 2, 5, 9, 20, 60])
def test_a_page_number_of_any_width_stays_unless_asked(width):
    sheet = Sheet().body().block((W // 2, H - 80, W // 2 + width, H - 66), (0, 0, 0))
    assert sheet.box()[3] == H - 66 + PADDING
    assert lost(sheet.pixels, content_box(sheet.pixels, sheet.known)) == 0


@pytest.mark.parametrize("text", ["7", "312", "- 7 -", "Page 7", "7 / 20", "Page 7 of 20", "xii", "[12]"])
@pytest.mark.parametrize("y", [60, H - 80])
def test_a_page_number_goes_when_asked(text, y):
    sheet = Sheet().body().text(W // 2, y, text)
    bare = Sheet().body().box()
    assert sheet.box(furniture=True) == bare
    assert sheet.box() != bare


def test_running_heads_go_when_asked_with_their_rule():
    sheet = (
        Sheet().text(160, 60, "Annual Report 2021").text(900, 60, "Chapter 3").block((160, 90, W - 160, 92), (0, 0, 0))
    )
    sheet.body().text(W // 2, H - 70, "41")
    assert sheet.box(furniture=True) == Sheet().body().box()
    assert sheet.box()[1] == pytest.approx(60, abs=PADDING + 5)


def test_a_page_framed_in_two_light_colours_is_left_alone_rather_than_guessed_at():
    sheet = (
        Sheet((240, 240, 240), size=(400, 300))
        .block((0, 0, 200, 40), (255, 255, 255))
        .block((20, 20, 60, 60), (0, 0, 0))
    )
    box = content_box(sheet.pixels, sheet.known)
    x0, y0, x1, y1 = (round(v * s) for v, s in zip(box, (400, 300) * 2, strict=True))
    assert x0 == y0 == 0 and x1 >= 200 and y1 >= 60


@pytest.mark.parametrize("width", [6, 20, 41, 100])
@pytest.mark.parametrize("below", [24, 40])
def test_a_short_last_line_stays_when_furniture_goes(width, below):
    """The last line of a paragraph, on the lowest line of the type area, at the body's pitch or a paragraph below."""
    sheet = Sheet().body(top=H - 150 - 24 * 40, lines=40)
    sheet.body(top=200, lines=3).body(top=200 + 2 * 24 + 40, lines=3)  # a body with paragraphs
    y = H - 150 - 24 + below
    x = 160
    while x < 160 + width:
        sheet.text(x, y, "so")
        x += 24
    box = sheet.box(furniture=True)
    assert box[3] >= y + 12
    assert lost(sheet.pixels, content_box(sheet.pixels, sheet.known, furniture=True)) == 0


def test_a_title_a_logo_and_a_slide_stay():
    title = Sheet().text(160, 60, "Quarterly Results", size=40).body()
    assert title.box(True) == title.box()
    logo = Sheet().block((100, 60, 140, 90), (200, 30, 30)).text(160, 66, "Acme Corporation").body()
    assert logo.box(True) == logo.box()
    slide = Sheet(size=(1600, 900)).text(200, 40, "Three points").text(200, 400, "One").text(200, 500, "Two")
    assert slide.box(True) == slide.box()


def test_what_touches_the_edge_is_not_furniture():
    sheet = Sheet().body().text(W // 2, 2, "12")
    assert sheet.box(True) == sheet.box()


def test_without_words_only_a_lone_small_block_can_be_a_page_number():
    sheet = Sheet().body().text(W // 2, H - 80, "312")
    assert sheet.box(furniture=True, words=False) == Sheet().body().box()
    wide = Sheet().body().text(160, H - 80, "Confidential draft of March")
    assert wide.box(furniture=True, words=False) == wide.box()


def page_pixels(draw):
    height, width = draw(st.integers(24, 160)), draw(st.integers(24, 160))
    light = st.tuples(*[st.integers(LIGHT, 255)] * 3)
    anything = st.tuples(*[st.integers(0, 255)] * 3)
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = draw(st.one_of(light, anything))
    for _ in range(draw(st.integers(0, 6))):
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        pixels[y : y + draw(st.integers(1, height)), x : x + draw(st.integers(1, width))] = draw(
            st.one_of(light, anything)
        )
    return pixels


pages = st.composite(page_pixels)()


@given(pages)
@settings(max_examples=300, deadline=None)
def test_every_pixel_cut_has_one_light_colour(pixels):
    """No content is lost whatever is on the page: what goes is uniform, light, and the colour of the frame."""
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = (
        round(v * s) for v, s in zip(content_box(pixels, Words.empty()), (width, height) * 2, strict=True)
    )
    outside = np.ones((height, width), bool)
    outside[y0:y1, x0:x1] = False
    cut = pixels[outside].astype(int)
    if len(cut):
        assert (cut.max(axis=0) - cut.min(axis=0)).max() <= 2 * TOLERANCE
        assert cut.mean(axis=0) @ (0.299, 0.587, 0.114) >= LIGHT - TOLERANCE
    assert x1 > x0 and y1 > y0


@given(pages)
@settings(max_examples=300, deadline=None)
@example(np.pad(np.zeros((4, 4, 3), np.uint8), ((60, 60), (60, 60), (0, 0)), constant_values=255))
def test_cropping_twice_cuts_no_more(pixels):
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = (
        round(v * s) for v, s in zip(content_box(pixels, Words.empty()), (width, height) * 2, strict=True)
    )
    again = np.ascontiguousarray(pixels[y0:y1, x0:x1])
    assert content_box(again, Words.empty()) == WHOLE


def cropped_words(words: Words, box) -> Words:
    x0, y0, x1, y1 = box
    moved = (words.boxes - (x0, y0, x0, y0)) / (x1 - x0, y1 - y0, x1 - x0, y1 - y0)
    keep = ((moved >= -1e-3) & (moved <= 1.001)).all(axis=1)
    texts = tuple(text for text, k in zip(words.texts, keep, strict=True) if k)
    return Words(texts, moved[keep].astype(np.float32), words.lines[keep], words.ocr[keep])


def test_cropping_furniture_twice_cuts_no_more():
    sheet = Sheet().text(160, 60, "Annual Report 2021").text(160, 130, "A heading").body().text(W // 2, H - 70, "41")
    box = content_box(sheet.pixels, sheet.known, furniture=True)
    x0, y0, x1, y1 = (round(v * s) for v, s in zip(box, (W, H) * 2, strict=True))
    again = np.ascontiguousarray(sheet.pixels[y0:y1, x0:x1])
    assert content_box(again, cropped_words(sheet.known, box), furniture=True) == WHOLE


@given(pages, st.tuples(*[st.floats(0, 1)] * 2))
@settings(max_examples=50, deadline=None)
def test_the_box_maps_back(pixels, point):
    """A point of the cropped picture, put through the box, is the same pixel of the page."""
    height, width = pixels.shape[:2]
    box = content_box(pixels, Words.empty())
    x0, y0, x1, y1 = (round(v * s) for v, s in zip(box, (width, height) * 2, strict=True))
    part = pixels[y0:y1, x0:x1]
    px, py = int(point[0] * (part.shape[1] - 1)), int(point[1] * (part.shape[0] - 1))
    on_page = (
        box[0] + (px + 0.5) / part.shape[1] * (box[2] - box[0]),
        box[1] + (py + 0.5) / part.shape[0] * (box[3] - box[1]),
    )
    assert (pixels[int(on_page[1] * height), int(on_page[0] * width)] == part[py, px]).all()


# ---- through read_pages


def numbered_pdf(path):
    canvas = Canvas(str(path), pagesize=(612, 792))
    canvas.setFont("Helvetica", 11)
    canvas.drawString(90, 750, "A running head")
    for i in range(20):
        canvas.drawString(90, 640 - 14 * i, LINES[i % 3])
    canvas.drawString(300, 40, "17")
    canvas.save()
    return path


def crop_of(path, **settings):
    (page,) = read_pages(Source(path, path.name), ReadSettings(ocr=False, **settings))
    return page


def test_each_setting_changes_the_box_and_the_page_keeps_its_size_and_words(tmp_path):
    path = numbered_pdf(tmp_path / "page.pdf")
    whole, plain, bare = crop_of(path), crop_of(path, crop=True), crop_of(path, crop=True, crop_furniture=True)
    assert whole.crop == WHOLE
    assert lost(np.asarray(plain.image()), plain.crop) == 0
    assert 0 < plain.crop[1] < bare.crop[1] and bare.crop[3] < plain.crop[3] < 1
    assert whole.size == plain.size == bare.size == bare.image().size
    assert whole.words.texts == bare.words.texts
    assert crop_of(path, crop_furniture=True).crop == WHOLE  # furniture is cropped only where margins are
