"""The relevance of a page drawn over its picture, true to where each vector lies.

A vector paints its own box and nothing else: no blur, no interpolation across gaps, so that what looks relevant is what
was compared. What this module does not do: compute similarities, or read a store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.errors import InputError
from workbench.types import Explanation, Float, Geometry

# Samples at equal distances of the colour maps of S. van der Walt and N. Smith (CC0, BIDS/colormap); between them
# colours are interpolated, which is within 3 of 255 for magma. Magma ends at its orange here: the pale yellows above it
# vanish on white paper, and the most relevant place would look like the least.
COLOURS: Mapping[str, str] = {
    "magma": "000004 0a0822 1d1147 36106b 51127c 6a1c81 83267f 9c2e7f b73779 cf4070 e55064 f4695c fb8761",
    "viridis": "440154 472d7b 3b528b 2c728e 21918c 27ad81 5cc863 aadc32 fde725",
}


def draw(
    image: Image.Image,
    explanation: Explanation,
    tokens: Sequence[int] | None = None,
    colour: str = "magma",
    opacity: float = 0.6,
) -> Image.Image:
    """The page picture, RGB and of its own size, with the heat of ``tokens`` (positions; None: all) laid over it.

    The least heat on the page is the first colour of the map and transparent, the most its last colour at ``opacity``
    (0 to 1). ``image`` is the whole page, before any cropping. `InputError` for an unknown colour map or token.
    """
    if not 0 <= opacity <= 1:
        raise InputError(f"The opacity is a number from 0 to 1, not {opacity}.")
    ramp = palette(colour)
    width, height = image.size
    strength = scaled(paint(values(explanation, tokens), explanation.geometry, (width, height)))
    alpha = (opacity * strength)[..., None]
    under = np.asarray(image.convert("RGB"), np.float32)
    over = ramp[np.rint(strength * 255).astype(np.int64)]
    return Image.fromarray(np.rint(under * (1 - alpha) + over * alpha).astype(np.uint8))


def save(image: Image.Image, path: Path) -> None:
    """Write a picture; its suffix says how. `InputError` for a suffix that is none of a picture."""
    try:
        image.save(path)
    except ValueError:
        raise InputError(f"'{path.name}' does not name a kind of picture; end it in .png, .webp or .jpg.") from None


def values(explanation: Explanation, tokens: Sequence[int] | None = None) -> Float:
    """Heat of each page vector, ``(n,) float32``: the highest weighted similarity to any of the tokens.

    Of unwanted tokens (of negative weight) alone, where they are met.
    """
    matrix, weights = explanation.similarities, explanation.query.weights
    wanted = list(range(len(matrix))) if tokens is None else list(tokens)
    if any(not 0 <= token < len(matrix) for token in wanted):
        raise InputError(f"The query has tokens 0 to {len(matrix) - 1}; {wanted} was asked for.")
    if not wanted:
        return np.zeros(matrix.shape[1], np.float32)
    used = weights[wanted] if (weights[wanted] > 0).any() else np.abs(weights[wanted])
    return np.asarray((used[:, None] * matrix[wanted]).max(axis=0), np.float32)


def paint(heat: Float, geometry: Geometry, size: tuple[int, int]) -> Float:
    """Heat ``(n,)`` over the pixels of a page: ``(height, width) float32``, NaN where no vector lies.

    Where boxes overlap the highest heat shows. Edges are rounded to pixels, so cells that meet leave no seam; a box
    narrower than a pixel keeps one. A vector without a place (a global tile) is not painted.
    """
    width, height = size
    canvas = np.full((height, width), np.nan, np.float32)
    placed = np.asarray(geometry.cell >= 0) if geometry.grid else np.ones(len(geometry), bool)
    corners = np.rint(np.clip(geometry.boxes, 0, 1) * np.array([width, height, width, height], np.float32)).astype(int)
    for j in np.flatnonzero(placed):
        x0, y0 = min(corners[j, 0], width - 1), min(corners[j, 1], height - 1)
        part = canvas[y0 : max(corners[j, 3], y0 + 1), x0 : max(corners[j, 2], x0 + 1)]
        np.fmax(part, heat[j], out=part)
    return canvas


def scaled(canvas: Float) -> Float:
    """From 0 (least heat on the page, or none) to 1 (most); all 0 when the heat is the same everywhere."""
    if np.isnan(canvas).all():
        return np.zeros_like(canvas)
    low, high = float(np.nanmin(canvas)), float(np.nanmax(canvas))
    if high - low < 1e-9:
        return np.zeros_like(canvas)
    return np.asarray(np.nan_to_num((canvas - low) / (high - low), nan=0.0), np.float32)


def palette(colour: str) -> NDArray[np.float32]:
    """A colour map as ``(256, 3) float32`` RGB from 0 to 255."""
    if colour not in COLOURS:
        raise InputError(f"There is no colour map '{colour}'; there are {', '.join(COLOURS)}.")
    stops = np.array([list(bytes.fromhex(stop)) for stop in COLOURS[colour].split()], np.float32)
    at = np.linspace(0, len(stops) - 1, 256)
    return np.stack([np.interp(at, np.arange(len(stops)), stops[:, channel]) for channel in range(3)], 1).astype(
        np.float32
    )
