"""Which page of a file a printed page number means.

A book's numbers run on from page to page, so the page number of the file minus the printed number is the same over
(nearly) the whole body: the *offset*. It is read from the numbers printed on the pages themselves, at the ends of the
first or the last line; from the labels that the file gives its pages, where too few pages show a number. The text of
the index has no say in it, so that a page cannot become the answer because it has the words of the question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.types import Words

ENOUGH = 0.5
"""Share of the pages that must agree on the offset."""
SHIFTS = (-2, -1, 0, 1, 2)


@dataclass(frozen=True, slots=True)
class Numbering:
    """``offset`` is page of the file minus printed number; ``share`` the pages that agree; ``source`` who says so."""

    offset: int
    share: float
    source: str


def numbering(pages: Sequence[Words], labels: Sequence[str]) -> Numbering | None:
    """The offset of a book, or None when neither its pages nor its labels agree on one."""
    printed = _offset({number: shown(words) for number, words in enumerate(pages, 1)}, len(pages), "printed numbers")
    if printed is not None:
        return printed
    labelled = {number: {int(label)} for number, label in enumerate(labels, 1) if label.isascii() and label.isdigit()}
    return _offset(labelled, len(pages), "page labels")


def _offset(numbers: Mapping[int, Iterable[int]], pages: int, source: str) -> Numbering | None:
    votes = Counter(page - number for page, found in numbers.items() for number in found)
    if not votes:
        return None
    # the most votes; of equals the one nearest to none, so that the answer does not depend on the order of pages
    offset, count = min(votes.items(), key=lambda vote: (-vote[1], abs(vote[0]), vote[0]))
    share = count / pages
    return Numbering(offset, share, source) if share >= ENOUGH else None


def shown(words: Words) -> set[int]:
    """Numbers that stand at the left or right end of a page's highest or lowest line."""
    if not len(words):
        return set()
    middle = (words.boxes[:, 1] + words.boxes[:, 3]) / 2
    height = words.boxes[:, 3] - words.boxes[:, 1]
    found = set()
    for edge in (int(np.argmin(middle)), int(np.argmax(middle))):
        row = np.flatnonzero(np.abs(middle - middle[edge]) < 0.5 * height[edge])
        ends = row[np.argsort(words.boxes[row, 0])][[0, -1]]
        found |= {int(t) for t in (words.texts[i] for i in ends) if t.isascii() and t.isdigit() and len(t) <= 4}
    return found


def agreement(
    phrases: Mapping[str, Sequence[int]], texts: Mapping[int, str], words: Mapping[str, Sequence[str]]
) -> dict[int, float]:
    """For each shift of the offset: the share of (phrase, page) labels whose page has all the phrase's words.

    ``phrases`` gives pages of the file, ``texts`` their words in lower case. It is a check of the offset as a whole,
    and chooses no question: where a neighbouring offset fits better, the numbering is not understood.
    """
    found = {}
    for shift in SHIFTS:
        hits = [
            all(word in texts.get(page + shift, "") for word in words[phrase])
            for phrase, there in phrases.items()
            for page in there
        ]
        found[shift] = round(sum(hits) / len(hits), 4) if hits else 0.0
    return found
