"""Two answers to one query side by side, and why one page scores more than another: A minus B.

`compare` puts two search results next to each other: how much they share, how alike their orders are, and where every
page went. `contrast` takes two explanations apart by query token. Nothing here searches or reads a store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.errors import InputError
from workbench.types import Explanation, LedgerRow, PageRef, SearchResult

P = 0.9
"""Persistence of `rbo`: the chance that a reader goes on to the next rank; at .9 the first ten ranks carry 86 %."""


@dataclass(frozen=True, slots=True)
class Move:
    """One page in both lists: its ranks from 1, None where a list does not have it."""

    page_id: str
    ref: PageRef
    rank_a: int | None
    rank_b: int | None

    @property
    def difference(self) -> int | None:
        """Ranks that the page is higher in B than in A (negative: lower); None when only one list has it."""
        return None if self.rank_a is None or self.rank_b is None else self.rank_a - self.rank_b


@dataclass(frozen=True, slots=True)
class SearchCost:
    """What a search took: ``ms`` without encoding the query, which the second of two gets from the first.

    ``cold``: some stage loaded what a warm process keeps, so that its time says little.
    """

    ms: float
    encode_ms: float
    bytes_read: int
    cold: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results of one query. ``overlap`` and ``rbo`` are 0 (nothing shared) to 1 (the same)."""

    a: SearchResult
    b: SearchResult
    k: int
    shared: int
    overlap: float
    rbo: float
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class ContrastRow:
    """What one query token adds to page A, to page B, and A minus B."""

    token: int
    label: str
    a: LedgerRow
    b: LedgerRow
    difference: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """The exact MaxSim scores of two pages, and their difference as a sum over query tokens, largest for A first."""

    query: str
    encoder: str
    a: PageRef
    b: PageRef
    score_a: float
    score_b: float
    rows: tuple[ContrastRow, ...]

    @property
    def difference(self) -> float:
        """Score of A less the score of B: the sum of the rows."""
        return self.score_a - self.score_b


def compare(a: SearchResult, b: SearchResult) -> Comparison:
    """Two results side by side, to the depth of the longer; moves in the order of A, then what only B found."""
    ranks_a, ranks_b = ({hit.page_id: hit.rank for hit in result.hits} for result in (a, b))
    refs = {hit.page_id: hit.ref for hit in (*a.hits, *b.hits)}
    ids_a, ids_b = [hit.page_id for hit in a.hits], [hit.page_id for hit in b.hits]
    k = max(len(ids_a), len(ids_b))
    return Comparison(
        a=a,
        b=b,
        k=k,
        shared=len(ranks_a.keys() & ranks_b.keys()),
        overlap=overlap(ids_a, ids_b, k),
        rbo=rbo(ids_a, ids_b),
        moves=tuple(
            Move(page, refs[page], ranks_a.get(page), ranks_b.get(page)) for page in dict.fromkeys([*ids_a, *ids_b])
        ),
    )


def overlap(a: Sequence[str], b: Sequence[str], k: int) -> float:
    """Part of the first ``k`` that two rankings share, in any order; of as many as the longer has, if that is fewer.

    Two empty rankings are the same: 1.
    """
    depth = min(k, max(len(a), len(b)))
    return len(set(a[:k]) & set(b[:k])) / depth if depth else 1.0


def rbo(a: Sequence[str], b: Sequence[str], p: float = P) -> float:
    """Rank-biased overlap of two rankings without ties, extrapolated; 0 disjoint, 1 the same as far as known.

    Equation 32 of Webber, Moffat and Zobel, "A similarity measure for indefinite rankings" (TOIS 2010), which takes
    rankings of different lengths. ``p`` between 0 and 1 weights the top more the smaller it is.
    """
    short, long = sorted((a, b), key=len)
    s, n = len(short), len(long)
    if not s:
        return 0.0 if n else 1.0
    seen_short, seen_long = set[str](), set[str]()
    common = at_short = 0
    total = 0.0
    for depth in range(1, n + 1):
        new = long[depth - 1]
        seen_long.add(new)
        common += new in seen_short
        if depth <= s:
            other = short[depth - 1]
            seen_short.add(other)
            common += other in seen_long
            at_short = common
        # Below the end of the shorter one, it is taken to go on agreeing as it did to its end.
        unseen = at_short * max(depth - s, 0) / s
        total += (common + unseen) / depth * p**depth
    return (1 - p) / p * total + ((common - at_short) / n + at_short / s) * p**n


def cost(result: SearchResult) -> SearchCost:
    """What a search took, the encoding of its query apart."""
    encoding = sum(stage.ms for stage in result.trace.stages if stage.encoding)
    return SearchCost(
        ms=result.trace.total_ms - encoding,
        encode_ms=encoding,
        bytes_read=sum(stage.bytes_read for stage in result.trace.stages),
        cold=any(stage.cold for stage in result.trace.stages if not stage.encoding),
    )


def contrast(a: Explanation, b: Explanation) -> Contrast:
    """Which query tokens made page A beat page B, and where on both pages; the rows sum to the score difference.

    `InputError` unless both explain the same query by the same encoder, since other scores cannot be subtracted.
    """
    if a.encoder != b.encoder or (a.query.text, a.query.labels) != (b.query.text, b.query.labels):
        raise InputError("Two pages can be compared only by one encoder's scores for one query.")
    rows = [
        ContrastRow(mine.token, mine.label, mine, other, mine.contribution - other.contribution)
        for mine, other in zip(a.ledger, b.ledger, strict=True)
    ]
    rows.sort(key=lambda row: (-row.difference, row.token))
    return Contrast(a.query.text, a.encoder, a.ref, b.ref, a.score, b.score, tuple(rows))
