"""Every route of the OpenAPI answers, by its schema; every refusal is one sentence with a fitting status."""

import json
import re
import time
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from tests.api.conftest import ADDRESS
from tests.cli.conftest import write_pdf
from workbench.exports.records import search_record
from workbench.service import Workbench

API = "/api/v1"
ASKED = {"collection": "notes", "query": "largest animal"}
PAGE = "whales.pdf#page=1"
Reply = Any


@pytest.fixture(scope="module")
def openapi(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{API}/openapi.json").json()
    return found


class Caller:
    """Calls operations as the OpenAPI names them, and checks each answer against its schema."""

    def __init__(self, client: TestClient, openapi: dict[str, Any]) -> None:
        self.client = client
        self.openapi = openapi
        self.called: set[tuple[str, str]] = set()

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200, **values: Any) -> Reply:
        operation = self.openapi["paths"][path][method]
        self.called.add((method, path))
        places = {p["name"]: p["in"] for p in operation.get("parameters", [])}
        assert set(values) <= set(places)
        url = API + re.sub(r"\{(\w+)\}", lambda m: values[m[1]].replace("#", "%23"), path)
        query = {name: value for name, value in values.items() if places[name] == "query"}
        sent = {"content": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        reply = self.client.request(method.upper(), url, params=query, **sent)
        assert reply.status_code == status, reply.text
        said = operation["responses"].get(str(status))
        if said is None:
            said = operation["responses"][f"{str(status)[0]}XX"]
        kind = reply.headers.get("content-type", "").partition(";")[0]
        if status == 204:
            assert reply.content == b""
        elif kind == "application/json":
            self.check(said["content"][kind]["schema"], reply.json())
        elif kind == "application/x-ndjson":
            for line in reply.text.splitlines():
                self.check(said["content"][kind]["schema"], json.loads(line))
        else:
            assert kind in said["content"]
        return reply

    def check(self, schema: dict[str, Any], value: Any) -> None:
        whole = {**schema, "components": self.openapi["components"]}
        Draft202012Validator(_strict(whole)).validate(value)


def _strict(schema: Any) -> Any:
    """The schema with no room for fields it does not name."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strict(value) for key, value in schema.items()}
    if "properties" in made and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


def test_every_operation_answers_by_its_schema(
    client: TestClient, openapi: dict[str, Any], workbench: Workbench, tmp_path: Any
) -> None:
    call = Caller(client, openapi)
    assert call("get", "/version").json()["name"] == "pagelens"
    assert [info["name"] for info in call("get", "/collections").json()] == ["notes"]
    assert call("get", "/collections/{collection}", collection="notes").json()["info"]["pages"] == 4
    documents = call("get", "/collections/{collection}/documents", collection="notes").json()
    assert [d["name"] for d in documents] == ["bread/rye & wheat.pdf", "whales.pdf"]
    page = call("get", "/collections/{collection}/page", collection="notes", page=PAGE).json()
    assert "blue whale" in page["text"]
    picture = call("get", "/collections/{collection}/picture", collection="notes", page=PAGE, size="thumb")
    assert picture.content[8:12] == b"WEBP"

    found = call("post", "/search", ASKED).json()
    assert found["hits"][0]["page"] == PAGE
    assert found["complete"]
    lines = call("post", "/search/stages", {**ASKED, "pipeline": "rows:3 > full:2"}).text.splitlines()
    stages = [json.loads(line) for line in lines]
    assert [stage["complete"] for stage in stages] == [*[False] * (len(stages) - 1), True]
    assert len(stages) > 1
    assert [hit["page"] for hit in stages[-1]["hits"]] == [
        str(hit.ref) for hit in workbench.search("largest animal", "notes", "rows:3 > full:2").hits
    ]
    compared = call("post", "/compare", {**ASKED, "a": "full:2", "b": "bm25:2"}).json()
    assert compared["a"]["hits"][0]["page"] == PAGE
    assert {row["name"] for row in call("get", "/pipelines").json()} == set(workbench.pipelines())
    assert {row["name"] for row in call("get", "/filters").json()} == set(workbench.filter_fields())
    assert {row["name"] for row in call("get", "/indexes").json()} == set(workbench.index_kinds())

    kept = call("post", "/pictures", picture.content, 201).json()["picture"]
    turned = call("get", "/pictures/{picture}", picture=kept, repairs="rotate:90").content
    assert turned != call("get", "/pictures/{picture}", picture=kept).content
    alike = {"parts": [{"kind": "picture", "picture": kept}]}
    assert call("post", "/search", {"collection": "notes", "query": alike}).json()["hits"][0]["page"] == PAGE

    plain = call("post", "/explain", {**ASKED, "page": PAGE}).json()
    assert sum(row["contribution"] for row in plain["ledger"]) == pytest.approx(plain["score"], abs=1e-4)
    assert plain["similarities"] is None
    full = call("post", "/explain", {**ASKED, "page": PAGE, "similarities": True}).json()
    assert len(full["similarities"]) == len(full["tokens"])
    assert {len(row) for row in full["similarities"]} == {len(full["places"]["boxes"])}
    contrast = call("post", "/contrast", {**ASKED, "a": PAGE, "b": "whales.pdf#page=2"}).json()
    assert contrast["difference"] > 0
    lost = call("post", "/why", {**ASKED, "page": PAGE, "filter": "document = 'nothing.pdf'"}).json()
    assert lost["verdict"] == "filtered"
    quotes = call("post", "/evidence", {**ASKED, "k": 1}).json()
    assert "blue whale" in " ".join(quote["text"] for quote in quotes)

    made = call("post", "/collections", {"name": "tides", "dpi": 72, "indexes": ["rows"]}, 201).json()
    assert made["settings"]["dpi"] == 72
    batch = call("post", "/uploads", status=201).json()["batch"]
    file = write_pdf(tmp_path / "tides.pdf", ["The moon pulls the tides."]).read_bytes()
    received = call("put", "/uploads/{batch}", file, batch=batch, name="tides.pdf").json()
    assert received["bytes"] == len(file)
    planned = {"collection": "tides", "batch": batch}
    assert call("post", "/plan", planned).json()["pages"] == 1
    job = call("post", "/jobs", planned, 202).json()["id"]
    assert workbench.wait_for(job).state == "done"
    assert call("get", "/jobs/{job}", job=job).json()["documents"][0]["indexed"] == 1
    assert call("get", "/jobs").json()[0]["id"] == job
    call("post", "/jobs/{job}/stop", status=202, job=job)
    call("post", "/jobs/{job}/resume", status=202, job=job)
    workbench.wait_for(job)
    added = call("post", "/collections/{collection}/index", {"index": "conv"}, 202, collection="tides").json()
    assert workbench.wait_for(added["id"]).state == "done"
    again = call("post", "/collections/{collection}/embed", {"encoder": "reader"}, 202, collection="tides").json()
    workbench.wait_for(again["id"])
    gone = call(
        "delete", "/collections/{collection}/documents/{document}", collection="tides", document="tides.pdf"
    ).json()
    assert (gone["document"], gone["pages"], gone["notes"]) == ("tides.pdf", 1, [])
    assert call("delete", "/collections/{collection}", collection="tides").json()["collection"] == "tides"
    other = call("post", "/uploads", status=201).json()["batch"]
    call("delete", "/uploads/{batch}", status=204, batch=other)

    call("post", "/models/{model}/load", status=202, model="reader")
    for _ in range(600):
        (reader,) = (model for model in call("get", "/models").json() if model["id"] == "reader")
        if reader["state"] != "loading":
            break
        time.sleep(0.1)
    assert reader["state"] == "loaded"
    call("post", "/models/{model}/unload", model="reader")
    call("post", "/session", {"name": "x", "password": "y"}, 400)
    call("delete", "/session", status=204)
    assert call.called == {(method, path) for path, methods in openapi["paths"].items() for method in methods}


def test_a_search_is_the_one_of_the_command_line(client: TestClient, workbench: Workbench) -> None:
    asked = {**ASKED, "pipeline": "rrf(bm25, rows):3 > full:3", "k": 3, "filter": "page = 1"}
    answer = client.post(f"{API}/search", json=asked).json()
    record = search_record(workbench.search("largest animal", "notes", "rrf(bm25, rows):3 > full:3", 3, "page = 1"))
    assert [(hit["page"], hit["score"], hit["score_kind"]) for hit in answer["hits"]] == [
        (hit["page"], hit["score"], hit["score_kind"]) for hit in record["hits"]
    ]
    assert answer["pipeline"] == record["pipeline"]


def test_a_query_may_have_parts(client: TestClient) -> None:
    parts = [{"kind": "text", "text": "animal"}, {"kind": "text", "text": "songs", "weight": -0.5}]
    answer = client.post(f"{API}/search", json={"collection": "notes", "query": {"parts": parts}}).json()
    assert answer["hits"][0]["page"] == PAGE
    assert "songs" in answer["query"]
    for wrong in ({"parts": 1}, {"parts": [{"kind": "smell"}]}):
        reply = client.post(f"{API}/search", json={"collection": "notes", "query": wrong})
        assert reply.status_code == 400
        assert set(reply.json()) == {"error"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/nothing", None, 404, "nothing at this address"),
        ("PUT", "/search", None, 405, "PUT is not"),
        ("GET", "/collections/nets", None, 404, "There is no collection 'nets'"),
        ("GET", "/collections/notes/page?page=whales.pdf", None, 400, "report.pdf#page=12"),
        ("GET", "/collections/notes/page?page=whales.pdf%23page=9", None, 404, "whales.pdf"),
        ("GET", "/collections/notes/picture?page=whales.pdf%23page=1&size=big", None, 422, "size: "),
        ("GET", "/collections/notes/picture?page=..%2F..%2Fx%23page=1", None, 404, "x"),
        ("POST", "/search", {"collection": "notes", "query": " "}, 400, "The query is empty"),
        ("POST", "/search", {"collection": "notes"}, 422, "query: "),
        ("POST", "/search", {**ASKED, "pages": 3}, 422, "pages: "),
        ("POST", "/search", {**ASKED, "k": 0}, 422, "k: "),
        ("POST", "/search", {**ASKED, "pipeline": "rows >"}, 400, ""),
        ("POST", "/search/stages", {**ASKED, "filter": "page ="}, 400, ""),
        ("POST", "/collections", {"name": "notes"}, 409, "notes"),
        ("POST", "/collections", {"name": "new", "encoder": "nobody"}, 503, "nobody"),
        ("POST", "/jobs", {"collection": "notes", "batch": "../../etc"}, 404, "no longer there"),
        ("POST", "/jobs", {"collection": "notes", "paths": ["/etc"]}, 422, "paths: "),
        ("GET", "/jobs/none", None, 404, "none"),
        ("PUT", "/uploads/0123456789abcdef01234567?name=a.pdf", None, 404, "no longer there"),
    ],
)
def test_a_refusal_is_a_sentence(client: TestClient, method: str, path: str, body: Any, status: int, said: str) -> None:
    reply = client.request(method, API + path, json=body)
    assert (reply.status_code, list(reply.json())) == (status, ["error"]), reply.text
    assert said in reply.json()["error"]


def test_what_was_not_foreseen_is_told_without_details(
    client: TestClient, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Workbench, "collections", lambda self: 1 / 0)
    reply = client.get(f"{API}/collections")
    assert reply.status_code == 500
    assert "log" in reply.json()["error"]
    assert "zero" not in reply.text


def test_a_form_of_another_kind_is_no_json(client: TestClient) -> None:
    body = json.dumps(ASKED)
    reply = client.post(f"{API}/search", content=body, headers={"content-type": "text/plain"})
    assert reply.status_code == 422


def test_the_documentation_loads_nothing(client: TestClient, openapi: dict[str, Any]) -> None:
    reply = client.get(f"{API}/docs")
    assert reply.headers["content-type"].startswith("text/html")
    assert not re.search(r"<script|<link(?! rel=\"icon\" href=\"data:,\")|<img|src=|@import|url\(", reply.text)
    assert set(re.findall(r'<a href="([^"]+)"', reply.text)) <= {
        f"#{name.lower()}" for name in openapi["components"]["schemas"]
    }
    for target in re.findall(r'href="#([^"]+)"', reply.text):
        assert f'id="{target}"' in reply.text
    for path, methods in openapi["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in reply.text
    assert ADDRESS not in reply.text
