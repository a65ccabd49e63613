"""The pages that a search may find, at one moment, as row numbers: what stages compute with in place of page ids.

Rows go from 0 in order of page ref, so that breaking a tie is comparing two integers. A snapshot serves every search
until the pages change. What this module does not do: follow changes; `Collection.snapshot` gives the one of now.
"""

from __future__ import annotations

import functools
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from workbench.documents.structure import Role
from workbench.sight.matching import Print
from workbench.store import lookup, terms
from workbench.store.catalog import Catalog
from workbench.store.directory import PageDirectory
from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.files import intact
from workbench.store.page_words import PageWords
from workbench.store.postings import NAME, PLACE, Postings
from workbench.store.sights import Sights, read_prints, read_sights
from workbench.store.table_vectors import Held, PageVectors
from workbench.store.vector_cache import FlatVectors
from workbench.types import Box, Float, Int, PageRef, StoredPage, WordScore
from workbench.types.filters import Filter

Rows = NDArray[np.int64]
PRINTED = 3
"""Pages whose printed numbers agree, from which on they are believed."""
_FILTERS = 32  # whose rows are remembered


@dataclass(frozen=True)
class IndexRows(Generic[Held]):
    """Where a snapshot's pages lie in an index: ``rows (positions,)`` is the row of the page at each position of
    ``vectors``, ``positions (rows,)`` the position of the page in each row; -1 where there is none.
    """

    vectors: Held
    rows: Rows
    positions: Rows

    @cached_property
    def held(self) -> Rows:
        """The positions of pages that a search may find."""
        return np.flatnonzero(self.rows >= 0)

    @cached_property
    def lacking(self) -> Rows:
        """The rows of pages that the index has no vectors of, in order."""
        return np.flatnonzero(self.positions < 0)


