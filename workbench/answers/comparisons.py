"""Two pipelines, over one query or many, or two pages, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, Field

from workbench.analysis.comparison import Comparison, Contrast, Move, P, SearchCost, cost
from workbench.analysis.set_comparison import Comparisons, Row, Taken
from workbench.answers import Answer
from workbench.answers.searches import AcrossSearch, NamedPage, Search
from workbench.evaluation.statistics import Interval
from workbench.types import LedgerRow, SearchResult
from workbench.types.across import AcrossResult


class Difference(Answer):
    """What a query token adds to A, to B, and A minus B, with where on each page it was met."""

    token: int
    label: str
    a: LedgerRow
    b: LedgerRow
    difference: float


class Contrasted(Answer):
    """Two pages' scores and their difference, as a sum over query tokens, largest for A first."""

    query: str
    collection: str
    collection_b: str = Field(description="That of `b`.")
    encoder: str
    a: str = Field(description="The page, as `report.pdf#page=12`.")
    b: str
    score_a: float
    score_b: float
    difference: float
    rows: list[Difference]

    @classmethod
    def of(cls, value: Contrast, collection: str, collection_b: str = "") -> Contrasted:
        """From a contrast; ``collection_b`` is that of the second page, where it is another."""
        both = collection, collection_b or collection
        return cls.like(value, collection=both[0], collection_b=both[1], a=str(value.a), b=str(value.b))


class MovedPage(NamedPage):
    """A page's ranks in both lists, null where a list lacks it; `difference` is how many ranks it is higher in B."""

    collection: str
    page_id: str
    rank_a: int | None
    rank_b: int | None
    difference: int | None

    @classmethod
    def of(cls, move: Move) -> MovedPage:
        """From a move."""
        return cls.like(move, **cls.parts(move.ref))


class ComparedLists(Answer):
    """What two results of one query share (0 nothing, 1 all), every page's move, and what each took."""

    k: int
    shared: int
    overlap: float
    rbo: float = Field(description="Rank-biased overlap, at a persistence of `rbo_p`; the top counts most.")
    rbo_p: float = P
    moves: list[MovedPage]
    cost_a: SearchCost
    cost_b: SearchCost

    @classmethod
    def between(cls, value: Comparison[Any], a: BaseModel, b: BaseModel) -> Self:
        """From a comparison, and its results as answers."""
        moves = [MovedPage.of(move) for move in value.moves]
        return cls.like(value, a=a, b=b, moves=moves, cost_a=cost(value.a), cost_b=cost(value.b))


class Compared(ComparedLists):
    """Two results of one query, and how they differ."""

    a: Search
    b: Search

    @classmethod
    def of(cls, value: Comparison[SearchResult]) -> Compared:
        """From a comparison in one collection."""
        return cls.between(value, Search.of(value.a), Search.of(value.b))


class ComparedAcross(ComparedLists):
    """Two results of one query to several collections; costs are of all of them together."""

    a: AcrossSearch
    b: AcrossSearch

    @classmethod
    def of(cls, value: Comparison[AcrossResult]) -> ComparedAcross:
        """From a comparison across collections."""
        return cls.between(value, AcrossSearch.of(value.a), AcrossSearch.of(value.b))


class ComparedRow(Answer):
    """A query of many by both pipelines; the ranks of the first relevant page only where labels are known."""

    id: str
    query: str
    filter: str = Field(description="What narrows this query, besides what narrows all.")
    k: int
    shared: int
    overlap: float
    rbo: float
    moved: int = Field(description="Pages that have another rank in B, or are in one list only.")
    furthest: MovedPage | None = Field(description="The page that moved most, of those that both found.")
    cost_a: SearchCost
    cost_b: SearchCost
    labelled: bool
    first_a: int | None
    first_b: int | None
    gain: float = Field(description="Reciprocal rank of the first relevant page in B, less that in A.")

    @classmethod
    def of(cls, row: Row) -> ComparedRow:
        """From a row."""
        return cls.like(
            row,
            id=row.query.id,
            query=row.query.text,
            filter=row.query.filter,
            furthest=None if row.furthest is None else MovedPage.of(row.furthest),
        )


class ComparedSet(Answer):
    """Two pipelines over many queries, those that they answer most differently first, with means over all."""

    collection: str
    a: str
    b: str
    queries: int = Field(description="Queries that both could search.")
    refused: Mapping[str, str] = Field(description="Why a query was not searched, by its id.")
    same: int = Field(description="Queries that both answer alike.")
    overlap: Interval | None
    rbo: Interval | None
    gain: Interval | None = Field(description="Only where labels are known.")
    taken_a: Taken | None
    taken_b: Taken | None
    rows: list[ComparedRow]

    @classmethod
    def of(cls, value: Comparisons, collection: str) -> ComparedSet:
        """From comparisons."""
        return cls.like(
            value,
            collection=collection,
            queries=len(value.rows),
            refused=dict(value.refused),
            rows=[ComparedRow.of(row) for row in value.rows],
        )


class ComparedPiece(BaseModel):
    """Some of many queries by two pipelines, in the order in which they differ, and how many queries there are."""

    total: int
    rows: list[ComparedRow]
    refused: Mapping[str, str] = Field(description="Why a query was not searched, by its id.")
