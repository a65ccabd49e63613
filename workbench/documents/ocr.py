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
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.documents import tesseract
from workbench.documents.languages import AUTO, by_tesseract, refusal
from workbench.documents.layout import TextRun
from workbench.documents.textlayer import clean
from workbench.errors import DocumentError
from workbench.types import Float

DETECT_SIDE = 1120  # px; the longer side at which text is looked for
READ_SIDE = 2400  # px; the longer side at which it is read
MIN_SCORE = 0.5
_READS_WELL = 0.8  # of 1: mean certainty of the lines, from which on they are the right way round; upright ones have .9
_READ = 0.7  # certainty from which on a picture counts as read
_LETTERS_PER_HEIGHT = 0.6  # of a line at least; Latin text has 2, Chinese .9, and the blanks of others .05
_LIKE_TEXT = 0.3  # score; edges of shapes get .1, and letters that the engine does not know .5
_LINE_LIKE = 4.0  # times its height, from which on what is seen is a line of text
_SEEN = 0.5  # of a picture's width; shorter lines that were not read may be no text at all
_VOWELS = frozenset("aeiouy")
_HALF = ("Greek", "Vietnamese")  # scripts of which the engine lacks some letters: those with accents
_HALF_READ = 0.6  # certainty of such text, at most: what is left out of a word is not seen in its score
_GREEK = 0.2  # of a text's letters, from which on it is Greek and no formula
_BARE = 0.08  # of a text's words without a vowel; a language written with \u0111 and few vowels is Vietnamese
_TRIED = 4  # lines that are read both ways where it is not clear
_CLEARLY = 0.1  # by which the other way must be more certain for a picture to be turned over
_AS_MUCH = (
    0.95  # of the sense it made before, from which on the turn is believed: lines that stand read well from the top
)
# down as they are, but are put in order by it
_ROTATIONS = {90: 3, 180: 2, 270: 1}  # quarters counter-clockwise that bring such text upright
_LINE_HEIGHT = 48  # px, as the recogniser was trained
_SQUEEZED = 0.85  # of a line's width at that height; it reads as well, at .75 .02 fewer words and at .65 .14
_REACH = 0.1  # of a line's height, by which the engine's boxes of words end too early at either side
_NARROWEST = 96  # px; width that a short line is padded to

_LOCK = threading.Lock()
_NARROW = frozenset("iIjl1.,:;'|!()[]{}ft`\"-")
_WIDE = frozenset("mwMW@%&—")


UNKNOWN_SCRIPT = "which the built-in OCR does not read"
"""What `told` says of letters that there is no reader for."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was read off a picture: runs of words with boxes as fractions of it, which say how they are turned.

    ``certainty`` is how much of the text that was seen was read, 0 to 1, and 1 where none was seen; ``script`` names
    the letters of text that was not read, in English, where they are known.
    """

    runs: tuple[TextRun, ...]
    certainty: float = 1.0
    script: str = ""


def read_words(image: Image.Image) -> list[TextRun]:
    """The lines of text on an RGB picture, each a run of words; see `recognize`."""
    return list(recognize(image).runs)


def recognize(image: Image.Image, languages: Sequence[str] = (), engine: str = AUTO) -> Recognition:
    """The text on an RGB picture. One that stands on its head or on its side is read all the same.

    ``languages`` are tesseract's names for those that it should be read in. Without any the built-in engine reads, and
    tesseract, where it is installed, what that one has no letters for; an ``engine`` of `languages.ENGINES` that is
    named reads by itself. ``DocumentError`` if the engine is missing or fails, or a language is not there.
    """
    if reason := refusal(languages, engine):
        raise DocumentError(reason)
    pixels = np.asarray(image.convert("RGB"))[:, :, ::-1]
    if min(image.size) < 8 or int(pixels.max()) - int(pixels.min()) < 16:
        return Recognition(())  # too small, or too flat, to hold a letter
    if by_tesseract(languages, engine):
        return _with_tesseract(image, "", languages or tesseract.any_languages(image)) or Recognition((), 0.0)
    with _LOCK:
        rapid = _engine()
        try:
            lines, seen = _lines(rapid, np.ascontiguousarray(pixels))
            turn = 0
            if other := _turn(rapid, pixels, lines):
                turned, also = _lines(rapid, np.ascontiguousarray(np.rot90(pixels, _ROTATIONS[other])))
                if _sense(turned) > _AS_MUCH * _sense(lines):
                    lines, seen, turn = turned, also, other
            left_out = _left_out(seen, pixels, lines)
            certainty = _certainty(lines) * (1.0 - left_out)
        except Exception as error:
            raise DocumentError(f"The text of the picture could not be read ({type(error).__name__}).") from error
    runs = tuple(_runs(lines, image.size, turn))
    script = _half_known([text for run in runs for text in run.texts])
    found = Recognition(runs, min(certainty, _HALF_READ if script else 1.0))
    if languages or engine != AUTO or not (script or certainty < _READ):
        return found
    if not (script or turn) and (both := _in_two_scripts(image, lines)) is not None:
        return both
    better = _with_tesseract(image, script)
    if better is not None and better.runs and _letters(better) > _letters(found):
        return better
    script = (better.script if better else "") or script
    text = script or left_out or any(map(_looks_like_text, lines))
    return replace(found, script=script) if text else Recognition(())


