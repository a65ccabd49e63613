"""Blocks found in a page's picture, on pages drawn here."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from workbench.documents.blocks import MOST_DRAWINGS, find_blocks, find_drawings
from workbench.types import Words


def page(background: str = "white", ink: str = "black") -> tuple[Image.Image, Words]:
    """A paragraph at the top, a table of three columns in the middle, a drawing at the bottom, and their words."""
    image = Image.new("RGB", (800, 1000), background)
    draw = ImageDraw.Draw(image)
    texts: list[str] = []
    boxes: list[tuple[float, float, float, float]] = []
    numbers: list[int] = []

    def word(text: str, x: int, y: int, line: int, width: int = 60) -> None:
        for i in range(x, x + width, 6):  # strokes, as letters are
            draw.line((i, y, i, y + 14), fill=ink, width=3)
        texts.append(text)
        boxes.append((x / 800, y / 1000, (x + width) / 800, (y + 14) / 1000))
        numbers.append(line)

    for line in range(4):
        for i in range(8):
            word(f"p{line}{i}", 100 + 68 * i, 100 + 20 * line, line)
    for row in range(4):
        for col in range(3):
            word(f"t{row}{col}", 100 + 120 * col, 400 + 20 * row, 10 + row, 40)
        draw.line((100, 418 + 20 * row, 400, 418 + 20 * row), fill=ink, width=2)
    draw.ellipse((300, 700, 500, 880), outline=ink, width=4)
    draw.line((300, 700, 500, 880), fill=ink, width=4)
    return image, Words(tuple(texts), np.asarray(boxes, np.float32), np.asarray(numbers, np.int32), np.zeros(44, bool))


@pytest.mark.parametrize(("background", "ink"), [("white", "black"), ("#202030", "#f0f0e0"), ("#ffd0d0", "#402020")])
def test_a_paragraph_a_table_and_a_drawing_are_three_blocks(background, ink):
    image, words = page(background, ink)
    blocks = [block for block in find_blocks(image, words) if not block.thin]
    assert [block.kind for block in blocks] == ["text", "table", "figure"]
    paragraph, table, drawing = blocks
    assert paragraph.box == pytest.approx((0.125, 0.1, 0.795, 0.174), abs=0.01)
    assert table.box == pytest.approx((0.125, 0.4, 0.5, 0.48), abs=0.01)
    assert drawing.box == pytest.approx((0.375, 0.7, 0.625, 0.88), abs=0.01)
    assert [words.texts[i] for i in paragraph.words][:2] == ["p00", "p01"]
    assert len(paragraph.words) == 32 and len(table.words) == 12 and drawing.words == ()


def test_the_size_of_the_picture_does_not_matter():
    image, words = page()
    double = image.resize((1600, 2000))
    small = [block.box for block in find_blocks(image, words)]
    large = [block.box for block in find_blocks(double, words)]
    assert len(small) == len(large)
    assert np.asarray(small) == pytest.approx(np.asarray(large), abs=0.01)


def test_an_empty_page_has_no_blocks():
    assert find_blocks(Image.new("RGB", (300, 400), "white"), Words.empty()) == []


def test_every_word_is_in_one_block_at_most():
    image, words = page()
    members = [i for block in find_blocks(image, words) for i in block.words]
    assert sorted(members) == list(range(len(words)))


DRAWING = (0.375, 0.7, 0.625, 0.88)


def test_what_is_drawn_on_a_page_is_found_and_its_text_is_not():
    image, words = page()
    found = find_drawings(image, words, ())
    assert found[0] == pytest.approx(DRAWING, abs=0.01)
    assert all(box[1] > 0.35 for box in found)  # the paragraph is none


def test_a_drawing_that_is_a_picture_of_the_page_is_looked_at_once():
    image, words = page()
    assert all(box[3] < 0.65 for box in find_drawings(image, words, (DRAWING,)))
    aside = (0.6, 0.7, 0.9, 0.88)  # shares but a tenth of it
    assert find_drawings(image, words, (aside,))[0] == pytest.approx(DRAWING, abs=0.01)


def test_the_drawings_of_a_scan_are_looked_at_and_a_photograph_has_none():
    image, words = page()
    everywhere = (0.0, 0.0, 1.0, 1.0)
    assert find_drawings(image, words, (everywhere,))[0] == pytest.approx(DRAWING, abs=0.01)
    assert find_drawings(image, Words.empty(), (everywhere,)) == ()


def test_no_more_than_the_largest_drawings_are_looked_at():
    image = Image.new("RGB", (1000, 1000), "white")
    sides = [180, 220] * 4
    for i, side in enumerate(sides):
        x, y = 20 + 245 * (i % 4), 100 + 400 * (i // 4)
        ImageDraw.Draw(image).ellipse((x, y, x + side, y + side), outline="black", width=4)
    found = find_drawings(image, Words.empty(), ())
    assert len(found) == MOST_DRAWINGS == 4
    assert all(box[2] - box[0] > 0.2 for box in found)
