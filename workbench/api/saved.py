"""Routes of searches, and of places of the page, that are kept by name."""

from __future__ import annotations

from fastapi import APIRouter

from workbench.answers.searches import Saved
from workbench.api.requests import SaveRequest, ViewRequest
from workbench.api.state import Bench
from workbench.service import SavedSearch
from workbench.service.saved_views import SavedView

router = APIRouter(tags=["Saved searches"])


@router.get("/searches")
def saved_searches(workbench: Bench) -> list[Saved]:
    """The saved searches, newest first."""
    return [_saved(one) for one in workbench.saved_searches.all()]


@router.post("/searches", status_code=201)
def save_search(workbench: Bench, body: SaveRequest) -> Saved:
    """Keep a search under a name, in place of what the name stood for."""
    where, how = body.collection, (body.pipeline, body.filter, body.k)
    return _saved(workbench.saved_searches.save(body.name, body.query_value(), where, *how, across=body.collections))


@router.delete("/searches/{name:path}", status_code=204)
def forget_search(workbench: Bench, name: str) -> None:
    """Delete a saved search."""
    workbench.saved_searches.remove(name)


@router.get("/views")
def saved_views(workbench: Bench) -> list[SavedView]:
    """The saved views, newest first: places of the page, each by its address."""
    return workbench.saved_views.all()


@router.post("/views", status_code=201)
def save_view(workbench: Bench, body: ViewRequest) -> SavedView:
    """Keep a place of the page under a name, in place of what the name stood for."""
    return workbench.saved_views.save(body.name, body.collection, body.address)


@router.delete("/views/{name:path}", status_code=204)
def forget_view(workbench: Bench, name: str) -> None:
    """Delete a saved view."""
    workbench.saved_views.remove(name)


def _saved(one: SavedSearch) -> Saved:
    return Saved.like(one, query=one.shown, parts=one.query["parts"], collections=one.across)
