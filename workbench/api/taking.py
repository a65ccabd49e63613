"""Routes that give a search to take away: as a file, or as a program that runs it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from workbench.answers.explanations import ExportedAcross, ExportedSearch
from workbench.api.requests import CopyRequest, ExportRequest, page_ref
from workbench.api.state import LOOKS, Bench, Doors
from workbench.copying import Copy, copies
from workbench.exports import FORMATS

router = APIRouter(tags=["Taking away"])
FILE = {"schema": {"type": "string", "format": "binary"}}
FILES: dict[str, Any] = {
    form.media_type.partition(";")[0]: {} if form.name == "json" else FILE for form in FORMATS.values()
}


@router.post(
    "/exports",
    openapi_extra=LOOKS,
    response_class=Response,
    responses={200: {"model": ExportedSearch | ExportedAcross, "content": FILES}},
)
def export(workbench: Bench, body: ExportRequest) -> Response:
    """What a search finds, in a collection or across several, as a file: a report, a spreadsheet, a run for trec_eval,
    or pages with their heat."""
    page = page_ref(body.page) if body.page else None
    made = workbench.exports.write(
        body.query_value(),
        body.collection,
        body.pipeline,
        body.k,
        body.filter,
        body.form,
        page,
        body.shown(),
        body.encoder,
        body.collections,
    )
    headers = {"Content-Disposition": disposition(made.name), "Cache-Control": "no-store"}
    return Response(made.content, media_type=made.media_type, headers=headers)


@router.post("/copies", openapi_extra=LOOKS)
def copied(workbench: Bench, access: Doors, body: CopyRequest) -> list[Copy]:
    """A search as a command line, as Python, and as a request to this API, each to run as it stands."""
    query, home = body.query_value(), workbench.settings.home
    return list(
        copies(
            query,
            body.collection,
            body.pipeline,
            body.filter,
            body.k,
            across=body.collections,
            home=home,
            address=body.address,
            log_in=access is not None,
        )
    )


def disposition(name: str) -> str:
    """The header that names a download, in ASCII for old readers and in full after RFC 6266."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-") or "export"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
