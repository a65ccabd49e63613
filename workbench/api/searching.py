"""Routes that search: to the end, stage by stage, and by two pipelines."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Generator
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from workbench.answers.collections import Named, Preset
from workbench.answers.comparisons import Compared, ComparedPiece, ComparedRow
from workbench.answers.searches import Search
from workbench.api.answers import Failure
from workbench.api.requests import CompareRequest, CompareSetRequest, SearchRequest
from workbench.api.state import LOOKS, Bench
from workbench.errors import PagelensError
from workbench.service.comparing import asked_lines

if TYPE_CHECKING:
    from workbench.service import Workbench
    from workbench.types import SearchResult

log = logging.getLogger(__name__)
UNFORESEEN = "A stage failed in a way Pagelens did not foresee; the server's log says more."


NDJSON = "application/x-ndjson"
A_LINE = {"anyOf": [{"$ref": f"#/components/schemas/{answer.__name__}"} for answer in (Search, Failure)]}

router = APIRouter(tags=["Searching"])


@router.post("/search", openapi_extra=LOOKS)
def search(workbench: Bench, body: SearchRequest) -> Search:
    """The pages that answer a query, with each stage's rank and score, and what the stage cost."""
    return Search.of(workbench.search(body.query_value(), body.collection, body.pipeline, body.k, body.filter))


@router.post(
    "/search/stages",
    openapi_extra=LOOKS,
    response_class=StreamingResponse,
    responses={200: {"content": {NDJSON: {"schema": A_LINE}}}},
)
def search_stages(workbench: Bench, body: SearchRequest) -> StreamingResponse:
    """The same, a line of JSON after each stage; the last one is `complete`.

    Should a later stage fail, the last line is `{"error": "..."}`. Who goes away stops the search after the stage that
    is running.
    """
    stages = workbench.search_stages(body.query_value(), body.collection, body.pipeline, body.k, body.filter)
    first = next(stages)  # what can be refused is refused here, with its status
    return StreamingResponse(_lines(first, stages), media_type=NDJSON)


@router.post("/compare", openapi_extra=LOOKS)
def compare(workbench: Bench, body: CompareRequest) -> Compared:
    """One query by two pipelines: both lists, how much they share, and where every page went."""
    return Compared.of(workbench.compare(body.query_value(), body.collection, body.a, body.b, body.k, body.filter))


@router.post("/compare/queries", openapi_extra=LOOKS)
def compare_queries(workbench: Bench, body: CompareSetRequest) -> ComparedPiece:
    """Many queries by two pipelines, a piece of them: its rows in order, and how many queries there are in all."""
    named = body.dataset
    queries = workbench.queries_of(named, body.collection) if named else asked_lines(body.lines)
    piece = queries[body.at : body.at + body.many]
    if not piece and queries:
        return ComparedPiece(total=len(queries), rows=[], refused={})
    found = workbench.compare_set(piece, body.collection, body.a, body.b, body.k, body.filter)
    return ComparedPiece(
        total=len(queries), rows=[ComparedRow.of(row) for row in found.rows], refused=dict(found.refused)
    )


@router.get("/pipelines")
def pipelines(workbench: Bench) -> list[Preset]:
    """The presets, the pipeline text that each stands for, and when to choose it."""
    return presets(workbench)


@router.get("/filters")
def filters(workbench: Bench) -> list[Named]:
    """The fields that a filter can test."""
    return Named.all(workbench.filter_fields())


def presets(workbench: Workbench) -> list[Preset]:
    """The pipelines with a name."""
    reasons = workbench.preset_reasons()
    return [
        Preset(name=name, pipeline=text, reason=reasons.get(name, "")) for name, text in workbench.pipelines().items()
    ]


async def _lines(first: SearchResult, stages: Generator[SearchResult]) -> AsyncIterator[str]:
    """A line for each result. What reads them may end early (`aclose`, cancellation): no further stage runs then."""
    result: SearchResult | None = first
    try:
        while result is not None:
            yield Search.of(result).model_dump_json() + "\n"
            result = await run_in_threadpool(next, stages, None)
    except PagelensError as error:
        yield json.dumps({"error": str(error)}) + "\n"
    except Exception:
        log.exception("A stage of a search failed")
        yield json.dumps({"error": UNFORESEEN}) + "\n"
    finally:
        stages.close()
