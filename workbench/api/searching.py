"""Routes that search: to the end, stage by stage, and by two pipelines."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from workbench.api.answers import Compared, Named, PagePassage, Passages, ReadFilter, ReadPipeline, Search
from workbench.api.requests import CompareRequest, FilterRequest, PipelineRequest, SearchRequest, StagesRequest
from workbench.api.state import Bench
from workbench.errors import PagelensError

if TYPE_CHECKING:
    from workbench.types import Hit, SearchResult

log = logging.getLogger(__name__)
FIRST_PASSAGES, MORE_PASSAGES = 6, 24


class JsonLines(StreamingResponse):
    """Lines of JSON, sent as they come."""

    media_type = "application/x-ndjson"


router = APIRouter(tags=["Searching"])


@router.post("/search")
def search(workbench: Bench, body: SearchRequest) -> Search:
    """The pages that answer a query, with each stage's rank and score, and what the stage cost."""
    return Search.of(workbench.search(body.query_value(), body.collection, body.pipeline, body.k, body.filter))


@router.post("/search/stages", response_class=JsonLines, responses={200: {"model": Search | Passages}})
def search_stages(workbench: Bench, body: StagesRequest) -> JsonLines:
    """The same, a line of JSON after each stage; the last one is `complete`.

    With `passages`, lines of `{"passages": [...]}` follow it, for the best pages first. Should anything fail once the
    first line is out, the last line is `{"error": "..."}`.
    """
    query = body.query_value()
    stages = workbench.search_stages(query, body.collection, body.pipeline, body.k, body.filter)
    first = next(stages)  # what can be refused is refused here, with its status

    def found(result: SearchResult) -> Iterator[Passages]:
        for some in batched(result.hits):
            passages = workbench.passages(query, some, body.collection, result.pipeline)
            yield Passages(passages=[PagePassage.of(passage) for passage in passages])

    return JsonLines(_lines(chain([first], stages), found if body.passages else lambda _: iter(())))


@router.post("/compare")
def compare(workbench: Bench, body: CompareRequest) -> Compared:
    """One query by two pipelines: both lists, how much they share, and where every page went."""
    return Compared.of(workbench.compare(body.query_value(), body.collection, body.a, body.b, body.k, body.filter))


@router.get("/pipelines")
def pipelines(workbench: Bench) -> list[Named]:
    """The presets, and the pipeline text that each stands for."""
    return Named.all(workbench.pipelines())


@router.post("/pipelines/read")
def read_pipeline(workbench: Bench, body: PipelineRequest) -> ReadPipeline:
    """What a pipeline comes to in a collection: its stages, and the indexes that it lacks."""
    return ReadPipeline.of(workbench.read_pipeline(body.pipeline, body.collection, body.k))


@router.post("/filters/read")
def read_filter(workbench: Bench, body: FilterRequest) -> ReadFilter:
    """The clauses of a filter, with a test added where one is given."""
    add = (body.add.field, body.add.operator, body.add.value) if body.add else ()
    return ReadFilter.of(workbench.read_filter(body.filter, *add))


@router.get("/filters")
def filters(workbench: Bench) -> list[Named]:
    """The fields that a filter can test."""
    return Named.all(workbench.filter_fields())


def batched(hits: Sequence[Hit]) -> Iterator[Sequence[Hit]]:
    """Those that are seen without scrolling, then the others in larger parts, each read from the store at once."""
    at, size = 0, FIRST_PASSAGES
    while at < len(hits):
        yield hits[at : at + size]
        at, size = at + size, MORE_PASSAGES


def _lines(results: Iterator[SearchResult], passages: Callable[[SearchResult], Iterator[Passages]]) -> Iterator[str]:
    try:
        for result in results:
            yield Search.of(result).model_dump_json() + "\n"
        for some in passages(result):
            yield some.model_dump_json() + "\n"
    except PagelensError as error:
        yield json.dumps({"error": str(error)}) + "\n"
    except Exception:
        log.exception("A stage of a search failed")
        yield json.dumps({"error": "A stage failed in a way Pagelens did not foresee; the server's log says more."})
