"""The words a PDF page carries as text, with their boxes, and the pictures on it that no text covers.

Characters come from PDFium in bulk; everything after that is array work. What this module does not do: read pictures.
"""

from __future__ import annotations

import ctypes
import functools
import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.documents.layout import TextRun, is_right_to_left
from workbench.documents.pdfium import PdfPage, map_boxes
from workbench.documents.wholewords import (
    LINE_END_HYPHEN,
    join_divided,
    join_spaced,
    large_first_letters,
    letters_in_boxes,
    part_unparted,
    with_first_letters,
)
from workbench.types import Box, Float
from workbench.types.documents import PICTURE_AREA

MIN_USABLE = 0.7  # share of a text layer's characters that must be real ones for it to be believed
MOST_PICTURES = 8  # of a page that are looked at: a contact sheet has more, and each costs a quarter of a second
LOGO_AREA = 0.002  # of the page; smaller pictures are bullets and rules
MOST_LOGOS = 2  # of a page that are looked at; of 451 pages of reports and slides 39 have one
WORDS_PER_PICTURE = 10  # a picture over the whole page with fewer words on it is a picture, whatever they cover
FREE = 0.7  # of a picture in one piece without words; with less, it is a background and its text is known
_CELLS = 32
_MAP_ERROR_SAMPLES = 200
MOST_RULES = 5_000  # upright lines of a page that are looked at for forms with a box to a letter; a map has more
MOST_SEGMENTS = 50_000  # of paths in which they are looked for, curves included: a quarter of a second
MAX_SYMBOLS = 0.3  # of a page's characters that are neither letters, digits nor common signs; formulas stay below
MAX_ODD = 0.35  # of a page's longer words that no language has; headings in small capitals and codes stay below
_FEW_ODD = 3  # words that no language has, up to which they are names and codes
_SYMBOLS = frozenset({"So", "Sk", "Sm", "Co", "Cn", "Cc"})
_ALPHABETS = frozenset(
    {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "HEBREW", "ARABIC", "DEVANAGARI", "THAI", "HANGUL", "CJK"}
)
_UNLIKELY = 0.08  # of a text's pairs of letters that no language has, from which on its letters are not those printed
_LIKELY = 0.04  # of them, up to which nothing is said; every language stays below
_PAIRS = 100  # of letters, from which on it is told
_PLAIN = re.compile(r"\b[A-Za-z][a-z]{3,}\b")  # capitals and codes have any pairs
_LATIN = re.compile("[A-Za-z]")
_VOWEL = re.compile("[aeiouyAEIOUY]")
_RARE_PAIRS = (
    "bcdfgkmnpqstvxz cbdfgpqvwx dbcfqx fcdgjkmpqsvwxz gfqxz hghjpqsxz jbcfgmpqrvwxz kbdfmpvxz lcfpqrx mdgkqrtvwxz "
    "nbpqx ox pbdfgjkmnqsvxyz qbcfgjkmnpqrstvwxyz rf sdfqrvx tdfpq ux vbcdfghjkmpqtvwxz wbdfgjklmpqvwxz "
    "xbcdfgjklmnopqrsvxyz yqxz zcfjlpqrsx"
)
_INNER = re.compile(r"^[^A-Za-z0-9]+|[^A-Za-z0-9]+$|'s$")
_SHUFFLED = re.compile(
    r"[a-z][A-Z0-9!-/:-@\[-`{-~]+[a-z].*[a-z][A-Z0-9!-/:-@\[-`{-~]+[a-z]|[A-Za-z][!-,:-@\[-^`{-~]+[A-Za-z]"
)
DOUBTFUL = "What was read of the page is hardly words of a language."
"""The notice of a page whose words are doubtful (`Sense`) once all that can be read of it is."""
_REPLACEMENT = 0xFFFD
_LEFT_TO_RIGHT = re.compile(
    r"[0-9A-Za-z\u00c0-\u024f\u0660-\u0669\u06f0-\u06f9]"
    r"(?:[0-9A-Za-z\u00c0-\u024f\u0660-\u0669\u06f0-\u06f9]|(?<=\d)[.,:/](?=\d))*"
)

_INSIDE_OUT = re.compile(r"^([)\]}])([^()\[\]{}]*\d[^()\[\]{}]*)([(\[{])$")
_ENDS = ".,:;!?\u060c\u061b\u061f"

