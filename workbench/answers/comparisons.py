"""Two pipelines, or two pages, side by side."""

from __future__ import annotations

from pydantic import BaseModel, Field

from workbench.answers.searches import NamedPage, Search
from workbench.comparison import Comparison, Contrast, Move, SearchCost, cost
from workbench.types import LedgerRow


class Difference(BaseModel):
    """What a query token adds to A, to B, and A minus B, with where on each page it was met."""

    token: int
    label: str
    a: LedgerRow
    b: LedgerRow
    difference: float


class Contrasted(BaseModel):
    """Two pages' scores and their difference, as a sum over query tokens, largest for A first."""

    query: str
    collection: str
    encoder: str
    a: str = Field(description="The page, as `report.pdf#page=12`.")
    b: str
    score_a: float
    score_b: float
    difference: float
    rows: list[Difference]

    @classmethod
    def of(cls, value: Contrast, collection: str) -> Contrasted:
        """From a contrast."""
        return cls(
            query=value.query,
            collection=collection,
            encoder=value.encoder,
            a=str(value.a),
            b=str(value.b),
            score_a=value.score_a,
            score_b=value.score_b,
            difference=value.difference,
            rows=[
                Difference(token=row.token, label=row.label, a=row.a, b=row.b, difference=row.difference)
                for row in value.rows
            ],
        )


class MovedPage(NamedPage):
    """A page's ranks in both lists, null where a list lacks it; `difference` is how many ranks it is higher in B."""

    page_id: str
    rank_a: int | None
    rank_b: int | None
    difference: int | None

    @classmethod
    def of(cls, move: Move) -> MovedPage:
        """From a move."""
        return cls(
            **cls.parts(move.ref),
            page_id=move.page_id,
            rank_a=move.rank_a,
            rank_b=move.rank_b,
            difference=move.difference,
        )


class Compared(BaseModel):
    """Two results of one query: what they share (0 nothing, 1 all), every page's move, and what each took."""

    k: int
    shared: int
    overlap: float
    rbo: float = Field(description="Rank-biased overlap; the top counts most.")
    moves: list[MovedPage]
    a: Search
    b: Search
    cost_a: SearchCost
    cost_b: SearchCost

    @classmethod
    def of(cls, value: Comparison) -> Compared:
        """From a comparison."""
        return cls(
            k=value.k,
            shared=value.shared,
            overlap=value.overlap,
            rbo=value.rbo,
            moves=[MovedPage.of(move) for move in value.moves],
            a=Search.of(value.a),
            b=Search.of(value.b),
            cost_a=cost(value.a),
            cost_b=cost(value.b),
        )
