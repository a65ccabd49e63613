"""Heat: how relevant each place of a page is to a query, as values and as colours over its picture.

Every heat that is shown, printed or written is made here: `combined` joins the similarities of query tokens, `scaled`
makes strengths of them, `coloured` colours. The browser does the same sums over the same numbers, so that a word is
chosen without asking the server; a test holds both together. A vector paints its own box and nothing else: no blur, no
interpolation across gaps, so that what looks relevant is what was compared. What this module does not do: compute
similarities or how rare a word is, or read a store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from workbench.errors import InputError
from workbench.types import Explanation, Float, Geometry


@dataclass(frozen=True, slots=True)
class ColourMap:
    """Colours at equal distances from the least to the most; ``multiply`` ones lie on the page as ink does."""

    stops: str
    multiply: bool = False


# Ink leaves the letters below it black, and ends no darker than leaves them readable: 4.5 to 1 at the usual opacity, as
# WCAG asks of text, since what is looked for stands where most heat lies. Magma and viridis are samples of the maps of
# S. van der Walt and N. Smith (CC0, BIDS/colormap), cividis of that of Nuñez, Anderton and Renslow (2018); between
# samples colours are interpolated, which is within 3 of 255 for magma. Magma ends at its orange here: the pale yellows
# above it vanish on white paper, and the most relevant place would look like the least.
COLOURS: Mapping[str, ColourMap] = {
    "ember": ColourMap("fff3c4 ffd166 fb8c3c e8542a c9351f", multiply=True),
    "reds": ColourMap("fff0ea fcbca2 fb6b4b e0342a c82a2c", multiply=True),
    "viridis": ColourMap("440154 472d7b 3b528b 2c728e 21918c 27ad81 5cc863 aadc32 fde725"),
    "magma": ColourMap("000004 0a0822 1d1147 36106b 51127c 6a1c81 83267f 9c2e7f b73779 cf4070 e55064 f4695c fb8761"),
    "cividis": ColourMap("00224e 35456c 666970 948e77 c8b866 fee838"),
}
JOINS: Mapping[str, str] = {
    "mean": "the mean similarity to the query words, rarer words counting more",
    "max": "the highest similarity to a query word, rarer words counting more",
}
RANGES: Mapping[str, str] = {"page": "from this page's middle value to its highest", "shared": "the same on all pages"}
SHARED: Mapping[str, tuple[float, float]] = {"one": (0.2, 1.0), "several": (0.1, 0.6)}
"""Cosines of the models here lie between these where they mean something; a mean is never as high as its best word."""
MIN_SPAN = 0.01
"""Similarities that differ by less than this say the same; the differences are not blown up to all the colours."""
TRACE = 1e-3
"""What a common word weighs beside the rarest of a query, and an unwanted one beside a common one: nothing that is
seen, but enough that alone they show where they are met."""


@dataclass(frozen=True, slots=True)
class Look:
    """Which heat is shown, and how: of ``tokens`` (positions; None: all), as one of `JOINS`, `RANGES` and `COLOURS`.

    ``opacity`` (0 to 1) is that of the most heat. `InputError` where one of them is none of these.
    """

    tokens: tuple[int, ...] | None = None
    join: str = "mean"
    range: str = "page"
    colour: str = "ember"
    opacity: float = 0.85

    def __post_init__(self) -> None:
        for name, value, known in (
            ("way to join words", self.join, JOINS),
            ("range of colours", self.range, RANGES),
            ("colour map", self.colour, COLOURS),
        ):
            if value not in known:
                raise InputError(f"There is no {name} '{value}'; there are {', '.join(known)}.")
        if not 0 <= self.opacity <= 1:
            raise InputError(f"The opacity is a number from 0 to 1, not {self.opacity}.")

    def __str__(self) -> str:
        return f"{JOINS[self.join]}, {RANGES[self.range]}"


USUAL = Look()
"""The look of every page that nobody chose another for."""


def token_weights(rarity: Float) -> Float:
    """What query tokens count in a heat of several, ``(m,) float32`` above 0, by how rare they are (unwanted: below 0).

    A rare word counts by its rarity; one that stands on every page, and one that is unwanted, no more than a `TRACE`.
    """
    sizes = np.abs(np.asarray(rarity, np.float64))
    top = sizes.max(initial=0.0) or 1.0
    wanted = np.maximum(sizes / top, TRACE)
    return np.asarray(np.where(np.asarray(rarity) >= 0, wanted, wanted * TRACE * TRACE), np.float32)


def combined(similarities: Float, weights: Float, tokens: Sequence[int] | None = None, join: str = "mean") -> Float:
    """One heat ``(n,) float32`` of the chosen tokens (None: all) from ``similarities (m, n)`` and ``weights (m,)``.

    ``mean`` is the weighted mean, ``max`` the highest similarity, lessened by what its token weighs beside the most.
    Of one token either is its similarity; of none all is 0. `InputError` for a token that is not there.
    """
    m, n = similarities.shape
    chosen = list(range(m)) if tokens is None else list(tokens)
    if any(not 0 <= token < m for token in chosen):
        raise InputError(f"The query has tokens 0 to {m - 1}; {chosen} was asked for.")
    if not chosen:
        return np.zeros(n, np.float32)
    counts, used = weights[chosen].astype(np.float64), similarities[chosen]
    if join == "max":
        return np.asarray((counts[:, None] * used).max(axis=0) / counts.max(), np.float32)
    return np.asarray(counts @ used / counts.sum(), np.float32)


def values(explanation: Explanation, tokens: Sequence[int] | None = None, join: str = "mean") -> Float:
    """Heat of each page vector, ``(n,) float32``, of the chosen tokens (None: all); see `combined`."""
    return combined(explanation.similarities, explanation.heat_weights, tokens, join)


def bounds(explanation: Explanation, look: Look) -> tuple[float, float]:
    """The heat that is colourless and below, and the one of the last colour and above.

    For the range ``page`` the median and the highest of its vectors, so that half of every page stays clear.
    """
    if look.range == "shared":
        tokens = len(explanation.similarities) if look.tokens is None else len(look.tokens)
        return SHARED["several" if look.join == "mean" and tokens > 1 else "one"]
    heat = values(explanation, look.tokens, look.join)[explanation.geometry.placed]
    return (float(np.median(heat)), float(heat.max())) if len(heat) else (0.0, 0.0)


def scaled(heat: Float, low: float, high: float) -> Float:
    """Heat as strength from 0 (``low`` or less, or NaN: none) to 1 (``high`` or more), of the shape of ``heat``."""
    strength = np.clip((heat - low) / max(high - low, MIN_SPAN), 0, 1)
    return np.asarray(np.nan_to_num(strength, nan=0.0), np.float32)


def paint(heat: Float, geometry: Geometry, size: tuple[int, int]) -> Float:
    """Heat ``(n,)`` over the pixels of a page: ``(height, width) float32``, NaN where no vector lies.

    Where boxes overlap the highest heat shows. Edges are rounded to pixels, so cells that meet leave no seam; a box
    narrower than a pixel keeps one. A vector without a place (a global tile) is not painted.
    """
    width, height = size
    canvas = np.full((height, width), np.nan, np.float32)
    corners = np.rint(np.clip(geometry.boxes, 0, 1) * np.array([width, height, width, height], np.float32)).astype(int)
    for j in np.flatnonzero(geometry.placed):
        x0, y0 = min(corners[j, 0], width - 1), min(corners[j, 1], height - 1)
        part = canvas[y0 : max(corners[j, 3], y0 + 1), x0 : max(corners[j, 2], x0 + 1)]
        np.fmax(part, heat[j], out=part)
    return canvas


def strength(explanation: Explanation, size: tuple[int, int], look: Look = USUAL) -> Float:
    """How strong the heat of a page is at every pixel of its picture, from 0 to 1: ``(height, width) float32``."""
    heat = values(explanation, look.tokens, look.join)
    return scaled(paint(heat, explanation.geometry, size), *bounds(explanation, look))


def coloured(strength: NDArray[np.floating], look: Look = USUAL) -> NDArray[np.uint8]:
    """Strengths ``(height, width)`` from 0 to 1 as ``(height, width, 4) uint8`` RGBA: no strength is transparent."""
    colours = palette(look.colour)[np.rint(strength * 255).astype(np.int64)]
    alpha = np.rint(strength * look.opacity * 255)[..., None]
    return np.concatenate([colours, alpha.astype(np.uint8)], axis=2)


def laid(image: Image.Image, layer: NDArray[np.uint8], colour: str) -> Image.Image:
    """A picture, RGB, with a ``layer`` of its size from `coloured` over it: as ink where the colour map says so."""
    under = np.asarray(image.convert("RGB"), np.float32)
    over, alpha = layer[..., :3].astype(np.float32), layer[..., 3:].astype(np.float32) / 255
    if COLOURS[colour].multiply:
        over *= under / 255
    return Image.fromarray(np.rint(under * (1 - alpha) + over * alpha).astype(np.uint8))


def draw(image: Image.Image, explanation: Explanation, look: Look = USUAL) -> Image.Image:
    """The page picture, RGB and of its own size, with its heat over it; ``image`` is the whole page, not cropped."""
    return laid(image, coloured(strength(explanation, image.size, look), look), look.colour)


def dotted(image: Image.Image, points: Float) -> None:
    """Draw points ``(n, 2)``, fractions of the picture, into it: red, ringed white."""
    pen, radius = ImageDraw.Draw(image), max(2, max(image.size) // 300)
    for x, y in points.tolist():
        pen.circle((x * image.width, y * image.height), radius, "#b5371a", "white")


def save(image: Image.Image, path: Path) -> None:
    """Write a picture; its suffix says how. `InputError` for a suffix that is none of a picture."""
    try:
        image.save(path)
    except ValueError:
        raise InputError(f"'{path.name}' does not name a kind of picture; end it in .png, .webp or .jpg.") from None


def palette(colour: str) -> NDArray[np.uint8]:
    """A colour map as ``(256, 3) uint8`` RGB, from no heat to the most."""
    stops = np.array([list(bytes.fromhex(stop)) for stop in COLOURS[colour].stops.split()], np.float32)
    at = np.linspace(0, len(stops) - 1, 256)
    mixed = np.stack([np.interp(at, np.arange(len(stops)), stops[:, channel]) for channel in range(3)], 1)
    return np.rint(mixed).astype(np.uint8)