_SPACES = np.array([0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029,
                    0x202F, 0x205F, 0x3000], np.int64)  # fmt: skip
_NEWLINES = np.array([0x0A, 0x0D, 0x2028, 0x2029], np.int64)
_NOT_PLAIN = re.compile(r"[^\x20-\x7e]")
_DROPPED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\ud800-\udfff\ue000-\uf8ff"
    "\U000f0000-\U0010ffff]"
)
_LIGATURES = re.compile("[\ufb00-\ufdcf\ufe70-\ufefc]")  # Latin ones, and how Hebrew and Arabic letters are drawn


@dataclass(frozen=True, slots=True)
class TextLayer:
    """Runs of words in page fractions, and ``usable``: whether their characters are real ones and there are any.

    ``sense`` is how much they are those of a language; where they hardly are, they may not be what is printed.
    """

    runs: tuple[TextRun, ...]
    usable: bool
    sense: Sense

    @property
    def doubtful(self) -> bool:
        """Whether to look at the picture instead."""
        return self.usable and self.sense.doubtful


def read_text_layer(page: PdfPage) -> TextLayer:
    """The page's own words. Call inside `PdfFile.page`; about a millisecond per 800 characters."""
    codes, boxes, errors = _characters(page)
    if not len(codes):
        return TextLayer((), False, Sense(1.0, False))
    space = np.isin(codes, _SPACES)
    believed = _share_of_real(codes[~space]) * (1.0 - errors)
    width, height = page.points()
    runs = _runs(codes, boxes, space, width / height, lambda: _upright_rules(page))
    usable = bool(runs) and believed >= MIN_USABLE
    return TextLayer(runs, usable, sense_of([text for run in runs for text in run.texts]))


@dataclass(frozen=True, slots=True)
class Sense:
    """How much words are those of a language, by their signs: symbols, mixed scripts, no vowels.

    ``share``, 0 to 1, of those that could be; ``doubtful`` where hardly any are. It happens where a font says wrongly
    which characters its glyphs are. Tables of part numbers are doubtful too, so this is reason to compare with the
    picture, no more.
    """

    share: float
    doubtful: bool


def sense_of(words: Sequence[str]) -> Sense:
    """The sense of words; all of it where there are none."""
    letters = "".join(words)
    if letters.isascii():
        symbols = 0
    else:
        symbols = sum(unicodedata.category(letter) in _SYMBOLS for letter in letters if not letter.isascii())
    odd, longer = sum(_is_odd(word) for word in words), sum(len(word) > 3 for word in words)
    unlikely = _unlikely_pairs(words)
    nonsense = min(1.0, max(0.0, unlikely - _LIKELY) / (2 * _UNLIKELY))
    share = 1.0 - max(symbols / max(1, len(letters)), odd / longer if odd >= _FEW_ODD else 0.0, nonsense)
    shuffled = unlikely > _UNLIKELY or (odd >= _FEW_ODD and odd > MAX_ODD * longer)
    return Sense(share, symbols > MAX_SYMBOLS * len(letters) or shuffled)


@functools.cache
def _rare_pairs() -> NDArray[np.bool_]:
    """Which pairs of the letters a to z ``(26, 26)`` hardly occur in any language.

    In none of 57 languages in Latin letters are they .0015 of all, in what translators wrote of programs, accents left
    out (`python -m benchmarks.pairs`). Of 150 words of the half that did not choose them at most .032 of the pairs are
    such, and with letters exchanged at random at least .12 in 99 of 100.
    """
    rare = np.zeros((26, 26), bool)
    for group in _RARE_PAIRS.split():
        first, *seconds = (ord(letter) - ord("a") for letter in group)
        rare[first, seconds] = True
    return rare


def _unlikely_pairs(words: Sequence[str]) -> float:
    """The share of pairs of letters that no language has in a text's different words; 0 where there are few pairs."""
    text = " ".join(words)
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    plain = " ".join({word.lower(): None for word in _PLAIN.findall(text)})  # once each: a name may be on every line
    codes = np.frombuffer(plain.encode("ascii"), np.uint8).astype(np.int64) - ord("a")
    known = (codes[:-1] >= 0) & (codes[1:] >= 0)
    if known.sum() < _PAIRS:
        return 0.0
    return float(_rare_pairs()[codes[:-1][known], codes[1:][known]].mean())


