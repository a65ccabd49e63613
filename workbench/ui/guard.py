"""What stands before every request: host and origin, the log-in where there is one, and the headers of every answer.

A page elsewhere in the browser can neither read an answer nor send a form here: requests that change something must
come from this origin, and the host must be ours (which defeats DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.api.access import Access, TooManyAttempts
from workbench.api.application import PREFIX
from workbench.api.probes import HEALTH, READY
from workbench.permits import ALL, Permit, permitted

PERMIT = "pagelens.permit"
"""Where a request's scope holds what whoever asks may do, for what answers it outside of its context."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOG_IN = "/login"
OPEN = {("GET", LOG_IN), ("HEAD", LOG_IN), ("POST", LOG_IN), ("POST", f"{PREFIX}/session")}
"""What may be asked for without being logged in: the log-in itself."""
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


def cookie_name(port: int) -> str:
    """The session's cookie; browsers share cookies between the ports of a host, so the port is in its name."""
    return f"pagelens_session_{port}"


class Guard:
    """Checks host, origin and log-in, adds the security headers, and puts ours into Gradio's document."""

    def __init__(
        self,
        app: ASGIApp,
        hosts: tuple[str, ...],
        document: Callable[[bytes], bytes],
        access: Access | None = None,
        cookie: str = "",
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._document = document
        self._access = access
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or refuse one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks over web sockets
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope)
        probing = request.method in ("GET", "HEAD") and request.url.path in (HEALTH, READY)
        refusal = None if probing else self._refused(request)
        if refusal is not None:
            await refusal(scope, receive, _header_sender(send))
            return
        permit = self._permit(request)
        scope = {**scope, PERMIT: permit}
        with permitted(permit):
            await self._passed(scope, receive, send)

    async def _passed(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/" and scope["method"] == "GET":
            # Our permalink is read in the browser; Gradio would take its `page` for the name of a page of its own.
            await self._app({**scope, "query_string": b""}, receive, _document_sender(send, self._document))
        else:
            await self._app(scope, receive, _header_sender(send))

    def _permit(self, request: Request) -> Permit:
        """What whoever asks may do; everything where nobody has to log in."""
        return ALL if self._access is None else self._access.permit(self._access.user(self._token(request)))

    def _token(self, request: Request) -> str:
        return _bearer(request) or request.cookies.get(self._cookie, "")

    def _refused(self, request: Request) -> Response | None:
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        try:
            name, came_from = urlsplit(f"//{host}").hostname, urlsplit(origin or "").netloc
        except ValueError:  # a host or origin that is no address
            name, came_from = None, ""
        if name not in self._hosts:
            return _forbidden(request, "Pagelens answers only under a name of this machine.")
        if request.method not in ("GET", "HEAD") and origin is not None and came_from != host:
            return _forbidden(request, "This request came from another site.")
        if self._access is None or (request.method, request.url.path) in OPEN:
            return None
        return self._not_logged_in(request, self._access)

    def _not_logged_in(self, request: Request, access: Access) -> Response | None:
        bearer, token = _bearer(request), self._token(request)
        if token and access.user(token):
            return None
        if bearer:
            try:
                access.wrong_token(request.client.host if request.client else "")
            except TooManyAttempts as error:
                return JSONResponse({"error": str(error)}, 429, headers={"Retry-After": str(error.seconds)})
        if request.method == "GET" and not bearer and "text/html" in request.headers.get("accept", ""):
            target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"{LOG_IN}?next={quote(target, safe='')}", 303, {"Cache-Control": "no-store"})
        reason = "This needs a log-in: open the page in the browser, or send 'Authorization: Bearer TOKEN'."
        headers = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
        return JSONResponse({"error": reason}, 401, headers=headers)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _forbidden(request: Request, sentence: str) -> Response:
    """A refusal in the form of what was asked for: the API's, or plain text."""
    of_api = request.url.path.startswith(f"{PREFIX}/")
    return JSONResponse({"error": sentence}, 403) if of_api else PlainTextResponse(sentence, 403)


def _with_security(message: Message) -> Message:
    headers: list[tuple[bytes, bytes]] = list(message.get("headers", []))
    present = {key.lower() for key, _ in headers}
    extra = [(key.lower().encode(), value.encode()) for key, value in SECURITY_HEADERS.items()]
    return {**message, "headers": headers + [pair for pair in extra if pair[0] not in present]}


def _header_sender(send: Send) -> Callable[[Message], Awaitable[None]]:
    async def sender(message: Message) -> None:
        await send(_with_security(message) if message["type"] == "http.response.start" else message)

    return sender


def _document_sender(send: Send, into: Callable[[bytes], bytes]) -> Callable[[Message], Awaitable[None]]:
    """Collects the one document, has ours put into it, and sends it on with the new length."""
    start: dict[str, Any] = {}
    body = bytearray()

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(_with_security(message))
            return
        if message["type"] != "http.response.body":
            await send(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        content = into(bytes(body))
        headers = [(key, value) for key, value in start["headers"] if key.lower() != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", str(len(content)).encode())]})
        await send({"type": "http.response.body", "body": content})

    return sender
