"""The words of pages as what a query's words are weighed among: those of one collection, or of several as if of one.

How rare a word is, how long pages are on the mean, and whether a name, a code or a quoted text stands anywhere hang on
all pages that are searched. Where several collections are, each takes its part of what is said of all, so that it
scores its pages as one collection of all of them would. What this module does not do: know pages but by position.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.documents.structure import Role
from workbench.store import lookup
from workbench.store.postings import Postings
from workbench.types import Float, Int


class Corpus:
    """``postings`` are its words, ``pages`` how many of its pages a search looks through, ``shown`` on how many of them
    each kind of figure is that the query names. Safe in several threads."""

    def __init__(self, postings: Postings, pages: int, shown: Mapping[str, int] | None = None) -> None:
        self.postings = postings
        self.pages = pages
        self.shown = shown or {}
        self._frequencies: dict[str, int] = {}
        self._last: tuple[tuple[str, float, float, float], Float] | None = None

    def bm25(self, words: str, pairs: float, structure: float, concepts: float) -> Float:
        """The score of every page by position, ``(pages + 1,) float32``, the last one that of no page: 0; see
        `Snapshot.bm25`. The last answer is kept, of which every collection takes its part."""
        asked = words, pairs, structure, concepts
        last = self._last
        if last is not None and last[0] == asked:
            return last[1]
        scores = np.zeros(len(self.postings) + 1, np.float32)
        roles = by_role(structure)
        for each in lookup.sought(self.postings, words, pairs, concepts):
            scores[each.found.pages] += np.float32(each.weight) * self.postings.scores(each.found, roles)
        self._last = asked, scores
        return scores

    def frequency(self, word: str) -> int:
        """On how many pages a word stands; all of its parts where it is several (``AB-1234``)."""
        if word not in self._frequencies:
            self._frequencies[word] = min(lookup.frequency(self.postings, word), self.pages)
        return self._frequencies[word]


@dataclass(frozen=True)
class CorpusPart:
    """The pages of one collection in a corpus: ``own`` are their words by themselves, ``first`` their first position
    among all."""

    corpus: Corpus
    own: Postings
    first: int = 0

    @classmethod
    def several(cls, held: Sequence[tuple[Postings, int]], shown: Mapping[str, int] | None = None) -> list[CorpusPart]:
        """The parts of collections that are searched together, of the words and the number of pages of each; ``shown``
        as of `Corpus`."""
        corpus = Corpus(Postings.together([own for own, _ in held]), sum(pages for _, pages in held), shown)
        firsts = itertools.accumulate((len(own) for own, _ in held), initial=0)
        return [cls(corpus, own, first) for (own, _), first in zip(held, firsts, strict=False)]

    @property
    def alone(self) -> bool:
        """Whether no other collection has a part in it."""
        return self.corpus.postings is self.own

    def bm25(self, words: str, pairs: float, structure: float, concepts: float) -> Float:
        """The scores of its own pages as of `Corpus.bm25`."""
        scores = self.corpus.bm25(words, pairs, structure, concepts)
        return scores if self.alone else np.append(scores[self.first : self.first + len(self.own)], np.float32(0))

    def of_own(self, pages: Int) -> Int:
        """Those of some positions in the corpus that are of its own pages, as positions in its own words."""
        pages = pages - np.int32(self.first)
        return pages[(pages >= 0) & (pages < len(self.own))]


def by_role(structure: float) -> Float:
    """How often a word counts by its role, ``(roles,) float32``: once in the body of a text."""
    weights = np.full(len(Role), structure, np.float32)
    weights[Role.BODY] = 1
    return weights
