"""Words made whole again: set wide, one letter to a box, with a large first letter, divided at a line's end.

And words that gaps part which are too narrow for PDFium to see. All by geometry; boxes
``(n, 4)`` are page fractions as in `textlayer`. What this module does not do: find characters.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from workbench.documents.layout import turned
from workbench.types import Float

_SPACED_LETTERS = 5  # single letters one after the other, from which on they are a word that is set wide
_WIDER = 1.5  # times the median gap between such letters, from which on a gap is one between words
_SPACED_AT_MOST = 1.0  # of a letter's height; letters further apart stand in columns of their own

LINE_END_HYPHEN = "\x02"  # what PDFium puts for a hyphen that divides a word at a line's end
_DIVIDING = (LINE_END_HYPHEN, "-", "\u00ad", "\u2010", "\u2011")  # PDFium knows the plain one where lines follow
_AFTER_HYPHEN = frozenset({"und", "oder", "sowie", "bzw.", "and", "or"})  # as in "Bundes- und Landesrecht"
_BELOW = (0.5, 2.5)  # word heights from a divided word's line to that of its rest
_INDENT = 3.0  # word heights that the lines of a column may begin apart
_APART = 1.6  # word heights between the lines of two cells, at least
_ALIKE = 1.15  # times the height of a divided word that its rest may have at most, or the other way round

_UNPARTED = 20  # letters of a word, from which on it is looked at whether it is several
_PARTED = 0.07  # of a letter's height that a gap is wider than most of the word's, from which on it parts two

_CELL = 2.5  # of a letter's height; a wider box is a table's
_TICK = 3.5  # of a letter's height; a longer rule is a table's
_TOGETHER = 2  # letters; what is longer stands in a cell
_BOXED = 3  # letters in boxes of their own, from which on the page's rules are looked at
_CALENDARS = ("mtwtfss", "smtwtfs", "jfmamjjasond", "mdmdfss", "lmmjvsd", "lmxjvsd", "lmmgvsd", "dstqqss", "stqqssd")
"""Initials of the days of a week (English, German, French and Spanish, Spanish, Italian, Portuguese), and of months."""
_INITIALS = 5  # that are a calendar's wherever they begin; fewer only where it begins, since SON and MAM are words
_RULES = 64  # that lie between two letters or touch what does; with more, no form's boxes part them

_MOST = 2_000  # words of a page that are divided, or large first letters: each is held against all of its words
_LINE = 300  # words of a line that are looked at to find where it begins

_DROPPED = 1.8  # times the height of the text beside it, from which on a capital is one that is set into the lines
_WORDS = frozenset("AIOYÀÉÈ")  # capitals that may be a word by themselves
_OWN_GAP = 0.5  # of the height of the text beside one, from which on it is


def letters_in_boxes(
    codes: NDArray[np.int64], boxes: Float, starts: NDArray[np.int64], rules: Callable[[], Float]
) -> NDArray[np.int64]:
    """Where words start ``(k,)`` once letters in boxes of their own, as forms have them, are words.

    ``codes (n,)`` and ``boxes (n, 4)`` of the characters, and ``rules() (m, 3)``, upright lines on the page as x, top
    and bottom, are in one unit for both axes. A table's cells are wider, or stand one upon another; what counts up is a
    scale to mark, days in their order are a calendar.
    """
    length = np.diff(np.append(starts, len(boxes)))
    if not np.convolve(length == 1, np.ones(_BOXED), "valid").max(initial=0) >= _BOXED:
        return starts
    ticks = rules()
    if not len(ticks):
        return starts
    linked = np.zeros(len(starts), bool)
    few = length <= _TOGETHER  # two boxes may be so close that their letters are one word to PDFium
    for i in (1 + np.flatnonzero(few[1:] & few[:-1])).tolist():
        linked[i] = _ticked(boxes[starts[i] - 1], boxes[starts[i]], ticks)
    heads = np.flatnonzero(~linked)
    sizes = np.diff(np.append(heads, len(starts)))
    least = 2 if sizes.max() > _BOXED else _BOXED
    for head, size in zip(heads.tolist(), sizes.tolist(), strict=True):
        if size < least or _is_counted(codes[starts[head : head + size]]):
            linked[head : head + size] = False
    return starts[~linked]


def _is_counted(letters: NDArray[np.int64]) -> bool:
    """Whether single letters or digits ``(n,)`` stand in the order in which one counts: 12345, abcde, MTWTFSS."""
    if bool((np.diff(letters) == 1).all()):
        return True
    text = "".join(map(chr, letters.tolist())).lower()
    begun = len(text) >= _BOXED and any(calendar.startswith(text) for calendar in _CALENDARS)
    return begun or (len(text) >= _INITIALS and any(text in 2 * calendar for calendar in _CALENDARS))


def _ticked(before: Float, after: Float, ticks: Float) -> bool:
    """Whether one short rule, or the sides of two boxes, and nothing else parts two letters of a line."""
    height = float(min(before[3] - before[1], after[3] - after[1]))
    left, right = (before[0] + before[2]) / 2, (after[0] + after[2]) / 2
    if abs(before[1] + before[3] - after[1] - after[3]) > height or not 0 < right - left < _CELL * height:
        return False
    x, top, bottom = _few_near(before, after, ticks[(ticks[:, 0] > left) & (ticks[:, 0] < right)]).T
    beside = (top < after[3] + 0.3 * height) & (bottom > after[1] - 0.3 * height)
    if not beside.any() or np.ptp(x[beside]) > 0.4 * (right - left):
        return False
    slack = 0.15 * height
    over, under = x[None, beside], x[:, None]
    meets = (np.abs(under - over) < slack) & (
        (np.abs(top[:, None] - bottom[None, beside]) < slack) | (np.abs(bottom[:, None] - top[None, beside]) < slack)
    )
    return bool((bottom[beside] - top[beside]).max() <= _TICK * height and not meets.any())


def _few_near(before: Float, after: Float, ticks: Float) -> Float:
    """The rules about the line of two letters; none where there are more than a form has, which would take long."""
    height = max(before[3] - before[1], after[3] - after[1])
    far = (_TICK + 1) * height  # rules that touch what stands there begin or end no further away
    near = ticks[(ticks[:, 1] < max(before[3], after[3]) + far) & (ticks[:, 2] > min(before[1], after[1]) - far)]
    return near if len(near) <= _RULES else ticks[:0]


def part_unparted(boxes: Float, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where words start ``(k,)`` once very long ones are parted at gaps that PDFium finds too narrow for a space.

    ``boxes (n, 4)`` of the characters, in one unit for both axes. Letters of one word stand as close as its font says.
    """
    ends = np.append(starts[1:], len(boxes))
    more: list[int] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if end - start < _UNPARTED:
            continue
        own = boxes[start:end]
        height = float(np.median(own[:, 3] - own[:, 1]))
        gap = own[1:, 0] - own[:-1, 2]
        usual = float(np.median(gap))
        cuts = np.flatnonzero(gap - usual > _PARTED * height)
        others = np.delete(gap, cuts)
        if len(cuts) > 1 and len(cuts) < len(gap) / 2 and np.ptp(others) < _PARTED * height:
            more += (start + 1 + cuts).tolist()
    return np.union1d(starts, more).astype(np.int64) if more else starts


