"""Reading words off a picture with rapidocr, whose wheel carries its models: nothing is fetched.

One engine per process, loaded on first use. It is set for pages: text is found at a reduced size, where most of the
time goes, and read at the full one; no classifier for upside-down lines; lines one by one, since padding a batch to its
widest line costs more than batching saves on a CPU.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.documents.layout import Run
from workbench.documents.textlayer import clean
from workbench.errors import DocumentError
from workbench.types import Float

DETECT_SIDE = 1120  # px; the longer side at which text is looked for
READ_SIDE = 2400  # px; the longer side at which it is read
MIN_SCORE = 0.5
_NARROWEST = 96  # px; width at height 48 that a short line is padded to

_LOCK = threading.Lock()
_NARROW = frozenset("iIjl1.,:;'|!()[]{}ft`\"-")
_WIDE = frozenset("mwMW@%&—")


def read_words(image: Image.Image) -> list[Run]:
    """The lines of text on an RGB picture, each a run of words with boxes as fractions of the picture.

    ``DocumentError`` if the engine is missing or fails.
    """
    pixels = np.asarray(image.convert("RGB"))[:, :, ::-1]
    if min(image.size) < 8 or int(pixels.max()) - int(pixels.min()) < 16:
        return []  # too small, or too flat, to hold a letter
    with _LOCK:
        engine = _engine()
        try:
            result = engine(np.ascontiguousarray(pixels))
        except Exception as error:
            raise DocumentError(f"The text of the picture could not be read ({type(error).__name__}).") from error
    if result.boxes is None or result.txts is None:
        return []
    size = np.array(image.size, np.float32)
    runs = []
    for quad, text in zip(result.boxes, result.txts, strict=True):
        words = [word for word in (clean(part) for part in text.split()) if word]
        if words:
            runs.append(Run(tuple(words), _word_boxes(words, np.asarray(quad, np.float32) / size), ocr=True))
    return runs


def _word_boxes(words: list[str], quad: NDArray[np.float32]) -> Float:
    """Boxes ``(k, 4)`` of words along a line's four corners (clockwise from top left), by the widths of their letters."""
    widths = [sum(_width(letter) for letter in word) for word in words]
    ends = np.cumsum([width + 1.0 for width in widths]) - 1.0
    starts = ends - np.array(widths)
    top_left, top_right, bottom_right, bottom_left = quad
    across, down = np.abs(top_right - top_left).max(), np.abs(bottom_left - top_left).max()
    if down > 1.5 * across:  # read turned by 90 degrees, as the engine does with tall boxes: from top to bottom
        top_left, top_right, bottom_right, bottom_left = top_right, bottom_right, bottom_left, top_left
    at = np.stack([starts, ends], axis=1)[:, :, None] / ends[-1]  # (k, 2, 1)
    upper = top_left + at * (top_right - top_left)
    lower = bottom_left + at * (bottom_right - bottom_left)
    corners = np.concatenate([upper, lower], axis=1)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return np.clip(boxes, 0.0, 1.0).astype(np.float32)


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
    threads = min(4, os.cpu_count() or 1)
    models = Path(rapidocr.__file__).parent / "models"
    if not any(models.glob("*det*.onnx")):
        raise DocumentError("rapidocr is installed without its models; run: pip install --force-reinstall rapidocr")
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.text_score": MIN_SCORE,
            "Global.max_side_len": READ_SIDE,
            "Det.limit_type": "max",
            "Det.limit_side_len": DETECT_SIDE,
            "Rec.rec_batch_num": 1,
            "Rec.rec_img_shape": [3, 48, _NARROWEST],
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": True,
        }
    )
