"""Repairing a picture to search with: what could be wrong with it, and steps that mend it, each written as text.

Blind repair makes search worse (V-QPP-Bench, arXiv 2602.13179: 30.8 with naive repairs, 37.6 without), so nothing
here is done unasked: `proposed` says what it would do and why, `repaired` does what was accepted. Steps, in the order
they are done: ``rotate:90`` (clockwise; 90, 180, 270), ``deskew:-2.5`` (degrees clockwise), ``crop:x0,y0,x1,y1``
(fractions), ``contrast:40,200`` (the levels that become 0 and 255), ``denoise``, ``sharpen``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.documents import ocr
from workbench.documents.crop import content_box
from workbench.errors import InputError
from workbench.types import Words
from workbench.types.queries import MAX_REPAIRS

Pixels = NDArray[np.uint8]

MAX_SKEW = 15.0  # degrees; more is no skew
MAX_PIXELS = 32_000_000
"""Pixels that a step may leave, 96 MB: each turn by a few degrees makes the sheet larger."""
_SKEWS = np.arange(-10, 10.25, 0.25)
_MIN_SKEW = 0.75  # degrees worth mending
_STRAIGHTER = 1.15  # how much sharper the lines' profile must become
_SIDE = 700  # px; the longer side at which skew is measured
_READ_SIDE = 1100  # px; the longer side at which the direction of the text is tried
_LETTERS = 8  # letters that must be read before a direction is believed
_FEW = 200  # letters under which a part of the picture is too little to go by
_CLEARER = 1.5  # how many more letters a direction must give than its opposite
_SMALL = 0.3  # of the picture's area; content larger than this is not cropped to
_FLAT = 128  # levels between paper and ink under which contrast is poor
_BLANK = 24  # levels; less than this between the lightest and darkest is an empty picture
_NOISE = 4.0  # levels of standard deviation
_BLURRED = 0.25  # of the contrast; the steepest steps between neighbouring pixels of a sharp picture are above


@dataclass(frozen=True, slots=True)
class Proposal:
    """A step that might help, as text, and why, in one sentence."""

    step: str
    reason: str


def repaired(image: Image.Image, steps: Sequence[str]) -> Image.Image:
    """The RGB picture after these steps, in their order; ``InputError`` for a step that is none, and for too many."""
    changes = checked(steps)
    pixels: Pixels = np.asarray(image.convert("RGB"))
    for change in changes:
        pixels = change(pixels)
    return Image.fromarray(np.ascontiguousarray(pixels), "RGB")


def proposed(image: Image.Image) -> tuple[Proposal, ...]:
    """What might be wrong with a picture, as the steps that mend it, in their order; nothing for a clean page."""
    pixels: Pixels = np.asarray(image.convert("RGB"))
    found: list[Proposal] = []
    for look in (_direction, _skew, _border, _contrast, _noise, _blur):
        proposal = look(pixels)
        if proposal is not None:
            found.append(proposal)
            pixels = _change(proposal.step)(pixels)  # the next look is at what this one leaves
    return tuple(found)


def checked(steps: Sequence[str]) -> list[Callable[[Pixels], Pixels]]:
    """What each step does to the pixels ``(height, width, 3) uint8``; ``InputError`` as of `repaired`."""
    if len(steps) > MAX_REPAIRS:
        raise InputError(f"A picture is repaired in {MAX_REPAIRS} steps at most, not {len(steps)}; leave some out.")
    return [_change(step) for step in steps]


# -- doing ------------------------------------------------------------------------------------------------------------


def _change(step: str) -> Callable[[Pixels], Pixels]:
    name, _, given = step.partition(":")
    try:
        values = [float(value) for value in given.split(",")] if given else []
    except ValueError:
        values = [np.nan]
    match name, values:
        case "rotate", [90.0 | 180.0 | 270.0 as degrees]:
            return lambda pixels: np.rot90(pixels, -int(degrees) // 90)
        case "deskew", [degrees] if abs(degrees) <= MAX_SKEW:
            return lambda pixels: _turned(pixels, degrees)
        case "crop", [x0, y0, x1, y1] if 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1:
            return lambda pixels: _part(pixels, x0, y0, x1, y1)
        case "contrast", [low, high] if 0 <= low < high <= 255:
            return lambda pixels: _stretched(pixels, low, high)
        case "denoise", []:
            return lambda pixels: np.asarray(cv2.medianBlur(np.ascontiguousarray(pixels), 3), np.uint8)
        case "sharpen", []:
            return _sharpened
    raise InputError(
        f"'{step[:60]}' is no repair; they are rotate:90 (or 180, 270), deskew:DEGREES up to {MAX_SKEW:g}, "
        "crop:x0,y0,x1,y1 in fractions, contrast:LOW,HIGH from 0 to 255, denoise, and sharpen."
    )


def _turned(pixels: Pixels, degrees: float) -> Pixels:
    """Turned clockwise about its centre, with white around it so that nothing is cut off."""
    if degrees == 0:
        return pixels
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
    cosine, sine = abs(turn[0, 0]), abs(turn[0, 1])
    size = round(width * cosine + height * sine), round(width * sine + height * cosine)
    if size[0] * size[1] > MAX_PIXELS:
        raise InputError(
            f"Turned by {degrees:g} degrees, the picture would have {size[0] * size[1] / 1e6:.0f} million pixels; "
            f"repairs stop at {MAX_PIXELS // 1_000_000} million. Turn it fewer times."
        )
    turn[0, 2] += (size[0] - width) / 2
    turn[1, 2] += (size[1] - height) / 2
    white = (255, 255, 255)
    return np.asarray(cv2.warpAffine(pixels, turn, size, flags=cv2.INTER_CUBIC, borderValue=white), np.uint8)


def _part(pixels: Pixels, x0: float, y0: float, x1: float, y1: float) -> Pixels:
    height, width = pixels.shape[:2]
    left, top = int(x0 * width), int(y0 * height)
    return pixels[top : max(round(y1 * height), top + 1), left : max(round(x1 * width), left + 1)]


def _stretched(pixels: Pixels, low: float, high: float) -> Pixels:
    levels = (np.arange(256) - low) * (255 / (high - low))
    return np.asarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8)[pixels])


def _sharpened(pixels: Pixels) -> Pixels:
    """Unsharp mask: the picture plus what a blur of 2 px takes from it. It invents nothing."""
    soft = cv2.GaussianBlur(pixels, (0, 0), 2.0)
    return np.asarray(cv2.addWeighted(pixels, 2.0, soft, -1.0, 0), np.uint8)


# -- looking ----------------------------------------------------------------------------------------------------------


def _direction(pixels: Pixels) -> Proposal | None:
    """The quarter turn that most letters stand in, as OCR found them."""
    small = _reduced(pixels, _READ_SIDE)
    letters = _letters(_busiest(small))
    if sum(letters.values()) < _FEW:  # perhaps the label of a chart's axis
        letters = _letters(small)
    turn = max(letters, key=lambda turn: letters[turn], default=0)
    if not turn or letters[turn] < _LETTERS or letters[turn] < _CLEARER * (sum(letters.values()) - letters[turn]):
        return None
    return Proposal(
        f"rotate:{turn}",
        f"Turned by {turn} degrees, {letters[turn]} of {sum(letters.values())} letters of a sample stand upright.",
    )


def _skew(pixels: Pixels) -> Proposal | None:
    """The small turn that makes the profile of the lines of text sharpest (W. Postl, 1986)."""
    grey = _ink(_reduced(pixels, _SIDE))
    height, width = grey.shape
    sharpness = []
    for degrees in _SKEWS:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1.0)
        sharpness.append(_profile(cv2.warpAffine(grey, turn, (width, height))))
    best = int(np.argmax(sharpness))
    degrees, now = float(_SKEWS[best]), sharpness[len(_SKEWS) // 2]
    if abs(degrees) < _MIN_SKEW or sharpness[best] < _STRAIGHTER * now or now == 0:
        return None
    return Proposal(f"deskew:{degrees:g}", f"Lines of text look {abs(degrees):g} degrees askew.")


def _border(pixels: Pixels) -> Proposal | None:
    x0, y0, x1, y1 = content_box(np.ascontiguousarray(pixels), Words.empty())
    share = (x1 - x0) * (y1 - y0)
    if share >= _SMALL:
        return None
    return Proposal(f"crop:{x0:.4f},{y0:.4f},{x1:.4f},{y1:.4f}", f"What it shows takes {share:.0%} of the picture.")


def _contrast(pixels: Pixels) -> Proposal | None:
    low, high = _range(pixels)
    if not _BLANK <= high - low < _FLAT:
        return None
    return Proposal(
        f"contrast:{low:.0f},{high:.0f}", f"Its darkest and lightest parts are {high - low:.0f} levels of 255 apart."
    )


def _noise(pixels: Pixels) -> Proposal | None:
    """Noise by the second difference of Immerkaer (1996), its median in place of the mean, which edges would raise."""
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    rough = cv2.filter2D(_grey(pixels).astype(np.float32), -1, mask)
    deviation = float(np.median(np.abs(rough))) / 0.6745 / 6
    if deviation < _NOISE:
        return None
    return Proposal("denoise", f"It is grainy: neighbouring pixels differ by {deviation:.0f} levels for no reason.")


def _blur(pixels: Pixels) -> Proposal | None:
    low, high = _range(pixels)
    if high - low < _BLANK:
        return None
    grey = _grey(pixels).astype(np.int16)
    steps = np.abs(np.diff(grey, axis=1))
    steep = float(np.percentile(steps, 99.9)) / (high - low)
    if steep >= _BLURRED:
        return None
    return Proposal("sharpen", f"Its edges are soft: the steepest step is {steep:.0%} of the contrast.")


def _letters(pixels: Pixels) -> Counter[int]:
    """How many letters of longer words OCR finds, by how the words are turned (see `Run.turn`): undone by as much."""
    found: Counter[int] = Counter()
    for run in ocr.read_words(Image.fromarray(np.ascontiguousarray(pixels), "RGB")):
        found[run.turn] += sum(character.isalpha() for word in run.texts if len(word) > 2 for character in word)
    return found


def _busiest(pixels: Pixels) -> Pixels:
    """The part of half the width and height that has the most ink: enough to tell a direction, quicker to read."""
    height, width = pixels.shape[:2]
    if max(height, width) < _READ_SIDE:
        return pixels
    ink = cv2.integral(_ink(pixels))
    high, wide = height // 2, width // 2

    def amount(corner: tuple[int, int]) -> float:
        top, left = corner
        return float(ink[top + high, left + wide] - ink[top, left + wide] - ink[top + high, left] + ink[top, left])

    corners = [(top, left) for top in (0, high // 2, high) for left in (0, wide // 2, wide)]
    top, left = max(corners, key=amount)
    return pixels[top : top + high, left : left + wide]


def _grey(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY), np.uint8)


def _ink(pixels: Pixels) -> Pixels:
    """255 where something is printed, 0 on paper, by Otsu's threshold."""
    return np.asarray(cv2.threshold(_grey(pixels), 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1], np.uint8)


def _profile(ink: Pixels) -> float:
    """How much the ink of neighbouring rows differs: high where lines of text run across."""
    rows = ink.sum(axis=1, dtype=np.float64)
    return float(np.sum((rows[1:] - rows[:-1]) ** 2)) / len(ink.T)


def _range(pixels: Pixels) -> tuple[float, float]:
    """Levels that all but the odd pixel lie between."""
    low, high = np.percentile(_grey(pixels), [0.2, 99.8])
    return float(low), float(high)


def _reduced(pixels: Pixels, side: int) -> Pixels:
    scale = side / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
