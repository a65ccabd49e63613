"""The tools for assistants, by the official SDK's client: in memory, over HTTP with and without a log-in, by stdio."""

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from fastapi.testclient import TestClient
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from tests.api.conftest import NAME, PASSWORD
from workbench.api.tools import DATA, MAX_TEXT, server
from workbench.permits import Permit, permitted
from workbench.service import Workbench
from workbench.ui.server import create_app

TOOLS = {
    "list_collections", "list_documents", "search", "search_across", "narrow_down", "read_page", "page_picture",
    "evidence", "explain", "why",
}  # fmt: skip
PAGE = "whales.pdf#page=1"
ASKED = {"query": "largest animal", "collection": "notes"}


def asked(target: Any, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """What tools answer, one after the other."""

    async def ask() -> list[Any]:
        async with Client(target) as client:
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return anyio.run(ask)


def test_the_tools_only_look_and_say_what_texts_are(workbench: Workbench) -> None:
    async def listed() -> Any:
        async with Client(server(workbench)) as client:
            return (await client.list_tools()).tools, client.instructions

    tools, instructions = anyio.run(listed)
    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert DATA in tool.description
        assert tool.annotations.read_only_hint
        assert not tool.annotations.destructive_hint
    assert DATA in instructions


def test_every_tool_answers(workbench: Workbench) -> None:
    page = {"page": PAGE, "collection": "notes"}
    answers = asked(
        server(workbench),
        ("list_collections", {}),
        ("list_documents", {"collection": "notes"}),
        ("search", {**ASKED, "k": 2, "pipeline": "full"}),
        ("read_page", page),
        ("page_picture", page),
        ("evidence", {**ASKED, "k": 1}),
        ("explain", {**ASKED, "page": PAGE}),
        ("why", {**ASKED, "page": PAGE, "filter": "page = 2"}),
    )
    assert not any(answer.is_error for answer in answers)
    names, documents, found, text, picture, quotes, told, verdict = (
        answer.structured_content if answer.structured_content else answer.content for answer in answers
    )
    assert names["result"][0]["name"] == "notes"
    assert {document["name"] for document in documents["result"]} == {"bread/rye & wheat.pdf", "whales.pdf"}
    assert [hit["page"] for hit in found["hits"]] == [
        str(hit.ref) for hit in workbench.search("largest animal", "notes", "full", 2).hits
    ]
    assert "blue whale" in text["text"]
    assert base64.b64decode(picture[0].data)[8:12] == b"WEBP"
    assert "blue whale" in quotes["result"][0]["text"]
    assert told["similarities"] is None
    assert sum(row["contribution"] for row in told["ledger"]) == pytest.approx(told["score"], abs=1e-4)
    assert verdict["verdict"] == "filtered"
    assert json.loads(answers[3].content[0].text) == text


def test_a_refusal_is_the_sentence(workbench: Workbench) -> None:
    calls = (("search", {"query": "x", "collection": "nets"}), ("read_page", {"page": "x", "collection": "notes"}))
    for answer, said in zip(
        asked(server(workbench), *calls), ("no collection 'nets'", "report.pdf#page=12"), strict=True
    ):
        assert answer.is_error
        assert said in answer.content[0].text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "query: it is missing; collection: it is missing"),
        ({**ASKED, "query": 5}, "query: it is no text"),
        ({**ASKED, "k": 0}, "k: Input should be greater than or equal to 1"),
        ({**ASKED, "k": None, "filter": []}, "k: it is no whole number; filter: it is no text"),
        (
            {**ASKED, "filters": "page = 1"},
            "search does not take 'filters'; it takes query, collection, pipeline, k, filter.",
        ),
        ({**ASKED, "filter": "page = 'x'"}, "'page' is a number: compare it as page >= 10."),
    ],
)
def test_what_does_not_fit_is_told_in_words(workbench: Workbench, arguments: dict[str, Any], said: str) -> None:
    (answer,) = asked(server(workbench), ("search", arguments))
    assert answer.is_error
    assert answer.content[0].text == said


def test_a_very_long_page_is_cut(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.api import tools

    monkeypatch.setattr(tools, "MAX_TEXT", 10)
    (answer,) = asked(server(workbench), ("read_page", {"page": PAGE, "collection": "notes"}))
    assert answer.structured_content["text"] == "The blue w"
    assert MAX_TEXT > 10_000


def test_over_http(address: str) -> None:
    (found,) = asked(f"{address}/mcp", ("search", ASKED))
    assert found.structured_content["hits"][0]["page"] == PAGE
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
        assert httpx2.post(f"{address}/mcp", json={}, headers=headers, timeout=900).status_code == 403


def test_over_http_with_a_log_in(closed_address: str) -> None:
    with pytest.raises(BaseException):  # noqa: B017 - a group of whatever the client makes of a 401
        asked(f"{closed_address}/mcp", ("search", ASKED))
    session = httpx2.post(
        f"{closed_address}/api/v1/session", json={"name": NAME, "password": PASSWORD}, timeout=900
    ).json()

    async def ask() -> Any:
        headers = {"authorization": f"Bearer {session['token']}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=900) as http,
            Client(streamable_http_client(f"{closed_address}/mcp", http_client=http)) as client,
        ):
            return await client.call_tool("search", ASKED)

    assert anyio.run(ask).structured_content["hits"][0]["page"] == PAGE


def test_off_by_default(workbench: Workbench) -> None:
    app = create_app(workbench)
    assert TestClient(app, base_url="http://127.0.0.1:7860").post("/mcp", json={}).status_code in (404, 405)


def test_over_stdio(home: Path) -> None:
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "workbench", "--home", str(home), "mcp"], env=dict(os.environ)
    )
    (found,) = asked(stdio_client(command), ("search", ASKED))
    assert found.structured_content["hits"][0]["page"] == PAGE


def test_several_collections_are_searched_at_once_and_none_that_an_account_may_not_see(workbench: Workbench) -> None:
    several = ("search_across", {"query": "largest animal", "k": 3})
    named, narrowed = ("search_across", {**several[1], "collections": ["notes", "gone"]}), ("narrow_down", {})
    answers = asked(server(workbench), several, named, narrowed)
    assert not any(answer.is_error for answer in answers)
    everywhere, two, facets = (answer.structured_content for answer in answers)
    assert everywhere["hits"][0]["page"] == PAGE
    assert {hit["collection"] for hit in everywhere["hits"]} == {"notes"}
    assert [answer["searched"] for answer in two["answers"]] == [True, False]
    (documents,) = (facet for facet in facets["result"] if facet["field"] == "document")
    assert {one["value"] for one in documents["values"]} == {"bread/rye & wheat.pdf", "whales.pdf"}
    with permitted(Permit(edit=False, collections=frozenset({"other"}))):
        (refused,) = asked(server(workbench), several)
        assert refused.is_error and "notes" not in refused.content[0].text
