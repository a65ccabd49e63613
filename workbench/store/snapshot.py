"""The pages that a search may find, at one moment, as row numbers: what stages compute with in place of page ids.

Rows go from 0 in order of page ref, so that breaking a tie is comparing two integers. A snapshot serves every search
until the pages change. What this module does not do: follow changes; `Collection.snapshot` gives the one of now.
"""

from __future__ import annotations

import functools
import re
import string
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from workbench.documents.structure import Role
from workbench.sight.matching import Print
from workbench.store import lookup, terms
from workbench.store.catalog import Catalog
from workbench.store.corpus import Corpus, CorpusPart, by_role
from workbench.store.directory import PageDirectory
from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.files import intact
from workbench.store.page_ids import PageIds
from workbench.store.page_words import PageWords
from workbench.store.postings import NAME, PLACE
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
    ``vectors``, ``positions (rows,)`` the position of the page in each row; -1 where there is none. ``rounds`` is how
    often the encoder's vectors had been rounded by then.
    """

    vectors: Held
    rows: Rows
    positions: Rows
    rounds: int

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
        self._words: tuple[CorpusPart, Rows] | None = None
        self._word_counts: Int | None = None
        self._frequencies: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.directory)

    @property
    def ids(self) -> PageIds:
        """Page ids by row."""
        return self.directory.ids

    def ref(self, row: int) -> PageRef:
        """The ref of the page in a row."""
        return self.directory.ref(row)

    def rows(self, page_ids: Sequence[str]) -> Rows:
        """The rows of pages by id, -1 for one that no search may find."""
        return self.ids.places(page_ids)

    @cached_property
    def numbers(self) -> Rows:
        """The physical page number of each row."""
        return self.directory.numbers.astype(np.int64)

    @cached_property
    def names(self) -> Sequence[str]:
        """The documents, in order of name."""
        return [self.directory.names[document] for document in np.unique(self.directory.documents).tolist()]

    @cached_property
    def documents(self) -> Rows:
        """Which document each row is of, by its place in `names`."""
        return np.unique(self.directory.documents, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def printed(self) -> Rows:
        """The number printed on each page, by row; 0 for a document that prints none, or none that tells.

        Numbers stand in other places of a page too, so they are believed where `PRINTED` pages of a document or more,
        and most of those with any, differ alike from the physical number.
        """
        found = np.zeros(len(self), np.int64)
        if (part := self.words_among()) is None:
            return found
        terms = [term for term in part.own.beginning(f"{NAME}label ", len(self) + 1000) if term.split()[1].isdigit()]
        told = [(self._at(part.own.on(term).pages), int(term.split()[1])) for term in terms]
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

    def named(self, name: str, among: CorpusPart | None = None) -> Rows:
        """The rows of pages with that caption or heading, as ``figure 5``; without one, of those that mention it."""
        if (part := self.words_among(among)) is None:
            return np.zeros(0, np.int64)
        there = part.corpus.postings.on(f"{NAME}{name}").pages
        rows = self._at(part.of_own(there))
        if len(rows) or (len(there) and not part.alone):
            return rows
        return self._at(part.of_own(lookup.phrase(part.corpus.postings, name).pages))

    def exactly(self, text: str, among: CorpusPart | None = None) -> tuple[Rows, bool] | None:
        """The rows of pages with all that is quoted, ascending, and whether any page that is searched has it, where a
        text is nothing but quotes; else None."""
        part, quoted = self.words_among(among), lookup.only_quoted(text)
        if part is None or not quoted:
            return None
        pages = functools.reduce(np.intersect1d, [lookup.phrase(part.corpus.postings, each).pages for each in quoted])
        rows = self._at(part.of_own(pages))
        return rows, len(rows) > 0 or (len(pages) > 0 and not part.alone)

    def suggestion(self, text: str, among: CorpusPart | None = None, right: Set[str] = frozenset()) -> str:
        """A text none of whose words stands anywhere, in the spelling of words that do, but for those that are
        ``right`` as they are; empty where none is like it."""
        if (part := self.words_among(among)) is None:
            return ""
        wrong = (word for word in text.split() if word.strip(string.punctuation) not in right)
        found = dict.fromkeys(text.split(), "") | {word: lookup.spelled(part.corpus.postings, word) for word in wrong}
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
        rounds, found = space.rounds, known.get((space.encoder, name))
        if found is not None and found.rounds == rounds and space.primary:
            return found  # vectors of the first encoder go in before their page does: else they change with the pages
        held = vectors(name)
        if found is None or found.vectors is not held or found.rounds != rounds:
            rows = self.rows(held.page_ids)
            positions = np.full(len(self), -1, np.int64)
            there = np.flatnonzero(rows >= 0)
            positions[rows[there]] = there
            found = known[space.encoder, name] = IndexRows(held, rows, positions, rounds)
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

    def bm25(
        self,
        words: str,
        pairs: float = 0.0,
        structure: float = 1.0,
        concepts: float = 0.0,
        among: CorpusPart | None = None,
    ) -> Float:
        """The BM25 score of every page, by its row: ``(rows,) float32``; 0 where nothing of the words is.

        See `lookup` for what words are looked up by; ``pairs`` weighs two of them in their order, ``structure`` is how
        often one counts in a title, heading, caption or the label of a row, ``concepts`` weighs the rows of statements
        that a financial term is made of. Words weigh ``among`` the pages of the corpus, this collection's own without
        one. While the arrays are being made the text index answers, which knows single words only.
        """
        if (part := self.words_among(among)) is not None:
            return part.bm25(words, pairs, structure, concepts)[self._positions]
        scores = np.zeros(len(self), np.float32)
        found = self._page_words.bm25(words, max(len(self), 1))
        rows = self.rows([page for page, _ in found])
        scores[rows[rows >= 0]] = np.asarray([score for _, score in found], np.float32)[rows >= 0]
        return scores

    @property
    def word_counts(self) -> Int | None:
        """How many words each page has, by its row: ``(rows,) int32``; None while the arrays are being made."""
        if self._word_counts is None and (part := self.words_among()) is not None:
            self._word_counts = np.r_[part.own.lengths, np.int32(0)][self._positions]
        return self._word_counts

    def titled(self, words: str) -> Float:
        """How far each page's document is named by a text: ``(rows,) float32``, the rarity among documents of the words
        that are in its name, or in titles and headings of its first page."""
        part = self.words_among()
        total = np.zeros(len(self), np.float32)
        documents = int(self.documents.max(initial=-1)) + 1
        if part is None or documents < 2:
            return total
        for term in {part for word in words.split() for part in lookup.counted(word)}:
            named = np.zeros(documents, np.bool_)
            named[self._names.get(term, [])] = True
            found = part.own.on(term)
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
        part = self.words_among()
        at = -1 if part is None else part.own.page_ids.place(page.page_id)
        if part is None or at < 0:
            return []
        told = list[WordScore]()
        starts = np.cumsum([0, *(len(terms.read(word).parts) for word in page.words.texts)])
        for each in lookup.sought(part.own, words, pairs, concepts):
            place = int(np.searchsorted(each.found.pages, at))
            if place == len(each.found.pages) or each.found.pages[place] != at:
                continue
            score = each.weight * float(part.own.scores(each.found, by_role(structure))[place])
            first = int(each.found.counts[:place].sum())
            positions = each.found.marks[first : first + int(each.found.counts[place])] & PLACE
            ends = np.searchsorted(starts, positions + each.span - 1, "right") - 1
            spans = zip(np.searchsorted(starts, positions, "right") - 1, ends, strict=True)
            numbers = sorted({number for a, b in spans for number in range(a, min(b, len(page.words) - 1) + 1)})
            told.append(WordScore(each.label, score, tuple(_box(page.words.boxes[i]) for i in numbers)))
        return sorted(told, key=lambda word: -word.score)

    def frequencies(self, words: Sequence[str], among: CorpusPart | None = None) -> Mapping[str, int]:
        """On how many pages of the corpus each of these words stands; all of its parts where it is several
        (``AB-1234``)."""
        if (part := self.words_among(among)) is not None:
            return {word: part.corpus.frequency(word) for word in words}
        for word in words:
            if word not in self._frequencies:
                self._frequencies[word] = min(self._page_words.frequency(word), len(self))
        return {word: self._frequencies[word] for word in words}

    def words_among(self, among: CorpusPart | None = None) -> CorpusPart | None:
        """What the words of its pages weigh ``among``: a part of a corpus that was made of these very words, else the
        corpus of its own pages.

        None while their arrays are being made, when the text index answers.
        """
        if self._words is None and (postings := self._page_words.postings()) is not None:
            rows = self.rows(postings.page_ids)
            there = np.flatnonzero((rows >= 0) & postings.alive)
            positions = np.full(len(self), len(rows), np.int64)
            positions[rows[there]] = there
            self._words = CorpusPart(Corpus(postings, len(self)), postings), positions
        if self._words is None:
            return None
        return among if among is not None and among.own is self._words[0].own else self._words[0]

    @property
    def _positions(self) -> Rows:
        """Where in the words of its pages each row is; after the last: nowhere."""
        return self._words[1] if self._words is not None else np.zeros(0, np.int64)

    def _at(self, pages: Int) -> Rows:
        """The rows of pages by their positions among the words, ascending."""
        if self._words is None or not len(pages):
            return np.zeros(0, np.int64)
        there = np.zeros(len(self._words[0].own) + 1, np.bool_)
        there[pages] = True
        return np.flatnonzero(there[self._positions])


def _box(edges: Float) -> Box:
    x0, y0, x1, y1 = edges.tolist()
    return x0, y0, x1, y1