def _is_odd(word: str) -> bool:
    """A word of two scripts, of Latin letters without a vowel, or with capitals and digits among its small letters."""
    if len(word) <= 3:
        return False
    if word.isascii():
        if not _LATIN.search(word):
            return False
        inner = _INNER.sub("", word)
        return (len(inner) > (4 if inner.isupper() else 3) and inner.isalpha() and not _VOWEL.search(inner)) or bool(
            _SHUFFLED.search(inner)
        )
    scripts = {unicodedata.name(letter, "?").split(" ", 1)[0] for letter in word if letter.isalpha()}
    return len(scripts & _ALPHABETS) > 1


def clean(word: str) -> str:
    """A word without control, zero-width, private-use and lone surrogate characters; ligatures become letters.

    >>> clean("e\\ufb03cient\\u00ad")
    'efficient'
    """
    if not _NOT_PLAIN.search(word):
        return word
    if re.search("[\ud800-\udfff]", word):
        word = word.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    word = _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]).replace(" ", ""), word)
    return unicodedata.normalize("NFC", _DROPPED.sub("", word))


def _characters(page: PdfPage) -> tuple[NDArray[np.int64], Float, float]:
    """Code points ``(n,)``, boxes ``(n, 4)`` as page fractions, and the share of glyphs with no known character."""
    import pypdfium2.raw as raw

    text = raw.FPDFText_LoadPage(page.handle.raw)
    if not text:
        return np.zeros(0, np.int64), np.zeros((0, 4), np.float32), 0.0
    try:
        n = max(0, raw.FPDFText_CountChars(text))
        code_of, box_of = _fast_calls()
        handle = ctypes.cast(text, ctypes.c_void_p).value or 0
        codes = np.fromiter((code_of(handle, i) for i in range(n)), np.int64, n)
        rects = np.zeros((n, 4), np.float32)  # FS_RECTF: left, top, right, bottom as 4-byte floats
        start = rects.ctypes.data
        for i in range(n):
            box_of(handle, i, start + 16 * i)
        sample = range(0, n, max(1, n // _MAP_ERROR_SAMPLES))
        errors = sum(raw.FPDFText_HasUnicodeMapError(text, i) == 1 for i in sample) / max(1, len(sample))
    finally:
        raw.FPDFText_ClosePage(text)
    codes[codes > sys.maxunicode] = _REPLACEMENT  # a font may claim anything
    return codes, map_boxes(page.to_fractions(), rects[:, [0, 3, 2, 1]]), errors


def _upright_rules(page: PdfPage) -> Float:
    """The upright lines of a page's paths, ``(m, 3)``: x, top and bottom as page fractions; `MOST_RULES` at most."""
    import pypdfium2.raw as raw

    matrix = page.to_fractions()
    found: list[tuple[float, float, float]] = []
    left = MOST_SEGMENTS
    for thing in page.objects():
        if len(found) >= MOST_RULES or left <= 0:
            break
        if thing.kind == raw.FPDF_PAGEOBJ_PATH:
            looked_at = min(thing.segments, 2 * MOST_RULES, left)
            found += thing.upright_lines(matrix, looked_at)
            left -= looked_at
    return np.array(found[:MOST_RULES], np.float32).reshape(-1, 3)


@functools.cache
def _fast_calls() -> tuple[Any, Any]:
    """FPDFText_GetUnicode and _GetLooseCharBox on plain addresses: a third of the time of the typed bindings.

    A page makes thousands of these calls, and most of each is ctypes converting arguments.
    """
    import pypdfium2.raw as raw

    code_of = ctypes.PYFUNCTYPE(ctypes.c_uint, ctypes.c_void_p, ctypes.c_int)
    box_of = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
    code_at = ctypes.cast(raw.FPDFText_GetUnicode, ctypes.c_void_p).value or 0
    box_at = ctypes.cast(raw.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
    return code_of(code_at), box_of(box_at)


def _share_of_real(codes: NDArray[np.int64]) -> float:
    """Share of characters that are neither replacement, private-use, unassigned-by-PDFium nor control characters."""
    if not len(codes):
        return 0.0
    hyphen = codes == ord(LINE_END_HYPHEN)
    control = ((codes < 0x20) | ((codes >= 0x7F) & (codes < 0xA0))) & ~hyphen
    private = ((codes >= 0xE000) & (codes <= 0xF8FF)) | (codes >= 0xF0000)
    return float(1.0 - (control | private | ((codes >= 0xFFF0) & (codes <= 0xFFFF))).mean())


def _no_rules() -> Float:
    return np.zeros((0, 3), np.float32)


def _runs(
    codes: NDArray[np.int64],
    boxes: Float,
    space: NDArray[np.bool_],
    aspect: float,
    rules: Callable[[], Float] = _no_rules,
) -> tuple[TextRun, ...]:
    """Characters joined into words at white space, and words into runs where they follow one another on a line.

    ``rules`` as in `_upright_rules`.
    """
    unit = np.array([aspect, 1, aspect, 1], np.float32)
    shown = np.flatnonzero(~space)
    if not len(shown):
        return ()
    x0, y0, x1, y1 = boxes[shown].T
    height = y1 - y0
    jump = (np.abs((y0 + y1)[1:] - (y0 + y1)[:-1]) / 2 > 0.8 * np.maximum(height[1:], height[:-1])) & (
        np.minimum(x1[1:], x1[:-1]) < np.maximum(x0[1:], x0[:-1])
    )
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(shown) > 1) | jump]))
    square = boxes[shown] * unit
    starts = letters_in_boxes(codes[shown], square, starts, lambda: rules() * np.array([aspect, 1, 1], np.float32))
    starts = part_unparted(square, starts)
    word_boxes = np.concatenate(
        [np.minimum.reduceat(boxes[shown][:, :2], starts), np.maximum.reduceat(boxes[shown][:, 2:], starts)], axis=1
    )
    newlines = np.cumsum(np.isin(codes, _NEWLINES))[shown[starts]]
    ends = np.append(starts[1:], len(shown))
    for i in large_first_letters(height, starts, ends).tolist():  # which reach over the lines below
        word_boxes[i, 1], word_boxes[i, 3] = y0[starts[i] + 1 : ends[i]].min(), y1[starts[i] + 1 : ends[i]].max()
    characters = codes[shown].tolist()
    words = ["".join(map(chr, characters[a:b])) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    leftward = np.logical_or.reduceat(is_right_to_left(codes[shown]), starts)
    for i in np.flatnonzero(leftward).tolist():
        words[i] = _logical(words[i], x0[starts[i] : ends[i]] + x1[starts[i] : ends[i]])
    if leftward.any():
        words = [_INSIDE_OUT.sub(_turned_brackets, word) for word in words]
    turns = _turns(square, starts, leftward)
    on_end = np.isin(turns, (90, 270))
    to_left = leftward | (turns == 180)
    follows = _follows(word_boxes[:-1], word_boxes[1:], to_left[:-1] | to_left[1:], on_end[:-1] | on_end[1:])
    first = np.concatenate([[True], (np.diff(newlines) > 0) | ~follows])
    words, word_boxes, first, turns = join_spaced(words, word_boxes, first, follows, turns, aspect)
    words, word_boxes, stay = with_first_letters(words, word_boxes, first, aspect)
    words, keep = join_divided(words, word_boxes, first, turns, aspect)
    return _collect(words, word_boxes, first, keep & stay, turns)


def _turned_brackets(match: re.Match[str]) -> str:
    """Brackets that face away from the number between them, as some files have them beside right-to-left letters."""
    return match[3] + match[2] + match[1]


def _logical(word: str, middles: Float) -> str:
    """A word with right-to-left letters in the order it is spoken; ``middles (n,)`` of its characters, in any unit.

    Some files hold such letters as they lie on the page, from left to right.
    """
    steps = np.diff(middles)
    on_page = int((steps > 0).sum()) > int((steps < 0).sum())
    if on_page:
        word, middles = word[::-1], middles[::-1]
    # What ends a sentence stands to its left, wherever the file has it.
    end = len(word) - len(word.lstrip(_ENDS))
    if 0 < end < len(word) and middles[0] < middles[end:].min():
        word = word[end:] + word[:end]
    return _LEFT_TO_RIGHT.sub(lambda match: match[0][::-1], word) if on_page else word


def _turns(boxes: Float, starts: NDArray[np.int64], leftward: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Which way each word runs ``(k,)``: degrees counter-clockwise, -1 where one letter does not tell.

    ``boxes (n, 4)`` of the characters in one unit for both axes, ``starts (k,)`` the first of each word, ``leftward``
    words of right-to-left scripts, which run to the left when they are upright.
    """
    last = np.append(starts[1:], len(boxes)) - 1
    middle = boxes[:, :2] + boxes[:, 2:]
    along, down = (middle[last] - middle[starts]).T
    along = np.where(leftward, np.abs(along), along)
    turns = np.where(np.abs(down) > 1.5 * np.abs(along), np.where(down < 0, 90, 270), np.where(along < 0, 180, 0))
    tells = (last > starts) & ((along != 0) | (down != 0))  # the letters of a ligature lie in one place
    return np.where(tells, turns, -1)


def _follows(before: Float, after: Float, leftward: NDArray[np.bool_], on_end: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each word continues the stretch of line of the word before it: beside it, or above it in turned text.

    ``leftward (k,)`` where either runs to the left, ``on_end (k,)`` where either runs up or down.
    """
    height = np.minimum(before[:, 3] - before[:, 1], after[:, 3] - after[:, 1])
    width = np.minimum(before[:, 2] - before[:, 0], after[:, 2] - after[:, 0])
    share_y = np.minimum(before[:, 3], after[:, 3]) - np.maximum(before[:, 1], after[:, 1])
    share_x = np.minimum(before[:, 2], after[:, 2]) - np.maximum(before[:, 0], after[:, 0])
    gap = after[:, 0] - before[:, 2]
    beside = (share_y > 0.3 * height) & (gap < 1.5 * np.maximum(height, 1e-4)) & (gap > -2.0 * height)
    back = before[:, 0] - after[:, 2]
    beside |= leftward & (share_y > 0.3 * height) & (back < 1.5 * np.maximum(height, 1e-4)) & (back > -0.5 * height)
    turned = (share_x > 0.6 * width) & (-share_y < 1.5 * width) & on_end
    return np.asarray(beside | turned)


def _collect(
    words: list[str], boxes: Float, first: NDArray[np.bool_], keep: NDArray[np.bool_], turns: NDArray[np.int64]
) -> tuple[TextRun, ...]:
    """Runs of cleaned words that lie on the page; a word printed twice in one place (mock bold) counts once."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    on_page = np.all(np.isfinite(boxes), axis=1) & np.all((centre >= 0) & (centre <= 1), axis=1)
    boxes = np.clip(boxes, 0.0, 1.0).astype(np.float32)
    seen: set[tuple[str, int, int]] = set()
    runs: list[TextRun] = []
    texts: list[str] = []
    rows: list[int] = []

    def finish() -> None:
        if texts:
            runs.append(TextRun(tuple(texts), boxes[rows], False, _commonest(turns[rows])))
        texts.clear()
        rows.clear()

    places = np.round(centre * 400).tolist()
    for i, word in enumerate(words):
        if first[i]:
            finish()
        if not (keep[i] and on_page[i]):
            continue
        text = clean(word)
        key = (text, *places[i])
        if text and key not in seen:
            seen.add(key)
            texts.append(text)
            rows.append(i)
    finish()
    return tuple(runs)


def _commonest(turns: NDArray[np.int64]) -> int:
    known = turns[turns >= 0]
    return int(np.bincount(known).argmax()) if len(known) else 0


def picture_boxes(page: PdfPage) -> tuple[Box, ...]:
    """Boxes (page fractions) of the larger pictures on a page and of some logos, the largest first.

    At most `MOST_PICTURES` and `MOST_LOGOS`. A picture cut into strips or tiles counts as one.
    """
    found = _merge_touching(_picture_boxes(page))
    area = (found[:, 2:] - found[:, :2]).prod(axis=1)
    order = np.argsort(-area, kind="stable")
    larger, smaller = order[area[order] >= PICTURE_AREA], order[area[order] < PICTURE_AREA]
    order = np.concatenate([larger[:MOST_PICTURES], smaller[area[smaller] >= LOGO_AREA][:MOST_LOGOS]])
    return tuple((float(x0), float(y0), float(x1), float(y1)) for x0, y0, x1, y1 in found[order])


def uncovered_pictures(page: PdfPage, words: Float) -> list[tuple[float, float, float, float]]:
    """Boxes (page fractions) of the larger pictures on a page that its words ``(n, 4)`` leave uncovered.

    A picture cut into strips or tiles, as scanners do, counts as one. Words are counted where they lie: a stamp at the
    edge of a scan says nothing of the rest, unless invisible words show that somebody has read the scan.
    """
    found = _merge_touching(_picture_boxes(page))
    centre = (words[:, :2] + words[:, 2:]) / 2
    invisible: NDArray[np.bool_] | None = None
    uncovered = []
    for box in found:
        area = float((box[2] - box[0]) * (box[3] - box[1]))
        inside = np.all((centre >= box[:2]) & (centre <= box[2:]), axis=1)
        if area < PICTURE_AREA:
            continue
        if int(inside.sum()) > WORDS_PER_PICTURE * area:
            if _free_share(box, words[inside]) < FREE:
                continue
            if invisible is None:
                invisible = _are_invisible(page, centre)
            if int((inside & invisible).sum()) > WORDS_PER_PICTURE * area:
                continue
        uncovered.append((float(box[0]), float(box[1]), float(box[2]), float(box[3])))
    return uncovered


def _free_share(box: Float, words: Float) -> float:
    """Share of a picture's area that the largest rectangle without words takes, by cells of about a line's height."""
    size = np.tile(box[2:] - box[:2], 2)
    cells = np.clip(np.floor((words - np.tile(box[:2], 2)) / size * _CELLS), 0, _CELLS - 1).astype(int)
    covered = np.ones((_CELLS, _CELLS + 2), bool)  # a covered column at either side
    covered[:, 1:-1] = False
    for x0, y0, x1, y1 in cells:
        covered[y0 : y1 + 1, x0 + 1 : x1 + 2] = True
    largest = 0
    for top in range(_CELLS):
        for bottom, any_covered in enumerate(np.logical_or.accumulate(covered[top:]), top + 1):
            largest = max(largest, (bottom - top) * (int(np.diff(np.flatnonzero(any_covered)).max()) - 1))
    return largest / _CELLS**2


def _are_invisible(page: PdfPage, centre: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of these points ``(n, 2)`` in page fractions lie on invisible text."""
    matrix = page.to_fractions()
    found = [box for thing in page.objects() if thing.is_invisible and (box := thing.box(matrix)) is not None]
    on_text = np.zeros(len(centre), bool)
    for box in found:
        on_text |= np.all((centre >= box[:2]) & (centre <= box[2:]), axis=1)
    return on_text


def _picture_boxes(page: PdfPage) -> Float:
    """Boxes ``(n, 4)`` in page fractions of the page's image objects, those inside form objects included."""
    import pypdfium2.raw as raw

    matrix = page.to_fractions()
    found = [
        box
        for thing in page.objects()
        if thing.kind == raw.FPDF_PAGEOBJ_IMAGE and thing.is_active and (box := thing.box(matrix)) is not None
    ]
    boxes = np.array(found, np.float32).reshape(-1, 4)
    boxes = np.clip(boxes[np.isfinite(boxes).all(axis=1)], 0.0, 1.0)
    return boxes[((boxes[:, 2:] - boxes[:, :2]) > 1e-3).all(axis=1)]


def _merge_touching(boxes: Float, slack: float = 0.003) -> Float:
    """Boxes that touch or overlap along a whole side, as tiles and strips do, joined into their union."""
    merged = [box for box in boxes[np.lexsort((boxes[:, 0], boxes[:, 1]))]] if len(boxes) else []
    joined = len(merged) <= 400  # a page of thousands of tiny images is a pattern, not a cut-up scan
    while joined:
        joined = False
        for i in range(len(merged)):
            for j in range(i + 1, len(merged)):
                if _are_tiles(merged[i], merged[j], slack):
                    a, b = merged[i], merged.pop(j)
                    merged[i] = np.concatenate([np.minimum(a[:2], b[:2]), np.maximum(a[2:], b[2:])])
                    joined = True
                    break
            if joined:
                break
    return np.array(merged, np.float32).reshape(-1, 4)


def _are_tiles(a: Float, b: Float, slack: float) -> bool:
    gap = np.maximum(a[:2], b[:2]) - np.minimum(a[2:], b[2:])
    if (gap > slack).any():
        return False
    inside = bool((a[:2] - slack <= b[:2]).all() and (b[2:] <= a[2:] + slack).all())
    around = bool((b[:2] - slack <= a[:2]).all() and (a[2:] <= b[2:] + slack).all())
    same_x = abs(a[0] - b[0]) <= slack and abs(a[2] - b[2]) <= slack
    same_y = abs(a[1] - b[1]) <= slack and abs(a[3] - b[3]) <= slack
    return inside or around or same_x or same_y
