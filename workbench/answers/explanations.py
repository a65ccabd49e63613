"""Why a page scores what it scores: by token and by place, as numbers or as the bytes that the page's scripts draw."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from workbench import heatmap
from workbench.answers import Answer
from workbench.answers.searches import AcrossPageHit, AcrossSearch, NamedPage, PageHit, Search
from workbench.types import (
    Box,
    Evidence,
    Explanation,
    Float,
    Geometry,
    LedgerRow,
    PooledView,
    Region,
    SearchResult,
    SeenPicture,
    SharedPoints,
    WordScore,
)
from workbench.types.across import AcrossResult

SEEN_QUALITY = 75
Why = Mapping[tuple[str, str], Explanation]
"""Explanations by the collection and the id of a page."""
MAX_CELLS = 150_000
"""Most token x vector similarities sent for one page as bytes; beyond it, the tokens that matter least stay behind."""


class Token(BaseModel):
    """A query token as the encoder has it."""

    token: int = Field(description="Its place among the query's tokens, from 0.")
    label: str
    weight: float
    heat_weight: float = Field(description="What it counts in the heat of several: its rarity, 1 for the rarest.")


class Places(BaseModel):
    """Where the page's vectors lie: a box each, and their cell (row-major) where they form a grid, -1 for none."""

    boxes: list[Box]
    grid: tuple[int, int] | None = Field(description="Rows and columns.")
    cells: list[int]
    labels: list[str] = Field(description="The text under each vector; empty for an encoder that reads no words.")

    @classmethod
    def of(cls, geometry: Geometry, labels: Sequence[str]) -> Places:
        """From a geometry; boxes to six decimals, a hundredth of a pixel of any page."""
        boxes = [(a, b, c, d) for a, b, c, d in geometry.boxes.astype(float).round(6).tolist()]
        return cls(boxes=boxes, grid=geometry.grid, cells=geometry.cell.tolist(), labels=list(labels))


class Reasons(NamedPage):
    """Why a page scores what it scores: the ledger, whose contributions add up to the score, and regions by share."""

    query: str
    collection: str
    encoder: str
    policy: str = Field(description="How the encoder weighs the tokens of a query.")
    score: float
    score_kind: str = "exact"
    tokens: list[Token]
    ledger: list[LedgerRow]
    regions: list[Region]
    words: list[WordScore] = Field(
        description="What its words add by BM25, and where they stand: words, codes, quotes and words in order."
    )
    reranked: str = Field(
        description="Where the pipeline ends in a reranker: that its score is its own, and the ledger the encoder's."
    )
    shows: list[str] = Field(description="Kinds of figure on the page, as chart or map, where an encoder looked.")

    @classmethod
    def values(cls, explanation: Explanation, collection: str, tokens: Sequence[int]) -> dict[str, Any]:
        """The fields that all kinds of explanation share, of these ``tokens`` of the query."""
        query, kept = explanation.query, set(tokens)
        return {
            **cls.parts(explanation.ref),
            "query": query.text,
            "collection": collection,
            "encoder": explanation.encoder,
            "policy": query.policy,
            "score": explanation.score,
            "tokens": [
                Token(
                    token=token,
                    label=query.labels[token],
                    weight=float(query.weights[token]),
                    heat_weight=float(explanation.heat_weights[token]),
                )
                for token in tokens
            ],
            "ledger": [row for row in explanation.ledger if row.token in kept],
            "regions": list(explanation.regions),
            "words": list(explanation.words),
            "reranked": explanation.reranked,
            "shows": list(explanation.shows),
        }


Point = tuple[float, float]


class Points(BaseModel):
    """Points that a picture of the query and the page share, as fractions of each: `asked[i]` is `found[i]`."""

    part: int = Field(description="The picture's place among the query's parts, from 0.")
    asked: list[Point]
    found: list[Point]

    @classmethod
    def of(cls, points: SharedPoints) -> Points:
        """From such points; to four decimals, less than a pixel."""
        asked, found = (rows.astype(float).round(4).tolist() for rows in (points.asked, points.found))
        return cls(part=points.part, asked=asked, found=found)


