"""The page in a window of its own: one for each home, and gone with what served it.

Who comes first holds the home's lock and serves the page to its own machine; who comes later has that one show itself,
and hands it the files it was given. Without pywebview the window is one of the browser's.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote_to_bytes, urlencode, urlsplit

from filelock import FileLock, Timeout
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from workbench.documents import readable
from workbench.errors import InputError, PagelensError
from workbench.types.text import wellformed
from workbench.ui import launchers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.service import Workbench

HOST = "127.0.0.1"
STARTING = 60.0
"""Seconds that a server may take to answer: imports on a cold disk."""
_ROUTE = "/desktop"
_SIZE, _LEAST = (1440, 900), (390, 560)
_PART = 4 * 1024 * 1024
"""Bytes of a dropped file that its page reads at once."""
_STILL_BUSY = "Documents are still being added. Quit all the same? What is in stays; Resume does the rest next time."


class Window(Protocol):
    """What shows the page."""

    def run(self, address: str, busy: Callable[[], bool]) -> None:
        """Show the page until a person closes it, who is asked first while it is ``busy``."""

    def show(self, address: str) -> None:
        """Come to the front with this address; called from another thread than `run`."""


class Dropped:
    """Files that were dropped on the own window, for its page to read: the web view of Linux names it none.

    pywebview offers what is public here to the page, which takes the files as a browser would have given them.
    """

    def __init__(self) -> None:
        self._paths: list[Path] = []
        self._files: list[Path] = []

    def dropped(self) -> list[tuple[str, str]]:
        """Their names, and what media types they are of; one that lay in a dropped folder is named with it."""
        found = [(path.name, path) for path in self._paths if os.path.isfile(path)]
        known = {suffix for suffixes in readable().values() for suffix in suffixes}
        for folder in filter(os.path.isdir, self._paths):
            inner = sorted(Path(at, name) for at, _, names in os.walk(folder) for name in names)
            inner = [path for path in inner if path.suffix.lower() in known and os.path.isfile(path)]
            found += [(path.relative_to(folder.parent).as_posix(), path) for path in inner]
        self._files = [path for _, path in found]
        return [(wellformed(name), launchers.media_type(path.suffix.lower())) for name, path in found]

    def read(self, at: int, start: int) -> str:
        """Bytes of one of them from ``start`` on as base64, empty at its end."""
        with self._files[at].open("rb") as file:
            file.seek(start)
            return base64.b64encode(file.read(_PART)).decode()

    def _take(self, addresses: Sequence[str]) -> None:
        """Take what is dragged over the window, as ``file:///folder/a%20name.pdf``, in the place of what was before.

        It is looked at when the page asks, since GTK draws nothing while this is at work.
        """
        self._paths = []  # whatever comes of these
        paths = [unquote_to_bytes(urlsplit(one).path) for one in addresses if one.startswith("file:")]
        self._paths = [Path(os.fsdecode(path)) for path in paths]


class OwnWindow:
    """A window of the system's own web view, by pywebview; ``state`` is where it keeps what the page remembers."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._dropped = Dropped()
        self._window: Any = None

    def run(self, address: str, busy: Callable[[], bool]) -> None:
        """As of `Window`; must be called by the main thread."""
        import webview

        webview.settings["ALLOW_DOWNLOADS"] = True  # else what the page exports is lost without a word
        self._window = webview.create_window(
            "Pagelens",
            address,
            width=_SIZE[0],
            height=_SIZE[1],
            min_size=_LEAST,
            text_select=True,
            js_api=self._dropped,
        )

        def closing() -> None:
            self._window.confirm_close = busy()  # read right after this, on every system

        self._window.events.closing += closing
        self._window.events.before_show += self._watch_drops
        webview.start(
            private_mode=False, storage_path=str(self._state), localization={"global.quitConfirmation": _STILL_BUSY}
        )

    def _watch_drops(self) -> None:
        """Hear what GTK is told of what is dragged over its web view; other systems tell the page itself."""

        def heard(_view: Any, _context: Any, _x: int, _y: int, data: Any, _info: int, _time: int) -> None:
            if addresses := data.get_uris():
                self._dropped._take(addresses)

        def watch(widget: Any) -> None:
            if hasattr(widget, "load_uri"):
                widget.connect("drag-data-received", heard)
            for inner in widget.get_children() if hasattr(widget, "get_children") else ():
                watch(inner)

        watch(self._window.native)

    def show(self, address: str) -> None:
        """As of `Window`."""
        if self._window is not None:
            self._window.load_url(address)
            self._window.restore()
            self._window.show()


class BrowserWindow:
    """A tab of the default browser; nobody knows when it is closed, so that it runs until it is interrupted."""

    def run(self, address: str, busy: Callable[[], bool]) -> None:
        """As of `Window`, but that nobody is asked."""
        webbrowser.open(address)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()

    def show(self, address: str) -> None:
        """As of `Window`."""
        webbrowser.open(address)