def _in_two_scripts(image: Image.Image, lines: Sequence[_Line]) -> Recognition | None:
    """The lines of an upright picture that read well, and what tesseract reads of the rest; None without either, or
    where that is less than was read before."""
    well = [line for line in lines if line.read >= _READS_WELL]
    others = [line for line in lines if line.read < _READS_WELL]
    poor = Recognition(tuple(_runs(others, image.size, 0)), _certainty(others))
    rest = _with_tesseract(_unread(image, well), "") if well else None
    if rest is None or _letters(rest) <= _letters(poor):
        return None
    return Recognition((*_runs(well, image.size, 0), *rest.runs), rest.certainty, rest.script)


def _unread(image: Image.Image, lines: Sequence[_Line]) -> Image.Image:
    """A picture without the lines that read well: what else is on it may be of another script."""
    rest = image.convert("RGB")
    ground = tuple(np.median(np.asarray(rest)[::8, ::8].reshape(-1, 3), axis=0).astype(int).tolist())
    for line in lines:
        low, high = line.quad.min(axis=0).tolist(), line.quad.max(axis=0).tolist()
        rest.paste(ground, (int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1))
    return rest


def _with_tesseract(image: Image.Image, script: str, languages: Sequence[str] = ()) -> Recognition | None:
    """What tesseract makes of a picture in these languages, or else in those of its script, with the script's name.

    None where it does not know the script either, or it is one that the built-in engine reads as well.
    """
    seen, turn = tesseract.script_of(image)
    script = script or seen
    if not languages and script not in tesseract.LANGUAGES:
        return None
    languages = languages or tesseract.languages_of(script)
    if not languages:
        return Recognition((), 0.0, script)
    upright = image.rotate(-turn, expand=True) if turn else image
    size = np.array(upright.size, np.float32)
    lines = [line for line in tesseract.read_lines(upright, languages) if line.score >= MIN_SCORE]
    runs = []
    for line in lines:
        cleaned = [clean(word) for word in line.words]
        keep = [i for i, word in enumerate(cleaned) if word]
        boxes = _undone(np.clip(line.boxes / np.tile(size, 2), 0.0, 1.0).astype(np.float32), turn)
        runs.append(TextRun(tuple(cleaned[i] for i in keep), boxes[keep], True, turn))
    certainty = float(np.mean([line.score for line in lines])) if lines else 0.0
    return Recognition(tuple(run for run in runs if run.texts), certainty, script)


def told(certainty: float, script: str) -> str:
    """In a sentence what of a scan could not be read, empty where most was."""
    if certainty >= _READ:
        return ""
    if script not in tesseract.LANGUAGES:
        return (
            "Little of the scan's text could be read: is it handwriting, a poor copy, or a script that the OCR lacks? "
            f"{tesseract.install('')}"
        )
    (code, *_) = tesseract.LANGUAGES[script]
    if tesseract.languages_of(script):
        return f"Little of the scan's text, which is {script}, could be read: is it handwriting or a poor copy?"
    return f"The scan's text is {script}, {UNKNOWN_SCRIPT}{' in full' * (script in _HALF)}. {tesseract.install(code)}"


def _letters(found: Recognition) -> float:
    """How much a picture says: its letters, by how certain they are."""
    return found.certainty * sum(letter.isalnum() for run in found.runs for text in run.texts for letter in text)


def _half_known(words: Sequence[str]) -> str:
    """The script of words of whose letters the engine has but some, and leaves out the others; else empty."""
    letters = "".join(words)
    if sum("\u0370" <= letter <= "\u03ff" for letter in letters) > _GREEK * len(letters):
        return "Greek"
    longer = [word for word in words if word.isalpha() and len(word) > 1]
    bare = sum(not any(letter in _VOWELS for letter in _base(word)) for word in longer)
    return "Vietnamese" if "\u0111" in letters.casefold() and bare > _BARE * len(longer) else ""


def _base(word: str) -> str:
    """The word without the marks on its letters, in small ones."""
    parts = unicodedata.normalize("NFD", word.casefold())
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def _runs(lines: Sequence[_Line], size: tuple[int, int], turn: int) -> Iterator[TextRun]:
    """The words of the lines that are certain enough, as they lie on a picture of this size that was turned upright."""
    upright = np.array(size if turn in (0, 180) else size[::-1], np.float32)
    for line in lines:
        if line.score < MIN_SCORE:
            continue
        words = line.text.split()
        boxes = _boxes_of_pieces(words, line.pieces)
        if boxes is None:
            boxes = _boxes_by_width(words, line.quad)
        elif not line.stands:
            boxes = _widened(boxes)
        boxes = _undone(np.clip(boxes / np.tile(upright, 2), 0.0, 1.0).astype(np.float32), turn)
        cleaned = [clean(word) for word in words]
        keep = [i for i, word in enumerate(cleaned) if word]
        if keep:
            yield TextRun(tuple(cleaned[i] for i in keep), boxes[keep], True, turn)


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

    @property
    def read(self) -> float:
        """How much of it was read, 0 to 1: its score, less where it has fewer letters than fit into it.

        For a letter that it lacks the engine puts a blank, and is quite certain of that.
        """
        sides = self.quad.max(axis=0) - self.quad.min(axis=0)
        fitting = _LETTERS_PER_HEIGHT * float(sides.max() / max(1.0, sides.min()))
        return self.score * min(1.0, sum(not letter.isspace() for letter in self.text) / fitting)


