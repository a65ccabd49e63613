"""Pictures: of pages, looked up through the service so that no path comes from outside; and those searched with."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, Response

from workbench.answers.pictures import KeptPicture, Repair
from workbench.api.requests import Name
from workbench.api.state import LOOKS, Bench
from workbench.errors import NotFoundError
from workbench.service import Workbench
from workbench.types import PageRef
from workbench.types.queries import MAX_REPAIRS

WEBP = "image/webp"
LARGEST = 64 * 1024**2
"""Bytes of a picture to search with: it is held in memory."""
AS_WEBP: dict[int | str, dict[str, Any]] = {
    200: {"content": {WEBP: {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "The picture is what `If-None-Match` says"},
}
RAW: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}

router = APIRouter(tags=["Pictures to search with"])


@router.post("/pictures", status_code=201, openapi_extra=RAW | LOOKS, response_model=KeptPicture)
async def keep_picture(workbench: Bench, request: Request) -> Response:
    """Keep a picture (or a PDF's first page), sent as the raw body; its hash can be part of a query."""
    body = bytearray()
    async for chunk in request.stream():
        body.extend(chunk)
        if len(body) > LARGEST:
            return JSONResponse({"error": f"Larger than the limit of {LARGEST // 1024**2} MB."}, 413)
    return JSONResponse({"picture": await run_in_threadpool(workbench.pictures.keep, bytes(body))}, 201)


@router.get("/pictures/{picture}", response_class=Response, responses=AS_WEBP)
def kept_picture(
    workbench: Bench,
    request: Request,
    picture: str,
    repairs: Annotated[
        list[Name], Query(max_length=MAX_REPAIRS, description="Steps such as `rotate:90`; may be repeated.")
    ] = [],  # noqa: B006
) -> Response:
    """A kept picture, as repairs leave it."""
    return sent(request, workbench.pictures.path(picture, repairs), "The picture")


@router.get("/pictures/{picture}/repairs")
def repairs(workbench: Bench, picture: str) -> list[Repair]:
    """What seems to be wrong with a kept picture, and the steps that would mend it, in order; none are made.

    Takes some seconds: the direction of its text is found by reading it.
    """
    found = workbench.pictures.preview(picture)
    return Repair.all(found.steps, found.reasons)


def page_picture(request: Request, workbench: Workbench, collection: str, ref: PageRef, size: str) -> Response:
    """The picture of a page (``size`` is ``page`` or ``thumb``), or 304; `NotFoundError` when there is none."""
    return sent(request, workbench.library.page_image(collection, ref, size), f"The picture of page {ref.page}")


def content(request: Request, picture: bytes) -> Response:
    """A WebP picture that was made for this, or 304 when the browser has it already."""
    headers = {"ETag": f'"{hashlib.sha256(picture).hexdigest()[:32]}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(picture, media_type=WEBP, headers=headers)


def sent(request: Request, path: Path, what: str) -> Response:
    """A WebP file, or 304 when the browser has it already; `NotFoundError` when ``what`` is not on the disk."""
    try:
        status = path.stat()
    except OSError:
        raise NotFoundError(f"{what} is not on the disk.") from None
    etag = '"' + hashlib.sha256(f"{path}\0{status.st_mtime_ns}\0{status.st_size}".encode()).hexdigest()[:32] + '"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}  # a picture that was deleted is not shown again
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type=WEBP, headers=headers)