class Explained(Reasons):
    """Reasons in numbers; `similarities` and `heat` only when they were asked for."""

    places: Places | None = Field(None, description="Only with `heat`.")
    heat: list[float] | None = Field(
        None, description="By page vector, as drawn: the mean similarity, tokens by `heat_weight`."
    )
    similarities: list[list[float]] | None = Field(None, description="Query token by page vector, cosine.")

    @classmethod
    def of(
        cls,
        explanation: Explanation,
        collection: str,
        heat: bool = False,
        similarities: bool = False,
        tokens: Sequence[int] | None = None,
    ) -> Explained:
        """From an explanation; ``tokens`` are those whose heat is meant (None: all)."""
        heat = heat or similarities
        shown = heatmap.values(explanation, tokens).astype(float).round(5).tolist() if heat else None
        return cls(
            **cls.values(explanation, collection, range(len(explanation.query.labels))),
            places=Places.of(explanation.geometry, explanation.labels) if heat else None,
            heat=shown,
            similarities=explanation.similarities.astype(float).round(5).tolist() if similarities else None,
        )


class ExplainedHit(PageHit):
    """A page found, and why; null where its encoder has no vectors of it, or none for such a query."""

    explanation: Explained | None = None


class ExportedSearch(Search):
    """A search to take away: its pages with their reasons, its filter, and when it was made."""

    hits: Sequence[ExplainedHit]
    filter: str
    made: str

    @classmethod
    def with_reasons(cls, result: SearchResult, reasons: Why, filter: str, made: str) -> ExportedSearch:
        """From a search result, and explanations by collection and id of a page."""
        found, told = Search.of(result), _told(reasons)
        hits = [ExplainedHit(**dict(hit), explanation=told.get((result.collection, hit.page_id))) for hit in found.hits]
        return cls(**{**dict(found), "hits": hits}, filter=filter, made=made)


class ExplainedAcrossHit(AcrossPageHit):
    """A page found in one of several collections, and why; see `ExplainedHit`."""

    explanation: Explained | None = None


class ExportedAcross(AcrossSearch):
    """A search in several collections to take away; see `ExportedSearch`."""

    hits: Sequence[ExplainedAcrossHit]
    filter: str
    made: str

    @classmethod
    def with_reasons(cls, result: AcrossResult, reasons: Why, filter: str, made: str) -> ExportedAcross:
        """From the answer of several collections, and explanations by collection and id of a page."""
        found, told = AcrossSearch.of(result), _told(reasons)
        hits = [
            ExplainedAcrossHit(**dict(hit), explanation=told.get((hit.collection, hit.page_id))) for hit in found.hits
        ]
        return cls(**{**dict(found), "hits": hits}, filter=filter, made=made)


def _told(reasons: Why) -> dict[tuple[str, str], Explained]:
    return {key: Explained.of(why, key[0]) for key, why in reasons.items()}


class Quantised(BaseModel):
    """An array of numbers, one byte each: `low + byte / 255 * (high - low)`, wrong by half a step at most."""

    shape: list[int]
    low: float
    high: float
    data: str = Field(description="The bytes in base64, the last axis first.")

    @classmethod
    def of(cls, values: Float) -> Quantised:
        """From an array of floats."""
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        span = high - low or 1.0
        data = np.rint((values - low) / span * 255.0).astype(np.uint8)
        return cls(shape=list(values.shape), low=low, high=low + span, data=_base64(data))


PackedBoxes = Field(
    description="Boxes as little-endian 16-bit whole numbers in base64, 65535 being the page's far edge; a vector "
    "without a place has its left edge right of its right one."
)


class PooledLayer(BaseModel):
    """What a pooled index holds of the page: its vectors' places, similarities and heat, and its own score."""

    index: str
    score: float
    boxes: str = PackedBoxes
    similarities: Quantised
    heat: Quantised

    @classmethod
    def of(cls, view: PooledView, weights: Float, tokens: Sequence[int]) -> PooledLayer:
        """From a view, and what each query token weighs in its heat."""
        return cls(
            index=view.index,
            score=view.score,
            boxes=packed_boxes(view.boxes),
            similarities=Quantised.of(view.similarities[tokens]),
            heat=Quantised.of(heatmap.combined(view.similarities, weights)),
        )


