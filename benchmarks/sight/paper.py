"""A sheet that figures are drawn on, with its colours and fonts; all by chance, the same for the same seed."""

from __future__ import annotations

import colorsys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Rng = np.random.Generator
Colour = tuple[int, int, int]
Place = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels."""
_SAID = (
    "revenue share growth years households median index total change rate region north south survey answer value "
    "cost energy water people number percent model error layer data result time price market sales users method "
    "group study level high low mean sample age income party world country city product quarter target actual "
    "plan risk team "
)
WORDS = _SAID.split()
FONTS: dict[str, list[str]] = defaultdict(list)
"""By family, the files that texts are set in; see `use`."""
FONTS["dejavu"] = [f"/usr/share/fonts/truetype/dejavu/DejaVu{name}.ttf" for name in ("Sans", "Serif", "Sans-Bold")]
MONO: list[str] = []
"""Of these, those whose letters are all as wide."""
SHARPNESS = 2
"""Sheets are drawn this much larger than they are, so that edges are smooth as on a printed page."""


def use(fonts: Sequence[Path], packages: Path) -> None:
    """Set texts in these fonts too, of each package as often as of any other."""
    for font in fonts:
        FONTS[font.relative_to(packages).parts[0]].append(str(font))
    MONO[:] = [str(font) for font in fonts if "inconsolata" in font.name.lower() or "cursor-reg" in font.name]


@lru_cache(maxsize=512)
def font(file: str, size: int) -> ImageFont.FreeTypeFont:
    """The font of a file, of so many pixels."""
    return ImageFont.truetype(file, max(size, 6))


def files(rng: Rng) -> list[str]:
    """The files of some family of fonts."""
    return FONTS[list(FONTS)[int(rng.integers(len(FONTS)))]]


def face(rng: Rng, size: float) -> ImageFont.FreeTypeFont:
    """Some font of so many pixels."""
    family = files(rng)
    return font(family[int(rng.integers(len(family)))], int(size))


def word(rng: Rng) -> str:
    """Some word."""
    return WORDS[int(rng.integers(len(WORDS)))]


def phrase(rng: Rng, least: int, most: int) -> str:
    """So many words, the first with a capital."""
    return " ".join(word(rng) for _ in range(int(rng.integers(least, most + 1)))).capitalize()


def number(rng: Rng) -> str:
    """A number as charts and tables have them: with thousands, decimals, a currency, a percent sign."""
    value = rng.gamma(1, 10.0 ** rng.uniform(0.5, 4))
    plain = f"{value:,.{int(rng.choice([0, 0, 1, 2]))}f}"
    return str(rng.choice([plain, plain, plain, f"${plain}", f"{min(value, 99.9):.0f}%", f"({plain})", "\u2014"]))


def colour(rng: Rng, least: float = 0.0, most: float = 1.0) -> Colour:
    """A colour of any hue, so bright, in eighths rather pale or grey than gaudy."""
    mixed = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0, 1) ** 1.5, rng.uniform(least, most))
    return tuple(int(255 * share) for share in mixed)  # type: ignore[return-value]


def scheme(rng: Rng) -> list[Colour]:
    """Eight colours that go together: shades of one or two hues, or hues of one strength, some of them grey."""
    hue, strength, light = rng.random(), rng.uniform(0.35, 1.0), rng.uniform(0.55, 0.95)
    step = float(rng.choice([0.0, 0.0, 0.5, 0.08, 0.37]))
    found = []
    for i in range(8):
        fade = 1 - (0.16 * (i % 5) if step in (0.0, 0.5) else 0.0)
        red, green, blue = colorsys.hsv_to_rgb((hue + i * step) % 1, strength * fade, min(1, light + (1 - fade) * 0.5))
        found.append((int(255 * red), int(255 * green), int(255 * blue)))
    if rng.random() < 0.25:
        found[int(rng.integers(1, 4))] = (170, 170, 165)
    return found


def ink_on(paper: Colour) -> Colour:
    """Black or white, whichever is read on that colour."""
    red, green, blue = paper
    return (25, 25, 25) if 0.3 * red + 0.59 * green + 0.11 * blue > 140 else (245, 245, 245)


@dataclass(slots=True)
class Paper:
    """A sheet ``image`` with one or two fonts of ``size`` pixels, colours and an ink."""

    rng: Rng
    image: Image.Image
    draw: ImageDraw.ImageDraw
    size: float
    plain: str
    strong: str
    ground: Colour
    colours: list[Colour]

    @classmethod
    def of(cls, rng: Rng, width: float, height: float, coloured: float = 0.15) -> Paper:
        """A blank sheet of so many pixels, white but for a share of ``coloured`` ones."""
        ground: Colour = (255, 255, 255)
        if rng.random() < coloured and rng.random() < 0.3:
            ground = colour(rng, 0.1, 0.45)
        elif rng.random() < coloured:
            red, green, blue = (230 + int(v) for v in rng.integers(0, 26, 3))
            ground = red, green, blue
        large = int(width * SHARPNESS), int(height * SHARPNESS)
        image = Image.new("RGB", large, ground)
        family = files(rng)
        plain = family[int(rng.integers(len(family)))]
        bold = [file for file in family if "bold" in file.lower() and "italic" not in file.lower()]
        size = SHARPNESS * float(np.clip(min(width, height) * rng.uniform(0.025, 0.07), 9, 26))
        strong = str(rng.choice(bold)) if bold and rng.random() < 0.8 else plain
        return cls(rng, image, ImageDraw.Draw(image), size, plain, strong, ground, scheme(rng))

    @property
    def ink(self) -> Colour:
        """What words are written in."""
        return ink_on(self.ground)

    @property
    def whole(self) -> Place:
        """The sheet but for a narrow edge."""
        edge = self.size * self.rng.uniform(0.3, 1.5)
        return edge, edge, self.image.width - edge, self.image.height - edge

    def chance(self, share: float) -> bool:
        """True in such a share of calls."""
        return bool(self.rng.random() < share)

    def font(self, scale: float = 1.0, strong: bool = False) -> ImageFont.FreeTypeFont:
        """The sheet's font."""
        return font(self.strong if strong else self.plain, int(self.size * scale))

    def say(self, x: float, y: float, text: str, anchor: str = "lm", scale: float = 1.0, strong: bool = False,
            ink: Colour | None = None) -> None:  # fmt: skip
        """Write at a place."""
        self.draw.text((x, y), text, ink or self.ink, self.font(scale, strong), anchor=anchor)

    def wide(self, text: str, scale: float = 1.0) -> float:
        """How many pixels a text takes."""
        return float(self.font(scale).getlength(text))

    def fill(self, place: Place, fill: Colour | None, outline: Colour | None = None, width: int = 1) -> None:
        """A rectangle; its corners may come in any order."""
        x0, y0, x1, y1 = place
        box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        self.draw.rectangle(box, fill, outline, max(width, 1) * SHARPNESS if outline else 0)

    def line(self, points: Sequence[tuple[float, float]], ink: Colour, width: float = 1.0) -> None:
        """A line through points, as wide as so many pixels of the page."""
        self.draw.line(list(points), ink, max(1, round(width * SHARPNESS)), joint="curve")

    def dot(self, x: float, y: float, radius: float, fill: Colour, outline: Colour | None = None) -> None:
        """A round mark."""
        self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill, outline, 2 * SHARPNESS)

    def paragraph(self, place: Place, scale: float = 1.0, strong: bool = False, lines: int = 1000,
                  justified: bool = False, ink: Colour | None = None) -> float:  # fmt: skip
        """Lines of words down from the place's top to its bottom, at most so many; where the last ends."""
        x0, y0, x1, y1 = place
        letters, y = self.font(scale, strong), y0
        step = letters.size * self.rng.uniform(1.15, 1.5)
        blank = letters.getlength(" ")
        while y + step <= y1 and lines > 0:
            words, took = [], 0.0
            while True:
                said = word(self.rng)
                wide = letters.getlength(said) + blank
                if took + wide > x1 - x0:
                    break
                words.append((said, took))
                took += wide
            if not words:
                break
            last = lines == 1 or self.chance(0.08)
            spare = (x1 - x0 - took + blank) / max(len(words) - 1, 1) if justified and not last else 0.0
            set_ = words[: 1 + int(self.rng.integers(len(words)))] if last else words
            if not spare:
                set_ = [(" ".join(said for said, _ in set_), 0.0)]
            for i, (said, x) in enumerate(set_):
                self.draw.text((x0 + x + i * spare, y), said, ink or self.ink, letters)
            y, lines = y + step, lines - 1
        return y

    def done(self) -> Image.Image:
        """The picture."""
        return self.image.reduce(SHARPNESS)
