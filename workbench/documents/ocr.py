"""Reading words off a picture with rapidocr, whose wheel carries its models: nothing is fetched.

One engine per process, loaded on first use. It is set for pages: text is found at a reduced size, where most of the
time goes, and read at the full one; a page that reads badly is tried the other way round, which costs the others
nothing, and no line is asked for its own; lines one by one, since padding a batch to its
widest line costs more than batching saves on a CPU.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.documents.layout import TextRun
from workbench.documents.textlayer import clean
from workbench.errors import DocumentError
from workbench.types import Float

DETECT_SIDE = 1120  # px; the longer side at which text is looked for
READ_SIDE = 2400  # px; the longer side at which it is read
MIN_SCORE = 0.5
_READS_WELL = 0.8  # of 1: mean certainty of the lines, from which on they are the right way round; upright ones have .9
_TRIED = 4  # lines that are read both ways where it is not clear
_CLEARLY = 0.1  # by which the other way must be more certain for a picture to be turned over
_AS_MUCH = (
    0.95  # of the sense it made before, from which on the turn is believed: lines that stand read well from the top
)
# down as they are, but are put in order by it
_ROTATIONS = {90: 3, 180: 2, 270: 1}  # quarters counter-clockwise that bring such text upright
_NARROWEST = 96  # px; width at height 48 that a short line is padded to

_LOCK = threading.Lock()
_NARROW = frozenset("iIjl1.,:;'|!()[]{}ft`\"-")
_WIDE = frozenset("mwMW@%&—")


def read_words(image: Image.Image) -> list[TextRun]:
    """The lines of text on an RGB picture, each a run of words with boxes as fractions of the picture.

    A picture that stands on its head or on its side is read all the same; the runs then say how they are turned.
    ``DocumentError`` if the engine is missing or fails.
    """
    pixels = np.asarray(image.convert("RGB"))[:, :, ::-1]
    if min(image.size) < 8 or int(pixels.max()) - int(pixels.min()) < 16:
        return []  # too small, or too flat, to hold a letter
    with _LOCK:
        engine = _engine()
        try:
            lines, turn = _lines(engine, np.ascontiguousarray(pixels)), 0
            if (other := _turn(engine, pixels, lines)) and _sense(turned := _lines(
                engine, np.ascontiguousarray(np.rot90(pixels, _ROTATIONS[other]))
            )) > _AS_MUCH * _sense(lines):  # fmt: skip
                lines, turn = turned, other
        except Exception as error:
            raise DocumentError(f"The text of the picture could not be read ({type(error).__name__}).") from error
    size = np.array(image.size if turn in (0, 180) else image.size[::-1], np.float32)
    runs = []
    for line in lines:
        if line.score < MIN_SCORE:
            continue
        words = line.text.split()
        boxes = _boxes_of_pieces(words, line.pieces)
        if boxes is None:
            boxes = _boxes_by_width(words, line.quad)
        boxes = _undone(np.clip(boxes / np.tile(size, 2), 0.0, 1.0).astype(np.float32), turn)
        cleaned = [clean(word) for word in words]
        keep = [i for i, word in enumerate(cleaned) if word]
        runs.append(TextRun(tuple(cleaned[i] for i in keep), boxes[keep], True, turn))
    return [run for run in runs if run.texts]


@dataclass(frozen=True, slots=True)
class _Line:
    """What the engine made of a line: corners ``quad (4, 2)`` in pixels, and its pieces of words."""

    text: str
    score: float
    quad: NDArray[np.float32]
    pieces: Sequence[Any]

    @property
    def stands(self) -> bool:
        """Whether it is a tall box, which the engine reads from the top down."""
        width, height = self.quad.max(axis=0) - self.quad.min(axis=0)
        return bool(height > 1.5 * width)

    @property
    def length(self) -> float:
        """Of its longer side, in pixels."""
        return float((self.quad.max(axis=0) - self.quad.min(axis=0)).max())


def _lines(engine: Any, pixels: NDArray[np.uint8]) -> list[_Line]:
    """All lines on a BGR picture, those of no certainty included."""
    result = engine(pixels)
    if result.boxes is None or result.txts is None:
        return []
    pieces = result.word_results if len(result.word_results) == len(result.txts) else [()] * len(result.txts)
    return [
        _Line(text, float(score), np.asarray(quad, np.float32), parts)
        for quad, text, score, parts in zip(result.boxes, result.txts, result.scores, pieces, strict=True)
    ]


def _sense(lines: Sequence[_Line]) -> float:
    """How much a picture says, read like this: letters, by how certain they are."""
    return sum(len(line.text) * line.score for line in lines if line.score >= MIN_SCORE)


def _turn(engine: Any, pixels: NDArray[np.uint8], lines: Sequence[_Line]) -> int:
    """How the text of a picture seems turned, by its longest lines; 0 at once where most of it reads well.

    The value is as in `TextRun.turn`.
    """
    length = sum(line.length for line in lines)
    stands = 2 * sum(line.length for line in lines if line.stands) > length
    if not lines or (not stands and sum(line.length * line.score for line in lines) >= _READS_WELL * length):
        return 0
    longest = sorted((line for line in lines if line.stands == stands), key=lambda line: -line.length)[:_TRIED]
    crops = engine.crop_text_regions(np.ascontiguousarray(pixels), np.stack([line.quad for line in longest]))
    # As they were read, and the other way round; both anew, so that the same pixels are compared.
    found = engine.recognize_txt([*crops, *(np.ascontiguousarray(crop[::-1, ::-1]) for crop in crops)])
    as_is, flipped = np.array(found.scores, np.float64).reshape(2, -1).mean(axis=1)
    if stands:
        return 90 if flipped > as_is else 270
    return 180 if flipped > as_is + _CLEARLY else 0


def _undone(boxes: Float, turn: int) -> Float:
    """Boxes ``(n, 4)`` on a picture that was turned upright, in fractions, as they lie on the one before."""
    x0, y0, x1, y1 = boxes.T
    match turn:
        case 90:
            sides = (y0, 1 - x1, y1, 1 - x0)
        case 180:
            sides = (1 - x1, 1 - y1, 1 - x0, 1 - y0)
        case 270:
            sides = (1 - y1, x0, 1 - y0, x1)
        case _:
            sides = (x0, y0, x1, y1)
    return np.stack(sides, axis=1)


def _boxes_of_pieces(words: list[str], pieces: Sequence[Any]) -> Float | None:
    """Pixel boxes ``(k, 4)`` of words from the engine's pieces (text, score, four corners), joined where it cut a word.

    None where the pieces do not spell the words; 0.90 of a word's width overlaps its true place, against 0.78 by letter
    widths.
    """
    boxes = []
    left = list(pieces)[::-1]
    for word in words:
        spelt, corners = "", []
        while left and len(spelt) < len(word):
            text, _, quad = left.pop()
            spelt += text
            corners.append(np.asarray(quad, np.float32).reshape(-1, 2))
        if spelt != word:
            return None
        points = np.concatenate(corners)
        boxes.append(np.concatenate([points.min(axis=0), points.max(axis=0)]))
    return None if left or not boxes else np.stack(boxes)


def _boxes_by_width(words: list[str], quad: NDArray[np.float32]) -> Float:
    """Boxes ``(k, 4)`` of words along a line's four corners (clockwise from top left), by its letters' widths."""
    widths = [sum(_width(letter) for letter in word) for word in words]
    ends = np.cumsum([width + 1.0 for width in widths]) - 1.0
    starts = ends - np.array(widths)
    top_left, top_right, bottom_right, bottom_left = quad
    across, down = np.abs(top_right - top_left).max(), np.abs(bottom_left - top_left).max()
    if down > 1.5 * across:  # the engine turns tall boxes by 90 degrees to read them, from their top right corner down
        top_left, top_right, bottom_right, bottom_left = top_right, bottom_right, bottom_left, top_left
    at = np.stack([starts, ends], axis=1)[:, :, None] / ends[-1]  # (k, 2, 1)
    upper = top_left + at * (top_right - top_left)
    lower = bottom_left + at * (bottom_right - bottom_left)
    corners = np.concatenate([upper, lower], axis=1)
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1).astype(np.float32)


def _width(letter: str) -> float:
    """Rough width of a letter in a proportional face; a full-width one counts double."""
    if letter in _NARROW:
        return 0.6
    if letter in _WIDE:
        return 1.5
    return 2.0 if ord(letter) >= 0x2E80 else (1.25 if letter.isupper() else 1.0)


@functools.cache
def _engine() -> Any:
    try:
        import rapidocr
    except ImportError as error:
        raise DocumentError("Scanned pages need the package rapidocr; run: pip install rapidocr onnxruntime") from error
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    threads = int(os.environ.get("OMP_NUM_THREADS", "") or min(4, os.cpu_count() or 1))  # set for each worker
    models = Path(rapidocr.__file__).parent / "models"
    if not any(models.glob("*det*.onnx")):
        raise DocumentError("rapidocr is installed without its models; run: pip install --force-reinstall rapidocr")
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.return_word_box": True,
            "Global.text_score": 0.0,  # `read_words` leaves out what is uncertain
            "Global.max_side_len": READ_SIDE,
            "Det.limit_type": "max",
            "Det.limit_side_len": DETECT_SIDE,
            "Rec.rec_batch_num": 1,
            "Rec.rec_img_shape": [3, 48, _NARROWEST],
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            # Lines differ in width, and an arena keeps memory for every width it saw: 170 MB more, no faster.
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
        }
    )
