"""Routes that say why: a page's score, two pages' difference, where a page was lost, and what to quote."""

from __future__ import annotations

from fastapi import APIRouter

from workbench.answers.comparisons import Contrasted
from workbench.answers.explanations import Explained, Layers, Points, Quote, Seen
from workbench.api.requests import (
    ContrastRequest,
    EvidenceRequest,
    ExplainRequest,
    Page,
    PageRequest,
    WhyRequest,
    page_ref,
)
from workbench.api.state import LOOKS, Bench
from workbench.types import MissReport

router = APIRouter(tags=["Explaining"])


@router.post("/explain", openapi_extra=LOOKS)
def explain(workbench: Bench, body: ExplainRequest) -> Explained:
    """Why a page scores what it scores: the part of every query token, and the regions that won it."""
    ref = page_ref(body.page)
    found = workbench.explanations.explain(body.query_value(), ref, body.collection, body.encoder, body.pipeline)
    return Explained.of(found, body.collection, body.heat, body.similarities)


@router.post("/explain/layers", openapi_extra=LOOKS)
def layers(workbench: Bench, body: PageRequest) -> Layers:
    """The same with all that is drawn over the page (heat, similarities, what pooled indexes hold), as bytes."""
    ref = page_ref(body.page)
    found = workbench.explanations.explain(body.query_value(), ref, body.collection, body.encoder, body.pipeline)
    return Layers.of(found, body.collection)


@router.post("/explain/points", openapi_extra=LOOKS)
def points(workbench: Bench, body: PageRequest) -> list[Points]:
    """The points that pictures and regions of the query share with the page; none for one that it does not show."""
    found = workbench.explanations.points(body.query_value(), page_ref(body.page), body.collection)
    return [Points.of(one) for one in found]


@router.get("/collections/{collection}/saw")
def saw(workbench: Bench, collection: str, page: Page, encoder: str = "") -> list[Seen]:
    """The pictures that a model really got of a page; none where it reads words. Its first one, without a name."""
    return [Seen.of(picture) for picture in workbench.explanations.saw(page_ref(page), collection, encoder)]


@router.post("/contrast", openapi_extra=LOOKS)
def contrast(workbench: Bench, body: ContrastRequest) -> Contrasted:
    """Why page A scores more, or less, than page B, by query token."""
    a, b = page_ref(body.a), page_ref(body.b)
    places = body.collection, body.collection_b or body.collection
    found = workbench.explanations.contrast(body.query_value(), (a, b), places, body.encoder, body.pipeline)
    return Contrasted.of(found, *places)


@router.post("/why", openapi_extra=LOOKS)
def why(workbench: Bench, body: WhyRequest) -> MissReport:
    """Whether a search finds a page and, if not, which stage lost it and what would have kept it."""
    ref = page_ref(body.page)
    return workbench.searches.why(body.query_value(), ref, body.collection, body.pipeline, body.k, body.filter)


@router.post("/evidence", openapi_extra=LOOKS)
def evidence(workbench: Bench, body: EvidenceRequest) -> list[Quote]:
    """The parts of the best pages that won most of their scores, nothing twice, to hand to a language model."""
    found = workbench.explanations.evidence(
        body.query_value(), body.collection, body.pipeline, body.k, body.filter, body.tokens
    )
    return [Quote.of(item) for item in found]