def _lines(engine: Any, pixels: NDArray[np.uint8]) -> tuple[list[_Line], float]:
    """All lines on a BGR picture, those of no certainty included, and how long those are together that were seen.

    That is in pixels; the engine gives no line of which it read nothing.
    """
    result = engine(pixels, use_rec=True)
    seen = engine.seen * max(pixels.shape[:2])
    if result.boxes is None or result.txts is None:
        return [], seen
    pieces = result.word_results if len(result.word_results) == len(result.txts) else [()] * len(result.txts)
    lines = [
        _Line(text, float(score), np.asarray(quad, np.float32), parts)
        for quad, text, score, parts in zip(result.boxes, result.txts, result.scores, pieces, strict=True)
    ]
    return lines, seen


def _sense(lines: Sequence[_Line]) -> float:
    """How much a picture says, read like this: letters, by how certain they are."""
    return sum(len(line.text) * line.score for line in lines if line.score >= MIN_SCORE)


def _certainty(lines: Sequence[_Line]) -> float:
    """How much of the text of some lines was read, by their length; what looks like no letter at all is no text."""
    lines = [line for line in lines if line.score >= _LIKE_TEXT]
    length = sum(line.length for line in lines)
    return sum(line.length * line.read for line in lines) / length if length else 1.0


def _looks_like_text(line: _Line) -> bool:
    """Whether the engine saw a line of text, read or not, rather than a speck that it took for a letter: a star."""
    sides = line.quad.max(axis=0) - line.quad.min(axis=0)
    return line.score >= MIN_SCORE or bool(sides.max() > _LINE_LIKE * sides.min())


def _left_out(seen: float, pixels: NDArray[np.uint8], lines: Sequence[_Line]) -> float:
    """Which share of the lines that were seen on a picture, so long together, the engine read nothing of."""
    read = sum(line.length for line in lines)
    return max(0.0, 1.0 - read / seen) if seen > _SEEN * max(pixels.shape[:2]) else 0.0


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


def _widened(boxes: Float) -> Float:
    """Boxes ``(k, 4)`` of a line's words a little wider, since the engine knows letters' middles, not their ends."""
    reach = _REACH * (boxes[:, 3] - boxes[:, 1])
    room = np.maximum(boxes[1:, 0] - boxes[:-1, 2], 0) / 2
    left, right = np.minimum(reach, [np.inf, *room]), np.minimum(reach, [*room, np.inf])
    sides = (boxes[:, 0] - left, boxes[:, 1], boxes[:, 2] + right, boxes[:, 3])
    return np.stack(sides, axis=1).astype(np.float32)


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


def _squeezed(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture of a line as high as the recogniser takes it, and narrower: its time goes by the width."""
    import cv2

    height, width = crop.shape[:2]
    narrower = max(1, round(_SQUEEZED * _LINE_HEIGHT * width / height))
    return np.asarray(cv2.resize(crop, (narrower, _LINE_HEIGHT), interpolation=cv2.INTER_AREA))


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

    class Engine(rapidocr.RapidOCR):  # type: ignore[misc]
        """Notes how long the lines that it found are together, as a part of the picture's longer side, in ``seen``."""

        seen = 0.0

        def detect_and_crop(self, img: NDArray[np.uint8], op_record: Any) -> Any:
            self.seen = 0.0
            crops, found = super().detect_and_crop(img, op_record)
            quads = np.asarray(found.boxes, np.float32).reshape(-1, 4, 2)
            sides = quads.max(axis=1) - quads.min(axis=1)
            long = sides.max(axis=1) > _LINE_LIKE * sides.min(axis=1)
            self.seen = float(sides[long].max(axis=1).sum()) / max(img.shape[:2])
            return crops, found

        def recognize_txt(self, img: Sequence[NDArray[np.uint8]]) -> Any:
            return super().recognize_txt([_squeezed(crop) for crop in img])

    return Engine(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "Global.return_word_box": True,
            "Global.text_score": 0.0,  # `read_words` leaves out what is uncertain
            "Global.max_side_len": READ_SIDE,
            "Det.limit_type": "max",
            "Det.limit_side_len": DETECT_SIDE,
            "Rec.rec_batch_num": 1,
            "Rec.rec_img_shape": [3, _LINE_HEIGHT, _NARROWEST],
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            # Lines differ in width, and an arena keeps memory for every width it saw: 170 MB more, no faster.
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
        }
    )
