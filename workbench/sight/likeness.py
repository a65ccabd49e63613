"""A picture as a few numbers that stay much the same when it is cut, scaled or pressed: what shows in it, and colours.

What shows is the mean of the classifier's features over the picture, along their principal directions; `likeness.npz`
holds these, and `benchmarks/sight/likeness.py` makes it, of the pictures that kinds of figure are learned from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.sight.shipped import arrays
from workbench.types import Float

if TYPE_CHECKING:
    from PIL.Image import Image

FILE = "likeness.npz"
SHA256 = "aaf8c933fc1b2f2e1e93ee114e886b630ccad4e01f98cc10b7cc992ecd1683f6"
LEVELS = 4
"""Shades of each of red, green and blue that are told apart."""
COLOURS = 0.7
"""Length of the colours beside what shows, which has 1. Crops of a quarter of 739 pictures have their own among the ten
most alike in .86 without colours, .94 with them at any length from .5 to .8."""
_SIDE = 64


@dataclass(frozen=True, slots=True)
class Likeness:
    """``mean (FEATURES,)`` and ``directions (FEATURES, k)`` of what shows, ``colours (LEVELS ** 3,)`` on average."""

    mean: Float
    directions: Float
    colours: Float

    def describe(self, means: Float, pictures: Sequence[Image]) -> NDArray[np.int8]:
        """Numbers ``(n, SIGHT) int8`` of pictures with such mean features ``(n, FEATURES)``; rows are of one length."""
        shows = unit((means - self.mean) @ self.directions)
        coloured = unit(np.stack([histogram(picture) for picture in pictures]) - self.colours)
        return np.rint(127 * unit(np.hstack([shows, COLOURS * coloured]))).astype(np.int8)


def histogram(picture: Image) -> Float:
    """How much of a picture is of each colour: square roots of shares, ``(LEVELS ** 3,)``.

    A colour between two counts for both by how near it is, so that pressing a picture moves little.
    """
    from PIL.Image import Resampling

    small = np.asarray(picture.convert("RGB").resize((_SIDE, _SIDE), Resampling.BOX), np.float32).reshape(-1, 3)
    place = np.clip(small * (LEVELS / 256) - 0.5, 0, LEVELS - 1)
    low = np.minimum(place.astype(np.int64), LEVELS - 2)
    part = place - low
    found = np.zeros(LEVELS**3)
    for corner in np.ndindex(2, 2, 2):
        share = np.where(corner, part, 1 - part).prod(axis=1)
        found += np.bincount((low + corner) @ (LEVELS**2, LEVELS, 1), share, LEVELS**3)
    return np.sqrt(found / len(small)).astype(np.float32)


def unit(rows: NDArray[np.floating]) -> Float:
    """The rows at length 1, zeros as they are."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-6), np.float32)


@cache
def likeness() -> Likeness:
    """What comes with Pagelens; `EncoderError` where its file is another than what came."""
    held = arrays(FILE, SHA256, "by which pictures are compared")
    return Likeness(held["mean"], held["directions"].astype(np.float32), held["colours"])
