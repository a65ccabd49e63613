"""Every route of the OpenAPI answers, by its schema; every refusal is one sentence with a fitting status."""

import base64
import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from PIL import Image

from tests.api.conftest import ADDRESS
from tests.cli.conftest import write_pdf
from workbench import heatmap
from workbench.answers import json_values
from workbench.answers.searches import Search
from workbench.errors import EncoderError
from workbench.service import Workbench
from workbench.types import PageRef, SearchResult

API = "/api/v1"
JSON = {"content-type": "application/json"}
ASKED = {"collection": "notes", "query": "largest animal"}
KINDS = "it is no text, it is no whole number, it is no number, it is neither true nor false"
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


@dataclass(frozen=True)
class Place:
    """What the cases stand on: the service behind the routes, and a PDF of one page to add."""

    workbench: Workbench
    pdf: bytes

    def uploaded(self, call: Caller) -> str:
        """The PDF, uploaded as a batch of its own."""
        batch = call("post", "/uploads", status=201).json()["batch"]
        received = call("put", "/uploads/{batch}", self.pdf, batch=batch, name="tides.pdf").json()
        assert received["bytes"] == len(self.pdf)
        return str(batch)

    def job(self, call: Caller, name: str) -> str:
        """A job that has put the PDF into a new collection of that name; it is done."""
        made = call("post", "/collections", {"name": name, "dpi": 72, "indexes": ["rows"]}, 201).json()
        assert made["settings"]["dpi"] == 72
        job = call("post", "/jobs", {"collection": name, "batch": self.uploaded(call)}, 202).json()["id"]
        assert self.workbench.wait_for(job).state == "done"
        return str(job)


