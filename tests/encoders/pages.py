"""Pages made of words, for the encoders' tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from workbench.types import Box, Page, PageRef, Words


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
