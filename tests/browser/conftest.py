"""One server and one browser for all tests of the page."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress

import pytest

from tests.browser.driving import add, free_port, opened, write_pdf


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    whales = write_pdf(folder / "whales.pdf", ["The blue whale is the largest animal", "Humpback whales sing songs"])
    bread = write_pdf(folder / "bread.pdf", ["Bake the bread in a hot oven"])
    return whales, bread


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="session")
def address(home):
    with serving(home) as url:
        yield url


def answers(url):
    with suppress(OSError):
        urllib.request.urlopen(f"{url}/healthz", timeout=20).close()
        return True
    return False


@contextmanager
def serving(home, *options, **environment):
    """A server of its own over a home folder; its address."""
    port = free_port()
    env = {**os.environ, "PAGELENS_HOME": str(home), **environment}
    command = [sys.executable, "-m", "workbench", "serve", "--port", str(port), "--no-open", *options]
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        while not answers(url):
            assert server.poll() is None, "the server ended"
            time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait(900)


@pytest.fixture(scope="session")
def _filled(browser, address, files):
    page = opened(browser, address, "?c=documents")
    plan = add(page, *files)
    page.wait_for_function("!document.querySelector('#pl-tab-library-button').dataset.busy")
    assert page.seen.problems == []
    page.close()
    return plan


@pytest.fixture(scope="module")
def filled(_filled, address):
    """The collection `documents`, filled through the page; every file of tests leaves it as it found it."""
    before = held(address)
    yield _filled
    assert held(address) == before, "other tests find the collection `documents` changed"
    listed = json.load(urllib.request.urlopen(address + "/api/v1/collections"))
    full = [one["name"] for one in listed if one["pages"]]
    assert full[0] == "documents", "a page that names no collection opens on the first: give tests' own a later name"


def held(address):
    """What the collection `documents` holds: its documents with their tags, its encoders and their indexes."""
    at = f"{address}/api/v1/collections/documents"
    about, documents = (json.load(urllib.request.urlopen(at + rest)) for rest in ("", "/documents"))
    indexes = {space["encoder"]: {one["name"] for one in space["indexes"]} for space in about["info"]["spaces"]}
    return indexes, {one["name"]: (one["tags"], one["meta"]) for one in documents}


@pytest.fixture
def visit(browser, address, filled):
    """Opens the page at an address, as often as it is called; in the end none of them may have complained."""
    pages = []

    def at(query="", **size):
        pages.append(opened(browser, address, query, **size))
        return pages[-1]

    yield at
    for page in pages:
        assert page.seen.problems == []
        page.close()
