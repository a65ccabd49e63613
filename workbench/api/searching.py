"""Routes that search: to the end, stage by stage, and by two pipelines."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from workbench.api.answers import Compared, Named, Search
from workbench.api.requests import CompareRequest, SearchRequest
from workbench.api.state import Bench
from workbench.errors import PagelensError

if TYPE_CHECKING:
    from workbench.types import SearchResult

log = logging.getLogger(__name__)
NDJSON = "application/x-ndjson"

router = APIRouter(tags=["Searching"])


@router.post("/search")
def search(workbench: Bench, body: SearchRequest) -> Search:
    """The pages that answer a query, with each stage's rank and score, and what the stage cost."""
    return Search.of(workbench.search(body.query_value(), body.collection, body.pipeline, body.k, body.filter))


@router.post(
    "/search/stages",
    response_class=StreamingResponse,
    responses={200: {"content": {NDJSON: {"schema": {"$ref": "#/components/schemas/Search"}}}}},
)
def search_stages(workbench: Bench, body: SearchRequest) -> StreamingResponse:
    """The same, a line of JSON after each stage; the last one is `complete`.

    Should a later stage fail, the last line is `{"error": "..."}`.
    """
    stages = workbench.search_stages(body.query_value(), body.collection, body.pipeline, body.k, body.filter)
    first = next(stages)  # what can be refused is refused here, with its status
    return StreamingResponse(_lines(chain([first], stages)), media_type=NDJSON)


@router.post("/compare")
def compare(workbench: Bench, body: CompareRequest) -> Compared:
    """One query by two pipelines: both lists, how much they share, and where every page went."""
    return Compared.of(workbench.compare(body.query_value(), body.collection, body.a, body.b, body.k, body.filter))


@router.get("/pipelines")
def pipelines(workbench: Bench) -> list[Named]:
    """The presets, and the pipeline text that each stands for."""
    return Named.all(workbench.pipelines())


@router.get("/filters")
def filters(workbench: Bench) -> list[Named]:
    """The fields that a filter can test."""
    return Named.all(workbench.filter_fields())


def _lines(results: Iterator[SearchResult]) -> Iterator[str]:
    try:
        for result in results:
            yield Search.of(result).model_dump_json() + "\n"
    except PagelensError as error:
        yield json.dumps({"error": str(error)}) + "\n"
    except Exception:
        log.exception("A stage of a search failed")
        yield json.dumps({"error": "A stage failed in a way Pagelens did not foresee; the server's log says more."})
