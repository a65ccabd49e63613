"""Routes that search: to the end, stage by stage, and by two pipelines."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Generator, Sequence
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from workbench.answers.collections import Named, Preset
from workbench.answers.comparisons import Compared, ComparedAcross, ComparedPiece, ComparedRow
from workbench.answers.searches import AcrossSearch, PagePassage, Passages, ReadFilter, ReadPipeline, Search
from workbench.api.answers import Failure
from workbench.api.requests import (
    AcrossRequest,
    AcrossStagesRequest,
    CompareAcrossRequest,
    CompareRequest,
    CompareSetRequest,
    FacetsRequest,
    FilterRequest,
    PipelineRequest,
    SearchRequest,
    StagesRequest,
)
from workbench.api.state import LOOKS, Bench
from workbench.errors import PagelensError
from workbench.retrieval import FIELDS, PRESET_REASONS, PRESETS
from workbench.retrieval.filters import read as clauses_of
from workbench.service.comparing import asked_lines
from workbench.service.facets import Facet
from workbench.types import Hit, Query, SearchResult
from workbench.types.across import AcrossHit, AcrossResult

if TYPE_CHECKING:
    from workbench.service import Workbench

log = logging.getLogger(__name__)
UNFORESEEN = "A stage failed in a way Pagelens did not foresee; the server's log says more."


FIRST_PASSAGES, MORE_PASSAGES = 6, 24
"""Pages whose passages are read from the store at once: those that are seen without scrolling, then the others."""


NDJSON = "application/x-ndjson"
Found = SearchResult | AcrossResult


def _lines_of(answer: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """What a route answers that gives such answers as they come, a line of JSON each."""
    kinds = [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in (answer, Passages, Failure)]
    return {200: {"content": {NDJSON: {"schema": {"anyOf": kinds}}}}}


router = APIRouter(tags=["Searching"])


@router.post("/search", openapi_extra=LOOKS)
def search(workbench: Bench, body: SearchRequest) -> Search:
    """The pages that answer a query, with each stage's rank and score, and what the stage cost."""
    return Search.of(workbench.searches.search(body.query_value(), body.collection, body.pipeline, body.k, body.filter))


@router.post(
    "/search/stages",
    openapi_extra=LOOKS,
    response_class=StreamingResponse,
    responses=_lines_of(Search),
)
def search_stages(workbench: Bench, body: StagesRequest) -> StreamingResponse:
    """The same, a line of JSON after each stage; the last one is `complete`.

    With `passages`, lines of `{"passages": [...]}` follow it, for the best pages first. Should anything fail once the
    first line is out, the last line is `{"error": "..."}`. Who goes away stops the search after the stage that is
    running.
    """
    query = body.query_value()
    stages = workbench.searches.stages(query, body.collection, body.pipeline, body.k, body.filter)
    first = next(stages)  # what can be refused is refused here, with its status
    if body.asked:
        workbench.asked.note(body.collection, query)
    return _stream(workbench, query, first, stages, body.passages)


@router.post("/search/across", openapi_extra=LOOKS)
def search_across(workbench: Bench, body: AcrossRequest) -> AcrossSearch:
    """The pages of several collections that answer a query, as one list, and what each collection said.

    A collection that cannot answer (it is not there, has no pages, its encoder cannot be used here) says why in
    `answers` and fails no other.
    """
    found = workbench.across.search(body.query_value(), body.collections, body.pipeline, body.k, body.filter)
    return AcrossSearch.of(found)


@router.post(
    "/search/across/stages",
    openapi_extra=LOOKS,
    response_class=StreamingResponse,
    responses=_lines_of(AcrossSearch),
)
def search_across_stages(workbench: Bench, body: AcrossStagesRequest) -> StreamingResponse:
    """The same, a line of JSON after each collection; the last one is `complete`, and what follows as in
    `/search/stages`.
    """
    query = body.query_value()
    stages = workbench.across.stages(query, body.collections, body.pipeline, body.k, body.filter)
    noted = _noted(workbench, query, stages) if body.asked else stages
    return _stream(workbench, query, next(noted), noted, body.passages)


@router.post("/passages", openapi_extra=LOOKS)
def passages(workbench: Bench, body: SearchRequest) -> Passages:
    """The passages of the pages that a search finds, in order: the lines that answer best, and each page's heat."""
    query = body.query_value()
    found = workbench.searches.search(query, body.collection, body.pipeline, body.k, body.filter)
    return _passages(workbench, query, found, found.hits)


@router.post("/compare", openapi_extra=LOOKS)
def compare(workbench: Bench, body: CompareRequest) -> Compared:
    """One query by two pipelines: both lists, how much they share, and where every page went."""
    return Compared.of(
        workbench.comparisons.compare(body.query_value(), body.collection, body.a, body.b, body.k, body.filter)
    )


@router.post("/compare/across", openapi_extra=LOOKS)
def compare_across(workbench: Bench, body: CompareAcrossRequest) -> ComparedAcross:
    """The same in several collections: both lists are of all of them, and every page names its own."""
    return ComparedAcross.of(
        workbench.comparisons.compare_across(body.query_value(), body.collections, body.a, body.b, body.k, body.filter)
    )


