"""Whether one picture shows part of another: by local features, and by laying it upon the other.

SIFT (Lowe 2004) finds points that look alike in both at any size and turn; what is left by Lowe's test of ratios must
agree on one similarity, found by RANSAC (Fischler and Bolles 1981). A photograph that was cut, scaled and pressed fits
its own by dozens of points or hundreds, and another by a handful. What has few points (a map, a line, a small picture,
a part of the sky) or many like those of another (one picture in two colourings) is laid upon a small copy of the other
at every place and size, upright: what is left of its contrast then says how well it fits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST, SMALLEST = 480, 320
"""Longer side in pixels at which pictures are compared: more finds little more and takes the square of the time; a
small picture made larger has more points."""
ASKED, KEPT = 600, 200
"""Points of a picture that is asked with, and of a figure, the strongest. With 150, 200 and 300 of each figure .77, .79
and .81 of the crops below reach `LEAST`, and as many come first."""
CONTRAST = 0.02
"""Of a point; half of SIFT's own, for pale photographs and pressed ones."""
RATIO = 0.8
"""How much nearer the best match of a point must be than the next; Lowe's own."""
WITHIN = 4.0
"""Pixels off which a point may lie from where the similarity puts it."""
LEAST = 6
"""Points that agree, from which on two pictures are the same thing: of crops of a quarter of 167 pictures, some of 50
pixels, .79 reach it with their own, and one in 170 with another that is no copy."""
SIDE = 48
"""Pixels of the sides of the small copy of a figure, whatever its form."""
SIZES = 1.15 ** -np.arange(9.0)
"""Sizes at which a picture is laid upon another: 1 is as large as goes in, the last shows a tenth of its area."""
NOISE = 100.0
"""Squares of grey levels by which a picture that was scaled and pressed differs from itself. A fit counts by as much as
a picture's variance is more: any flat picture fits any other."""
_PLACE, _FAR = 4, 65535  # bytes of the place of a point; the number of the far edge
_APART = 3.0  # pixels between two points that count as two


@dataclass(frozen=True)
class Points:
    """Local features of a picture that is compared at ``size`` pixels.

    ``places (n, 2) uint16`` in 65,535ths of its width and height, ``descriptors (n, 128) uint8``, as SIFT has them.
    """

    places: NDArray[np.uint16]
    descriptors: NDArray[np.uint8]
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def of(cls, rows: NDArray[np.uint8], size: tuple[float, float]) -> Points:
        """From ``rows (n, POINT)`` of a picture of ``size`` pixels."""
        places = np.ascontiguousarray(rows[:, :_PLACE]).view("<u2").reshape(-1, 2)
        return cls(places, rows[:, _PLACE:], compared_at(size))

    def rows(self) -> NDArray[np.uint8]:
        """As they are kept, ``(n, POINT)``: x, y and descriptor of each."""
        return np.hstack([self.places.astype("<u2").view(np.uint8).reshape(-1, _PLACE), self.descriptors])

    @cached_property
    def pixels(self) -> Float:
        """Where they lie, ``(n, 2) float32``, in pixels of ``size``."""
        return np.asarray(self.places * (np.array(self.size) / _FAR), np.float32)

    @cached_property
    def roots(self) -> Float:
        """RootSIFT (Arandjelovic and Zisserman 2012), ``(n, 128)`` of length 1: Hellinger's distance of histograms."""
        sums = np.maximum(self.descriptors.sum(axis=1, dtype=np.float32, keepdims=True), 1)
        return np.asarray(np.sqrt(self.descriptors / sums), np.float32)


@dataclass(frozen=True)
class Print:
    """What a picture is known again by: its points, and ``small (SIDE, SIDE, 3) uint8``, itself in RGB."""

    points: Points
    small: NDArray[np.uint8]


NONE = Points(np.zeros((0, 2), np.uint16), np.zeros((0, 128), np.uint8), (1, 1))


@dataclass(frozen=True, slots=True)
class Match:
    """Points that two pictures share: ``here`` and ``there (n, 2) float32``, as fractions of each picture."""

    here: Float
    there: Float

    def __len__(self) -> int:
        return len(self.here)


NOTHING = Match(np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32))


