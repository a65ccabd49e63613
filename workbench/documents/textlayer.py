"""The words a PDF page carries as text, with their boxes, and the pictures on it that no text covers.

Characters come from PDFium in bulk; everything after that is array work. What this module does not do: read pictures.
"""

from __future__ import annotations

import ctypes
import functools
import re
import sys
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.documents.layout import Run
from workbench.documents.pdfium import PdfPage, map_boxes
from workbench.types import Float

MIN_USABLE = 0.7  # share of a text layer's characters that must be real ones for it to be believed
PICTURE_AREA = 0.03  # of the page; smaller pictures are icons and logos
WORDS_PER_PICTURE = 10  # a picture over the whole page with more words on it is a background, and its text is known
_MAX_OBJECTS = 20_000
_MAX_DEPTH = 6
_MAP_ERROR_SAMPLES = 200
_REPLACEMENT = 0xFFFD
_LINE_END_HYPHEN = "\x02"  # what PDFium puts for a hyphen that divides a word at a line's end

_SPACES = np.array([0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029,
                    0x202F, 0x205F, 0x3000], np.int64)  # fmt: skip
_NEWLINES = np.array([0x0A, 0x0D, 0x2028, 0x2029], np.int64)
_NOT_PLAIN = re.compile(r"[^\x20-\x7e]")
_DROPPED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\uffff\ud800-\udfff\ue000-\uf8ff"
    "\U000f0000-\U0010ffff]"
)
_LIGATURES = re.compile("[\ufb00-\ufb06]")


@dataclass(frozen=True, slots=True)
class TextLayer:
    """Runs of words in page fractions, and ``usable``: whether their characters are real ones and there are any."""

    runs: tuple[Run, ...]
    usable: bool


def read_text_layer(page: PdfPage) -> TextLayer:
    """The page's own words. Call inside `PdfFile.page`; about a millisecond per 800 characters."""
    codes, boxes, errors = _characters(page)
    if not len(codes):
        return TextLayer((), usable=False)
    space = np.isin(codes, _SPACES)
    believed = _share_of_real(codes[~space]) * (1.0 - errors)
    runs = _runs(codes, boxes, space)
    return TextLayer(runs, usable=bool(runs) and believed >= MIN_USABLE)


def clean(word: str) -> str:
    """A word without control, zero-width, private-use and lone surrogate characters; ligatures become letters.

    >>> clean("e\\ufb03cient\\u00ad")
    'efficient'
    """
    if not _NOT_PLAIN.search(word):
        return word
    if re.search("[\ud800-\udfff]", word):
        word = word.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    word = _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), word)
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
    hyphen = codes == ord(_LINE_END_HYPHEN)
    control = ((codes < 0x20) | ((codes >= 0x7F) & (codes < 0xA0))) & ~hyphen
    private = ((codes >= 0xE000) & (codes <= 0xF8FF)) | (codes >= 0xF0000)
    return float(1.0 - (control | private | ((codes >= 0xFFF0) & (codes <= 0xFFFF))).mean())


