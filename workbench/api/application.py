"""The FastAPI application of the API: its routes, its one shape of failure, and its description."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from workbench.api import (
    collections,
    evaluating,
    explaining,
    ingesting,
    overview,
    pictures,
    saved,
    searching,
    sessions,
    taking,
    upkeep,
)
from workbench.api.access import Access, TooManyAttempts
from workbench.api.answers import Failure, Version
from workbench.api.problems import sentence
from workbench.api.state import LOOKS, State
from workbench.api.uploads import Uploads
from workbench.api.warmup import Warmup
from workbench.errors import (
    CollectionBusyError,
    DiskFullError,
    EncoderError,
    InputError,
    NotAllowedError,
    NotFoundError,
    PagelensError,
    StateError,
    StoreError,
)
from workbench.permits import check_edit
from workbench.service import Workbench
from workbench.settings import version
from workbench.types.text import wellformed

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
UNEXPECTED = "Something went wrong that Pagelens did not foresee; the server's log has the details."
STATUS: tuple[tuple[type[PagelensError], int], ...] = (
    (TooManyAttempts, 429),
    (sessions.WrongLogInError, 401),
    (InputError, 400),
    (NotAllowedError, 403),
    (NotFoundError, 404),
    (DiskFullError, 507),
    (CollectionBusyError, 409),
    (StoreError, 409),
    (StateError, 409),
    (EncoderError, 503),
    (PagelensError, 500),
)
"""Which status says what of an error; the first kind that fits."""
PARTS = (
    overview,
    searching,
    explaining,
    taking,
    saved,
    pictures,
    collections,
    ingesting,
    upkeep,
    evaluating,
    sessions,
)
"""The modules of routes, in the order in which the reference has them."""
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure, "description": said}
    for status, said in {
        400: "Something in the request cannot be done as it is said",
        401: "The log-in is missing or wrong",
        403: "The account may not do it; or the host or the origin is none of this server's",
        404: "There is no such thing",
        405: "This address does not take that method",
        409: "It does not fit how things stand: a collection in use or there already, a job that is done",
        413: "The body is larger than what is taken",
        422: "A value is missing, unknown or out of bounds",
        429: "Too many wrong log-ins; `Retry-After` says how many seconds to wait",
        500: "Something that was not foreseen",
        503: "A model cannot be used here, or the server is busy",
        507: "The disk is full",
    }.items()
}
"""Every status that a refusal can have, and what it says."""
MAX_SAID = 500
"""Characters of a sentence on a body that is wrong in many places."""
ABOUT = """Everything Pagelens does, as JSON over HTTP: the same service as the page and the command line.

Pages are written `report.pdf#page=12`; boxes are `[x0, y0, x1, y1]` in fractions of the page from its top left; times
are in the unit their name ends with. Every failure is `{"error": "one sentence"}` with a fitting status. Requests with
a body send it as `application/json`. Where the server asks for a log-in, send `Authorization: Bearer TOKEN`: a token of
an account file, or of `POST /session`."""


def application(
    workbench: Workbench,
    uploads: Uploads | None = None,
    access: Access | None = None,
    warmup: Warmup | None = None,
) -> FastAPI:
    """The API over one workbench, to be mounted at `PREFIX`; ``access`` is whose sessions it opens, if there are any.

    ``warmup`` is the load of the default model that it tells of.

    It checks no log-in itself: that is the work of what stands before it.
    """
    app = FastAPI(
        title="Pagelens",
        version=version(),
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        responses=REFUSALS,
        dependencies=[Depends(may)],
    )
    failures(app)
    app.state.pagelens = State(
        workbench, uploads or Uploads(workbench.settings.home), access, warmup or Warmup(workbench)
    )
    for part in PARTS:
        app.include_router(part.router)

    @app.get("/version", tags=["About"])
    def get_version() -> Version:
        """What answers here."""
        return Version(name="pagelens", version=version())

    @app.get("/docs", include_in_schema=False)
    def documentation() -> HTMLResponse:
        from workbench.api.reference import page

        return HTMLResponse(page(app.openapi()))

    return app


def may(request: Request) -> None:
    """Let an account that may only look ask for what changes nothing: by GET, and by routes that are marked `LOOKS`."""
    marks = getattr(request.scope.get("route"), "openapi_extra", None) or {}
    if request.method not in ("GET", "HEAD") and not marks.keys() >= LOOKS.keys():
        check_edit()


def failures(app: FastAPI) -> None:
    """Let every failure of an application be ``{"error": sentence}``, with a status that fits."""

    @app.exception_handler(PagelensError)
    def foreseen(_: Request, error: PagelensError) -> JSONResponse:
        status = next(code for kind, code in STATUS if isinstance(error, kind))
        waiting = {"Retry-After": str(error.seconds)} if isinstance(error, TooManyAttempts) else None
        return JSONResponse({"error": str(error)}, status, headers=waiting)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        said = wellformed(sentence(error.errors(), error.body))
        cut = said if len(said) <= MAX_SAID else f"{said[:MAX_SAID]}\N{HORIZONTAL ELLIPSIS}"
        return JSONResponse({"error": cut}, 422)

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> JSONResponse:
        said = {
            404: "There is nothing at this address; openapi.json lists what there is.",
            405: f"{request.method} is not what this address takes; openapi.json lists what it does.",
        }
        phrase = HTTPStatus(error.status_code).phrase
        sentence = said.get(error.status_code, f"{phrase}: {error.detail}")
        return JSONResponse({"error": sentence}, error.status_code, headers=error.headers)

    @app.exception_handler(Exception)
    def unforeseen(request: Request, error: Exception) -> JSONResponse:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return JSONResponse({"error": UNEXPECTED}, 500)