def compared_at(size: tuple[float, float]) -> tuple[int, int]:
    """Width and height in pixels at which a picture of ``size`` is compared."""
    longer = max(*size, 1)
    scale = min(max(longer, SMALLEST), LARGEST) / longer
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def points(image: Image, most: int = ASKED) -> Points:
    """The points of a picture, the strongest ``most`` of them."""
    import cv2
    from PIL.Image import Resampling

    size = compared_at(image.size)
    small = np.asarray(image.convert("L").resize(size, Resampling.BICUBIC, reducing_gap=3.0))
    detector = cv2.SIFT_create(nfeatures=most, contrastThreshold=CONTRAST)  # type: ignore[attr-defined]
    found, descriptors = detector.detectAndCompute(small, None)
    if descriptors is None:
        return replace(NONE, size=size)
    places = np.array([point.pt for point in found[:most]]) / size
    return Points(
        np.rint(_FAR * places.clip(0, 1)).astype(np.uint16), descriptors[:most].astype(np.uint8), size
    )  # SIFT gives a place in several directions, and may go over ``most`` by them


def imprint(image: Image) -> Print:
    """What is kept of a figure."""
    from PIL.Image import Resampling

    small = np.asarray(image.convert("RGB").resize((SIDE, SIDE), Resampling.BOX))
    return Print(points(image, KEPT), small)


def reduced(image: Image) -> NDArray[np.uint8]:
    """A picture as `fit` takes it: of at most twice `SIDE` pixels, ``(h, w, 3)``."""
    from PIL.Image import Resampling

    scale = min(1.0, 2 * SIDE / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return np.asarray(image.convert("RGB").resize(size, Resampling.BOX))


def fit(picture: NDArray[np.uint8], other: Print) -> float:
    """How well a picture ``(h, w, 3)`` fits where it fits best in the other: 0 to 1, the share of its contrast."""
    import cv2

    height, width = picture.shape[:2]
    across, down = other.points.size
    largest = min(across / width, down / height)
    small, best = other.small.astype(np.float32), 0.0
    for scale in largest * SIZES:
        size = round(width * scale * SIDE / across), round(height * scale * SIDE / down)
        if min(size) < 2:
            break
        laid = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        left = cv2.matchTemplate(small, laid, cv2.TM_SQDIFF).min() / laid.size
        variance = laid.var(axis=(0, 1)).mean()
        best = max(best, float((1 - left / (variance + NOISE)) * variance / (variance + NOISE)))
    return best


def match(one: Points, other: Points) -> Match:
    """What of one picture stands in another; empty where less than `LEAST` points agree."""
    import cv2

    if min(len(one), len(other)) < LEAST:
        return NOTHING
    alike = one.roots @ other.roots.T  # of unit rows: the nearest is the most alike
    rows, nearest = np.arange(len(alike)), alike.argmax(axis=1)
    best = alike[rows, nearest]
    alike[rows, nearest] = -1
    far, near = np.sqrt(np.maximum(2 - 2 * alike.max(axis=1), 0)), np.sqrt(np.maximum(2 - 2 * best, 0))
    kept = np.flatnonzero(near < RATIO * far)
    kept = kept[np.argsort(near[kept], kind="stable")]
    kept = kept[np.unique(nearest[kept], return_index=True)[1]]  # a place there stands for one here, the nearest
    if len(kept) < LEAST:
        return NOTHING
    here, there = one.pixels[kept], other.pixels[nearest[kept]]
    cv2.setRNGSeed(0)  # the same two pictures share the same points every time
    similarity, fits = cv2.estimateAffinePartial2D(here, there, method=cv2.RANSAC, ransacReprojThreshold=WITHIN)
    if similarity is None:
        return NOTHING
    fit = np.flatnonzero(fits.ravel())
    fit = fit[_apart(here[fit]) & _apart(there[fit])]
    if len(fit) < LEAST:
        return NOTHING
    return Match(
        np.asarray(here[fit] / np.array(one.size), np.float32),
        np.asarray(there[fit] / np.array(other.size), np.float32),
    )


def _apart(places: Float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which of points ``(n, 2)`` are the first at their place: SIFT gives one place several directions."""
    first = np.zeros(len(places), np.bool_)
    first[np.unique(np.round(places / _APART), axis=0, return_index=True)[1]] = True
    return first