@router.post("/compare/queries", openapi_extra=LOOKS)
def compare_queries(workbench: Bench, body: CompareSetRequest) -> ComparedPiece:
    """Many queries by two pipelines, a piece of them: its rows in order, and how many queries there are in all."""
    named = body.dataset
    queries = workbench.comparisons.queries_of(named, body.collection) if named else asked_lines(body.lines)
    piece = queries[body.at : body.at + body.many]
    if not piece and queries:
        return ComparedPiece(total=len(queries), rows=[], refused={})
    found = workbench.comparisons.compare_set(piece, body.collection, body.a, body.b, body.k, body.filter)
    return ComparedPiece(
        total=len(queries), rows=[ComparedRow.of(row) for row in found.rows], refused=dict(found.refused)
    )


@router.get("/pipelines")
def pipelines() -> list[Preset]:
    """The presets, the pipeline text that each stands for, and when to choose it."""
    return presets()


@router.post("/pipelines/read", openapi_extra=LOOKS)
def read_pipeline(workbench: Bench, body: PipelineRequest) -> ReadPipeline:
    """What a pipeline comes to in a collection: its stages, and the indexes that it lacks."""
    return ReadPipeline.of(workbench.searches.read_pipeline(body.pipeline, body.collection, body.k))


@router.post("/filters/read", openapi_extra=LOOKS)
def read_filter(body: FilterRequest) -> ReadFilter:
    """The clauses of a filter, with a test added where one is given."""
    add = (body.add.field, body.add.operator, body.add.value) if body.add else ()
    return ReadFilter.of(clauses_of(body.filter, *add))


@router.post("/facets", openapi_extra=LOOKS)
def facets(workbench: Bench, body: FacetsRequest) -> list[Facet]:
    """What pages can be narrowed down to: fields with their values, how many pages have each, and the filter that takes
    it in or out.
    """
    return list(workbench.facets.of(body.collections, body.filter))


@router.get("/filters")
def filters() -> list[Named]:
    """The fields that a filter can test."""
    return Named.all({name: spec.summary for name, spec in FIELDS.items()})


def presets() -> list[Preset]:
    """The pipelines with a name."""
    return [Preset(name=name, pipeline=text, reason=PRESET_REASONS.get(name, "")) for name, text in PRESETS.items()]


def _noted(workbench: Workbench, query: str | Query, stages: Generator[AcrossResult]) -> Generator[AcrossResult]:
    """The same; the query is kept by each collection that answers, where its searches are kept."""
    try:
        for found in stages:
            if found.answers[-1].result is not None:
                workbench.asked.note(found.answers[-1].collection, query)
            yield found
    finally:
        stages.close()


def _stream(
    workbench: Workbench, query: str | Query, first: Found, stages: Generator[Found], passages: bool
) -> StreamingResponse:
    """A search as it goes on, and, if wanted, the passages of what it finds."""
    rest = _with_passages(workbench, query, first, stages) if passages else stages
    return StreamingResponse(_lines(first, rest), media_type=NDJSON)


def _with_passages(
    workbench: Workbench, query: str | Query, first: Found, stages: Generator[Found]
) -> Generator[Found | Passages]:
    """The results, and after the last of them the passages of its pages, some at a time."""
    last = first
    try:
        for last in stages:
            yield last
        at, size = 0, FIRST_PASSAGES
        while at < len(last.hits):
            yield _passages(workbench, query, last, last.hits[at : at + size])
            at, size = at + size, MORE_PASSAGES
    finally:
        stages.close()


def _passages(workbench: Workbench, query: str | Query, found: Found, hits: Sequence[Hit | AcrossHit]) -> Passages:
    """The passages of some of the pages found, those of a collection together."""
    several = [answer.result for answer in found.answers] if isinstance(found, AcrossResult) else [found]
    made = []
    for result in several:
        own = [hit for hit in (_own(hit, result) for hit in hits) if hit is not None] if result is not None else []
        if result is not None and own:
            passages = workbench.explanations.passages(query, own, result.collection, result.pipeline)
            made += [PagePassage.of(passage, result.collection) for passage in passages]
    return Passages(passages=made)


def _own(hit: Hit | AcrossHit, result: SearchResult) -> Hit | None:
    """The hit as one collection's search has it; None where it is another's."""
    if isinstance(hit, AcrossHit):
        return hit.hit if hit.collection == result.collection else None
    return hit


async def _lines(first: Found, rest: Generator[Found | Passages]) -> AsyncIterator[str]:
    """A line for each. What reads them may end early (`aclose`, cancellation): no further stage runs then."""
    one: Found | Passages | None = first
    try:
        while one is not None:
            yield _answer(one).model_dump_json() + "\n"
            one = await run_in_threadpool(next, rest, None)
    except PagelensError as error:
        yield json.dumps({"error": str(error)}) + "\n"
    except Exception:
        log.exception("A stage of a search failed")
        yield json.dumps({"error": UNFORESEEN}) + "\n"
    finally:
        rest.close()


def _answer(one: SearchResult | AcrossResult | Passages) -> BaseModel:
    if isinstance(one, Passages):
        return one
    return AcrossSearch.of(one) if isinstance(one, AcrossResult) else Search.of(one)
