"""Pictures of pages as they are stored: one to look at and one for lists, encoded once when the page goes in.

The larger one is also what an encoder gets that comes to the collection later (`Collection.rebuilt`), so it keeps what
page models can use: a long side of up to 2,048 pixels, the most that any of their processors leaves of a page (ColSmol:
tiles of 512 from a page scaled to 2,048; ColPali takes 448 x 448, ColQwen at most 768 tokens of 28 x 28). An A4 page at
the default 144 dpi is 1,684 pixels long and keeps its size. WebP at this quality leaves pictures that, reduced as a
model would, differ from the original by noise of at most 1/50 of the range (34 dB; a test holds it to that).
"""

from __future__ import annotations

import io
from collections.abc import Mapping

from PIL import Image

SIDES = {"page": 2048, "thumb": 360}
"""Longest side in pixels of each size."""
Pictures = Mapping[str, bytes]
"""A page's pictures as WebP, by size."""
QUALITY = 80
EFFORT = 2  # of WebP's 0..6: a fifth of the time of the default for a few per cent more bytes


def encoded(image: Image.Image) -> Pictures:
    """Both sizes of a page's picture."""
    picture = image if image.mode == "RGB" else image.convert("RGB")
    found = {}
    for size, side in SIDES.items():
        scale = side / max(picture.size)
        if scale < 1:
            picture = picture.resize(
                (max(1, round(picture.width * scale)), max(1, round(picture.height * scale))),
                Image.Resampling.LANCZOS,
                reducing_gap=2.0,
            )
        found[size] = webp(picture)
    return found


def webp(picture: Image.Image) -> bytes:
    """A picture as a file."""
    data = io.BytesIO()
    picture.save(data, "WEBP", quality=QUALITY, method=EFFORT)
    return data.getvalue()