@pytest.fixture(scope="module")
def place(workbench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    pdf = write_pdf(tmp_path_factory.mktemp("routes") / "tides.pdf", ["The moon pulls the tides."]).read_bytes()
    before = {info.name for info in workbench.collections()}
    yield Place(workbench, pdf)
    for name in {info.name for info in workbench.collections()} - before:
        workbench.delete_collection(name)


Case = Callable[[Caller, Place], None]
CASES: dict[tuple[str, str], Case] = {}


def case(method: str, path: str) -> Callable[[Case], Case]:
    """The function is the case of a route; it may call others on its way."""

    def added(check: Case) -> Case:
        assert (method, path) not in CASES
        CASES[method, path] = check
        return check

    return added


@case("get", "/version")
def version(call: Caller, place: Place) -> None:
    assert call("get", "/version").json()["name"] == "pagelens"


@case("get", "/collections")
def collections(call: Caller, place: Place) -> None:
    assert "notes" in [info["name"] for info in call("get", "/collections").json()]


@case("get", "/collections/{collection}")
def collection(call: Caller, place: Place) -> None:
    assert call("get", "/collections/{collection}", collection="notes").json()["info"]["pages"] == 4


@case("get", "/collections/{collection}/documents")
def documents(call: Caller, place: Place) -> None:
    found = call("get", "/collections/{collection}/documents", collection="notes").json()
    assert [document["name"] for document in found] == ["bread/rye & wheat.pdf", "whales.pdf"]


@case("patch", "/collections/{collection}/documents")
def changed_fields(call: Caller, place: Place) -> None:
    change = {"documents": ["whales.pdf"], "add": ["sea"], "set": {"year": 2024}}
    call("patch", "/collections/{collection}/documents", change, collection="notes")
    undo = {"documents": ["whales.pdf"], "remove": ["sea"], "clear": ["year"]}
    call("patch", "/collections/{collection}/documents", undo, collection="notes")


@case("get", "/collections/{collection}/page")
def page(call: Caller, place: Place) -> None:
    assert "blue whale" in call("get", "/collections/{collection}/page", collection="notes", page=PAGE).json()["text"]


@case("get", "/collections/{collection}/picture")
def picture(call: Caller, place: Place) -> None:
    found = call("get", "/collections/{collection}/picture", collection="notes", page=PAGE, size="thumb")
    assert found.content[8:12] == b"WEBP"


@case("post", "/search")
def search(call: Caller, place: Place) -> None:
    found = call("post", "/search", ASKED).json()
    assert found["hits"][0]["page"] == PAGE
    assert found["complete"]


@case("post", "/search/stages")
def search_stages(call: Caller, place: Place) -> None:
    lines = call("post", "/search/stages", {**ASKED, "pipeline": "rows:3 > full:2"}).text.splitlines()
    stages = [json.loads(line) for line in lines]
    assert [stage["complete"] for stage in stages] == [*[False] * (len(stages) - 1), True]
    assert len(stages) > 1
    assert [hit["page"] for hit in stages[-1]["hits"]] == [
        str(hit.ref) for hit in place.workbench.search("largest animal", "notes", "rows:3 > full:2").hits
    ]


@case("post", "/explain/layers")
def layers(call: Caller, place: Place) -> None:
    drawn = call("post", "/explain/layers", {**ASKED, "page": PAGE}).json()
    why = place.workbench.explain(ASKED["query"], PageRef.parse(PAGE), "notes")
    step = (drawn["similarities"]["high"] - drawn["similarities"]["low"]) / 255
    assert unpacked(drawn["similarities"]) == pytest.approx(why.similarities, abs=step)
    assert unpacked(drawn["heat"]) == pytest.approx(heatmap.values(why), abs=step)
    boxes = np.frombuffer(base64.b64decode(drawn["boxes"]), "<u2").reshape(-1, 4) / 65535
    assert boxes == pytest.approx(why.geometry.boxes, abs=1e-4)
    assert [token["label"] for token in drawn["tokens"]] == list(why.query.labels)
    assert [row["token"] for row in drawn["ledger"]] == [row.token for row in why.ledger]
    assert {layer["index"] for layer in drawn["pooled"]} == {view.index for view in why.pooled}
    assert drawn["labels"] == list(why.labels)


def unpacked(array: dict[str, Any]) -> Any:
    """The numbers of a `Quantised`."""
    raw = np.frombuffer(base64.b64decode(array["data"]), np.uint8).reshape(array["shape"])
    return array["low"] + raw / 255 * (array["high"] - array["low"])


@case("get", "/collections/{collection}/saw")
def saw(call: Caller, place: Place) -> None:
    # The reader reads words; what a model of pictures sees is tested with a tiny one, in tests/spaces.
    assert call("get", "/collections/{collection}/saw", collection="notes", page=PAGE).json() == []


@case("get", "/overview")
def overview(call: Caller, place: Place) -> None:
    found = call("get", "/overview").json()
    assert "notes" in [info["name"] for info in found["collections"]]
    assert {row["name"]: row["pipeline"] for row in found["pipelines"]} == dict(place.workbench.pipelines())
    assert found["heat"]["usual"]["colour"] in found["heat"]["colours"]
    assert len(base64.b64decode(found["heat"]["colours"]["ember"]["ramp"])) == 256 * 3


@case("get", "/warm-up")
def warm_up(call: Caller, place: Place) -> None:
    assert call("get", "/warm-up").json()["state"] in ("cold", "warming", "ready")


SAVED = {**ASKED, "pipeline": "full:2", "filter": "page = 1", "k": 1}


@case("post", "/searches")
def save_search(call: Caller, place: Place) -> None:
    made = call("post", "/searches", {**SAVED, "name": "large / animals"}, 201).json()
    again = {"collection": made["collection"], "query": {"parts": made["parts"]}, "pipeline": made["pipeline"]}
    assert call("post", "/search", again).json()["hits"][0]["page"] == PAGE
    assert (made["query"], made["filter"], made["k"]) == ("largest animal", "page = 1", 1)
    call("post", "/searches", {**SAVED, "name": " "}, 400)
    call("post", "/searches", {**SAVED, "name": "x", "pipeline": "nonsense("}, 400)


@case("get", "/searches")
def saved_searches(call: Caller, place: Place) -> None:
    call("post", "/searches", {**SAVED, "name": "listed"}, 201)
    assert call("get", "/searches").json()[0]["name"] == "listed"


@case("delete", "/searches/{name}")
def forget_search(call: Caller, place: Place) -> None:
    call("post", "/searches", {**SAVED, "name": "large / animals"}, 201)
    call("delete", "/searches/{name}", status=204, name="large / animals")
    assert "large / animals" not in [one["name"] for one in call("get", "/searches").json()]
    call("delete", "/searches/{name}", status=404, name="large / animals")


@case("post", "/exports")
def export(call: Caller, place: Place) -> None:
    report = call("post", "/exports", {**ASKED, "form": "json"})
    assert report.json()["hits"][0]["page"] == PAGE
    assert report.headers["content-disposition"].startswith('attachment; filename="largest-animal.json"')
    drawn = {**ASKED, "form": "png", "page": PAGE, "look": {"colour": "magma"}, "tokens": [0]}
    assert call("post", "/exports", drawn).content.startswith(b"\x89PNG")
    call("post", "/exports", {**ASKED, "form": "docx"}, 400)
    call("post", "/exports", {**ASKED, "form": "png", "look": {"colour": "mauve"}}, 400)


@case("post", "/copies")
def copies(call: Caller, place: Place) -> None:
    texts = {copy["name"]: copy["text"] for copy in call("post", "/copies", {**ASKED, "address": ADDRESS}).json()}
    assert texts["curl"].startswith(f"curl -sS {ADDRESS}/api/v1/search ")
    assert "TOKEN" not in texts["curl"]


@case("get", "/pictures/{picture}/repairs")
def repairs(call: Caller, place: Place) -> None:
    upright = Image.open(place.workbench.page_image("notes", PageRef.parse(PAGE)))
    stream = io.BytesIO()
    upright.rotate(90, expand=True).save(stream, "PNG")
    name = call("post", "/pictures", stream.getvalue(), 201).json()["picture"]
    proposed = call("get", "/pictures/{picture}/repairs", picture=name).json()
    assert [one["step"] for one in proposed] == list(place.workbench.repair_preview(name).steps)
    assert all(one["reason"] for one in proposed)


@case("post", "/compare")
def compare(call: Caller, place: Place) -> None:
    compared = call("post", "/compare", {**ASKED, "a": "full:2", "b": "bm25:2"}).json()
    assert compared["a"]["hits"][0]["page"] == PAGE


@case("get", "/pipelines")
def pipelines(call: Caller, place: Place) -> None:
    found = {row["name"]: row["pipeline"] for row in call("get", "/pipelines").json()}
    assert found == dict(place.workbench.pipelines())


@case("get", "/filters")
def filters(call: Caller, place: Place) -> None:
    assert {row["name"] for row in call("get", "/filters").json()} == set(place.workbench.filter_fields())


@case("get", "/indexes")
def indexes(call: Caller, place: Place) -> None:
    assert {row["name"] for row in call("get", "/indexes").json()} == set(place.workbench.index_kinds())


def kept(call: Caller) -> str:
    """The picture of a page, kept to search with."""
    shown = call("get", "/collections/{collection}/picture", collection="notes", page=PAGE, size="thumb").content
    return str(call("post", "/pictures", shown, 201).json()["picture"])


@case("post", "/pictures")
def keep_picture(call: Caller, place: Place) -> None:
    alike = {"parts": [{"kind": "picture", "picture": kept(call)}]}
    assert call("post", "/search", {"collection": "notes", "query": alike}).json()["hits"][0]["page"] == PAGE


@case("get", "/pictures/{picture}")
def kept_picture(call: Caller, place: Place) -> None:
    name = kept(call)
    turned = call("get", "/pictures/{picture}", picture=name, repairs="rotate:90").content
    assert turned != call("get", "/pictures/{picture}", picture=name).content


@case("post", "/explain")
def explain(call: Caller, place: Place) -> None:
    plain = call("post", "/explain", {**ASKED, "page": PAGE}).json()
    assert sum(row["contribution"] for row in plain["ledger"]) == pytest.approx(plain["score"], abs=1e-4)
    assert plain["similarities"] is plain["heat"] is None
    full = call("post", "/explain", {**ASKED, "page": PAGE, "similarities": True}).json()
    assert len(full["similarities"]) == len(full["tokens"])
    assert {len(row) for row in full["similarities"]} == {len(full["places"]["boxes"])}
    told = place.workbench.explain(ASKED["query"], PageRef.parse(PAGE), "notes")
    assert full["heat"] == pytest.approx(heatmap.values(told), abs=1e-5)
    weights = [token["heat_weight"] for token in full["tokens"]]
    assert full["heat"] == pytest.approx(np.average(full["similarities"], axis=0, weights=weights), abs=1e-4)


@case("post", "/contrast")
def contrast(call: Caller, place: Place) -> None:
    assert call("post", "/contrast", {**ASKED, "a": PAGE, "b": "whales.pdf#page=2"}).json()["difference"] > 0


@case("post", "/why")
def why(call: Caller, place: Place) -> None:
    lost = call("post", "/why", {**ASKED, "page": PAGE, "filter": "document = 'nothing.pdf'"}).json()
    assert lost["verdict"] == "filtered"


@case("post", "/evidence")
def evidence(call: Caller, place: Place) -> None:
    quotes = call("post", "/evidence", {**ASKED, "k": 1}).json()
    assert "blue whale" in " ".join(quote["text"] for quote in quotes)


@case("post", "/collections")
def create_collection(call: Caller, place: Place) -> None:
    made = call("post", "/collections", {"name": "empty", "dpi": 72, "indexes": ["rows"]}, 201).json()
    assert made["settings"]["dpi"] == 72


@case("delete", "/collections/{collection}")
def delete_collection(call: Caller, place: Place) -> None:
    call("post", "/collections", {"name": "short-lived"}, 201)
    receipt = call("delete", "/collections/{collection}", collection="short-lived").json()
    assert (receipt["collection"], receipt["pages"]) == ("short-lived", 0)
    assert "short-lived" not in [info["name"] for info in call("get", "/collections").json()]


@case("post", "/uploads")
def upload(call: Caller, place: Place) -> None:
    assert call("post", "/uploads", status=201).json()["batch"]


@case("put", "/uploads/{batch}")
def upload_file(call: Caller, place: Place) -> None:
    place.uploaded(call)


@case("delete", "/uploads/{batch}")
def delete_upload(call: Caller, place: Place) -> None:
    batch = place.uploaded(call)
    call("delete", "/uploads/{batch}", status=204, batch=batch)
    call("post", "/jobs", {"collection": "notes", "batch": batch}, 404)


@case("post", "/plan")
def plan(call: Caller, place: Place) -> None:
    assert call("post", "/plan", {"collection": "notes", "batch": place.uploaded(call)}).json()["pages"] == 1


@case("post", "/jobs")
def ingest(call: Caller, place: Place) -> None:
    place.job(call, "ingested")
    assert call("get", "/collections/{collection}", collection="ingested").json()["info"]["pages"] == 1


@case("get", "/jobs/{job}")
def job(call: Caller, place: Place) -> None:
    done = call("get", "/jobs/{job}", job=place.job(call, "looked-at")).json()
    assert done["documents"][0]["indexed"] == 1


@case("get", "/jobs")
def jobs(call: Caller, place: Place) -> None:
    latest = place.job(call, "listed")
    assert call("get", "/jobs").json()[0]["id"] == latest


@case("post", "/jobs/{job}/stop")
def stop(call: Caller, place: Place) -> None:
    call("post", "/jobs/{job}/stop", status=202, job=place.job(call, "stopped"))


@case("post", "/jobs/{job}/resume")
def resume(call: Caller, place: Place) -> None:
    call("post", "/jobs/{job}/resume", status=409, job=place.job(call, "resumed"))  # it is done


@case("post", "/collections/{collection}/index")
def index(call: Caller, place: Place) -> None:
    place.job(call, "indexed")
    added = call("post", "/collections/{collection}/index", {"index": "conv"}, 202, collection="indexed").json()
    assert place.workbench.wait_for(added["id"]).state == "done"


@case("post", "/collections/{collection}/embed")
def embed(call: Caller, place: Place) -> None:
    place.job(call, "embedded")
    again = call("post", "/collections/{collection}/embed", {"encoder": "reader"}, 202, collection="embedded").json()
    place.workbench.wait_for(again["id"])


@case("delete", "/collections/{collection}/documents/{document}")
def delete_document(call: Caller, place: Place) -> None:
    place.job(call, "emptied")
    path = "/collections/{collection}/documents/{document}"
    receipt = call("delete", path, collection="emptied", document="tides.pdf").json()
    assert (receipt["document"], receipt["pages"], receipt["notes"]) == ("tides.pdf", 1, [])


def loaded(call: Caller) -> None:
    """Load the reader, and wait until it is there."""
    call("post", "/models/{model}/load", status=202, model="reader")
    while True:
        (reader,) = (model for model in call("get", "/models").json() if model["id"] == "reader")
        if reader["state"] != "loading":
            break
        time.sleep(0.1)
    assert reader["state"] == "loaded"


@case("post", "/models/{model}/load")
def load(call: Caller, place: Place) -> None:
    loaded(call)


@case("get", "/models")
def models(call: Caller, place: Place) -> None:
    assert "reader" in [model["id"] for model in call("get", "/models").json()]


@case("post", "/models/{model}/unload")
def unload(call: Caller, place: Place) -> None:
    loaded(call)
    assert call("post", "/models/{model}/unload", model="reader").json()["state"] != "loaded"


@case("post", "/session")
def log_in(call: Caller, place: Place) -> None:
    call("post", "/session", {"name": "x", "password": "y"}, 400)


@case("delete", "/session")
def log_out(call: Caller, place: Place) -> None:
    call("delete", "/session", status=204)


@pytest.mark.parametrize(("method", "path"), CASES)
def test_an_operation_answers_by_its_schema(
    client: TestClient, openapi: dict[str, Any], place: Place, method: str, path: str
) -> None:
    call = Caller(client, openapi)
    CASES[method, path](call, place)
    assert (method, path) in call.called


def test_every_operation_has_a_case(openapi: dict[str, Any]) -> None:
    assert set(CASES) == {(method, path) for path, methods in openapi["paths"].items() for method in methods}


def test_a_search_is_the_one_of_the_command_line(client: TestClient, workbench: Workbench) -> None:
    asked = {**ASKED, "pipeline": "rrf(bm25, rows):3 > full:3", "k": 3, "filter": "page = 1"}
    answer = client.post(f"{API}/search", json=asked).json()
    record = json_values(
        Search.of(workbench.search("largest animal", "notes", "rrf(bm25, rows):3 > full:3", 3, "page = 1"))
    )
    for one in (answer, record):
        one.pop("trace")  # of times
    assert answer == record


def test_a_client_that_goes_away_stops_the_search(
    address: str, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = workbench.search("largest animal", "notes")
    gone, ended = threading.Event(), threading.Event()

    def endless(*_: Any) -> Iterator[SearchResult]:
        try:
            while True:
                yield replace(result, complete=False)
                gone.wait(30)
        finally:
            ended.set()

    monkeypatch.setattr(Workbench, "search_stages", endless)
    with httpx2.stream("POST", f"{address}{API}/search/stages", json=ASKED) as reply:
        assert json.loads(next(reply.iter_lines()))["complete"] is False
    gone.set()
    assert ended.wait(30), "the stages still run"


def test_a_stage_that_fails_is_the_last_line(
    client: TestClient, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = workbench.search("largest animal", "notes")

    def failing(*_: Any) -> Iterator[SearchResult]:
        yield replace(result, complete=False)
        raise EncoderError("The model has gone.")

    monkeypatch.setattr(Workbench, "search_stages", failing)
    reply = client.post(f"{API}/search/stages", json=ASKED)
    assert reply.headers["content-type"].startswith("application/x-ndjson")
    first, last = map(json.loads, reply.text.splitlines())
    assert first["hits"] and last == {"error": "The model has gone."}


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
        ("GET", "/collections/a%0Ab", None, 404, "There is no collection 'a\nb'"),
        ("DELETE", "/collections/notes/documents/a%0Ab%0A", None, 404, "a\nb\n"),
        ("POST", f"/models/{'x' * 300}/load", None, 404, "There is no encoder 'xxx"),
        ("POST", "/models/a%00b/unload", None, 404, "There is no encoder"),
        ("POST", "/collections", {"name": "n" * 300}, 400, "cannot be a collection's name"),
        ("POST", "/jobs", {"collection": "n" * 300, "batch": "0" * 24}, 404, "no longer there"),
        ("GET", f"/collections/notes/page?page=whales.pdf%23page={'9' * 400}", None, 400, "report.pdf#page=12"),
        ("GET", f"/collections/notes/page?page={'n' * 300}%23page=1", None, 404, "nnn"),
        ("GET", f"/pictures/{'0' * 64}?" + "&".join(["repairs=deskew:15"] * 14), None, 422, "repairs: "),
        ("POST", "/search", {**ASKED, "collection": "\ud800"}, 422, "collection: it holds half of a character"),
        ("POST", "/search", {**ASKED, "\ud800": 1}, 422, "it is no text"),
        ("POST", "/search", {**ASKED, "filter": "page = '\ud800'"}, 422, "filter: it holds half of a character"),
        ("POST", "/search", {**ASKED, "query": 7}, 422, "query: a query is a text, or an object with a list of"),
        ("POST", "/search", {**ASKED, "query": "x" * 2001}, 400, "2,001 characters; at most 2,000"),
        ("POST", "/search", {**ASKED, "pipeline": "rrf(" * 2000}, 422, "pipeline: "),
        ("POST", "/search", {**ASKED, "pipeline": "rrf(" * 400}, 400, "more than 8 brackets inside each other"),
        ("POST", "/search", {**ASKED, "pipeline": "full>" * 399 + "full"}, 400, "more than 32 stages"),
        ("POST", "/search", {**ASKED, "filter": " or ".join(["page=1"] * 501)}, 400, "more than 500 comparisons"),
        (
            "POST",
            "/search",
            {**ASKED, "query": {"parts": [{"kind": "text", "text": "x", "weight": 1e308}]}},
            400,
            "give a number that is not 0, from 0.000001 to 1,000,000",
        ),
        ("POST", "/search", [], 422, "the body: it is no object"),
        ("POST", "/search", {"collection": "notes", "query": " "}, 400, "The query is empty"),
        ("POST", "/search", {"collection": "notes"}, 422, "query: "),
        ("POST", "/search", {**ASKED, "pages": 3}, 422, "pages: "),
        ("POST", "/search", {**ASKED, "k": 0}, 422, "k: "),
        ("PATCH", "/collections/notes/documents", {"documents": ["a"], "set": {"int": None}}, 422, f"set.int: {KINDS}"),
        (
            "POST",
            "/jobs",
            {"collection": "notes", "batch": "x", "replace": ["a"] * 10_001},
            422,
            "replace: it is neither true nor false, it holds more than 10000",
        ),
        (
            "POST",
            "/jobs",
            {"collection": "notes", "batch": "x", "fields": {"a.pdf": {"tag": 1}}},
            422,
            "fields.a.pdf.tag: nothing has that name here",
        ),
        ("POST", "/search", {**ASKED, "pipeline": "rows >"}, 400, ""),
        ("POST", "/search/stages", {**ASKED, "filter": "page ="}, 400, ""),
        ("POST", "/collections", {"name": "notes"}, 409, "notes"),
        ("POST", "/collections", {"name": "new", "encoder": "nobody"}, 404, "nobody"),
        ("POST", "/jobs", {"collection": "notes", "batch": "../../etc"}, 404, "no longer there"),
        ("POST", "/jobs", {"collection": "notes", "paths": ["/etc"]}, 422, "paths: "),
        ("GET", "/jobs/none", None, 404, "none"),
        ("PUT", "/uploads/0123456789abcdef01234567?name=a.pdf", None, 404, "no longer there"),
    ],
)
def test_a_refusal_is_a_sentence(client: TestClient, method: str, path: str, body: Any, status: int, said: str) -> None:
    sent = {} if body is None else {"content": json.dumps(body), "headers": JSON}
    reply = client.request(method, API + path, **sent)
    assert (reply.status_code, list(reply.json())) == (status, ["error"]), reply.text
    assert said in reply.json()["error"]


@pytest.mark.parametrize(
    ("filter", "pages"), [("page >= 1.5", 2), ("page = 4000000000", 0), (f"page < {'9' * 400}", 4), ("page != 1.5", 4)]
)
def test_any_number_can_be_compared(client: TestClient, filter: str, pages: int) -> None:
    reply = client.post(f"{API}/search", json={**ASKED, "pipeline": "full:10", "filter": filter})
    assert (reply.status_code, len(reply.json()["hits"])) == (200, pages)


@pytest.mark.parametrize("query", ["whale \ud800", "whale\x00", "\udcff whale"])
def test_half_a_character_in_a_query_is_none(client: TestClient, query: str) -> None:
    reply = client.post(f"{API}/search", content=json.dumps({**ASKED, "query": query}), headers=JSON)
    assert reply.status_code == 200, reply.text
    assert reply.json()["hits"][0]["page"].startswith("whales.pdf")


@pytest.mark.parametrize("weight", [1e6, 1e-6, 1.0])
def test_the_largest_and_smallest_weights_give_scores(client: TestClient, weight: float) -> None:
    parts = [{"kind": "text", "text": "whale", "weight": weight}, {"kind": "text", "text": "dough", "weight": -1e6}]
    for pipeline in ("full:4", "bm25:4", "rrf(bm25, rows):4 > full:4", "sum(bm25, full):4", "prf(rows):4", "xtr(full)"):
        reply = client.post(f"{API}/search", json={**ASKED, "query": {"parts": parts}, "pipeline": pipeline})
        assert reply.status_code == 200, reply.text
        hits = reply.json()["hits"]
        assert all(isinstance(hit["score"], float) for hit in hits)
        assert all(isinstance(stage["score"], float) for hit in hits for stage in hit["stages"])


def test_a_job_that_is_done_is_not_resumed(client: TestClient, workbench: Workbench) -> None:
    job = workbench.start_embed("notes", "reader").id
    workbench.wait_for(job)
    reply = client.post(f"{API}/jobs/{job}/resume")
    assert (reply.status_code, reply.json()) == (
        409,
        {"error": "This job is done; there is nothing left of it to resume."},
    )


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
