"""What the page can ask for: each action takes one JSON object and answers ``{ok, data}`` or ``{ok, error}``.

They are Gradio server functions, so the browser calls them like functions and gets the answer back. An error in words
(`PagelensError`) is passed on; anything else is logged, and the person is told so without a traceback.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from workbench.api.uploads import Uploads
from workbench.api.warmup import Warmup
from workbench.errors import NotFoundError, PagelensError
from workbench.permits import check_edit
from workbench.retrieval import FIELDS, META_SUMMARY
from workbench.types import SearchResult
from workbench.types.queries import BAD, GOOD, NOT
from workbench.ui import payload
from workbench.ui.requests import query_of, ref, results, text, whole
from workbench.ui.searching import Searching

if TYPE_CHECKING:
    from workbench.service import Workbench

logger = logging.getLogger(__name__)
Json = dict[str, Any]
UNEXPECTED = "Something went wrong that Pagelens did not foresee; the server's log has the details."


class Tab(Protocol):
    """A tab that has its actions in a module of its own."""

    def own(self) -> Sequence[Callable[[Json], Any]]:
        """Its actions, each under the name the script calls it by."""
        ...


class Actions:
    """The page's requests, answered by one workbench."""

    def __init__(self, workbench: Workbench, uploads: Uploads, warmup: Warmup) -> None:
        self.workbench = workbench
        self.uploads = uploads
        self.warmup = warmup
        self.tabs: tuple[Tab, ...] = (Searching(workbench),)

    def functions(self) -> list[Callable[[Json], Json]]:
        """All actions, those of the tabs with modules of their own included, so that no exception meets the browser."""
        return [_answering(action) for action in (*self.own(), *(one for tab in self.tabs for one in tab.own()))]

    def own(self) -> Sequence[Callable[[Json], Any]]:
        """The actions of this module."""
        return (self.overview, self.collection_details, self.model_state, self.judge, self.judgements)

    def search(self, request: Mapping[str, Any]) -> Iterator[SearchResult]:
        """Results stage by stage; the last is complete."""
        k = results(request)
        pipeline = text(request, "pipeline") or "two-stage"
        return self.workbench.search_stages(
            query_of(request), text(request, "collection"), pipeline=pipeline, k=k, filter=text(request, "filter")
        )

    def overview(self, _: Json) -> Json:
        """Everything the page needs before a collection is chosen."""
        return {
            "collections": [payload.collection(info) for info in self.workbench.collections()],
            "pipelines": dict(self.workbench.pipelines()),
            "about": dict(self.workbench.preset_reasons()),
            "weights": {"not": NOT, "good": GOOD, "bad": BAD},
            "indexes": [{"name": name, "summary": text} for name, text in self.workbench.index_kinds().items()],
            "fields": [
                {"name": name, "summary": field.summary, "number": field.number} for name, field in FIELDS.items()
            ],
            "heat": payload.heat_looks(),
            "meta": META_SUMMARY,
            "model": self.model_state({}),
            "max_upload_mb": self.workbench.settings.max_upload_mb,
        }

    def model_state(self, _: Json) -> Json:
        """Whether the model is loaded yet."""
        state = self.warmup.state
        return {"state": state.state, "detail": state.detail}

    def collection_details(self, request: Json) -> Json:
        """A collection, its documents, and queries to try on it."""
        name = text(request, "collection")
        return {
            "collection": payload.collection(self.workbench.collection(name)),
            "documents": [payload.document(info) for info in self.workbench.documents(name)],
            "samples": list(self.workbench.sample_queries(name)),
        }

    def judge(self, request: Json) -> Json:
        """Grade a page for a query, or take the grade back (no grade given)."""
        check_edit()
        grade = None if request.get("grade") is None else whole(request, "grade", 0, 0, 3)
        return self.workbench.judge(text(request, "query"), ref(request), text(request, "collection"), grade)

    def judgements(self, request: Json) -> Json:
        """Grades by page that were given for a query."""
        return self.workbench.judgements(text(request, "query"), text(request, "collection"))


def _answering(action: Callable[[Json], Any]) -> Callable[[Json], Json]:
    @functools.wraps(action)
    def answer(request: Any = None) -> Json:
        try:
            return {"ok": True, "data": action(request if isinstance(request, dict) else {})}
        except PagelensError as error:
            return {"ok": False, "error": str(error), "missing": isinstance(error, NotFoundError)}
        except Exception:
            logger.exception("The action %s failed", action.__name__)
            return {"ok": False, "error": UNEXPECTED}

    # Gradio marks and names server functions by attribute and reads the parameters of what is wrapped.
    del answer.__wrapped__
    return answer
