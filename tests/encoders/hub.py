"""A stand-in for the hub on this machine: it serves folders as repositories, and misbehaves as it is told."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SHA = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What it serves and how. ``breaks``: so many answers end after ``breaks_after`` bytes; ``status`` instead of any
    answer on a repository; ``slow``: seconds before each block of bytes. ``starts``: from which byte on each
    file was asked for."""

    folders: dict[str, Path] = field(default_factory=dict)
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    gated: dict[str, str] = field(default_factory=dict)
    status: dict[str, tuple[int, str]] = field(default_factory=dict)
    breaks: int = 0
    breaks_after: int = 1000
    slow: float = 0.0
    token: str = ""
    asked: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    address: str = ""

    def serve(self, name: str, folder: Path, **card: Any) -> None:
        """Serve a folder as a repository."""
        self.folders[name], self.cards[name] = folder, card


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def do_HEAD(self) -> None:
        self._answer(False)

    def do_GET(self) -> None:
        self._answer(True)

    def _answer(self, body: bool) -> None:
        self.hub.asked.append(f"{self.command} {self.path}")
        if found := re.fullmatch(r"/api/models/([^/?]+/[^/?]+)(/revision/[^?]+)?(\?.*)?", self.path):
            self._describe(found[1])
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/([^?]+)", self.path):
            self._file(found[1], found[3], body)
        else:
            self._say(404, b"", {})

    def _refused(self, name: str) -> bool:
        if self.hub.token and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            self._say(401, b"{}", {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."})
            return True
        if name in self.hub.status:
            code, error = self.hub.status[name]
            self._say(code, b"{}", {"X-Error-Code": error} if error else {})
            return True
        if name not in self.hub.folders:
            self._say(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            return True
        return False

    def _describe(self, name: str) -> None:
        if self._refused(name):
            return
        folder = self.hub.folders[name]
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        siblings = [{"rfilename": path.relative_to(folder).as_posix(), "size": path.stat().st_size} for path in files]
        said = {"id": name, "sha": SHA, "siblings": siblings, "cardData": self.hub.cards[name]}
        said["gated"] = self.hub.gated.get(name, False)
        self._say(200, json.dumps(said).encode(), {"Content-Type": "application/json"})

    def _file(self, name: str, file: str, body: bool) -> None:
        if self._refused(name):
            return
        path = self.hub.folders[name] / file
        if not path.is_file():
            self._say(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        content = path.read_bytes()
        start = int(re.match(r"bytes=(\d+)-", self.headers.get("Range", "bytes=0-"))[1])  # type: ignore[index]
        if body:
            self.hub.starts.append(start)
        part = content[start:]
        tag = hashlib.sha256(content).hexdigest()
        headers = {"ETag": f'"{tag}"', "X-Repo-Commit": SHA, "Accept-Ranges": "bytes"}
        if "Range" in self.headers:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._say(206 if "Range" in self.headers else 200, part, headers, body)

    def _say(self, code: int, content: bytes, headers: dict[str, str], body: bool = True) -> None:
        self.send_response(code)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        if not body:
            return
        if "X-Repo-Commit" in headers and self.hub.breaks > 0 and len(content) > self.hub.breaks_after:
            self.hub.breaks -= 1
            self._send(content[: self.hub.breaks_after])
            self.close_connection = True
            self.connection.close()
            return
        self._send(content)

    def _send(self, content: bytes) -> None:
        for start in range(0, len(content), 1 << 14):
            if self.hub.slow:
                time.sleep(self.hub.slow)
            self.wfile.write(content[start : start + (1 << 14)])
        self.wfile.flush()


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    """The hub at work on a free port."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
