"""What a question refers to: a page, slide, figure, table or section by its number, the cover, the last slide.

`references` reads them from a text; `meant` gives the pages of a snapshot that one means. A page's number is the
physical one and the printed one, where a document prints its numbers; the second page, the last and the cover are
counted as sheets. A figure or table goes by its caption, a section by its heading. What this module does not do: say
how much they count (`stages.lift`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from workbench.documents.structure import WORDS_FOR, identifier
from workbench.types import Reference

if TYPE_CHECKING:
    from workbench.store import CorpusPart, Snapshot
    from workbench.store.snapshot import Rows

MOST = 20
"""Pages of a range that are taken one by one."""
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
_NUMBERS = {word: i for i, word in enumerate(f"{_ONES} eighteen nineteen twenty".split())}
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_PLACES = {word: i for i, word in enumerate(_ORDINALS.split(), 1)}
_PAGE = r"(?:pages?|slides?|pg\.?|pp?\.)"
_WORDS = "|".join(_NUMBERS)
_NUMBER = rf"(?:\d{{1,4}}|{_WORDS})\b"
_AND = rf"\s*(?:,|and|or|&|to|through|[-–—])\s*(?:{_PAGE}\s*)?"
_COVER = r"(?:the\s+)?(?:front\s+)?cover(?=\s+of\b|\s*[?.,]|$)"
_ID = r"\d+(?:[.-]\d+)*[a-z]?|[A-Z][-.]?\d+|[IVX]+|[A-Z]"
_PATTERNS = {
    kind: re.compile(rf"\b{pattern}", re.IGNORECASE)
    for kind, pattern in {
        "pages": rf"{_PAGE}\s*(?:number|no\.?)?\s*({_NUMBER}(?:{_AND}{_NUMBER})*)",
        "place": rf"(?:the\s+)?({'|'.join(_PLACES)}|\d{{1,3}}(?:st|nd|rd|th)|last|final|penultimate|second[- ]"
        r"(?:to[- ])?last)\s+(?:page|slide)\b",
        "cover": rf"(?:(?:the\s+)?(?:front\s+)?(?:cover|title)[- ]?(?:page|slide)\b|{_COVER}|front\s+page\b)",
        "caption": rf"({'|'.join(WORDS_FOR)})\.?\s*({_ID})(?![\w-])",
        "section": rf"(section|chapter|appendix|part|item|note|unit|annex|article)[\s-]+({_ID})(?![\w-])",
    }.items()
}


def references(text: str) -> tuple[Reference, ...]:
    """What a text refers to, in order; each stretch of it once."""
    found = sorted(
        (ref for kind in _PATTERNS for ref in _of_kind(kind, text)), key=lambda found: (found.start, -found.end)
    )
    kept: list[Reference] = []
    for ref in found:
        if not kept or ref.start >= kept[-1].end:
            kept.append(ref)
    return tuple(kept)


def _of_kind(kind: str, text: str) -> Iterator[Reference]:
    for match in _PATTERNS[kind].finditer(text):
        if kind == "pages":
            values = tuple(f"page {number}" for number in _numbers(match[1]))
        elif kind == "place":
            values = (_place(match[1].casefold()),)
        elif kind == "cover":
            values = ("sheet 1",)
        else:
            told = match[2]
            if told == "I" or not (any(map(str.isdigit, told)) or told.isupper()):
                continue  # "the table I saw" and "table a" are no numbers
            name = match[1].casefold()
            values = (f"{WORDS_FOR.get(name, name)} {identifier(told)}",)
        if values:
            yield Reference(match[0], values, match.start(), match.end())


def _numbers(text: str) -> Iterator[int]:
    before, between = 0, ""
    for word in re.findall(rf"\b(?:{_WORDS}|\d+|to|through)\b|[-–—]", text.casefold()):
        value = int(word) if word.isdigit() else _NUMBERS.get(word)
        if value is None:
            between = word
            continue
        if between and before < value <= before + MOST:
            yield from range(before + 1, value)
        yield value
        before, between = value, ""


def _place(word: str) -> str:
    if word in ("last", "final"):
        return "sheet -1"
    if word == "penultimate" or word.endswith("last"):
        return "sheet -2"
    return f"sheet {_PLACES[word] if word in _PLACES else int(word[:-2])}"


def meant(snapshot: Snapshot, reference: Reference, among: CorpusPart | None = None) -> Rows:
    """The rows of the pages that it means, ascending; names are looked for ``among`` all that is searched."""
    rows = [_meant(snapshot, value, among) for value in reference.means]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *rows]))


def _meant(snapshot: Snapshot, value: str, among: CorpusPart | None) -> Rows:
    kind, _, number = value.rpartition(" ")
    if kind == "sheet":
        return snapshot.counted(int(number))
    if kind == "page":
        return snapshot.numbered(int(number))
    return snapshot.named(value, among)
