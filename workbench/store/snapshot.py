"""The pages that a search may find, at one moment, as row numbers: what stages compute with in place of page ids.

Rows go from 0 in order of page ref, so that breaking a tie is comparing two integers. A snapshot serves every search
until the pages change. What this module does not do: follow changes; `Collection.snapshot` gives the one of now.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from workbench.store.catalog import Catalog
from workbench.store.directory import PageDirectory
from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.page_words import PageWords
from workbench.store.postings import Postings
from workbench.store.vector_cache import FlatVectors
from workbench.types import Float, PageRef

Rows = NDArray[np.int64]
_FILTERS = 32  # whose rows are remembered


@dataclass(frozen=True)
class IndexRows:
    """Where a snapshot's pages lie in an index: ``rows (positions,)`` is the row of the page at each position of
    ``vectors``, ``positions (rows,)`` the position of the page in each row; -1 where there is none.
    """

    vectors: FlatVectors
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
        self._indexes: dict[tuple[str, str], IndexRows] = {}
        self._filtered: OrderedDict[str, Rows] = OrderedDict()
        self._words: tuple[Postings, Rows] | None = None
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

    def matching(self, where: str) -> Rows:
        """The rows that an SQL condition leaves, ascending; remembered for the last few conditions."""
        found = self._filtered.get(where)
        if found is None:
            rows = self.rows(self._catalog.matching(where))
            found = self._filtered[where] = np.sort(rows[rows >= 0])
            while len(self._filtered) > _FILTERS:
                self._filtered.popitem(last=False)
        return found

    def index(self, space: EncoderVectors, name: str) -> IndexRows:
        """Where the pages lie in one index of an encoder's vectors."""
        known = self._indexes.get((space.encoder, name))
        if known is not None and space.primary:
            return known  # vectors of the first encoder go in before their page does, and change only with the pages
        held = space.vectors(name)
        if known is None or known.vectors is not held:
            rows = self.rows(held.page_ids)
            positions = np.full(len(self), -1, np.int64)
            there = np.flatnonzero(rows >= 0)
            positions[rows[there]] = there
            known = self._indexes[space.encoder, name] = IndexRows(held, rows, positions)
        return known

    def bm25(self, words: str) -> Float:
        """The BM25 score of every page: ``(rows,) float32``; 0 where no word is, which no page with one has."""
        held = self._postings()
        if held is not None:
            postings, positions = held
            return np.asarray(np.append(postings.bm25(words), np.float32(0))[positions])
        scores = np.zeros(len(self), np.float32)
        for page, score in self._page_words.bm25(words, max(len(self), 1), None):
            if page in self.row_of:
                scores[self.row_of[page]] = score
        return scores

    def frequencies(self, words: Sequence[str]) -> Mapping[str, int]:
        """On how many pages each of these words stands, as the text index finds words."""
        held = self._postings()
        for word in words:
            if word not in self._frequencies:
                on = self._page_words.frequency(word) if held is None else held[0].frequency(word)
                self._frequencies[word] = min(on, len(self))
        return {word: self._frequencies[word] for word in words}

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
