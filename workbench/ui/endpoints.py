"""What people script with Gradio's own client: ingest, search, explain. Everything else is the API's.

They are thin: the calls of the service, answered with the models of `workbench.answers`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from workbench.answers import json_values
from workbench.answers.explanations import Explained
from workbench.answers.jobs import JobState
from workbench.answers.searches import Search
from workbench.api.requests import page_ref
from workbench.api.uploads import Uploads
from workbench.errors import InputError, PagelensError
from workbench.folders import inside
from workbench.permits import ALL, check_edit, permitted
from workbench.ui.guard import PERMIT

if TYPE_CHECKING:
    from workbench.service import Workbench


def add_endpoints(workbench: Workbench, uploads: Uploads) -> None:
    """Add the three to the blocks that are being made; ``uploads`` is where files are kept until they are indexed."""

    def ingest(files: list[dict[str, Any]], collection: str, request: gr.Request) -> dict[str, Any]:
        """Index files into a collection, in the background; answers the job, as `GET /api/v1/jobs/ID` does."""
        with _asked_by(request):
            check_edit()
            batch = uploads.batch()
            for file in files:
                path = _uploaded(file)
                name = file.get("orig_name") or path.name
                with uploads.receiving(batch, name) as into, path.open("rb") as sent:
                    shutil.copyfileobj(sent, into)
            return _plain(JobState.of(workbench.ingestion.start(uploads.paths(batch), collection)))

    def search(query: str, collection: str, pipeline: str, k: int, filter: str, request: gr.Request) -> dict[str, Any]:
        """The pages that answer a query, as `POST /api/v1/search` does; `k` 0 is as many as the pipeline returns."""
        with _asked_by(request):
            found = workbench.searches.search(query, collection, pipeline or "two-stage", k or None, filter)
            return _plain(Search.of(found))

    def explain(query: str, page: str, collection: str, pipeline: str, request: gr.Request) -> dict[str, Any]:
        """Why a page scores what it scores, as `POST /api/v1/explain` does, with the heat of every vector."""
        with _asked_by(request):
            found = workbench.explanations.explain(query, page_ref(page), collection, pipeline=pipeline)
            return _plain(Explained.of(found, collection, heat=True))

    added: tuple[Callable[..., dict[str, Any]], ...] = (ingest, search, explain)
    for function in added:
        gr.api(function, api_name=function.__name__, concurrency_limit=2, concurrency_id="scripts")


@contextmanager
def _asked_by(request: gr.Request) -> Iterator[None]:
    """What is done within is what the account of the request may do; its errors are told in their own words."""
    # The queue runs this outside of the request's context.
    scope = getattr(request.request, "scope", {})
    try:
        with permitted(scope.get(PERMIT, ALL)):
            yield
    except PagelensError as error:
        raise gr.Error(str(error), print_exception=False) from None


def _uploaded(file: Mapping[str, Any]) -> Path:
    """A file that Gradio's client sent; `InputError` for any other of this machine."""
    path = Path(str(file.get("path", ""))).resolve()
    if not inside(path, Path(os.environ["GRADIO_TEMP_DIR"])) or not path.is_file():
        raise InputError("That file was not sent; send it with gradio_client's handle_file.")
    return path


def _plain(answer: Any) -> dict[str, Any]:
    values: dict[str, Any] = json_values(answer)
    return values