def own_window_is_there() -> bool:
    """Whether pywebview is installed."""
    import importlib.util

    return importlib.util.find_spec("webview") is not None


def open_desktop(
    workbench: Workbench, window: Window, files: Sequence[Path] = (), collection: str = "documents"
) -> bool:
    """Show the page of a home, and add files to a collection; returns False if a window was open for it already.

    Else it returns when the window is closed. `InputError` where the other one does not answer.
    """
    files = [file.absolute() for file in files]  # before a server goes elsewhere
    state = workbench.settings.home / "state"
    state.mkdir(parents=True, exist_ok=True)
    lock = FileLock(state / "desktop.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        _hand_over(state / "desktop.json", files, collection)
        return False
    try:
        with _serving(workbench, window, state / "desktop.json") as address:
            window.run(_opened(workbench, address, files, collection), lambda: bool(workbench.jobs.active()))
    finally:
        lock.release()
    return True


@dataclass(frozen=True, slots=True)
class _Running:
    """Who serves a home, as its state file says; ``token`` shows that another process may read that file."""

    port: int
    token: str

    @classmethod
    def read(cls, path: Path) -> _Running | None:
        """From the file, None if there is none."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls(found["port"], found["token"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """To the file, which nobody else may read."""
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)


@contextmanager
def _serving(workbench: Workbench, window: Window, file: Path) -> Iterator[str]:
    """The address of a server of this home in a thread of its own, for as long as the context lasts."""
    import uvicorn

    from workbench.ui.server import LISTENING, create_app, from_nowhere

    before = _Running.read(file)
    with _bound(before.port if before else 0) as listening:
        running = _Running(listening.getsockname()[1], secrets.token_urlsafe(24))
        address = f"http://{HOST}:{running.port}"
        app = create_app(workbench, HOST, running.port)
        app.router.routes.insert(0, Route(_ROUTE, _control(workbench, window, running, address), methods=["POST"]))
        from_nowhere(workbench)
        server = uvicorn.Server(uvicorn.Config(app, timeout_graceful_shutdown=2, **LISTENING))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="pagelens-server")
        thread.start()
        try:
            _until(lambda: server.started or not thread.is_alive())
            if not server.started:
                raise PagelensError("Pagelens could not start its server; 'pagelens doctor' looks for the cause.")
            running.write(file)
            yield address
        finally:
            server.should_exit = True
            thread.join()


def _bound(port: int) -> socket.socket:
    """A socket at the port of the last time, under which the page's own memory is kept, or at any that is free."""
    for number in (port, 0):
        made = socket.socket()
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((HOST, number))
        except OSError:
            made.close()
        else:
            return made
    raise PagelensError(f"No port of {HOST} is free.")


def _control(workbench: Workbench, window: Window, running: _Running, address: str) -> Callable[[Request], Any]:
    """What another process asks of this one: to show itself, and to add files."""

    async def show(request: Request) -> Response:
        asked = await request.json()
        if not secrets.compare_digest(str(asked.get("token", "")), running.token):
            return PlainTextResponse("This is between windows of Pagelens.", 403)
        files, collection = [Path(file) for file in asked["files"]], asked["collection"]
        try:  # folders are walked, and a window is waited for: neither may keep the page's own requests waiting
            await run_in_threadpool(
                window.show, await run_in_threadpool(_opened, workbench, address, files, collection)
            )
        except PagelensError as error:
            return PlainTextResponse(str(error), 400)
        return PlainTextResponse("shown")

    return show


def _opened(workbench: Workbench, address: str, files: Sequence[Path], collection: str) -> str:
    """The address to show; with files, that of the library, where they are being added."""
    if not files:
        return address
    workbench.ingestion.start([*files], collection)
    return f"{address}/?{urlencode({'view': 'library', 'c': collection})}"


def _hand_over(file: Path, files: Sequence[Path], collection: str) -> None:
    """Have the process that serves this home show itself, which may just be starting."""
    ended = time.monotonic() + STARTING
    while True:
        running = _Running.read(file)
        try:
            if running is not None:
                _ask(running, [str(path) for path in files], collection)
                return
        except urllib.error.HTTPError as error:
            raise InputError(error.read().decode("utf-8", "replace")) from None
        except OSError:
            pass  # not listening yet
        if time.monotonic() > ended:
            raise InputError("Pagelens is open for this home already but does not answer; end it, and try again.")
        time.sleep(0.2)


def _ask(running: _Running, files: Sequence[str], collection: str) -> None:
    body = json.dumps({"token": running.token, "files": files, "collection": collection}).encode()
    request = urllib.request.Request(
        f"http://{HOST}:{running.port}{_ROUTE}", body, {"Content-Type": "application/json"}, method="POST"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy has no business here
    with opener.open(request, timeout=STARTING):
        pass


def _until(true: Callable[[], bool]) -> None:
    ended = time.monotonic() + STARTING
    while not true() and time.monotonic() < ended:
        time.sleep(0.02)
