"""A manual with a printed index as questions with the pages that answer them.

The index's maker was a person who decided, for every phrase, which pages a reader should look at, and knew nothing of
search engines. So its phrases are questions and its page numbers are labels. Phrases are taken as they are printed, if
they have two or more plain words and at most ten pages; a question is never chosen or dropped by what the pages say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.manuals import backindex
from benchmarks.manuals.columns import Line, lines_of
from benchmarks.manuals.numbering import Numbering, agreement, numbering
from benchmarks.manuals.packages import Pdf
from workbench.documents import Bookmark, ReadSettings, Source, read_outline, read_pages
from workbench.errors import InputError
from workbench.types import Page

MAX_PAGES = 10
"""Pages of a phrase; one with more says little about any of them."""
FEWEST = 20
"""Phrases that make an index a measure."""
FRONT, BACK = 0.2, 0.5
"""Contents stand in the first fifth of a book, its index in the second half."""
LISTED, ENTRIES = 0.5, 8
"""Share, and number, of a page's lines that end in page numbers, which make it one of contents or of an index."""

_INDEX = re.compile(r"(?:(?:appendix\s+)?[a-z0-9.]{1,4}\s+)?(?:[\w\s-]+\s)?index(?:es)?(?:,\s*\w+|\s+of\s.+)?", re.I)
_CONTENTS = re.compile(r"(?:(?:short |brief )?(?:table of )?contents|list of (?:figures|tables|examples))", re.I)


@dataclass(frozen=True, slots=True)
class Manual:
    """A manual's questions. ``phrases`` and ``bookmarks`` map a text to pages of the file (1-based, in order).

    ``kept`` are the pages of the corpus: all but ``contents`` and ``index``. ``agreement`` is `numbering.agreement`.
    ``dropped`` counts index entries that make no question, by reason.
    """

    pdf: Pdf
    pages: int
    kept: tuple[int, ...]
    contents: tuple[int, ...]
    index: tuple[int, ...]
    numbering: Numbering
    agreement: Mapping[int, float]
    phrases: Mapping[str, tuple[int, ...]]
    bookmarks: Mapping[str, tuple[int, ...]]
    dropped: Mapping[str, int]


def read_manual(pdf: Pdf, most_pages: int = 500) -> Manual:
    """Read a PDF's index; `InputError` says in one sentence why it makes no questions."""
    marks, labels = read_outline(pdf.path)
    if len(labels) > most_pages:
        raise InputError(f"'{pdf.name}' has {len(labels):,} pages, more than {most_pages:,}.")
    pages = _pages(pdf.path)
    lines = {page.ref.page: lines_of(page) for page in pages}
    contents = contents_pages(lines, marks)
    index = index_pages(lines, marks, contents)
    if not index:
        raise InputError(f"'{pdf.name}' has no printed index that was recognised.")
    found = numbering([page.words for page in pages], labels)
    if found is None:
        raise InputError(f"'{pdf.name}' neither shows nor labels its page numbers.")
    kept = tuple(number for number in lines if number not in {*index, *contents})
    entries = backindex.entries(line for number in index for line in lines[number])
    printed = backindex.phrases(entries, MAX_PAGES)
    phrases, outside = to_file(printed, found.offset, kept)
    if len(phrases) < FEWEST:
        raise InputError(f"The index of '{pdf.name}' has {len(phrases)} phrases of two or more words, too few.")
    texts = {page.ref.page: page.words.text.lower() for page in pages}
    fits = agreement(phrases, texts, {phrase: backindex.words(phrase) for phrase in phrases})
    if fits[0] < max(fits.values()):
        raise InputError(f"The page numbers of '{pdf.name}' are not understood: a neighbouring page fits better.")
    kinds = {"one word, or code": len(entries) - _phrased(entries), "pages outside the corpus": outside}
    return Manual(
        pdf, len(pages), kept, contents, index, found, fits, phrases, bookmark_questions(marks, kept), kinds
    )  # fmt: skip


