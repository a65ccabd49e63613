"""Routes of searches that are kept by name."""

from __future__ import annotations

from fastapi import APIRouter

from workbench.answers.searches import Saved
from workbench.api.requests import SaveRequest
from workbench.api.state import Bench
from workbench.service import SavedSearch

router = APIRouter(tags=["Saved searches"])


@router.get("/searches")
def saved_searches(workbench: Bench) -> list[Saved]:
    """The saved searches, newest first."""
    return [_saved(one) for one in workbench.saved_searches.all()]


@router.post("/searches", status_code=201)
def save_search(workbench: Bench, body: SaveRequest) -> Saved:
    """Keep a search under a name, in place of what the name stood for."""
    query = body.query_value()
    return _saved(workbench.saved_searches.save(body.name, query, body.collection, body.pipeline, body.filter, body.k))


@router.delete("/searches/{name:path}", status_code=204)
def forget_search(workbench: Bench, name: str) -> None:
    """Delete a saved search."""
    workbench.saved_searches.forget(name)


def _saved(one: SavedSearch) -> Saved:
    return Saved(
        name=one.name,
        query=one.shown,
        parts=one.query["parts"],
        collection=one.collection,
        pipeline=one.pipeline,
        filter=one.filter,
        k=one.k,
        added=one.added,
    )
