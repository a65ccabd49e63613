"""What a text is looked up by among the words of pages: its words, codes, quoted words, words in order.

A word counts as BM25 counts it. Beside that

* a code or number that stands somewhere as it was typed counts as one word, and its parts little (`PARTS`);
* ``"quoted words"`` count as one word more, on the pages that have them one after the other;
* two neighbouring words that are no stop words count as one word more, by a weight, on pages where they follow each
  other so: the ordered half of the sequential dependence model (Metzler and Croft 2005), in BM25 form;
* the rows of statements that a financial term is made of (`concepts`) count as one word each, by a weight;
* ``matur*`` is any word that begins so; a word that stands nowhere is too, since it may be one without its ending;
* a common word in capitals among small letters (WHO, IT, US) is the name, not the word, where the name stands anywhere;
* stop words count where a text has nothing else.
"""

from __future__ import annotations

import difflib
import itertools
import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.documents.structure import Role
from workbench.store import terms
from workbench.store.concepts import rows_meant
from workbench.store.postings import NOWHERE, Found, Numbers, Postings

PARTS = 0.3
"""What the parts of a code count that stands somewhere as a whole."""
ENDINGS = 32
"""Words that one with an open end stands for, at most."""
STEM = 4
"""Letters of a word that may be one without its ending."""
EDITS = 2
"""Letters by which a misspelt word may be longer or shorter."""
LIKE = 0.75
"""How like it the word that was meant is (Ratcliff and Obershelp): one letter of four may be another."""
REACH = 3
"""Words apart that two neighbours can be: stop words may stand between them."""
_QUOTED = re.compile(r'["“”„«]([^"“”„«»]+)["”“»]')
_QUOTES = re.compile(r'["“”„«»]')


@dataclass(frozen=True, slots=True)
class Sought:
    """Something that a text is looked up by: as it was typed, where it stands, what it counts, and over how many words
    it goes there."""

    label: str
    found: Found
    weight: float = 1.0
    span: int = 1


@dataclass(frozen=True, slots=True)
class _Word:
    """A part of a typed word that counts, at its place in the text."""

    label: str
    found: Found
    at: int
    of: int


def phrases(text: str) -> list[str]:
    """What stands in quotes, of two words or more."""
    quoted = (found.strip() for found in _QUOTED.findall(text))
    return [phrase for phrase in quoted if sum(len(terms.read(word).parts) for word in phrase.split()) > 1]


def only_quoted(text: str) -> list[str]:
    """What stands in quotes where a text is nothing else: pages must then have it. Empty for another text."""
    quoted = [found.strip() for found in _QUOTED.findall(text)]
    return [] if _QUOTED.sub("", text).strip(" ,;") else [found for found in quoted if found]


def phrase(postings: Postings, text: str) -> Found:
    """Where these words stand one after the other, stop words included."""
    parts = _parts(text)
    if not parts:
        return NOWHERE
    keys = postings.on(parts[0]).keys
    for i, part in enumerate(parts[1:], 1):
        keys = keys[_among(keys + i, postings.on(part).keys)]
    return Found.at(keys)


def sought(postings: Postings, text: str, pairs: float = 0.0, concepts: float = 0.0) -> list[Sought]:
    """All that a text is looked up by and that stands somewhere; ``pairs`` and ``concepts`` weigh these, 0: none."""
    typed = _QUOTES.sub(" ", text).split()
    found: list[Sought] = []
    words: list[_Word] = []
    at = 0
    named = set(terms.capitals(typed))
    for i, word in enumerate(typed):
        reading = terms.read(word)
        found += _of_word(postings, word, i, i in named, words, at)
        at += len(reading.parts)
    if not found:
        found = [Sought(part, postings.on(part)) for word in typed for part in _parts(word)]
    for quoted in phrases(text):
        found.append(Sought(f'"{quoted}"', phrase(postings, quoted), span=len(_parts(quoted))))
    if pairs:
        found += neighbours(words, pairs)
    if concepts:
        found += (Sought(row, labels(postings, row), concepts, len(_parts(row))) for row in rows_meant(text))
    return [each for each in found if len(each.found.pages)]


def labels(postings: Postings, text: str) -> Found:
    """Where these words are the label of a row of numbers, or begin one."""
    there, first = phrase(postings, text), postings.on(_parts(text)[0])
    return Found.at(np.intersect1d(there.keys, first.keys[first.marks >> 24 == Role.ROW]))


