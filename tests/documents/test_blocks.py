"""Blocks found in a page's picture, on pages drawn here."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from workbench.documents.blocks import find_blocks
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
