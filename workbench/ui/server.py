"""The web server: the Gradio page, page images, uploads, and the rules about who may ask.

Page images go out by collection, document and page number, looked up through the service: no path comes from outside.
The address is the loopback one unless someone opens it on purpose. A page elsewhere in the browser can neither read an
answer nor send a form here: requests that change something must come from this origin, and the host must be ours.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.errors import InputError, NotFoundError, PagelensError
from workbench.resources import asset
from workbench.types import PageRef
from workbench.ui.shell import build
from workbench.ui.theme import SCRIPTS, STYLES, theme
from workbench.ui.uploads import Uploads

if TYPE_CHECKING:
    from workbench.service import Workbench

logger = logging.getLogger(__name__)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SECURITY_HEADERS = {
    # Gradio compiles its (constant) templates with Function and styles inline; everything else stays on this machine.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def serve(workbench: Workbench, host: str = "127.0.0.1", port: int = 7860, auth: str | None = None) -> None:
    """Run the page until interrupted. `InputError` for an address that others could reach: there is no log-in yet."""
    check_address(host, auth)
    app = create_app(workbench, host, port)
    # Gradio lets a handler's path output serve files below the working directory: give it an empty one.
    empty = workbench.settings.home / "state" / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    os.chdir(empty)
    uvicorn.run(app, host=host, port=port, log_level="warning", ws="none", timeout_graceful_shutdown=2)


def check_address(host: str, auth: str | None = None) -> None:
    """Refuse to be reachable from other machines, or to pretend a protection that is not there."""
    if auth is not None:
        raise InputError("Log-in is not available yet; serve on 127.0.0.1 and forward the port over SSH instead.")
    if host not in LOOPBACK:
        raise InputError(
            f"Pagelens has no log-in, so it does not serve on {host}: anyone on the network could read and delete "
            "documents. Use --host 127.0.0.1, and forward the port over SSH to reach it from elsewhere."
        )


def create_app(workbench: Workbench, host: str = "127.0.0.1", port: int = 7860) -> FastAPI:
    """The ASGI application. Nothing of a model is loaded before it answers."""
    home = workbench.settings.home.resolve()
    (home / "state").mkdir(parents=True, exist_ok=True)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(home / "state" / "gradio")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    blocks = build(workbench)
    uploads = blocks.pagelens.uploads
    uploads.sweep()
    app = FastAPI(title="Pagelens", docs_url=None, redoc_url=None, openapi_url=None)
    bundle = _Bundle()
    _add_page_images(app, workbench)
    _add_uploads(app, uploads, workbench.settings.max_upload_mb * 1024 * 1024)
    bundle.add_routes(app)
    app.add_middleware(_Guard, hosts=LOOPBACK, head=bundle.head)
    app.router.on_startup.append(blocks.pagelens.warmup.start)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        blocks,
        path="",
        server_name=host,
        server_port=port,
        theme=theme(),
        footer_links=[],
        run_history=False,
        mcp_server=False,
        ssr_mode=False,
        show_error=False,
        pwa=False,
        enable_monitoring=False,
        blocked_paths=[str(home / "collections"), str(uploads.root)],
        max_file_size=f"{workbench.settings.max_upload_mb}mb",
    )
    return mounted


def _add_page_images(app: FastAPI, workbench: Workbench) -> None:
    @app.get("/pages/{collection}/{document:path}/{page}.webp")
    def page_image(request: Request, collection: str, document: str, page: str, size: str = "page") -> Response:
        """The picture of a page; ``size`` is ``page`` or ``thumb``."""
        if size not in ("page", "thumb"):
            return PlainTextResponse("The size of a page picture is 'page' or 'thumb'.", 404)
        if not page.isdecimal() or int(page) < 1:
            return PlainTextResponse("Pages are numbered from 1.", 404)
        try:
            path = Path(workbench.page_image(collection, PageRef(document, int(page)), size))
            status = path.stat()
        except PagelensError as error:
            return PlainTextResponse(str(error), 404)
        except OSError:
            return PlainTextResponse(f"Page {page} of this document has no picture.", 404)
        etag = '"' + hashlib.sha256(f"{path}\0{status.st_mtime_ns}\0{status.st_size}".encode()).hexdigest()[:32] + '"'
        headers = {"ETag": etag, "Cache-Control": "private, max-age=86400"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return FileResponse(path, media_type="image/webp", headers=headers)


def _add_uploads(app: FastAPI, uploads: Uploads, most: int) -> None:
    @app.post("/uploads")
    def open_batch() -> JSONResponse:
        """Open an upload batch."""
        return JSONResponse({"batch": uploads.batch()})

    @app.put("/uploads/{batch}")
    async def receive(request: Request, batch: str, name: str) -> JSONResponse:
        """One file of a batch, as the raw body; written as it arrives, removed again when it is too large."""
        try:
            target = uploads.destination(batch, name)
        except (InputError, NotFoundError, OSError) as error:
            reason = "That file name cannot be used here." if isinstance(error, OSError) else str(error)
            return JSONResponse({"error": reason}, 400)
        size = 0
        try:
            with target.open("wb") as file:
                async for chunk in request.stream():
                    size += len(chunk)
                    if size > most:
                        break
                    await run_in_threadpool(file.write, chunk)
        except OSError as error:
            target.unlink(missing_ok=True)
            free = shutil.disk_usage(target.parent).free
            return JSONResponse({"error": f"The file could not be saved ({error.strerror}; {free} bytes free)."}, 507)
        if size > most:
            target.unlink(missing_ok=True)
            return JSONResponse({"error": f"Larger than the limit of {most // 1024**2} MB."}, 413)
        return JSONResponse({"bytes": size})


class _Bundle:
    """Scripts and styles as one file each, addressed by the hash of what is in them."""

    def __init__(self) -> None:
        self._script = "\n".join(asset(name).read_text(encoding="utf-8") for name in SCRIPTS).encode()
        self._style = "\n".join(asset(name).read_text(encoding="utf-8") for name in STYLES).encode()
        self._icon = asset("icons/favicon.svg").read_bytes()
        version = hashlib.sha256(self._script + self._style).hexdigest()[:12]
        self.head = (
            f'<link rel="icon" type="image/svg+xml" href="/workbench/favicon.svg?v={version}">'
            f'<link rel="stylesheet" href="/workbench/pagelens.css?v={version}">'
            f'<script src="/workbench/pagelens.js?v={version}"></script>'
        ).encode()

    def add_routes(self, app: FastAPI) -> None:
        """Serve them; they never change under one address."""
        files = {
            "pagelens.js": (self._script, "text/javascript; charset=utf-8"),
            "pagelens.css": (self._style, "text/css; charset=utf-8"),
            "favicon.svg": (self._icon, "image/svg+xml"),
        }

        @app.get("/workbench/{name}")
        def file(name: str) -> Response:
            if name not in files:
                return PlainTextResponse("There is no such file.", 404)
            content, kind = files[name]
            return Response(content, media_type=kind, headers={"Cache-Control": "private, max-age=31536000, immutable"})


class _Guard:
    """Checks host and origin, adds the security headers, and puts the page's own head into Gradio's document."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...], head: bytes) -> None:
        self._app = app
        self._hosts = hosts
        self._head = head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        refusal = self._refusal(scope["method"], headers)
        if refusal:
            await PlainTextResponse(refusal, 403)(scope, receive, send)
            return
        if scope["path"] == "/" and scope["method"] == "GET":
            # Our permalink is read in the browser; Gradio would take its `page` for the name of a page of its own.
            await self._app({**scope, "query_string": b""}, receive, _document_sender(send, self._head))
        else:
            await self._app(scope, receive, _header_sender(send))

    def _refusal(self, method: str, headers: dict[str, str]) -> str:
        host = headers.get("host", "")
        if urlsplit(f"//{host}").hostname not in self._hosts:
            return "Pagelens answers only under a name of this machine."
        origin = headers.get("origin")
        if method not in ("GET", "HEAD") and origin is not None and urlsplit(origin).netloc != host:
            return "This request came from another site."
        return ""


def _with_security(message: Message) -> Message:
    headers: list[tuple[bytes, bytes]] = list(message.get("headers", []))
    present = {key.lower() for key, _ in headers}
    extra = [(key.lower().encode(), value.encode()) for key, value in SECURITY_HEADERS.items()]
    return {**message, "headers": headers + [pair for pair in extra if pair[0] not in present]}


def _header_sender(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def sender(message: Message) -> None:
        await send(_with_security(message) if message["type"] == "http.response.start" else message)

    return sender


def _document_sender(send: Send, head: bytes) -> Callable[[Message], Awaitable[None]]:
    """Collects the one document, adds the head, and sends it on with the new length."""
    start: dict[str, Any] = {}
    body = bytearray()

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(_with_security(message))
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        content = bytes(body).replace(b"</head>", head + b"</head>", 1)
        headers = [(key, value) for key, value in start["headers"] if key.lower() != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", str(len(content)).encode())]})
        await send({"type": "http.response.body", "body": content})

    return sender
