"""A printed back-of-book index read into phrases and the page numbers printed beside them.

An entry is a line that ends in page numbers, set off by a comma, a leader of dots or a wide gap. A line that stands
further in than the line above belongs to it: the rest of a phrase that did not fit (``American Geophysical Union,`` /
``recommended font size ... 120``) or an entry below it (``command, 13`` / ``graph block, 24``); in both cases the
phrase is the two together, as a reader reads them. Entries that only refer to others are none.

What this module does not do: find the index, or know what the numbers mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.manuals.columns import Line

LONGEST_RANGE = 10
"""Pages of a range that are all meant; a longer one is a chapter."""
STEP = 0.5
"""Line heights to the right that make a line stand further in."""

_NUMBERS = r"\d{1,4}(?:\s*[-–—]\s*\d{1,4})?(?:\s*[,;]\s*\d{1,4}(?:\s*[-–—]\s*\d{1,4})?)*"
_LEADER = re.compile(r"(?:\s*\.){3,}\s*|\s+\.(?:\s*\.)+\s*")
_ENTRY = re.compile(rf"(?P<head>.*?\S)(?:\s*,\s*|\s*\t\s*)(?P<pages>{_NUMBERS})\s*[.,;]?")
_ONLY_NUMBERS = re.compile(rf"(?P<pages>{_NUMBERS})\s*[.,;]?")
_REFERENCE = re.compile(r"\bsee(?:\s+also)?\b", re.IGNORECASE)
_CODE = re.compile(r"[\\@#$%^&*_=+{}<>|~`\[\]]|\(\)|::|--|\w\.\w|[a-z][A-Z]|[^\W\d_]\d[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase, and the page numbers as printed."""

    phrase: str
    pages: tuple[int, ...]


def entries(lines: Iterable[Line]) -> list[Entry]:
    """The entries of an index in order, sub-entries with what stands above them."""
    found: list[Entry] = []
    above: list[tuple[float, str]] = []
    goes_on = False
    for line in lines:
        text = _LEADER.sub("\t", line.text).strip()
        alone = _ONLY_NUMBERS.fullmatch(text)
        if alone is not None:
            if goes_on:  # page numbers that did not fit on the line above; others are the number of this page
                last = found.pop()
                found.append(Entry(last.phrase, (*last.pages, *numbers(alone["pages"]))))
                goes_on = text.endswith(",")
            continue
        while above and above[-1][0] >= line.indent - STEP * line.height:
            above.pop()
        match = _ENTRY.fullmatch(text)
        head = _tidy(match["head"] if match else text)
        phrase = f"{above[-1][1]} {head}" if above else head
        above.append((line.indent, phrase))
        if match and not _REFERENCE.search(phrase):
            found.append(Entry(phrase.rstrip(","), numbers(match["pages"])))
            goes_on = text.endswith(",")
        else:
            goes_on = False
    return found


def numbers(text: str) -> tuple[int, ...]:
    """Page numbers in a list such as ``5, 7-9``; a range that runs backwards or too far is its first page.

    >>> numbers("5, 7-9, 120–12")
    (5, 7, 8, 9, 120)
    """
    found: list[int] = []
    for part in re.split(r"[,;]", text):
        first, *rest = [int(number) for number in re.findall(r"\d+", part)]
        last = rest[0] if rest and first <= rest[0] < first + LONGEST_RANGE else first
        found += range(first, last + 1)
    return tuple(dict.fromkeys(found))


def is_entry(text: str) -> bool:
    """Whether a line ends in page numbers, as those of indexes and contents do."""
    return _ENTRY.fullmatch(_LEADER.sub("\t", text).strip()) is not None


def has_leader(text: str) -> bool:
    """Whether a line ends in a leader of dots and a page number, arabic or roman, as lines of contents do."""
    return re.fullmatch(r".*\S\s*\t\s*(?:\d{1,4}|[ivxlc]+)", _LEADER.sub("\t", text).strip()) is not None


def words(phrase: str) -> list[str]:
    """The plain words of a phrase, in lower case; none of a phrase that has code in it.

    >>> words("accented characters in text"), words("graph_vertices, colour of"), words("read.csv file")
    (['accented', 'characters', 'in', 'text'], [], [])
    """
    return [] if _CODE.search(phrase) else [word.lower() for word in _WORD.findall(phrase)]


def phrases(found: Sequence[Entry], most_pages: int) -> dict[str, tuple[int, ...]]:
    """Phrases of two or more different words, each once, with their pages; those with too many pages are left out."""
    pages: dict[str, dict[int, None]] = {}
    spelt: dict[str, str] = {}
    for entry in found:
        if len(set(words(entry.phrase))) >= 2:
            key = " ".join(entry.phrase.casefold().split())
            spelt.setdefault(key, entry.phrase)
            pages.setdefault(key, {}).update(dict.fromkeys(entry.pages))
    return {spelt[key]: tuple(sorted(there)) for key, there in pages.items() if len(there) <= most_pages}


def _tidy(text: str) -> str:
    return " ".join(text.replace("\t", " ").split()).rstrip(" .")