def _runs(codes: NDArray[np.int64], boxes: Float, space: NDArray[np.bool_]) -> tuple[Run, ...]:
    """Characters joined into words at white space, and words into runs where they follow one another on a line."""
    shown = np.flatnonzero(~space)
    if not len(shown):
        return ()
    x0, y0, x1, y1 = boxes[shown].T
    height = y1 - y0
    jump = (np.abs((y0 + y1)[1:] - (y0 + y1)[:-1]) / 2 > 0.8 * np.maximum(height[1:], height[:-1])) & (
        np.minimum(x1[1:], x1[:-1]) < np.maximum(x0[1:], x0[:-1])
    )
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(shown) > 1) | jump]))
    word_boxes = np.concatenate(
        [np.minimum.reduceat(boxes[shown][:, :2], starts), np.maximum.reduceat(boxes[shown][:, 2:], starts)], axis=1
    )
    newlines = np.cumsum(np.isin(codes, _NEWLINES))[shown[starts]]
    ends = np.append(starts[1:], len(shown))
    characters = codes[shown].tolist()
    words = ["".join(map(chr, characters[a:b])) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    first = np.concatenate([[True], (np.diff(newlines) > 0) | ~_follows(word_boxes[:-1], word_boxes[1:])])
    words, keep = _join_divided(words, first)
    return _collect(words, word_boxes, first, keep)


def _follows(before: Float, after: Float) -> NDArray[np.bool_]:
    """Whether each word continues the stretch of line of the word before it: beside it, or above it in turned text."""
    height = np.minimum(before[:, 3] - before[:, 1], after[:, 3] - after[:, 1])
    width = np.minimum(before[:, 2] - before[:, 0], after[:, 2] - after[:, 0])
    share_y = np.minimum(before[:, 3], after[:, 3]) - np.maximum(before[:, 1], after[:, 1])
    share_x = np.minimum(before[:, 2], after[:, 2]) - np.maximum(before[:, 0], after[:, 0])
    gap = after[:, 0] - before[:, 2]
    beside = (share_y > 0.3 * height) & (gap < 1.5 * np.maximum(height, 1e-4)) & (gap > -2.0 * height)
    turned = (share_x > 0.6 * width) & (-share_y < 1.5 * width) & (before[:, 3] - before[:, 1] > 1.2 * width)
    return np.asarray(beside | turned)


def _join_divided(words: list[str], first: NDArray[np.bool_]) -> tuple[list[str], NDArray[np.bool_]]:
    """Words divided at a line's end, whole again: ``infor-`` ``mation`` is one word, placed at its first part."""
    keep = np.ones(len(words), bool)
    for i, word in enumerate(words):
        if not word.endswith((_LINE_END_HYPHEN, "\u00ad")):
            continue
        stem = word[:-1]
        after = words[i + 1] if i + 1 < len(words) and first[i + 1] else ""
        if after[:1].islower() and stem.isalpha():
            words[i], words[i + 1], keep[i + 1] = stem + after, "", False
        else:
            words[i] = stem + "-"
    return words, keep


def _collect(words: list[str], boxes: Float, first: NDArray[np.bool_], keep: NDArray[np.bool_]) -> tuple[Run, ...]:
    """Runs of cleaned words that lie on the page; a word printed twice in one place (mock bold) counts once."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    on_page = np.all(np.isfinite(boxes), axis=1) & np.all((centre >= 0) & (centre <= 1), axis=1)
    boxes = np.clip(boxes, 0.0, 1.0).astype(np.float32)
    seen: set[tuple[str, int, int]] = set()
    runs: list[Run] = []
    texts: list[str] = []
    rows: list[int] = []

    def finish() -> None:
        if texts:
            runs.append(Run(tuple(texts), boxes[rows], ocr=False))
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


def uncovered_pictures(page: PdfPage, words: Float) -> list[tuple[float, float, float, float]]:
    """Boxes (page fractions) of the larger pictures on a page that its words ``(n, 4)`` leave uncovered.

    A picture cut into strips or tiles, as scanners do, counts as one.
    """
    found = _merge_touching(_picture_boxes(page))
    centre = (words[:, :2] + words[:, 2:]) / 2
    uncovered = []
    for box in found:
        area = float((box[2] - box[0]) * (box[3] - box[1]))
        inside = int(np.all((centre >= box[:2]) & (centre <= box[2:]), axis=1).sum())
        if area >= PICTURE_AREA and inside <= WORDS_PER_PICTURE * area:
            uncovered.append((float(box[0]), float(box[1]), float(box[2]), float(box[3])))
    return uncovered


def _picture_boxes(page: PdfPage) -> Float:
    """Boxes ``(n, 4)`` in page fractions of the page's image objects, those inside form objects included."""
    import pypdfium2.raw as raw

    matrix = page.to_fractions()
    found: list[NDArray[np.float64]] = []
    budget = _MAX_OBJECTS

    def visit(count: int, get: Any, parent: Any, placed: NDArray[np.float64], depth: int) -> None:
        nonlocal budget
        edges = [ctypes.c_float() for _ in range(4)]
        for i in range(count):
            budget -= 1
            if budget < 0:
                return
            item = get(parent, i)
            kind = raw.FPDFPageObj_GetType(item) if item else raw.FPDF_PAGEOBJ_UNKNOWN
            if kind == raw.FPDF_PAGEOBJ_IMAGE and not _is_active(item):
                continue
            if kind == raw.FPDF_PAGEOBJ_IMAGE and raw.FPDFPageObj_GetBounds(item, *edges):
                left, bottom, right, top = (edge.value for edge in edges)
                corners = np.array([[left, bottom, 1], [right, bottom, 1], [left, top, 1], [right, top, 1]]) @ placed.T
                found.append(np.concatenate([corners.min(axis=0), corners.max(axis=0)]))
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
                own = raw.FS_MATRIX()
                if raw.FPDFPageObj_GetMatrix(item, own):
                    inner = np.array([[own.a, own.c, own.e], [own.b, own.d, own.f], [0, 0, 1]])
                    visit(
                        raw.FPDFFormObj_CountObjects(item), raw.FPDFFormObj_GetObject, item, placed @ inner, depth + 1
                    )

    handle = page.handle.raw
    visit(raw.FPDFPage_CountObjects(handle), raw.FPDFPage_GetObject, handle, matrix, 0)
    boxes = np.array(found, np.float32).reshape(-1, 4)
    boxes = np.clip(boxes[np.isfinite(boxes).all(axis=1)], 0.0, 1.0)
    return boxes[((boxes[:, 2:] - boxes[:, :2]) > 1e-3).all(axis=1)]


def _is_active(item: Any) -> bool:
    """Whether an object takes part in the page; see `visible`."""
    import pypdfium2.raw as raw

    active = ctypes.c_int(1)
    return not raw.FPDFPageObj_GetIsActive(item, active) or bool(active.value)


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
