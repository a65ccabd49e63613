"""Text on pictures: the first font of this machine that has the letters, and the library's own where none is there.

Fonts are looked for by the names that systems ship them under; nothing is fetched. A letter that no font here has is
drawn as a question mark, so a picture's metadata carries its texts in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from PIL import ImageFont

FAMILIES = (
    "DejaVuSans.ttf",
    "LiberationSans-Regular.ttf",
    "NotoSans-Regular.ttf",
    "Helvetica.ttc",
    "Arial.ttf",
    "arial.ttf",
    "segoeui.ttf",
    "NotoSansCJK-Regular.ttc",
    "PingFang.ttc",
    "Arial Unicode.ttf",
    "msyh.ttc",
    "msgothic.ttc",
    "malgun.ttf",
)
"""Fonts of Linux, macOS and Windows, those for every day first, then those with the letters of East Asia."""
_NOWHERE = "\U0010ffff"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=64)
def fonts(size: int) -> tuple[Font, ...]:
    """Every font of `FAMILIES` that is here, at so many pixels, and last the one that comes with Pillow."""
    found: list[Font] = []
    for name in FAMILIES:
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:
            continue
    return (*found, ImageFont.load_default(size))


@lru_cache(maxsize=8192)
def has(font: Font, letter: str) -> bool:
    """Whether a font can draw a letter: it does not draw what it draws for a code that no letter has."""
    if letter.isspace():
        return True
    there, nothing = font.getmask(letter), font.getmask(_NOWHERE)
    return there.size != nothing.size or bytes(there) != bytes(nothing)


def fitting(text: str, size: int) -> tuple[Font, str]:
    """The font that has the most of a text's letters, the first of equals, and the text with the others as ``?``."""
    letters = set(text)
    font = max(fonts(size), key=lambda font: sum(has(font, letter) for letter in letters))
    return font, "".join(letter if has(font, letter) else "?" for letter in text)


def wrapped(words: Sequence[float], width: float, gap: float) -> list[list[int]]:
    """Positions of things of these widths, line by line, ``gap`` between them; one too wide stands alone."""
    lines: list[list[int]] = []
    used = 0.0
    for i, wide in enumerate(words):
        if lines and used + gap + wide <= width:
            lines[-1].append(i)
            used += gap + wide
        else:
            lines.append([i])
            used = wide
    return lines