class Layers(Reasons):
    """Reasons with all that is drawn over a page, as bytes: some 30 kB for a page of 800 words.

    Rows of `similarities` are those of `tokens`. `heat` is that of all the query's tokens; of some, it is the mean of
    their similarities by `heat_weight`, and of one its similarity.
    """

    tokens_left_out: int = Field(description="Tokens that matter least, left out of a page with very many vectors.")
    grid: tuple[int, int] | None = Field(description="Rows and columns, where the page's vectors form a grid.")
    labels: list[str] = Field(description="The text under each vector; empty for an encoder that reads no words.")
    boxes: str = PackedBoxes
    similarities: Quantised = Field(description="Query token by page vector, cosine.")
    heat: Quantised = Field(description="By page vector.")
    pooled: list[PooledLayer]

    @classmethod
    def of(cls, explanation: Explanation, collection: str) -> Layers:
        """From an explanation. Tokens beyond `MAX_CELLS` are left out, least share first."""
        kept = _tokens_to_keep(explanation)
        return cls(
            **cls.values(explanation, collection, kept),
            tokens_left_out=len(explanation.similarities) - len(kept),
            grid=explanation.geometry.grid,
            labels=list(explanation.labels),
            boxes=packed_boxes(explanation.geometry.boxes, explanation.geometry.placed),
            similarities=Quantised.of(explanation.similarities[kept]),
            heat=Quantised.of(heatmap.values(explanation)),
            pooled=[PooledLayer.of(view, explanation.heat_weights, kept) for view in explanation.pooled],
        )


class Quote(NamedPage):
    """A part of a page to quote: its place, its text, and how much of the page's MaxSim it won."""

    box: Box
    kind: str
    won: float
    text: str

    @classmethod
    def of(cls, value: Evidence) -> Quote:
        """From evidence."""
        part = value.region
        return cls.like(part, **cls.parts(value.ref), won=value.won)


class Seen(BaseModel):
    """A picture as a model got it, and the part of the page that it shows."""

    label: str
    box: Box
    width: int
    height: int
    picture: str = Field(description="The picture itself, as a `data:` address (WebP).")

    @classmethod
    def of(cls, value: SeenPicture) -> Seen:
        """From a picture."""
        stream = io.BytesIO()
        value.image.save(stream, "WEBP", quality=SEEN_QUALITY)
        data = base64.b64encode(stream.getvalue()).decode("ascii")
        width, height = value.image.size
        return cls(
            label=value.label, box=value.box, width=width, height=height, picture=f"data:image/webp;base64,{data}"
        )


class Colours(BaseModel):
    """A colour map, from no heat to the most; `multiply` ones lie on the page as ink does."""

    multiply: bool
    ramp: str = Field(description="256 colours of three bytes, in base64.")


class HeatLook(Answer):
    """How heat is shown."""

    join: str = Field(default="mean", description="How words are joined: `mean` or `max`.")
    range: str = Field(default="page", description="What the colours span: `page` (this one's values) or `shared`.")
    colour: str = Field(default="ember", description="Name of the colour map.")
    opacity: float = Field(default=0.85, ge=0, le=1, description="Of the most heat.")


class HeatLooks(BaseModel):
    """The looks that heat can have."""

    colours: dict[str, Colours]
    shared: dict[str, tuple[float, float]] = Field(description="The range that all pages share, by number of words.")
    least_span: float = Field(description="Heat that differs by less says the same.")
    joins: dict[str, str]
    usual: HeatLook

    @classmethod
    def now(cls) -> HeatLooks:
        """Those that `heatmap` knows."""
        usual = heatmap.USUAL
        return cls(
            colours={
                name: Colours(multiply=colour.multiply, ramp=_base64(heatmap.palette(name)))
                for name, colour in heatmap.COLOURS.items()
            },
            shared=dict(heatmap.SHARED),
            least_span=heatmap.MIN_SPAN,
            joins=dict(heatmap.JOINS),
            usual=HeatLook.like(usual),
        )


def packed_boxes(boxes: Float, placed: NDArray[np.bool_] | None = None) -> str:
    """Boxes ``(n, 4)`` as `PackedBoxes` says; those that are not ``placed (n,)`` end left of where they begin."""
    packed = np.rint(np.clip(boxes, 0.0, 1.0) * 65535.0).astype("<u2")
    if placed is not None:
        packed[~placed] = (65535, 0, 0, 0)
    return _base64(packed)


def _base64(array: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _tokens_to_keep(value: Explanation) -> list[int]:
    tokens, vectors = value.similarities.shape
    most = max(1, MAX_CELLS // max(vectors, 1))
    if tokens <= most:
        return list(range(tokens))
    share = {row.token: abs(row.contribution) for row in value.ledger}
    return sorted(sorted(range(tokens), key=lambda token: -share.get(token, 0.0))[:most])
