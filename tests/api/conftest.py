"""One home with a small collection, and the whole server over it, with and without a log-in."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.documents.make import write_pdf
from workbench.api.access import Access, Accounts
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.ui.server import LISTENING, create_app

ADDRESS = "http://127.0.0.1:7860"
NAME, PASSWORD = "ada", "correct horse"
PAGES = {
    "whales.pdf": ["The blue whale is the largest animal alive.", "Humpback whales sing long songs under water."],
    "bread/rye & wheat.pdf": ["Knead the dough until it is smooth.", "Bake the loaf in a hot oven for an hour."],
}
_addresses = itertools.count(1)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("api")
    for name, pages in PAGES.items():
        write_pdf(root / "files" / name, pages)
    made = Workbench(Settings(home=root / "home"))
    made.ingest([root / "files"], "notes")
    return root / "home"


@pytest.fixture(scope="session")
def workbench(home: Path) -> Workbench:
    return Workbench(Settings(home=home))


@pytest.fixture(autouse=True)
def _collections_as_they_were(request: pytest.FixtureRequest) -> Iterator[None]:
    """The workbench is everybody's: the collections that a test makes in it are gone again afterwards."""
    if "workbench" not in request.fixturenames:
        yield
        return
    shared = request.getfixturevalue("workbench")
    before = set(shared.library.names())
    yield
    for name in sorted(set(shared.library.names()) - before):
        shared.deletions.collection(name)
    assert set(shared.library.names()) == before


@pytest.fixture(scope="session")
def app(workbench: Workbench) -> FastAPI:
    return create_app(workbench, mcp=True)


@pytest.fixture(scope="session")
def client(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=ADDRESS, raise_server_exceptions=False)


@pytest.fixture(scope="session")
def accounts() -> Accounts:
    return Accounts.read(f"{NAME}:{PASSWORD}")


@pytest.fixture(scope="session")
def closed_app(workbench: Workbench, accounts: Accounts) -> FastAPI:
    return create_app(workbench, access=Access(accounts), mcp=True)


@pytest.fixture
def closed(closed_app: FastAPI) -> Iterator[TestClient]:
    """A browser that is not logged in, at an address of its own."""
    yield TestClient(
        closed_app,
        base_url=ADDRESS,
        follow_redirects=False,
        client=(f"10.0.0.{next(_addresses)}", 50_000),
    )


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application on a free port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        running = uvicorn.Server(uvicorn.Config(app, **LISTENING))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not running.started:
            assert thread.is_alive()
            time.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join(900)


@pytest.fixture(scope="session")
def address(app: FastAPI) -> Iterator[str]:
    """Where the open server listens; an application is started once, so that all tests share it."""
    with served(app) as found:
        yield found


@pytest.fixture(scope="session")
def closed_address(closed_app: FastAPI) -> Iterator[str]:
    """Where the server with a log-in listens."""
    with served(closed_app) as found:
        yield found
