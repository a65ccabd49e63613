"""Pages made of words or pictures, for the encoders' tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from workbench.types import Box, Page, PageRef, Words

SHAPES = {"upright": (400, 600), "slide": (640, 360)}
WHOLE = (0.0, 0.0, 1.0, 1.0)
CROP = (0.1, 0.2, 0.9, 0.8)


def page(
    texts: Sequence[str] = (), number: int = 1, crop: Box = (0.0, 0.0, 1.0, 1.0), image: Image.Image | None = None
) -> Page:
    """A page whose words stand in ten columns, left to right and top to bottom."""
    n = len(texts)
    column, row = np.arange(n) % 10, np.arange(n) // 10
    rows = max(1, -(-n // 10))
    boxes = np.stack([column / 10, row / rows, (column + 0.9) / 10, (row + 0.8) / rows], axis=1).astype(np.float32)
    words = Words(tuple(texts), boxes.reshape(n, 4), row.astype(np.int32), np.zeros(n, np.bool_))
    picture = image or Image.new("RGB", (200, 300), "white")
    return Page(PageRef("made.pdf", number), picture.size, lambda: picture, words, f"hash-{number}", crop)


def picture(size: tuple[int, int]) -> Image.Image:
    """Noise with a navy block, so that no two places look alike; the same each time."""
    noise = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), np.uint8)
    image = Image.fromarray(noise, "RGB")
    ImageDraw.Draw(image).rectangle((size[0] // 2, 10, size[0] - 10, size[1] // 3), fill="navy")
    return image


def scene(size: tuple[int, int]) -> Image.Image:
    """Smooth colours that differ from place to place, which resizing hardly changes."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    red, green = 255 * x / size[0], 255 * y / size[1]
    blue = 127 + 127 * np.sin(6 * x / size[0]) * np.cos(6 * y / size[1])
    return Image.fromarray(np.stack([red, green, blue], axis=2).astype(np.uint8), "RGB")