def large_first_letters(
    height: NDArray[np.float32], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The words ``[starts, ends)`` whose first character is far higher than the next; ``height (n,)`` of characters."""
    longer = np.flatnonzero(ends - starts > 1)
    return longer[height[starts[longer]] > _DROPPED * height[starts[longer] + 1]]


def with_first_letters(
    words: list[str], boxes: Float, first: NDArray[np.bool_], aspect: float
) -> tuple[list[str], Float, NDArray[np.bool_]]:
    """Words and boxes with the large capitals that begin paragraphs joined to what they begin, and which words stay.

    Such a one is as high as some lines, which begin to its right, and those below them begin under it. One that is a
    word by itself comes to stand in the first of them.
    """
    keep = np.ones(len(words), bool)
    square = boxes * np.array([aspect, 1, aspect, 1], np.float32)
    height = square[:, 3] - square[:, 1]
    middle = (square[:, 1] + square[:, 3]) / 2
    least = height.min(where=height > 0, initial=np.inf)
    single = [i for i, word in enumerate(words) if len(word) == 1 and word.isupper()]
    large = [i for i in single if height[i] > _DROPPED * least]
    for i in large[:_MOST]:
        word = words[i]
        x0, y0, x1, y1 = square[i]
        floor = y1 - 0.15 * height[i]  # about where it stands; its box reaches below
        lower = (height > 0) & (height * _DROPPED < height[i])
        gap = square[:, 0] - x1
        beside = np.flatnonzero(lower & (gap > -height) & (gap < 1.2 * height) & (middle > y0) & (middle < floor))
        if not len(beside):
            continue
        rest = int(beside[middle[beside].argmin()])
        line = float(height[rest])
        deep = float(middle[beside].max() - middle[rest]) > 0.5 * line
        under = lower & first & (np.abs(square[:, 0] - x0) < line)
        under &= (middle > middle[beside].max() + 0.5 * line) & (middle < y1 + _BELOW[1] * line)
        if not (deep and under.any() and words[rest][:1].isalpha()):
            continue
        place = np.array([boxes[i, 0], boxes[rest, 1], boxes[i, 2], boxes[rest, 3]], np.float32)
        boxes = boxes.copy()
        if word in _WORDS and gap[rest] > _OWN_GAP * line:
            boxes[i] = place
            first[rest] &= rest != i + 1
        else:
            boxes[rest, 0] = place[0]
            words[rest], keep[i] = word + words[rest], False
    return words, boxes, keep


def join_spaced(
    words: list[str],
    boxes: Float,
    first: NDArray[np.bool_],
    follows: NDArray[np.bool_],
    turns: NDArray[np.int64],
    aspect: float,
) -> tuple[list[str], Float, NDArray[np.bool_], NDArray[np.int64]]:
    """Words set wide, whole again: ``S U M M A R Y`` is one word. All as in `_runs`, with fewer words.

    The gaps tell where one of them ends, since PDFium puts a space or a line's end into each; ``follows (k - 1,)``
    where a word lies beside the one before it. Letters in the order of the alphabet, or of days, stay apart.
    """
    single = np.array([len(word) == 1 and word.isalpha() for word in words])
    linked = np.zeros(len(words), bool)  # to the word before
    linked[1:] = single[1:] & single[:-1] & follows
    ends = np.flatnonzero(~linked)
    for start, end in zip(ends.tolist(), [*ends[1:].tolist(), len(words)], strict=True):
        if end - start < _SPACED_LETTERS or _is_counted(np.array([ord(word) for word in words[start:end]])):
            linked[start:end] = False
            continue
        own = boxes[start:end] * np.array([aspect, 1, aspect, 1], np.float32)
        gaps = np.maximum(own[1:, :2] - own[:-1, 2:], own[:-1, :2] - own[1:, 2:]).max(axis=1)
        height = np.median(np.maximum(own[:, 3] - own[:, 1], own[:, 2] - own[:, 0]))
        within = gaps <= min(_WIDER * np.median(gaps), _SPACED_AT_MOST * height)
        linked[start + 1 : end] = within & (2 * within.sum() > len(within))
    if not linked.any():
        return words, boxes, first, turns
    starts = np.flatnonzero(~linked)
    joined = ["".join(words[a:b]) for a, b in zip(starts, [*starts[1:], len(words)], strict=True)]
    lower, upper = np.minimum.reduceat(boxes[:, :2], starts), np.maximum.reduceat(boxes[:, 2:], starts)
    # One letter does not tell which way it runs, but two do.
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    along, down = (middle[np.append(starts[1:], len(words)) - 1] - middle[starts]).T
    ways = np.where(
        np.abs(down) > 1.5 * aspect * np.abs(along), np.where(down < 0, 90, 270), np.where(along < 0, 180, 0)
    )
    lone = np.append(starts[1:], len(words)) - starts == 1
    return joined, np.concatenate([lower, upper], axis=1), first[starts], np.where(lone, turns[starts], ways)


def join_divided(
    words: list[str], boxes: Float, first: NDArray[np.bool_], turns: NDArray[np.int64], aspect: float
) -> tuple[list[str], NDArray[np.bool_]]:
    """Words divided at a line's end, whole again: ``infor-`` ``mation`` is one word, placed at its first part."""
    keep = np.ones(len(words), bool)
    upright = functools.cache(lambda turn: turned(boxes, turn, aspect))
    left = _MOST
    for i, word in enumerate(words):
        if not word.endswith(_DIVIDING):
            continue
        stem, rests = word[:-1], list[int]()
        if left and len(stem) > 1 and stem.isalpha():  # B- is a grade
            rests = _rests_of(i, upright(int(turns[i])), first)
            left -= 1
        rest = next((rest for rest in rests if words[rest][:1].islower()), None)
        if rest is not None and (words[rest] in _AFTER_HYPHEN or _are_labels(i, rest, words, upright(int(turns[i])))):
            rest = None
        words[i] = stem + ("-" if rest is None else words[rest])
        if rest is not None:
            words[rest], keep[rest] = "", False
    return words, keep


def _rests_of(word: int, boxes: NDArray[np.float64], first: NDArray[np.bool_]) -> list[int]:
    """Words that may begin the line after that which ``word`` ends, the likeliest first: that which begins the line
    below, and the next one, unless that stands beside it. Lines of two columns may come in turn.

    ``boxes (k, 4)`` are upright, in one unit for both axes.
    """
    if word + 1 >= len(first) or not first[word + 1]:
        return []
    height = max(float(boxes[word, 3] - boxes[word, 1]), 1e-6)
    down = ((boxes[:, 1] + boxes[:, 3]) / 2 - (boxes[word, 1] + boxes[word, 3]) / 2) / height
    begin = word
    while begin > word - _LINE and begin and abs(down[begin - 1]) < _BELOW[0]:
        gap = boxes[begin, 0] - boxes[begin - 1, 2]
        if not -height < gap < _INDENT * height:
            break
        begin -= 1
    aligned = np.abs(boxes[:, 0] - boxes[begin, 0]) < _INDENT * height
    below = np.flatnonzero(first & aligned & (down > _BELOW[0]) & (down < _BELOW[1]))
    after = [word + 1] if abs(down[word + 1]) > _BELOW[0] else []
    return [*below[down[below].argsort()][:1].tolist(), *after]


def _are_labels(word: int, rest: int, words: list[str], boxes: NDArray[np.float64]) -> bool:
    """Whether a word that ends with a hyphen and the one below it are two cells of a table rather than one word.

    They are in other print; or each is alone in its cell, and the cells beside them have a number each, or stand
    further apart than lines of one cell.
    """
    height = boxes[:, 3] - boxes[:, 1]
    if max(height[word], height[rest]) > _ALIKE * min(height[word], height[rest]):
        return True
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    rows = [np.flatnonzero(np.abs(middle - middle[i]) < 0.5 * height[i]) for i in (word, rest)]
    rows = [row[row != i] for row, i in zip(rows, (word, rest), strict=True)]
    gaps = [
        np.maximum(boxes[row, 0] - boxes[i, 2], boxes[i, 0] - boxes[row, 2])
        for row, i in zip(rows, (word, rest), strict=True)
    ]
    if not all(len(gap) and gap.min() > height[word] for gap in gaps):
        return False
    beside, below = (int(row[gap.argmin()]) for row, gap in zip(rows, gaps, strict=True))
    aligned = np.abs(boxes[beside, [0, 2]] - boxes[below, [0, 2]]).min() < 0.5 * height[word]
    numbers = all(any(map(str.isdigit, words[i])) for i in (beside, below))
    return bool(aligned and (numbers or middle[rest] - middle[word] > _APART * height[word]))
