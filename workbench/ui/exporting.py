"""Exports as downloads: what a search found, as the file that the browser asked for."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import Body, FastAPI
from fastapi.responses import JSONResponse, Response

from workbench.api.application import STATUS
from workbench.errors import InputError, PagelensError
from workbench.heatmap import USUAL, Look
from workbench.types import PageRef
from workbench.ui.requests import query_of, results, text

if TYPE_CHECKING:
    from workbench.service import ExportedFile, Workbench


def add_exports(app: FastAPI, workbench: Workbench) -> None:
    """Add ``POST /exports``: a search as JSON in, with ``form`` and perhaps ``page`` and ``look``, and its file out."""

    @app.post("/exports")
    def export(request: Annotated[dict[str, Any], Body()]) -> Response:
        """The file, as an attachment; ``{"error": sentence}`` where there is none."""
        try:
            made = _made(workbench, request)
        except PagelensError as error:
            status = next(code for kind, code in STATUS if isinstance(error, kind))
            return JSONResponse({"error": str(error)}, status)
        headers = {"Content-Disposition": disposition(made.name), "Cache-Control": "no-store"}
        return Response(made.content, media_type=made.media_type, headers=headers)


def _made(workbench: Workbench, request: Mapping[str, Any]) -> ExportedFile:
    page = text(request, "page")
    try:
        ref = PageRef.parse(page) if page else None
    except ValueError as error:
        raise InputError(f"{error}.") from None
    return workbench.export(
        query_of(request),
        text(request, "collection"),
        text(request, "pipeline") or "two-stage",
        results(request),
        text(request, "filter"),
        text(request, "form"),
        ref,
        _look(request.get("look")),
        text(request, "encoder"),
    )


def _look(told: Any) -> Look:
    """The look that is on the screen, as the page tells it; the usual one for None."""
    if told is None:
        return USUAL
    try:
        tokens = told.get("tokens")
        return Look(**{**told, "tokens": None if tokens is None else tuple(operator.index(token) for token in tokens)})
    except (TypeError, AttributeError):
        raise InputError("'look' must be an object with tokens, join, range, colour and opacity.") from None


def disposition(name: str) -> str:
    """The header that names a download, in ASCII for old readers and in full after RFC 6266."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-") or "export"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
