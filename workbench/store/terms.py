"""What pages are looked up by: their words as the text index has them, and beside them codes, numbers and letters.

A word between blanks is split as `textindex` splits it, and each part is a term at a position of its own. Beside them,
at the place of the first part, stand

* the word as a whole where it is written with marks or with digits in it: ``AB-12-34`` and ``ab1234``, ``1.2.1``,
  ``covid19``, ``1234`` for 1,234, ``email`` for e-mail, ``us`` for U.S.;
* ``^WHO`` for a common word that stands in capitals among small letters, which makes a name of it;
* ``~`` and one or two letters of scripts that are written without blanks, or with endings stuck to the words (the
  bigrams of CJK analysers); three of Thai and its like.

All of it goes by NFKC, so that CO₂ is CO2. What this module does not do: count or weigh.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from workbench.store import textindex

REVISION = 1
"""Raised whenever the same text gives other terms, so that copies of older ones are made again."""
LONGEST = 60
"""Characters of a word that is kept whole: no code is longer, and addresses of the web are found by their parts."""
_KNOWN = 1 << 17  # words whose terms are remembered: those of some thousand pages
_NUMBER = re.compile(r"\d{1,3}(?:([,'’])\d{3})(?:\1\d{3})*(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}")
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_POINT = re.compile(r"\d[.,:]\d")  # 1.2M is not 12M
_MARKS = re.compile(r"[\W_]+")
_TWO = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\u1100-\u11ff]+")  # kana, Han, Hangul
_THREE = re.compile("[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff]+")  # Thai, Lao, Tibetan, Burmese, Khmer
_COMMON = {*textindex.STOP_WORDS} | {"us", "am", "pm", "all", "can", "may", "so", "we", "he", "me"}


@dataclass(frozen=True, slots=True)
class Reading:
    """The terms of a word between blanks.

    ``parts`` in order, of which ``counted (parts,) bool`` are no stop words; ``wholes`` stand for all of them, the
    most exact first; ``grams`` are pieces of a part, with its number.
    """

    parts: tuple[str, ...]
    counted: tuple[bool, ...]
    wholes: tuple[str, ...] = ()
    grams: tuple[tuple[str, int], ...] = ()

    @property
    def code(self) -> bool:
        """Whether it has digits and more than one part, so that its parts alone say little of it."""
        return bool(self.wholes) and any(map(str.isdigit, self.wholes[0]))


@lru_cache(maxsize=_KNOWN)
def read(word: str) -> Reading:
    """The terms of a word between blanks, but for what its capitals say."""
    plain = unicodedata.normalize("NFKC", word)
    parts = textindex.split(plain)
    if not parts:
        return Reading((), ())
    kept = iter([*textindex.tokens(plain), None])
    following = next(kept)
    counted = []
    for part in parts:
        counted.append(part == following)
        if counted[-1]:
            following = next(kept)
    return Reading(tuple(parts), tuple(counted), tuple(_wholes(plain, parts)), tuple(_grams(parts)))


def _wholes(plain: str, parts: Sequence[str]) -> Iterator[str]:
    bare = _EDGES.sub("", _DASHES.sub("-", plain)).casefold().removesuffix("'s").removesuffix("’s")
    if len(parts) < 2 or len(bare) > LONGEST or not _MARKS.search(bare):
        return
    joined = _MARKS.sub("", bare)
    if _NUMBER.fullmatch(bare):
        point = max(bare.rfind("."), bare.rfind(","))
        decimals = "" if len(set(re.findall(r"\D", bare))) < 2 else "." + bare[point + 1 :]
        yield joined if not decimals else joined[: -len(decimals) + 1] + decimals
    elif joined.isdigit():
        yield bare  # whose marks keep 1.2.1 and 12.1 apart
    elif any(map(str.isdigit, joined)):
        yield bare
        if not _POINT.search(bare):
            yield joined
    else:
        yield from textindex.split(joined)[:1]


def _grams(parts: Sequence[str]) -> Iterator[tuple[str, int]]:
    for number, part in enumerate(parts):
        if part.isascii():
            continue
        for sizes, pattern in (((1, 2), _TWO), ((3,), _THREE)):
            for run in pattern.findall(part):
                for size in sizes:
                    for i in range(len(run) - size + 1):
                        yield f"~{run[i : i + size]}", number


def capitals(words: Sequence[str]) -> Iterator[int]:
    """Which words of a line are common words in capitals that stand for something else: WHO, IT, US.

    None in a line that has no small letter, unless the word stands alone.
    """
    if len(words) > 1 and not any(any(map(str.islower, word)) for word in words):
        return
    for i, word in enumerate(words):
        if capital(word):
            yield i


def capital(word: str) -> str:
    """The term of a common word in capitals, or of such an abbreviation; empty for another word."""
    bare = _EDGES.sub("", word).removesuffix("'s").removesuffix("’s")
    letters = bare.replace(".", "")
    return f"^{letters}" if len(letters) > 1 and letters.isupper() and letters.lower() in _COMMON else ""


def of_page(words: Sequence[str], lines: Iterable[int]) -> Iterator[tuple[str, int, int]]:
    """The terms of a page's words: ``(term, position, number of the word)``; ``lines`` tells each word's text line."""
    at = 0
    starts = []
    for number, word in enumerate(words):
        found = read(word)
        starts.append(at)
        for i, part in enumerate(found.parts):
            yield part, at + i, number
        for whole in found.wholes:
            yield whole, at, number
        for gram, i in found.grams:
            yield gram, at + i, number
        at += len(found.parts)
    if any(map(capital, words)):
        line: list[int] = []
        before: int | None = None
        for number, row in [*enumerate(lines), (len(words), None)]:
            if line and row != before:
                for i in capitals([words[k] for k in line]):
                    yield capital(words[line[i]]), starts[line[i]], line[i]
                line = []
            before = row
            line.append(number)


def length(words: Iterable[str]) -> int:
    """How many words BM25 counts in a text: parts that are no stop words."""
    return sum(sum(read(word).counted) for word in words)
