"""The web server: the Gradio page, page images, the API, and the log-in where others can reach it.

The address is the loopback one unless accounts are given; `guard` stands before everything.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from workbench.api.access import Access
from workbench.api.application import PREFIX, application
from workbench.api.pictures import page_picture
from workbench.api.probes import Probes
from workbench.api.requests import page_ref
from workbench.api.uploads import Uploads
from workbench.api.warmup import Warmup
from workbench.errors import InputError, PagelensError
from workbench.ui.bundle import Bundle
from workbench.ui.connections import PatientProtocol
from workbench.ui.guard import LOOPBACK, Guard, cookie_name
from workbench.ui.login import add_log_in
from workbench.ui.shell import build
from workbench.ui.theme import theme

if TYPE_CHECKING:
    from workbench.service import Workbench

LISTENING: dict[str, Any] = {"http": PatientProtocol, "ws": "none", "log_level": "warning", "proxy_headers": False}
"""How uvicorn listens. Which proxies are believed is `create_app`'s: uvicorn believes everybody on this machine."""
EVERYWHERE = ("0.0.0.0", "::")
STOP_SECONDS = 20
"""How long a server that is to end waits for its jobs to end their batch: less than the 30 that Kubernetes gives it."""


def serve(
    workbench: Workbench,
    host: str = "127.0.0.1",
    port: int = 7860,
    access: Access | None = None,
    allowed: Sequence[str] = (),
    mcp: bool = False,
) -> None:
    """Run the page until interrupted; `InputError` for what `check_address` refuses.

    ``access`` is who may come in, None for everybody on this machine; ``allowed`` further names of this server; ``mcp``
    adds the tools for assistants under ``/mcp``.
    """
    check_address(host, access is not None, allowed)
    app = create_app(workbench, host, port, access, allowed, mcp)
    from_nowhere(workbench)
    uvicorn.run(app, host=host, port=port, timeout_graceful_shutdown=2, **LISTENING)


def from_nowhere(workbench: Workbench) -> None:
    """Go where nothing is: Gradio lets a handler's path output serve files below the working directory."""
    empty = workbench.settings.home / "state" / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    os.chdir(empty)


def check_address(host: str, log_in: bool = False, allowed: Sequence[str] = ()) -> None:
    """Refuse to be reachable from other machines without a log-in, or under names that nobody said."""
    beyond = [name for name in (host, *allowed) if name not in LOOPBACK]
    if beyond and not log_in:
        raise InputError(
            f"Pagelens does not serve on {beyond[0]} without a log-in: anyone on the network could read and delete "
            "documents. Add --auth NAME:PASSWORD, or --auth FILE with a file that 'pagelens password FILE NAME' made; "
            "or use --host 127.0.0.1, and forward the port over SSH."
        )
    if host in EVERYWHERE and not allowed:
        raise InputError(
            f"On {host} Pagelens cannot know under which names it is meant to be reached, and a strange name may be an "
            "attack: name each, as --allow-host documents.example.org or --allow-host 192.168.1.20."
        )


def create_app(
    workbench: Workbench,
    host: str = "127.0.0.1",
    port: int = 7860,
    access: Access | None = None,
    allowed: Sequence[str] = (),
    mcp: bool = False,
) -> FastAPI:
    """The ASGI application. Nothing of a model is loaded before it answers."""
    home = workbench.settings.home.resolve()
    (home / "state").mkdir(parents=True, exist_ok=True)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(home / "state" / "gradio")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    uploads, warmup = Uploads(workbench.settings.home), Warmup(workbench)
    uploads.sweep()
    blocks = build(workbench, uploads)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warmup.start()
        async with contextlib.AsyncExitStack() as stack:
            if tools is not None:
                await stack.enter_async_context(tools.router.lifespan_context(tools))
            workbench.watching.start()
            yield
            probes.stopping.set()
            workbench.close(STOP_SECONDS)

    app = FastAPI(title="Pagelens", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    bundle, cookie = Bundle(), cookie_name(port)
    _add_page_images(app, workbench)
    bundle.add_routes(app)
    probes = Probes(workbench, warmup)
    probes.add_routes(app)
    if access is not None:
        add_log_in(app, access, cookie)
    app.mount(PREFIX, application(workbench, uploads, access, warmup))
    tools = None
    if mcp:
        from workbench.api.tools import http_application

        tools = http_application(workbench)
        app.router.routes.extend(tools.routes)
    app.add_middleware(Guard, hosts=hosts(host, allowed), document=bundle.into, access=access, cookie=cookie)
    if proxies := workbench.settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=[str(network) for network in proxies])
    # Gradio checks only of blocks that were launched, which mounted ones are not, that a file which a request names was
    # sent by somebody; without that, any file of this machine could be named to `/ingest`.
    blocks.has_launched = True
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


def hosts(host: str, allowed: Sequence[str] = ()) -> tuple[str, ...]:
    """The names and addresses that a request may be for, as they stand in a URL."""
    named = [*LOOPBACK, *allowed, *([] if host in EVERYWHERE else [host])]
    return tuple(dict.fromkeys(_as_in_urls(name) for name in named))


def _as_in_urls(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return name.lower().rstrip(".")


def _add_page_images(app: FastAPI, workbench: Workbench) -> None:
    @app.get("/pages/{collection}/{document:path}/{page}.webp")
    def page_image(request: Request, collection: str, document: str, page: str, size: str = "page") -> Response:
        """The picture of a page; ``size`` is ``page`` or ``thumb``."""
        if size not in ("page", "thumb"):
            return PlainTextResponse("The size of a page picture is 'page' or 'thumb'.", 404)
        try:
            return page_picture(request, workbench, collection, page_ref(f"{document}#page={page}"), size)
        except PagelensError as error:
            return PlainTextResponse(str(error), 404)