def to_file(
    printed: Mapping[str, Sequence[int]], offset: int, kept: Sequence[int]
) -> tuple[dict[str, tuple[int, ...]], int]:
    """Phrases with pages of the file, and how many are left out because one of their pages is not in the corpus."""
    there = set(kept)
    found = {phrase: tuple(number + offset for number in numbers) for phrase, numbers in printed.items()}
    inside = {phrase: pages for phrase, pages in found.items() if there.issuperset(pages)}
    return inside, len(found) - len(inside)


def index_pages(
    lines: Mapping[int, Sequence[Line]], marks: Sequence[Bookmark], contents: Sequence[int] = ()
) -> tuple[int, ...]:
    """Pages of the printed index or indexes: from a bookmark or heading that says so, as long as they list pages.

    A heading counts among the first lines of a page. Pages that look like an index without one are none: they may be a
    bibliography with years, or a table.
    """
    starts = _starts(lines, marks, _INDEX, int(len(lines) * BACK))
    found: list[int] = []
    for number in (number for number in lines if number not in contents):
        few = number in starts or number == max(lines)  # the first and the last page of an index may be nearly empty
        follows = number in starts or (bool(found) and found[-1] == number - 1)
        if follows and _lists(lines[number], backindex.is_entry, few):
            found.append(number)
    return tuple(found)


def contents_pages(lines: Mapping[int, Sequence[Line]], marks: Sequence[Bookmark]) -> tuple[int, ...]:
    """Pages of the tables of contents, wherever they stand: named so, or a list with leaders that goes on from there.

    Near the front a list with leaders needs no name.
    """
    starts = _starts(lines, marks, _CONTENTS, 0)
    others = _starts(lines, marks, _INDEX, 0)
    front = max(int(len(lines) * FRONT), 3)
    found: list[int] = []
    for number in lines:
        goes_on = number <= front or (bool(found) and found[-1] == number - 1 and number not in others)
        named = number in starts
        if (named or goes_on) and _lists(lines[number], backindex.has_leader, named):
            found.append(number)
    return tuple(found)


def _starts(
    lines: Mapping[int, Sequence[Line]], marks: Sequence[Bookmark], name: re.Pattern[str], after: int
) -> set[int]:
    """Pages after a page that a bookmark or one of their first lines calls by such a name."""
    found = {mark.page for mark in marks if name.fullmatch(mark.title)}
    for number, there in lines.items():
        if any(name.fullmatch(line.text.replace("\t", " ").strip()) for line in there[:4]):
            found.add(number)
    return {number for number in found if number > after}


def bookmark_questions(marks: Sequence[Bookmark], kept: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Titles of bookmarks with two or more words, without their numbers, and the pages they lead to."""
    there, found = set(kept), dict[str, dict[int, None]]()
    for mark in marks:
        title = re.sub(r"^(?:(?:chapter|appendix|part)\s+)?[A-Z0-9]{1,3}(?:\.[0-9]+)*[.:]?\s+(?=\S)", "", mark.title)
        if len(set(backindex.words(title))) >= 2 and mark.page in there:
            found.setdefault(title, {})[mark.page] = None
    return {title: tuple(pages) for title, pages in found.items() if len(pages) <= MAX_PAGES}


def _lists(lines: Sequence[Line], is_one: Callable[[str], bool], few: bool = False) -> bool:
    """Whether so many lines of a page list pages; the first and last page of an index may have few."""
    count = sum(is_one(line.text) for line in lines)
    return count >= (1 if few else ENTRIES) and (few or count >= LISTED * len(lines))


def _phrased(entries: Sequence[backindex.Entry]) -> int:
    return sum(len(set(backindex.words(entry.phrase))) >= 2 for entry in entries)


def _pages(path: Path) -> list[Page]:
    """The pages by their text layer alone."""
    found = []
    for page in read_pages(Source(path, path.name), ReadSettings(ocr=False, picture=False)):
        if not isinstance(page, Page):
            raise InputError(f"'{path.name}' has a page that cannot be read: {page.reason}")
        found.append(page)
    return found
