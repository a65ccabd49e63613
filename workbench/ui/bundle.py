"""The page's scripts and styles as one file each, addressed by the hash of what is in them."""

from __future__ import annotations

import hashlib

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response

from workbench.resources import asset
from workbench.ui.theme import SCRIPTS, STYLES


class Bundle:
    """The files, and the ``head`` that loads them."""

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
