"""Routes that search: to the end, stage by stage, and by two pipelines."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from workbench.answers.collections import Named, Preset
from workbench.answers.comparisons import Compared, ComparedPiece, ComparedRow
from workbench.answers.searches import PagePassage, Passages, ReadFilter, ReadPipeline, Search
from workbench.api.answers import Failure
from workbench.api.requests import (
    CompareRequest,
    CompareSetRequest,
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

if TYPE_CHECKING:
    from workbench.service import Workbench
    from workbench.types import Hit, Query, SearchResult

log = logging.getLogger(__name__)
UNFORESEEN = "A stage failed in a way Pagelens did not foresee; the server's log says more."


FIRST_PASSAGES, MORE_PASSAGES = 6, 24
"""Pages whose passages are read from the store at once: those that are seen without scrolling, then the others."""


NDJSON = "application/x-ndjson"
A_LINE = {"anyOf": [{"$ref": f"#/components/schemas/{answer.__name__}"} for answer in (Search, Passages, Failure)]}

router = APIRouter(tags=["Searching"])


@router.post("/search", openapi_extra=LOOKS)
def search(workbench: Bench, body: SearchRequest) -> Search:
    """The pages that answer a query, with each stage's rank and score, and what the stage cost."""
    return Search.of(workbench.searches.search(body.query_value(), body.collection, body.pipeline, body.k, body.filter))


@router.post(
    "/search/stages",
    openapi_extra=LOOKS,
    response_class=StreamingResponse,
    responses={200: {"content": {NDJSON: {"schema": A_LINE}}}},
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
    rest = _with_passages(workbench, query, first, stages) if body.passages else stages
    return StreamingResponse(_lines(first, rest), media_type=NDJSON)


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


@router.get("/filters")
def filters() -> list[Named]:
    """The fields that a filter can test."""
    return Named.all({name: spec.summary for name, spec in FIELDS.items()})


def presets() -> list[Preset]:
    """The pipelines with a name."""
    return [Preset(name=name, pipeline=text, reason=PRESET_REASONS.get(name, "")) for name, text in PRESETS.items()]


def _with_passages(
    workbench: Workbench, query: str | Query, first: SearchResult, stages: Generator[SearchResult]
) -> Generator[SearchResult | Passages]:
    """The results, and after the last of them the passages of its pages, some at a time."""
    last = first
    try:
        for last in stages:
            yield last
        for hits in _some(last.hits):
            yield _passages(workbench, query, last, hits)
    finally:
        stages.close()


def _passages(workbench: Workbench, query: str | Query, result: SearchResult, hits: Sequence[Hit]) -> Passages:
    found = workbench.explanations.passages(query, hits, result.collection, result.pipeline)
    return Passages(passages=[PagePassage.of(passage) for passage in found])


def _some(hits: Sequence[Hit]) -> Iterator[Sequence[Hit]]:
    at, size = 0, FIRST_PASSAGES
    while at < len(hits):
        yield hits[at : at + size]
        at, size = at + size, MORE_PASSAGES


async def _lines(first: SearchResult, rest: Generator[SearchResult | Passages]) -> AsyncIterator[str]:
    """A line for each. What reads them may end early (`aclose`, cancellation): no further stage runs then."""
    one: SearchResult | Passages | None = first
    try:
        while one is not None:
            yield (one if isinstance(one, Passages) else Search.of(one)).model_dump_json() + "\n"
            one = await run_in_threadpool(next, rest, None)
    except PagelensError as error:
        yield json.dumps({"error": str(error)}) + "\n"
    except Exception:
        log.exception("A stage of a search failed")
        yield json.dumps({"error": UNFORESEEN}) + "\n"
    finally:
        rest.close()
