"""Why a page scores what it scores, and what became of it in a search."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.types.arrays import Box, Float
from workbench.types.documents import PageRef
from workbench.types.vectors import Geometry, QueryEmbedding


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One query token's part in a page's score: ``contribution = weight * similarity``.

    ``share`` is its part of what the wanted tokens won.
    """

    token: int
    label: str
    weight: float
    similarity: float
    contribution: float
    share: float
    vector: int
    box: Box
    text: str


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the page (``text``, ``table``, ``figure`` or ``line``) with the relevance that falls on it.

    ``score`` is the mean of the heat map over the box; ``share`` the part of the page's MaxSim won inside it.
    """

    box: Box
    score: float
    text: str
    kind: str = "line"
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """A part of a page as something to quote: where it stands, its text, and how much of the page's MaxSim it won."""

    ref: PageRef
    region: Region
    won: float


@dataclass(frozen=True, slots=True)
class WordScore:
    """What the words of a page add to its BM25 score: a word, code, phrase or pair of the query, and where it stands.

    ``label`` as it was typed, ``score`` with its weight, below 0 where it is not wanted; ``boxes`` page
    fractions, one for each word.
    """

    label: str
    score: float
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class PooledView:
    """What one pooled stage saw of a page: its vectors' places (the union of the members) and similarities.

    ``boxes (k, 4)``, ``similarities (m, k)``, ``groups`` the source vectors of each pooled vector.
    """

    index: str
    boxes: Float
    similarities: Float
    groups: tuple[NDArray[np.int64], ...]
    score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a page scores what it scores for a query.

    ``similarities (m, n) float32`` query token x page vector; ``labels`` the text under each page vector, or empty;
    ``heat_weights (m,) float32``, all above 0, what each token counts in a heat of several (`heatmap.token_weights`).
    ``words`` are what the page's words add to its BM25 score, the most first. ``reranked`` says so where a pipeline
    ends in a reranker, whose score is its own and has no parts. ``shows`` are the kinds of figure on the page, where
    an encoder looked for them.
    """

    ref: PageRef
    query: QueryEmbedding
    encoder: str
    score: float
    geometry: Geometry
    similarities: Float
    labels: tuple[str, ...]
    ledger: tuple[LedgerRow, ...]
    regions: tuple[Region, ...]
    pooled: tuple[PooledView, ...]
    heat_weights: Float
    words: tuple[WordScore, ...] = ()
    reranked: str = ""
    shows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedPoints:
    """Points that a picture of a query and a page share, since one shows some of the other.

    ``part`` is the picture's place among the query's parts, from 0; ``asked`` and ``found (n, 2) float32`` are
    fractions of the picture and of the page, point by point.
    """

    part: int
    asked: Float
    found: Float


@dataclass(frozen=True, slots=True)
class Passage:
    """The lines of a page that answer a query best, to stand with the page in a list of results.

    ``text`` is empty where no line won anything, as on a photograph; ``marks`` are the words in it that answer, as
    ``(start, end)`` in characters; ``box`` is around the lines and ``share`` the part of the page's MaxSim won there.
    ``words`` are the query words that the page owes most to, with their shares, most first. ``places (k, 4) float32``
    are where the page has heat, ``heat (k,) float32`` how strong it is there, above 0 to 1, as `heatmap` scales it.
    """

    ref: PageRef
    text: str
    marks: tuple[tuple[int, int], ...]
    box: Box
    share: float
    words: tuple[tuple[str, float], ...]
    places: Float
    heat: Float


@dataclass(frozen=True, slots=True)
class TokenGap:
    """What one query token adds to a page and to the page that it lost against; ``difference`` is the first's less."""

    token: int
    label: str
    page: float
    against: float
    difference: float


@dataclass(frozen=True, slots=True)
class Fix:
    """A search that finds the page: pipeline and filter as text, and ``k`` results; ``changes`` says what is new."""

    pipeline: str
    filter: str
    k: int
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MissReport:
    """What became of a page in a search, where: ``found | lost | filtered | quarantined | failed | absent``.

    For a page that a stage cut: its true ``rank`` there, what the stage kept, and the smallest K (``needs``) that would
    have kept it (None: no K would). ``clauses`` are those of the filter that leave it out; ``exact_rank`` its rank in
    the stage searched without approximation, where it has one; ``tokens`` the query words by which it loses most to
    ``against``, the last page that the stage kept. ``cause`` is what is behind it, which ``reason`` begins with:
    ``absent | failed | quarantined | filtered | unread | wordless | script | misread | no-vectors | approximate |
    unmatched | cut | outranked``, empty for a page that was found. ``fix`` is the smallest change that finds it,
    searched to be sure, and ``cure`` what else helps; for a page that has no fix, ``unfixable`` says why. ``short`` is
    the cause in a few words, for a page without one its verdict.
    """

    page: str
    verdict: str
    stage: str = ""
    rank: int | None = None
    keep: int | None = None
    needs: int | None = None
    reason: str = ""
    clauses: tuple[str, ...] = ()
    exact_rank: int | None = None
    tokens: tuple[TokenGap, ...] = ()
    against: str = ""
    fix: Fix | None = None
    unfixable: str = ""
    cause: str = ""
    cure: str = ""
    short: str = ""
