"""Routes that say why: a page's score, two pages' difference, where a page was lost, and what to quote."""

from __future__ import annotations

from fastapi import APIRouter

from workbench.api.answers import Contrasted, Explained, Quote
from workbench.api.requests import ContrastRequest, EvidenceRequest, ExplainRequest, WhyRequest, page_ref
from workbench.api.state import Bench
from workbench.types import WhyVerdict

router = APIRouter(tags=["Explaining"])


@router.post("/explain")
def explain(workbench: Bench, asked: ExplainRequest) -> Explained:
    """Why a page scores what it scores: the part of every query token, and the regions that won it."""
    ref = page_ref(asked.page)
    found = workbench.explain(asked.asked(), ref, asked.collection, asked.encoder, asked.pipeline)
    return Explained.of(found, asked.collection, asked.similarities)


@router.post("/contrast")
def contrast(workbench: Bench, asked: ContrastRequest) -> Contrasted:
    """Why page A scores more, or less, than page B, by query token."""
    a, b = page_ref(asked.a), page_ref(asked.b)
    return Contrasted.of(workbench.contrast(asked.asked(), a, b, asked.collection, asked.encoder, asked.pipeline))


@router.post("/why")
def why(workbench: Bench, asked: WhyRequest) -> WhyVerdict:
    """Whether a search finds a page and, if not, which stage lost it and what would have kept it."""
    ref = page_ref(asked.page)
    return workbench.why(asked.asked(), ref, asked.collection, asked.pipeline, asked.k, asked.filter)


@router.post("/evidence")
def evidence(workbench: Bench, asked: EvidenceRequest) -> list[Quote]:
    """The parts of the best pages that won most of their scores, nothing twice, to hand to a language model."""
    found = workbench.evidence(asked.asked(), asked.collection, asked.pipeline, asked.k, asked.filter, asked.tokens)
    return [Quote.of(item) for item in found]
