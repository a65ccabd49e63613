"""Whether one picture shows part of another: local features that fit together by one change of place, size and turn.

SIFT (Lowe 2004) finds points that look alike in both at any size and turn; what is left by Lowe's test of ratios must
agree on one similarity, found by RANSAC (Fischler and Bolles 1981). A photograph that was cut, scaled and pressed fits
its own by dozens of points or hundreds, and another by a handful.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.types import Float

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST, SMALLEST = 480, 320
"""Longer side in pixels at which pictures are compared: more finds little more and takes the square of the time; a
small picture made larger has more points."""
MOST = 600
"""Points of a picture, the strongest."""
CONTRAST = 0.02
"""Of a point; half of SIFT's own, for pale photographs and pressed ones."""
RATIO = 0.8
"""How much nearer the best match of a point must be than the next; Lowe's own."""
WITHIN = 4.0
"""Pixels off which a point may lie from where the similarity puts it."""
LEAST = 6
"""Points that agree, from which on two pictures are the same thing: of crops of a quarter of 739 pictures, some of 50
pixels, .78 reach it with their own, and one in 170 with another that is no copy."""
_APART = 3.0  # pixels between two points that count as two


@dataclass(frozen=True, slots=True)
class Points:
    """Local features of a picture: ``places (n, 2) float32`` in pixels of one of ``size``, ``descriptors (n, 128)
    float32`` of length 1."""

    places: Float
    descriptors: Float
    size: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Match:
    """Points that two pictures share: ``here`` and ``there (n, 2) float32``, as fractions of each picture."""

    here: Float
    there: Float

    def __len__(self) -> int:
        return len(self.here)


NOTHING = Match(np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32))


def points(image: Image) -> Points:
    """The points of a picture, at most `MOST`."""
    import cv2
    from PIL.Image import Resampling

    longer = max(image.size)
    scale = min(max(longer, SMALLEST), LARGEST) / longer
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = np.asarray(image.convert("L").resize(size, Resampling.BICUBIC, reducing_gap=3.0))
    detector = cv2.SIFT_create(nfeatures=MOST, contrastThreshold=CONTRAST)  # type: ignore[attr-defined]
    found, descriptors = detector.detectAndCompute(small, None)
    if descriptors is None:
        return Points(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32), size)
    # RootSIFT (Arandjelovic and Zisserman 2012): Hellinger's distance of histograms, for a square root.
    roots = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    return Points(np.array([point.pt for point in found], np.float32), roots.astype(np.float32), size)


def match(one: Points, other: Points) -> Match:
    """What of one picture stands in another; empty where less than `LEAST` points agree."""
    import cv2

    if min(len(one.places), len(other.places)) < LEAST:
        return NOTHING
    alike = one.descriptors @ other.descriptors.T  # of unit rows: the nearest is the most alike
    rows, nearest = np.arange(len(alike)), alike.argmax(axis=1)
    best = alike[rows, nearest]
    alike[rows, nearest] = -1
    far, near = np.sqrt(np.maximum(2 - 2 * alike.max(axis=1), 0)), np.sqrt(np.maximum(2 - 2 * best, 0))
    kept = np.flatnonzero(near < RATIO * far)
    kept = kept[np.argsort(near[kept], kind="stable")]
    kept = kept[np.unique(nearest[kept], return_index=True)[1]]  # a place there stands for one here, the nearest
    if len(kept) < LEAST:
        return NOTHING
    here, there = one.places[kept], other.places[nearest[kept]]
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
