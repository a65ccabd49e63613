"""Two answers to one query side by side, and why one page scores more than another: A minus B.

`compare` puts two search results next to each other: how much they share, how alike their orders are, and where every
page went. `contrast` takes two explanations apart by query token. Nothing here searches or reads a store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from workbench.errors import InputError
from workbench.types import Explanation, LedgerRow, PageRef, SearchResult
from workbench.types.across import AcrossHit, AcrossResult

Found = TypeVar("Found", SearchResult, AcrossResult)

P = 0.9
"""Persistence of `rbo`: the chance that a reader goes on to the next rank; at .9 the first ten ranks carry 86 %."""


@dataclass(frozen=True, slots=True)
class Move:
    """One page in both lists: its ranks from 1, None where a list does not have it.

    ``collection`` is where A found it, or B where A did not.
    """

    page_id: str
    ref: PageRef
    collection: str
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
class Comparison(Generic[Found]):
    """Two results of one query. ``overlap`` and ``rbo`` are 0 (nothing shared) to 1 (the same)."""

    a: Found
    b: Found
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


def compare(a: Found, b: Found) -> Comparison[Found]:
    """Two results side by side, to the depth of the longer; moves in the order of A, then what only B found."""
    in_a: dict[str, AcrossHit] = _listed(a)
    in_b: dict[str, AcrossHit] = _listed(b)
    k = max(len(in_a), len(in_b))
    return Comparison(
        a=a,
        b=b,
        k=k,
        shared=len(in_a.keys() & in_b.keys()),
        overlap=overlap([*in_a], [*in_b], k),
        rbo=rbo([*in_a], [*in_b]),
        moves=tuple(_move(in_a.get(page), in_b.get(page)) for page in {**in_a, **in_b}),
    )


def _move(a: AcrossHit | None, b: AcrossHit | None) -> Move:
    """Where a page stands in both lists, of which one may lack it."""
    at = a or b
    assert at is not None
    return Move(at.hit.page_id, at.hit.ref, at.collection, a.rank if a else None, b.rank if b else None)


def _listed(result: SearchResult | AcrossResult) -> dict[str, AcrossHit]:
    """What a result lists by page id, best first, each with its collection."""
    if isinstance(result, AcrossResult):
        return {found.hit.page_id: found for found in result.hits}
    return {hit.page_id: AcrossHit(result.collection, hit, hit.rank, hit.score) for hit in result.hits}


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


def cost(result: SearchResult | AcrossResult) -> SearchCost:
    """What a search took, the encoding of its query apart; of several collections what it took in all of them."""
    traces = (
        [result.trace]
        if isinstance(result, SearchResult)
        else [answer.result.trace for answer in result.answers if answer.result]
    )
    stages = [stage for trace in traces for stage in trace.stages]
    encoding = sum(stage.ms for stage in stages if stage.encoding)
    return SearchCost(
        ms=sum(trace.total_ms for trace in traces) - encoding,
        encode_ms=encoding,
        bytes_read=sum(stage.bytes_read for stage in stages),
        cold=any(stage.cold for stage in stages if not stage.encoding),
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