def spelled(postings: Postings, word: str) -> str:
    """The term most like a word that stands nowhere, the more frequent of equals; empty where none is much like it."""
    parts = terms.read(word).parts
    if len(parts) != 1 or len(parts[0]) < STEM or len(postings.on(parts[0]).pages):
        return ""
    (part,) = parts
    ends = part[0], part[-2:]
    near = [
        term
        for each in postings.segments
        for term in (known.decode("utf-8", "replace") for known in each.words())
        if abs(len(term) - len(part)) <= EDITS and term.isalpha() and (term[0] == ends[0] or term.endswith(ends[1]))
    ]
    close = difflib.get_close_matches(part, dict.fromkeys(near), n=5, cutoff=LIKE)
    like = {term: round(difflib.SequenceMatcher(None, part, term).ratio(), 2) for term in close}
    return max(close, key=lambda term: (like[term], len(postings.on(term).pages)), default="")


def _parts(text: str) -> list[str]:
    return [part for word in text.split() for part in terms.read(word).parts]


def frequency(postings: Postings, word: str) -> int:
    """On how many pages a word stands, all of its parts that count where it is several (``AB-1234``)."""
    parts = {part for each in word.split() for part in counted(each)}
    if not parts:
        return 0
    first, *others = (postings.on(part).pages for part in parts)
    for other in others:
        first = np.intersect1d(first, other, assume_unique=True)
    return len(first)


def counted(word: str) -> list[str]:
    """The parts of a typed word that are no stop words."""
    reading = terms.read(word)
    return [part for part, counted in zip(reading.parts, reading.counted, strict=True) if counted]


def _of_word(postings: Postings, word: str, number: int, name: bool, words: list[_Word], at: int) -> Iterator[Sought]:
    """What a typed word is looked up by; its parts that count join ``words``."""
    reading = terms.read(word)
    found = None
    if word.endswith("*"):
        found = _beginning(postings, word.rstrip("*"))
    elif name:
        found = postings.on(terms.capital(word))
    if found is not None and len(found.pages):
        words.append(_Word(word, found, at, number))
        yield Sought(word, found)
        return
    whole = Found.joined([postings.on(term) for term in reading.wholes])
    known = len(whole.pages) > 0
    if known:
        yield Sought(word, whole)
    code = known and reading.code
    weight = PARTS if code else 1.0
    for i, part in enumerate(reading.parts):
        if not reading.counted[i] or (known and len(part) == 1):
            continue
        found = postings.on(part)
        pieces = _pieces(reading, i)
        for gram in pieces:
            yield Sought(gram[1:], postings.on(gram), weight / len(pieces))
        if not (len(found.pages) or pieces or reading.wholes) and len(part) >= STEM:
            found = _beginning(postings, part)
        label = part if len(reading.parts) > 1 else word.strip(string.punctuation)
        words.append(_Word(label, found, at + i, number if code else -1 - at - i))
        yield Sought(label, found, weight)


def _pieces(reading: terms.Reading, part: int) -> list[str]:
    """The longest pieces of a part: two letters of it rather than one."""
    grams = [gram for gram, i in reading.grams if i == part]
    longest = max(map(len, grams), default=0)
    return [gram for gram in grams if len(gram) == longest]


def _beginning(postings: Postings, prefix: str) -> Found:
    """Where any word stands that begins so."""
    parts = terms.read(prefix).parts
    letters = parts[0] if len(parts) == 1 else prefix.casefold()
    return Found.joined([postings.on(term) for term in postings.beginning(letters, ENDINGS)] if letters else [])


def neighbours(words: Sequence[_Word], weight: float) -> Iterator[Sought]:
    """Each two words next to each other, and where they stand in that order, no farther apart."""
    for first, second in itertools.pairwise(words):
        apart = second.at - first.at
        if apart > REACH or first.of == second.of or not len(first.found.pages) or not len(second.found.pages):
            continue
        keys, after = first.found.keys, second.found.keys
        there = np.zeros(len(keys), np.bool_)
        for distance in range(1, apart + 1):
            there |= _among(keys + distance, after)
        yield Sought(f"{first.label} {second.label}", Found.at(keys[there]), weight, apart + 1)


def _among(keys: Numbers, others: Numbers) -> NDArray[np.bool_]:
    """Which of some numbers are among others, which ascend."""
    if not len(others):
        return np.zeros(len(keys), np.bool_)
    at = np.minimum(np.searchsorted(others, keys), len(others) - 1)
    return np.asarray(others[at] == keys)
