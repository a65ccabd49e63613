"""Downloads over HTTP: the file as an attachment, and refusals as sentences."""

import pytest
from fastapi.testclient import TestClient

from tests.exports.conftest import EVIL
from workbench.api.taking import disposition
from workbench.ui.server import create_app


@pytest.fixture(scope="module")
def client(shelf):
    return TestClient(create_app(shelf), base_url="http://127.0.0.1:7860")


def ask(client, **more):
    request = {"query": "smooth dough", "collection": "notes", "pipeline": "exact", "k": 2, "filter": "", **more}
    return client.post("/api/v1/exports", json=request)


def test_a_file_comes_as_an_attachment_that_no_browser_opens_as_a_page(client):
    answer = ask(client, form="html")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"smooth-dough.html\"; filename*=UTF-8''smooth-dough.html"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content.startswith(b"<!doctype html>")
    page = ask(client, form="png", page=f"{EVIL}#page=2")
    assert page.content.startswith(b"\x89PNG")
    assert page.headers["content-type"] == "image/png"
    several = ask(client, form="csv", query={"parts": [{"kind": "text", "text": "dough", "weight": 1.0}]})
    assert len(several.text.splitlines()) >= 3


@pytest.mark.parametrize(
    ("more", "status", "told"),
    [
        ({"form": "docx"}, 400, "there are csv"),
        ({"form": "csv", "query": ""}, 400, "empty"),
        ({"form": "csv", "collection": "none"}, 404, "no collection"),
        ({"form": "png", "page": "nowhere"}, 400, "not a page reference"),
        ({"form": "csv", "k": 0}, 422, "k"),
        ({"form": "png", "look": {"colour": "jet"}}, 400, "no colour map 'jet'"),
        ({"form": "png", "tokens": ["dough"]}, 422, "tokens"),
        ({"form": "png", "tokens": [99]}, 400, "tokens 0 to"),
        ({"form": "png", "look": "magma"}, 422, "look: it is no object"),
    ],
)
def test_refusals_are_sentences(client, more, status, told):
    answer = ask(client, **more)
    assert answer.status_code == status
    assert told in answer.json()["error"]


def test_another_site_cannot_ask(client):
    answer = client.post("/api/v1/exports", json={"form": "csv"}, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403


def test_names_of_any_letters_and_quotes_are_safe_in_the_header():
    assert disposition('a"b\r\nc.csv') == "attachment; filename=\"a-b-c.csv\"; filename*=UTF-8''a%22b%0D%0Ac.csv"
    assert disposition("Zähler.csv").endswith("filename*=UTF-8''Z%C3%A4hler.csv")