class Snapshot:
    """The searchable pages of a collection, by row. Safe to use from several threads."""

    def __init__(self, catalog: Catalog, words: PageWords, directory: PageDirectory) -> None:
        self.directory = directory
        self._catalog = catalog
        self._page_words = words
        self._indexes: dict[tuple[str, str], IndexRows[PageVectors]] = {}
        self._mapped: dict[tuple[str, str], IndexRows[FlatVectors]] = {}
        self._filtered: OrderedDict[Filter, Rows] = OrderedDict()
        self._values: dict[str, Mapping[str, Rows]] = {}
        self._words: tuple[Postings, Rows] | None = None
        self._word_counts: Int | None = None
        self._frequencies: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.directory.ids)

    @property
    def ids(self) -> Sequence[str]:
        """Page ids by row."""
        return self.directory.ids

    @cached_property
    def refs(self) -> Sequence[PageRef]:
        """Page refs by row."""
        return tuple(self.directory.refs.values())

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """The row of each page id."""
        return {page: row for row, page in enumerate(self.ids)}

    def rows(self, page_ids: Sequence[str]) -> Rows:
        """The rows of pages by id, -1 for one that no search may find."""
        row_of = self.row_of
        return np.fromiter((row_of.get(page, -1) for page in page_ids), np.int64, len(page_ids))

    @cached_property
    def numbers(self) -> Rows:
        """The physical page number of each row."""
        return np.fromiter((ref.page for ref in self.refs), np.int64, len(self))

    @cached_property
    def names(self) -> Sequence[str]:
        """The documents, in order of name."""
        return tuple(dict.fromkeys(ref.document for ref in self.refs))

    @cached_property
    def documents(self) -> Rows:
        """Which document each row is of, by its place in `names`."""
        place = {name: i for i, name in enumerate(self.names)}
        return np.fromiter((place[ref.document] for ref in self.refs), np.int64, len(self))

    @cached_property
    def printed(self) -> Rows:
        """The number printed on each page, by row; 0 for a document that prints none, or none that tells.

        Numbers stand in other places of a page too, so they are believed where `PRINTED` pages of a document or more,
        and most of those with any, differ alike from the physical number.
        """
        found = np.zeros(len(self), np.int64)
        held = self._postings()
        if held is None:
            return found
        terms = [term for term in held[0].beginning(f"{NAME}label ", len(self) + 1000) if term.split()[1].isdigit()]
        told = [(self._rows_of(term), int(term.split()[1])) for term in terms]
        rows = np.concatenate([np.zeros(0, np.int64), *(rows for rows, _ in told)])
        labels = np.repeat([label for _, label in told], [len(rows) for rows, _ in told]).astype(np.int64)
        offsets, owner = self.numbers[rows] - labels, self.documents[rows]
        for document in np.unique(owner):
            there = owner == document
            values, counts = np.unique(offsets[there], return_counts=True)
            most = int(counts.max())
            if most >= PRINTED and 2 * most > len(np.unique(rows[there])):
                of = self.documents == document
                found[of] = np.maximum(self.numbers[of] - values[counts.argmax()], 0)
        return found

    def counted(self, number: int) -> Rows:
        """The rows of every document's pages as counted from its first, 1, or back from its last, -1; ascending."""
        last = np.zeros(int(self.documents.max(initial=-1)) + 1, np.int64)
        np.maximum.at(last, self.documents, self.numbers)
        return np.flatnonzero(self.numbers == (number if number > 0 else last[self.documents] + 1 + number))

    def numbered(self, number: int) -> Rows:
        """The rows of pages of this number, physical or printed, ascending."""
        return np.flatnonzero((self.numbers == number) | (self.printed == number))

    def named(self, name: str) -> Rows:
        """The rows of pages with that caption or heading, as ``figure 5``; without one, of those that mention it."""
        held = self._postings()
        if held is None:
            return np.zeros(0, np.int64)
        rows = self._rows_of(f"{NAME}{name}")
        return rows if len(rows) else self._at(lookup.phrase(held[0], name).pages)

    def exactly(self, text: str) -> Rows | None:
        """The rows of pages with all that is quoted, ascending, where a text is nothing but quotes; else None."""
        held, quoted = self._postings(), lookup.only_quoted(text)
        if held is None or not quoted:
            return None
        rows = [self._at(lookup.phrase(held[0], each).pages) for each in quoted]
        return functools.reduce(np.intersect1d, rows)

    def suggestion(self, text: str) -> str:
        """A text none of whose words stands anywhere, in the spelling of words that do; empty where none is like it."""
        held = self._postings()
        if held is None:
            return ""
        found = {word: lookup.spelled(held[0], word) for word in text.split()}
        if not any(found.values()):
            return ""
        return " ".join(self._page_words.as_written(term) if term else word for word, term in found.items())

    def matching(self, where: Filter) -> Rows:
        """The rows that a filter leaves, ascending; remembered for the last few filters."""
        found = self._filtered.get(where)
        if found is None:
            rows = self.rows(self._catalog.matching(where))
            found = self._filtered[where] = np.sort(rows[rows >= 0])
            while len(self._filtered) > _FILTERS:
                self._filtered.popitem(last=False)
        return found

    def by(self, field: str) -> Mapping[str, Rows]:
        """The rows that have each value of a field of pages, ascending; remembered."""
        if field not in self._values:
            found = {value: self.rows(pages) for value, pages in self._catalog.pages_by(field).items()}
            self._values[field] = {value: np.sort(rows[rows >= 0]) for value, rows in found.items()}
        return self._values[field]

    def index(self, space: EncoderVectors, name: str) -> IndexRows[PageVectors]:
        """Where the pages lie in one index of an encoder's vectors."""
        return self._placed(self._indexes, space, name, space.vectors)

    def mapped(self, space: EncoderVectors, name: str) -> IndexRows[FlatVectors]:
        """The same of vectors that lie in one array."""
        return self._placed(self._mapped, space, name, space.mapped)

    def _placed(
        self,
        known: dict[tuple[str, str], IndexRows[Held]],
        space: EncoderVectors,
        name: str,
        vectors: Callable[[str], Held],
    ) -> IndexRows[Held]:
        found = known.get((space.encoder, name))
        if found is not None and space.primary:
            return found  # vectors of the first encoder go in before their page does, and change only with the pages
        held = vectors(name)
        if found is None or found.vectors is not held:
            rows = self.rows(held.page_ids)
            positions = np.full(len(self), -1, np.int64)
            there = np.flatnonzero(rows >= 0)
            positions[rows[there]] = there
            found = known[space.encoder, name] = IndexRows(held, rows, positions)
        return found

    @cached_property
    def sights(self) -> Sights:
        """What was seen of the figures of all pages; read when it is first asked for."""
        with intact(self._catalog.name):
            return read_sights(self._catalog.table("pages"))

    def prints(self, page_ids: Sequence[str]) -> dict[str, list[Print]]:
        """What the figures of such pages are known again by, in their order; pages of which nothing kept it are left
        out."""
        with intact(self._catalog.name):
            return read_prints(self._catalog.table("pages"), page_ids)

    def bm25(self, words: str, pairs: float = 0.0, structure: float = 1.0, concepts: float = 0.0) -> Float:
        """The BM25 score of every page, by its row: ``(rows,) float32``; 0 where nothing of the words is.

        See `lookup` for what words are looked up by; ``pairs`` weighs two of them in their order, ``structure`` is how
        often one counts in a title, heading, caption or the label of a row, ``concepts`` weighs the rows of statements
        that a financial term is made of. While the arrays are being made the text index answers, which knows single
        words only.
        """
        held = self._postings()
        if held is not None:
            postings, positions = held
            roles = _roles(structure)
            scores = np.zeros(len(postings.page_ids) + 1, np.float32)
            for each in lookup.sought(postings, words, pairs, concepts):
                scores[each.found.pages] += np.float32(each.weight) * postings.scores(each.found, roles)
            return scores[positions]
        scores = np.zeros(len(self), np.float32)
        for page, score in self._page_words.bm25(words, max(len(self), 1)):
            if page in self.row_of:
                scores[self.row_of[page]] = score
        return scores

    @property
    def word_counts(self) -> Int | None:
        """How many words each page has, by its row: ``(rows,) int32``; None while the arrays are being made."""
        held = self._postings()
        if self._word_counts is None and held is not None:
            self._word_counts = np.r_[held[0].lengths, np.int32(0)][held[1]]
        return self._word_counts

    def titled(self, words: str) -> Float:
        """How far each page's document is named by a text: ``(rows,) float32``, the rarity among documents of the words
        that are in its name, or in titles and headings of its first page."""
        held = self._postings()
        total = np.zeros(len(self), np.float32)
        documents = int(self.documents.max(initial=-1)) + 1
        if held is None or documents < 2:
            return total
        for term in {part for word in words.split() for part in lookup.counted(word)}:
            named = np.zeros(documents, np.bool_)
            named[self._names.get(term, [])] = True
            found = held[0].on(term)
            leading = np.isin(found.marks >> 24, (Role.TITLE, Role.HEADING))
            rows = self._at(np.repeat(found.pages, found.counts)[leading])
            named[self.documents[rows[self.numbers[rows] == 1]]] = True
            if df := int(named.sum()):
                total += np.float32(np.log(1 + (documents - df + 0.5) / (df + 0.5))) * named[self.documents]
        return total

    @cached_property
    def _names(self) -> Mapping[str, list[int]]:
        """The documents by the words of their names, ending left out."""
        found: dict[str, list[int]] = {}
        for number, name in enumerate(self.names):
            stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
            for term in {part for word in re.split(r"[\W_]+", stem) for part in lookup.counted(word)}:
                found.setdefault(term, []).append(number)
        return found

    def word_scores(
        self, page: StoredPage, words: str, pairs: float, structure: float, concepts: float
    ) -> list[WordScore]:
        """What a page's words add to its score by `bm25`, the most first, with where they stand; empty while the arrays
        are being made."""
        held = self._postings()
        if held is None or page.page_id not in held[0].page_ids:
            return []
        at, told = held[0].page_ids.index(page.page_id), list[WordScore]()
        starts = np.cumsum([0, *(len(terms.read(word).parts) for word in page.words.texts)])
        for each in lookup.sought(held[0], words, pairs, concepts):
            place = int(np.searchsorted(each.found.pages, at))
            if place == len(each.found.pages) or each.found.pages[place] != at:
                continue
            score = each.weight * float(held[0].scores(each.found, _roles(structure))[place])
            first = int(each.found.counts[:place].sum())
            positions = each.found.marks[first : first + int(each.found.counts[place])] & PLACE
            ends = np.searchsorted(starts, positions + each.span - 1, "right") - 1
            spans = zip(np.searchsorted(starts, positions, "right") - 1, ends, strict=True)
            numbers = sorted({number for a, b in spans for number in range(a, min(b, len(page.words) - 1) + 1)})
            told.append(WordScore(each.label, score, tuple(_box(page.words.boxes[i]) for i in numbers)))
        return sorted(told, key=lambda word: -word.score)

    def frequencies(self, words: Sequence[str]) -> Mapping[str, int]:
        """On how many pages each of these words stands; all of its parts where it is several (``AB-1234``)."""
        held = self._postings()
        for word in words:
            if word not in self._frequencies:
                on = self._page_words.frequency(word) if held is None else lookup.frequency(held[0], word)
                self._frequencies[word] = min(on, len(self))
        return {word: self._frequencies[word] for word in words}

    def _rows_of(self, term: str) -> Rows:
        held = self._postings()
        return self._at(held[0].on(term).pages) if held is not None else np.zeros(0, np.int64)

    def _at(self, pages: Int) -> Rows:
        """The rows of pages by their positions among the postings, ascending."""
        held = self._postings()
        if held is None or not len(pages):
            return np.zeros(0, np.int64)
        there = np.zeros(len(held[0].page_ids) + 1, np.bool_)
        there[pages] = True
        return np.flatnonzero(there[held[1]])

    def _postings(self) -> tuple[Postings, Rows] | None:
        """The words of pages as arrays, and where in them each row is (after the last: nowhere).

        None while they are being made, when the text index answers.
        """
        if self._words is None and (postings := self._page_words.postings()) is not None:
            rows = self.rows(postings.page_ids)
            there = np.flatnonzero((rows >= 0) & postings.alive)
            positions = np.full(len(self), len(rows), np.int64)
            positions[rows[there]] = there
            self._words = postings, positions
        return self._words


def _roles(structure: float) -> Float:
    """How often a word counts by its role: once in the body of a text."""
    weights = np.full(len(Role), structure, np.float32)
    weights[Role.BODY] = 1
    return weights


def _box(edges: Float) -> Box:
    x0, y0, x1, y1 = edges.tolist()
    return x0, y0, x1, y1
