"""The page's scripts and styles, under an address made of the hash of what is in them.

Scripts are ES modules, each a file of its own. Nothing is built or fetched from elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePosixPath

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response

from workbench.resources import asset, assets
from workbench.ui.theme import STYLES

LIBRARIES = {
    "preact": "vendor/preact.mjs",
    "preact/hooks": "vendor/preact-hooks.mjs",
    "htm": "vendor/htm.mjs",
}
"""Names that modules import libraries by, and their files."""
KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
MAIN, STYLE, FIRST = "js/main.js", "pagelens.css", "first.html"
ICON, DRAWINGS = "icons/favicon.svg", "icons/drawings.svg"
WAITING = "window.pagelens = { waiting: [], mount(...part) { this.waiting.push(part); } };"
"""Gradio mounts the parts of the page when it likes, which may be before `MAIN` runs."""
CLOCK = r"""{
  const frame = requestAnimationFrame, clock = /\(performance\.now\(\)-.+\)\/1e3/;
  window.requestAnimationFrame = (act) =>
    document.documentElement.dataset.pagelens && clock.test(act) ? 0 : frame(act);
}"""
"""The seconds beside Gradio's loading sign are counted in every frame for ever, also when the sign is long gone: some
5 % of a processor. Once the page is there nothing is loading."""
FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}


class Bundle:
    """The files, and what the document needs to load them: ``first`` at the start of its head, ``last`` at the end.

    ``shown`` begins its body: the head of the page and a field to type into, seen before any script has run.
    """

    def __init__(self) -> None:
        modules = assets("js", ".js")
        self._files = {name: asset(name).read_bytes() for name in (*modules, *LIBRARIES.values(), ICON, DRAWINGS)}
        self._files[STYLE] = _joined(STYLES)
        content = b"".join(name.encode() + b"\0" + self._files[name] for name in sorted(self._files))
        self.version = hashlib.sha256(content).hexdigest()[:12]
        root = f"/workbench/{self.version}"
        names = {"imports": {name: f"{root}/{file}" for name, file in LIBRARIES.items()}}
        ahead = [*LIBRARIES.values(), *(name for name in modules if name != MAIN)]
        # A map of names has to come before the first module, and Gradio's document begins with some of its own.
        self.first = (
            f'<script type="importmap">{json.dumps(names)}</script><script>{WAITING}{CLOCK}</script>'
            + "".join(f'<link rel="modulepreload" href="{root}/{name}">' for name in ahead)
        ).encode()
        self.last = (
            f'<link rel="icon" type="image/svg+xml" href="{root}/{ICON}">'
            f'<link rel="stylesheet" href="{root}/{STYLE}">'
            f'<script type="module" src="{root}/{MAIN}"></script>'
        ).encode()

        self.shown = asset(FIRST).read_bytes().replace(b"{root}", root.encode())

    def into(self, document: bytes) -> bytes:
        """Gradio's document with what loads ours in its head, and what is shown meanwhile in its body."""
        document = document.replace(b"<head>", b"<head>" + self.first, 1).replace(b"</head>", self.last + b"</head>", 1)
        return document.replace(b"<gradio-app", self.shown + b"<gradio-app", 1)

    def add_routes(self, app: FastAPI) -> None:
        """Serve them; they never change under one address."""

        @app.get("/workbench/{version}/{name:path}")
        def file(version: str, name: str) -> Response:
            if version != self.version or name not in self._files:
                return PlainTextResponse("There is no such file.", 404)
            return Response(self._files[name], media_type=KINDS[PurePosixPath(name).suffix], headers=FOR_EVER)


def _joined(names: tuple[str, ...]) -> bytes:
    return "\n".join(asset(name).read_text(encoding="utf-8") for name in names).encode()
