"""The log-in page: a form of our own that loads nothing, and the cookie it leads to."""

from __future__ import annotations

import html
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from workbench.api.access import LONGEST, Access, TooManyAttempts
from workbench.ui.guard import LOG_IN

LARGEST = 16_384
"""Bytes of a form that are read."""
STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 22rem; margin: 15vh auto; padding: 0 1rem }
label { display: block; margin-top: 1rem }
input, button { font: inherit; width: 100%; box-sizing: border-box; padding: .6rem; margin-top: .25rem;
  border: 1px solid #767676; border-radius: .4rem }
button { margin-top: 1.5rem; background: #1d4ed8; border-color: #1d4ed8; color: #fff; cursor: pointer }
:focus-visible { outline: 3px solid #60a5fa; outline-offset: 2px }
[role=alert] { border-left: 4px solid #dc2626; padding-left: .75rem }
"""


def add_log_in(app: FastAPI, access: Access, cookie: str) -> None:
    """Add ``GET`` and ``POST /login`` to the application; ``cookie`` is the name of the session's cookie."""

    @app.get(LOG_IN)
    def form(request: Request, next: str = "/") -> HTMLResponse:
        """The form; for someone who is logged in, the way out."""
        name = access.user(request.cookies.get(cookie, ""))
        return _logged_in(name) if name else _form(next)

    @app.post(LOG_IN)
    async def submitted(request: Request) -> Response:
        """Log in or out, as the form says."""
        body = bytearray()
        async for chunk in request.stream():
            body.extend(chunk)
            if len(body) > LARGEST:
                return _form("/", "That is more than a name and a password.", 413)
        given = {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
        if "leave" in given:
            access.log_out(request.cookies.get(cookie, ""))
            answer: Response = RedirectResponse(LOG_IN, 303, {"Clear-Site-Data": '"cache"'})
            answer.delete_cookie(cookie, httponly=True, samesite="strict")
            return answer
        target, name, password = local(given.get("next", "/")), given.get("name", ""), given.get("password", "")
        address = request.client.host if request.client else ""
        try:
            token = await access.log_in(name, password, address)
        except TooManyAttempts as error:
            answer = _form(target, str(error), 429)
            answer.headers["Retry-After"] = str(error.seconds)
            return answer
        if not token:
            return _form(target, "The name or the password is wrong.", 401)
        answer = RedirectResponse(target, 303, {"Cache-Control": "no-store"})
        secure = request.url.scheme == "https"
        answer.set_cookie(cookie, token, int(LONGEST), httponly=True, samesite="strict", secure=secure)
        return answer


def local(target: str) -> str:
    """An address within this site to go on to; the front page for any other, since it came from outside."""
    fits = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if fits and "\\" not in target.partition("?")[0] else "/"


def _form(target: str, problem: str = "", status: int = 200) -> HTMLResponse:
    said = f'<p role="alert">{html.escape(problem)}</p>' if problem else ""
    return _page(
        "Log in",
        f'{said}<form method="post" action="{LOG_IN}"><input type="hidden" name="next" value="{html.escape(target)}">'
        '<label>Name<input name="name" autocomplete="username" required autofocus></label>'
        '<label>Password<input name="password" type="password" autocomplete="current-password" required></label>'
        "<button>Log in</button></form>",
        status,
    )


def _logged_in(name: str) -> HTMLResponse:
    return _page(
        "Logged in",
        f'<p>You are logged in as {html.escape(name)}. <a href="/">To the workbench</a></p>'
        f'<form method="post" action="{LOG_IN}"><button name="leave" value="yes">Log out</button></form>',
    )


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    document = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} - Pagelens</title>'
        f'<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head>"
        f"<body><main><h1>Pagelens</h1>{body}</main></body></html>"
    )
    # With "no-referrer", as elsewhere, browsers would not say which site the form comes from, and the guard refuse it.
    return HTMLResponse(document, status, {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"})
