"""Every route of the OpenAPI answers, by its schema; every refusal is one sentence with a fitting status."""

import base64
import http.client
import io
import json
import re
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from PIL import Image

from tests.api.conftest import ADDRESS
from tests.documents.make import write_pdf
from workbench import heatmap, resources
from workbench.answers import json_values
from workbench.answers.searches import Search
from workbench.api.application import PREFIX, application
from workbench.api.reference import printed_schemas
from workbench.errors import EncoderError
from workbench.representations import METHODS
from workbench.retrieval import FIELDS, PRESETS
from workbench.service import Workbench
from workbench.service.collections import Collections
from workbench.service.searches import Searches
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
        assert self.workbench.jobs.wait(job).state == "done"
        return str(job)


@pytest.fixture(scope="module")
def place(workbench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    pdf = write_pdf(tmp_path_factory.mktemp("routes") / "tides.pdf", ["The moon pulls the tides."]).read_bytes()
    before = {info.name for info in workbench.library.all()}
    yield Place(workbench, pdf)
    for name in {info.name for info in workbench.library.all()} - before:
        workbench.deletions.collection(name)


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
    path, asked = "/collections/{collection}/picture", {"collection": "notes", "page": PAGE}
    plain, boxed, heat = (
        np.asarray(Image.open(io.BytesIO(call("get", path, **asked, **more).content)).convert("RGB"), int)
        for more in ({}, {"boxes": "0.2,0.5,0.6,0.7"}, {"query": "animal"})
    )
    height, width, _ = plain.shape
    outlined = np.abs(boxed - plain).max(axis=2) > 60
    assert outlined[:, : int(0.15 * width)].sum() == 0  # nothing is drawn far from the box, and its edge is
    assert outlined[int(0.5 * height) - 4, int(0.3 * width) : int(0.5 * width)].all()
    words = place.workbench.library.page(PageRef.parse(PAGE), "notes").words
    x0, y0, x1, y1 = words.boxes[[word.strip(".,") for word in words.texts].index("animal")]
    hot = np.abs(heat - plain)[int(y0 * height) : int(y1 * height), int(x0 * width) : int(x1 * width)]
    assert hot.mean() > 20 > np.abs(heat - plain)[: int(0.02 * height)].mean() + 15
    for wrong in ("0,0,1", "0.5,0,0.2,1", "nan,0,1,1"):
        call("get", path, **asked, boxes=wrong, status=400)


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
    lines = call("post", "/search/stages", {**ASKED, "passages": True}).text.splitlines()
    told = [json.loads(line) for line in lines]
    last = next(line for line in told if line.get("complete"))
    passages = [one for line in told[told.index(last) + 1 :] for one in line["passages"]]
    assert [one["page"] for one in passages] == [hit["page"] for hit in last["hits"]]
    best = passages[0]
    assert [best["text"][start:end] for start, end in best["marks"]] == ["largest animal"]
    assert len(base64.b64decode(best["heat"])) % 5 == 0


@case("post", "/search/across")
def search_across(call: Caller, place: Place) -> None:
    place.job(call, "ebb")
    asked = {"query": "largest animal of the tide", "pipeline": "exact"}
    found = call("post", "/search/across", {**asked, "collections": ["notes", "ebb", "lost"]}).json()
    assert found["merge"] == "score" and found["statement"].endswith(" in notes, ebb.")
    assert found["hits"][0]["collection"] in ("notes", "ebb")
    for hit in found["hits"]:
        own = place.workbench.search(asked["query"], hit["collection"], "exact").hits[hit["own_rank"] - 1]
        assert (hit["page"], hit["own_score"]) == (str(own.ref), own.score)
    assert [hit["score"] for hit in found["hits"]] == sorted((hit["score"] for hit in found["hits"]), reverse=True)
    answers = {answer["collection"]: answer for answer in found["answers"]}
    assert answers["notes"]["searched"] and answers["notes"]["ms"] > 0 and answers["notes"]["trace"]["stages"]
    assert not answers["lost"]["searched"] and "no collection 'lost'" in answers["lost"]["reason"]
    every = call("post", "/search/across", {"query": "largest animal"}).json()
    assert {"notes", "ebb"} <= set(every["collections"])
    call("post", "/search/across", {**asked, "collections": ["lost"]}, 404)
    call("post", "/search/across", {**asked, "collections": ["lost", "gone"]}, 400)
    call("post", "/search/across", {**asked, "pipeline": "ful:2"}, 400)


@case("post", "/search/across/stages")
def search_across_stages(call: Caller, place: Place) -> None:
    place.job(call, "flow")
    body = {"query": "largest animal", "collections": ["notes", "flow"], "passages": True, "asked": True}
    place.workbench.asked.keep("flow", True)
    told = [json.loads(line) for line in call("post", "/search/across/stages", body).text.splitlines()]
    stages = [line for line in told if "hits" in line]
    assert [line["complete"] for line in stages] == [False, True]
    passages = [(one["collection"], one["page"]) for line in told[2:] for one in line["passages"]]
    assert sorted(passages) == sorted((hit["collection"], hit["page"]) for hit in stages[-1]["hits"])
    assert [query.query for query in place.workbench.asked.of("flow").queries] == ["largest animal"]
    assert not place.workbench.asked.of("notes").queries
    call("post", "/search/across/stages", {**body, "collections": ["lost"]}, 404)


@case("post", "/facets")
def facets(call: Caller, place: Place) -> None:
    found = {facet["field"]: facet for facet in call("post", "/facets", {"collections": ["notes"]}).json()}
    assert {one["value"]: one["pages"] for one in found["document"]["values"]} == {
        "bread/rye & wheat.pdf": 2,
        "whales.pdf": 2,
    }
    narrowed = next(one["filter"] for one in found["document"]["values"] if one["value"] == "whales.pdf")
    hits = call("post", "/search", {**ASKED, "filter": narrowed}).json()["hits"]
    assert {hit["document"] for hit in hits} == {"whales.pdf"}
    call("post", "/facets", {"collections": ["notes"], "filter": "pages > 3"}, 400)


@case("post", "/explain/points")
def points(call: Caller, _place: Place) -> None:
    """Of pages without figures; what is found where there are some is for tests/service/test_alike.py."""
    region = {"parts": [{"kind": "region", "page": PAGE, "box": [0, 0, 1, 0.5], "weight": 1}]}
    for query in (ASKED["query"], region):
        assert call("post", "/explain/points", {**ASKED, "query": query, "page": PAGE}).json() == []
    call("post", "/explain/points", {**ASKED, "page": "nothing.pdf#page=1"}, 404)


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
    # The reader reads words; what a model of pictures sees is tested with a tiny one, in tests/encoders.
    assert call("get", "/collections/{collection}/saw", collection="notes", page=PAGE).json() == []


@case("get", "/overview")
def overview(call: Caller, place: Place) -> None:
    found = call("get", "/overview").json()
    assert "notes" in [info["name"] for info in found["collections"]]
    assert {row["name"]: row["pipeline"] for row in found["pipelines"]} == dict(PRESETS)
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
    upright = Image.open(place.workbench.library.page_image("notes", PageRef.parse(PAGE)))
    stream = io.BytesIO()
    upright.rotate(90, expand=True).save(stream, "PNG")
    name = call("post", "/pictures", stream.getvalue(), 201).json()["picture"]
    proposed = call("get", "/pictures/{picture}/repairs", picture=name).json()
    assert [one["step"] for one in proposed] == list(place.workbench.pictures.preview(name).steps)
    assert all(one["reason"] for one in proposed)


@case("post", "/compare")
def compare(call: Caller, place: Place) -> None:
    compared = call("post", "/compare", {**ASKED, "a": "full:2", "b": "bm25:2"}).json()
    assert compared["a"]["hits"][0]["page"] == PAGE


@case("post", "/compare/across")
def compare_across(call: Caller, place: Place) -> None:
    asked = {"query": ASKED["query"], "collections": ["notes", "gone"], "a": "full:2", "b": "bm25:2"}
    compared = call("post", "/compare/across", asked).json()
    assert compared["a"]["hits"][0]["page"] == PAGE
    assert {move["collection"] for move in compared["moves"]} == {"notes"}
    call("post", "/compare/across", {**asked, "b": "ful:2"}, 400)


@case("get", "/pipelines")
def pipelines(call: Caller, place: Place) -> None:
    found = {row["name"]: row["pipeline"] for row in call("get", "/pipelines").json()}
    assert found == dict(PRESETS)


@case("post", "/passages")
def passages(call: Caller, place: Place) -> None:
    found = call("post", "/passages", {**ASKED, "pipeline": "full:2"}).json()["passages"]
    assert [one["page"] for one in found] == [
        str(hit.ref) for hit in place.workbench.search("largest animal", "notes", "full:2").hits
    ]


@case("post", "/pipelines/read")
def read_pipeline(call: Caller, place: Place) -> None:
    read = call("post", "/pipelines/read", {"collection": "notes", "pipeline": "columns:4 > full:2"}).json()
    assert read["steps"] == [{"source": "columns", "k": 4}, {"source": "full", "k": 2}]
    assert read["lacking"] == [{"index": "columns", "encoder": "reader"}]
    recommended = call("post", "/pipelines/read", {"collection": "notes"}).json()
    assert (recommended["preset"], recommended["rival"]) == ("accurate", "exact")
    assert read["rival"] == "accurate"  # vectors alone are set against words and vectors
    call("post", "/pipelines/read", {"collection": "notes", "pipeline": "rowz:2"}, 400)


@case("post", "/filters/read")
def read_filter(call: Caller, place: Place) -> None:
    add = {"field": "document", "operator": "=", "value": "it's.pdf"}
    read = call("post", "/filters/read", {"filter": "page > 1", "add": add}).json()
    assert read["filter"] == "page > 1 and document = 'it''s.pdf'"
    assert [clause["document"] for clause in read["clauses"]] == ["", "it's.pdf"]
    call("post", "/filters/read", {"filter": "pgae > 1"}, 400)


@case("get", "/filters")
def filters(call: Caller, place: Place) -> None:
    assert {row["name"] for row in call("get", "/filters").json()} == set(FIELDS)


@case("get", "/indexes")
def indexes(call: Caller, place: Place) -> None:
    assert {row["name"] for row in call("get", "/indexes").json()} == set(METHODS)


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


@case("patch", "/collections/{collection}")
def rename_collection(call: Caller, place: Place) -> None:
    call("post", "/collections", {"name": "first-name"}, 201)
    path = "/collections/{collection}"
    assert call("patch", path, {"name": "second-name"}, collection="first-name").json()["name"] == "second-name"
    names = [one["name"] for one in call("get", "/collections").json()]
    assert "second-name" in names and "first-name" not in names
    call("delete", path, collection="second-name")


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


@case("post", "/sample")
def sample(call: Caller, place: Place) -> None:
    folder = tmp_folder()
    write_pdf(folder / "documents" / "tides.pdf", ["The moon pulls the tides."])
    call("post", "/collections", {"name": "sample", "dpi": 72}, 201)  # as one whose ingest was stopped at once
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(resources, "sample_data", lambda: folder)
        assert call("get", "/overview").json()["sample"] == "sample"
        begun = call("post", "/sample", status=202).json()
        assert begun["collection"] == "sample"
        assert place.workbench.jobs.wait(begun["id"]).state == "done"
    assert call("get", "/collections/{collection}", collection="sample").json()["info"]["pages"] == 1
    assert call("get", "/overview").json()["sample"] == ""
    assert "is here already" in call("post", "/sample", status=409).json()["error"]


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
    assert place.workbench.jobs.wait(added["id"]).state == "done"


def tmp_folder() -> Path:
    """An empty folder."""
    return Path(tempfile.mkdtemp()).resolve()


@case("post", "/collections/{collection}/watches")
def watch(call: Caller, place: Place) -> None:
    place.job(call, "watched")
    path, asked = "/collections/{collection}/watches", {"folder": str(tmp_folder()), "keep": True}
    assert call("post", path, asked, 201, collection="watched").json() == {"collection": "watched", **asked}
    call("post", path, {"folder": asked["folder"] + "/none"}, 400, collection="watched")
    call("delete", path, status=204, collection="watched", folder=asked["folder"])


@case("get", "/collections/{collection}/watches")
def watches(call: Caller, place: Place) -> None:
    assert call("get", "/collections/{collection}/watches", collection="notes").json() == []


@case("delete", "/collections/{collection}/watches")
def unwatch(call: Caller, place: Place) -> None:
    call("delete", "/collections/{collection}/watches", status=404, collection="notes", folder="/none")
    call("delete", "/collections/{collection}/watches", status=400, collection="notes", folder="no\0system")


@case("get", "/languages")
def languages(call: Caller, place: Place) -> None:
    found = {one["code"]: one for one in call("get", "/languages").json()}
    assert (found["rus"]["tag"], found["rus"]["name"]) == ("ru", "Russian")
    assert found["eng"]["built_in"] and found["eng"]["there"] and not found["eng"]["get"]


@case("post", "/collections/{collection}/reread")
def reread(call: Caller, place: Place) -> None:
    place.job(call, "reread")
    path, asked = "/collections/{collection}/reread", {"document": "tides.pdf", "pages": [1]}
    job = call("post", path, asked, 202, collection="reread").json()
    assert (job["kind"], job["collection"]) == ("reread", "reread")
    assert place.workbench.jobs.wait(job["id"]).state == "done"
    call("post", path, {**asked, "pages": [99]}, 404, collection="reread")
    call("post", path, {"document": "gone.pdf", "another": True}, 404, collection="reread")
    refused = call("post", path, {"document": "tides.pdf", "another": True, "pages": [1]}, 422, collection="reread")
    assert "leave them out" in refused.text
    again = call("post", path, {"document": "tides.pdf", "another": True}, 202, collection="reread").json()
    assert place.workbench.jobs.wait(again["id"]).state == "done"
    call("post", path, {**asked, "languages": ["klingon"]}, 400, collection="reread")


@case("post", "/collections/{collection}/embed")
def embed(call: Caller, place: Place) -> None:
    place.job(call, "embedded")
    again = call("post", "/collections/{collection}/embed", {"encoder": "reader"}, 202, collection="embedded").json()
    place.workbench.jobs.wait(again["id"])


@case("delete", "/collections/{collection}/documents/{document}")
def delete_document(call: Caller, place: Place) -> None:
    place.job(call, "emptied")
    path = "/collections/{collection}/documents/{document}"
    receipt = call("delete", path, collection="emptied", document="tides.pdf").json()
    assert (receipt["document"], receipt["pages"], receipt["notes"], receipt["found"]) == ("tides.pdf", 1, [], 0)
    assert receipt["sentence"].startswith("Removed: 1 page with its words, vectors and pictures")


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


@case("get", "/models/advice")
def advised(call: Caller, place: Place) -> None:
    found = call("get", "/models/advice").json()
    assert found["model"] in [model["id"] for model in call("get", "/models").json()]
    assert found["why"].endswith(".")


@case("get", "/models/{model}/offer")
def offered(call: Caller, place: Place) -> None:
    said = call("get", "/models/{model}/offer", status=400, model="reader").json()["error"]
    assert said.startswith("'reader' comes from no hub")


@case("post", "/models/{model}/get")
def got(call: Caller, place: Place) -> None:
    said = call("post", "/models/{model}/get", {"licence": "mit"}, status=400, model="reader").json()["error"]
    assert said.startswith("'reader' comes from no hub")


@case("post", "/compare/queries")
def compare_queries(call: Caller, place: Place) -> None:
    asked = {"collection": "notes", "a": "full:4", "b": "bm25:4", "lines": "largest animal\n\nhot oven\nsongs"}
    first = call("post", "/compare/queries", {**asked, "many": 2}).json()
    rest = call("post", "/compare/queries", {**asked, "at": 2, "many": 2}).json()
    assert first["total"] == rest["total"] == 3
    rows = {row["id"]: row["query"] for row in (*first["rows"], *rest["rows"])}
    assert rows == {"1": "largest animal", "3": "hot oven", "4": "songs"}  # as lines of the text
    assert call("post", "/compare/queries", {**asked, "at": 4}).json()["rows"] == []
    call("post", "/compare/queries", {**asked, "lines": " "}, 400)


@case("get", "/system")
def system(call: Caller, place: Place) -> None:
    found = call("get", "/system").json()
    assert found["home"] == str(place.workbench.settings.home)
    assert "pagelens" in found["versions"] and found["checks"]


@case("get", "/collections/{collection}/upkeep")
def upkeep(call: Caller, place: Place) -> None:
    found = call("get", "/collections/{collection}/upkeep", collection="notes").json()
    assert found["info"]["pages"] == 4
    assert {table["name"] for table in found["tables"]} == {
        table.name for table in place.workbench.maintenance.tables("notes")
    }


@case("get", "/collections/{collection}/verify")
def verify(call: Caller, place: Place) -> None:
    assert call("get", "/collections/{collection}/verify", collection="notes").json()["problems"] == []


def worked(kind: str) -> Case:
    """A job of that kind over the collection is done, and its record is in the upkeep."""

    def check(call: Caller, place: Place) -> None:
        body = [{}] if kind != "compact" else []
        job = call("post", f"/collections/{{collection}}/{kind}", *body, status=202, collection="notes").json()
        assert place.workbench.jobs.wait(job["id"]).state == "done"
        found = call("get", "/collections/{collection}/upkeep", collection="notes").json()
        assert kind == "compact" or found[kind]

    return check


@case("post", "/collections/{collection}/recall")
def recall(call: Caller, place: Place) -> None:
    job = call("post", "/collections/{collection}/recall", {}, 202, collection="notes").json()
    assert "recall of the best 10 needs more" in place.workbench.jobs.wait(job["id"]).message  # four pages are too few


for kind in ("audit", "compact"):
    case("post", f"/collections/{{collection}}/{kind}")(worked(kind))


@case("post", "/collections/{collection}/repair")
def repair(call: Caller, place: Place) -> None:
    path = "/collections/{collection}/repair"
    job = call("post", path, {}, 202, collection="notes").json()
    assert job["kind"] == "repair" and job["doing"] == "repairing notes"
    done = place.workbench.jobs.wait(job["id"])
    assert (done.state, done.message) == ("done", "'notes' is as it should be; nothing was done.")
    call("post", path, {}, 404, collection="none")


TAKEN = "/collections/{collection}/export"


@case("post", TAKEN)
def export_collection(call: Caller, place: Place) -> None:
    job = call("post", TAKEN, {"formats": ["parquet", "npz"]}, 202, collection="notes").json()
    done = place.workbench.jobs.wait(job["id"])
    assert done.state == "done" and done.message.endswith("can be fetched.")
    assert "not in 'docx'" in call("post", TAKEN, {"formats": ["docx"]}, 400, collection="notes").json()["error"]
    call("post", TAKEN, {}, 404, collection="none")
    call("delete", TAKEN, status=204, collection="notes")


@case("get", TAKEN)
def exported_collection(call: Caller, place: Place) -> None:
    said = call("get", TAKEN, status=404, collection="notes").json()["error"]
    assert said == "No export of 'notes' is here to be fetched; have it made first."
    job = call("post", TAKEN, {}, 202, collection="notes").json()
    assert place.workbench.jobs.wait(job["id"]).state == "done"
    sent = call("get", TAKEN, collection="notes")
    assert sent.headers["content-disposition"].endswith("notes.tar")
    with tarfile.open(fileobj=io.BytesIO(sent.content)) as archive:
        names = archive.getnames()
    assert {"notes/pagelens-export.json", "notes/pages.parquet"} <= set(names)
    call("delete", TAKEN, status=204, collection="notes")


@case("delete", TAKEN)
def remove_exported_collection(call: Caller, place: Place) -> None:
    job = call("post", TAKEN, {}, 202, collection="notes").json()
    assert place.workbench.jobs.wait(job["id"]).state == "done"
    call("delete", TAKEN, status=204, collection="notes")
    call("get", TAKEN, status=404, collection="notes")
    call("delete", TAKEN, status=404, collection="notes")


AWAY = "/collections/{collection}/quarantine"


@case("post", AWAY)
def put_away(call: Caller, place: Place) -> None:
    (entry,) = call("post", AWAY, {"page": PAGE, "reason": "a copy"}, collection="notes").json()
    assert (entry["page"], entry["number"], entry["reason"]) == (PAGE, 1, "a copy")
    assert PAGE not in [hit["page"] for hit in call("post", "/search", ASKED).json()["hits"]]
    call("post", AWAY, {}, 400, collection="notes")
    call("post", AWAY, {"page": PAGE, "document": "whales.pdf"}, 400, collection="notes")
    assert call("delete", AWAY, collection="notes", page=PAGE).json() == []
    assert PAGE in [hit["page"] for hit in call("post", "/search", ASKED).json()["hits"]]


@case("get", AWAY)
def quarantine(call: Caller, place: Place) -> None:
    call("post", AWAY, {"document": "whales.pdf"}, collection="notes")
    (entry,) = call("get", AWAY, collection="notes").json()
    assert (entry["page"], entry["document"], entry["number"]) == ("whales.pdf", "whales.pdf", 0)
    call("delete", AWAY, collection="notes", document="whales.pdf")


@case("delete", AWAY)
def release(call: Caller, place: Place) -> None:
    call("delete", AWAY, status=404, collection="notes", page=PAGE)
    call("post", AWAY, {"page": PAGE}, collection="notes")
    assert call("delete", AWAY, collection="notes", page=PAGE).json() == []


@case("delete", "/collections/{collection}/encoders/{encoder}")
def remove_encoder(call: Caller, place: Place) -> None:
    path = "/collections/{collection}/encoders/{encoder}"
    refused = call("delete", path, status=400, collection="notes", encoder="reader").json()
    assert "reader" in refused["error"]
    call("delete", path, status=404, collection="notes", encoder="none")


def dataset(call: Caller, name: str) -> str:
    """A dataset of that name over the collection, of two questions with a label each."""
    batch = call("post", "/uploads", status=201).json()["batch"]
    questions = b'{"query_id": "a/1", "text": "largest animal"}\n{"query_id": "b", "text": "hot oven"}\n'
    labels = b"query-id\tcorpus-id\tscore\na/1\twhales.pdf#page=1\t1\nb\twhales.pdf#page=2\t1\n"
    call("put", "/uploads/{batch}", questions, batch=batch, name="queries.jsonl")
    call("put", "/uploads/{batch}", labels, batch=batch, name="qrels.tsv")
    files = {"batch": batch, "questions": "queries.jsonl", "labels": "qrels.tsv"}
    made = call("post", "/datasets/made", {"name": name, "collection": "notes", **files}, 201).json()
    assert (made["questions"], made["relevant_pages"], made["problem"]) == (2, 2, "")
    return name


def evaluated(call: Caller, place: Place, name: str) -> str:
    """The name of a record of `dataset`, measured."""
    asked = {"dataset": dataset(call, name), "collection": "notes", "pipelines": ["full:2", "bm25:2"]}
    started = call("post", "/evaluations", asked, 202).json()
    assert place.workbench.jobs.wait(started["job"]["id"]).state == "done"
    return str(started["record"])


@case("post", "/datasets/made")
def make_dataset(call: Caller, place: Place) -> None:
    dataset(call, "made")
    missing = {"batch": call("post", "/uploads", status=201).json()["batch"], "questions": "q.jsonl"}
    call("post", "/datasets/made", {"name": "x", "collection": "notes", **missing}, 400)


@case("get", "/datasets")
def datasets(call: Caller, place: Place) -> None:
    dataset(call, "on-the-shelf")
    assert "on-the-shelf" in [one["name"] for one in call("get", "/datasets").json()]


@case("post", "/datasets")
def bring_dataset(call: Caller, place: Place) -> None:
    folder = place.workbench.settings.home.parent / "brought"
    (folder / "documents").mkdir(parents=True)
    (folder / "queries.jsonl").write_text('{"query_id": "1", "text": "tides"}', encoding="utf-8")
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\ttides.pdf#page=1\t1\n", encoding="utf-8")
    (folder / "documents" / "tides.pdf").write_bytes(place.pdf)
    assert call("post", "/datasets", {"path": str(folder)}, 201).json()["name"] == "brought"
    job = call("post", "/datasets/{name}/ingest", status=202, name="brought", collection="brought").json()
    assert place.workbench.jobs.wait(job["id"]).state == "done"
    call("post", "/datasets", {"path": str(folder / "none")}, 400)
    for path in ("0" * 1000, "~nobody-of-that-name/x", "a\0b"):  # no path of this system
        call("post", "/datasets", {"path": path}, 400)


@case("post", "/datasets/{name}/ingest")
def ingest_dataset(call: Caller, place: Place) -> None:
    about = dataset(call, "of-a-collection")
    call("post", "/datasets/{name}/ingest", status=400, name=about, collection="other")


@case("get", "/datasets/{name}/check")
def check_dataset(call: Caller, place: Place) -> None:
    found = call("get", "/datasets/{name}/check", name=dataset(call, "checked")).json()
    assert found["problems"] == []


@case("delete", "/datasets/{name}")
def remove_dataset(call: Caller, place: Place) -> None:
    call("delete", "/datasets/{name}", status=204, name=dataset(call, "removed"))
    assert "removed" not in [one["name"] for one in call("get", "/datasets").json()]


@case("post", "/judgements")
def judge(call: Caller, place: Place) -> None:
    asked = {"collection": "notes", "query": "largest  animal", "page": PAGE}
    assert call("post", "/judgements", {**asked, "grade": 2}).json() == {PAGE: 2}
    made = call("post", "/datasets/judged", {"collection": "notes", "name": "judged"}, 201).json()
    assert (made["name"], made["questions"]) == ("judged", 1)
    assert call("post", "/judgements", {**asked, "grade": None}).json() == {}
    call("post", "/judgements", {**asked, "grade": 4}, 422)


ASKED_IN = "/collections/{collection}/asked"


@case("get", ASKED_IN)
def asked(call: Caller, place: Place) -> None:
    found = call("get", ASKED_IN, collection="notes").json()
    assert (found["kept"], found["queries"]) == (False, [])
    call("get", ASKED_IN, status=404, collection="nowhere")


@case("put", ASKED_IN)
def keep_asked(call: Caller, place: Place) -> None:
    search = {**ASKED, "pipeline": "full:2", "asked": True}
    call("post", "/search/stages", search)  # before it is switched on nothing is kept
    assert call("put", ASKED_IN, {"kept": True}, collection="notes").json()["queries"] == []
    call("post", "/search/stages", search)
    call("post", "/search/stages", {**search, "query": "Largest  ANIMAL"})
    call("post", "/search/stages", {**search, "query": {"parts": [{"kind": "text", "text": "x", "weight": 1}]}})
    call("post", "/search/stages", {**search, "query": "by a program", "asked": False})
    call("post", "/judgements", {**ASKED, "page": PAGE, "grade": 1})
    found = call("put", ASKED_IN, {"kept": False}, collection="notes").json()
    assert [(one["query"], one["times"]) for one in found["queries"]] == [("Largest ANIMAL", 2)]
    assert found["judged"] == {"Largest ANIMAL": 1}
    call("post", "/judgements", {**ASKED, "page": PAGE, "grade": None})
    call("post", "/search/stages", {**search, "query": "afterwards"})
    assert len(call("get", ASKED_IN, collection="notes").json()["queries"]) == 1


@case("delete", ASKED_IN)
def clear_asked(call: Caller, place: Place) -> None:
    call("delete", ASKED_IN, status=204, collection="notes")
    assert call("get", ASKED_IN, collection="notes").json()["queries"] == []


@case("get", "/views")
def views(call: Caller, place: Place) -> None:
    kept = {"name": "our  failures", "collection": "notes", "address": "?view=evaluate&et=ours"}
    made = call("post", "/views", kept, status=201).json()
    assert (made["name"], made["address"]) == ("our failures", kept["address"])
    assert call("get", "/views").json() == [made]


@case("post", "/views")
def save_view(call: Caller, place: Place) -> None:
    kept = {"name": "x", "collection": "notes", "address": "https://elsewhere.example/?view=search"}
    call("post", "/views", kept, status=400)
    call("post", "/views", {**kept, "address": "?", "collection": "nowhere"}, status=404)
    call("post", "/views", {**kept, "address": "?", "name": " "}, status=400)


@case("delete", "/views/{name}")
def forget_view(call: Caller, place: Place) -> None:
    call("post", "/views", {"name": "a/b", "collection": "notes", "address": "?view=compare"}, status=201)
    call("delete", "/views/{name}", status=204, name="a/b")
    call("delete", "/views/{name}", status=404, name="a/b")


@case("get", "/judgements")
def judgements(call: Caller, place: Place) -> None:
    asked = {"collection": "notes", "query": "songs under water"}
    call("post", "/judgements", {**asked, "page": "whales.pdf#page=2", "grade": 3})
    assert call("get", "/judgements", **asked).json() == {"whales.pdf#page=2": 3}
    call("post", "/judgements", {**asked, "page": "whales.pdf#page=2", "grade": None})


@case("post", "/datasets/judged")
def judged_dataset(call: Caller, place: Place) -> None:
    call("post", "/datasets/judged", {"collection": "notes", "name": "nothing"}, 400)


@case("post", "/evaluations")
def start_evaluation(call: Caller, place: Place) -> None:
    evaluated(call, place, "measured")
    none = {"dataset": "measured", "collection": "notes", "pipelines": []}
    call("post", "/evaluations", none, 422)


@case("get", "/evaluations")
def evaluations(call: Caller, place: Place) -> None:
    name = evaluated(call, place, "kept")
    found = call("get", "/evaluations").json()
    assert found["records"][0]["name"] == name
    assert found["measures"] and found["scopes"] and found["forms"]


@case("get", "/evaluations/{name}")
def evaluation(call: Caller, place: Place) -> None:
    found = call("get", "/evaluations/{name}", name=evaluated(call, place, "told")).json()
    assert [one["name"] for one in found["pipelines"]] == ["full:2", "bm25:2"]


@case("get", "/evaluations/{name}/outcomes")
def outcomes(call: Caller, place: Place) -> None:
    name = evaluated(call, place, "outcomes")
    failed, found = call("get", "/evaluations/{name}/outcomes", name=name, pipeline="bm25:2").json()
    assert (failed["question"], failed["failed"], found["failed"]) == ("b", True, False)
    assert found["pages"][0]["page"] == PAGE and found["pages"][0]["final"] == 1


@case("get", "/evaluations/{name}/questions/{question}")
def question(call: Caller, place: Place) -> None:
    path = "/evaluations/{name}/questions/{question}"
    name = evaluated(call, place, "question")
    found = call("get", path, name=name, question="a/1").json()
    assert (found["query"], found["gone"], found["grades"]) == ("largest animal", False, {PAGE: 1})
    assert found["pipelines"][0]["top"][0]["page"] == PAGE
    call("get", path, status=400, name=name, question="none")


@case("put", "/evaluations/{name}/notes/{question}")
def note(call: Caller, place: Place) -> None:
    name = evaluated(call, place, "noted")
    said = {"tags": ["odd"], "text": "why?"}
    assert call("put", "/evaluations/{name}/notes/{question}", said, name=name, question="a/1").json() == said
    noted = call("get", "/evaluations/{name}/outcomes", name=name, pipeline="full:2").json()
    assert {one["question"]: one["note"]["text"] for one in noted}["a/1"] == "why?"


@case("get", "/reports")
def report(call: Caller, place: Place) -> None:
    name = evaluated(call, place, "reported")
    found = call("get", "/reports", names=name).json()
    assert {system["name"] for system in found["reports"][0]["systems"]} == {"full:2", "bm25:2"}
    assert found["records"][name]["dataset"] == "reported"
    call("get", "/reports", status=422)


@case("get", "/reports/{form}")
def report_file(call: Caller, place: Place) -> None:
    name = evaluated(call, place, "filed")
    labels = call("get", "/reports/{form}", form="qrels.trec", names=name)
    assert "whales.pdf" in labels.text
    assert f"{name}-qrels.trec" in labels.headers["content-disposition"]
    call("get", "/reports/{form}", status=400, form="report.docx", names=name)


@case("delete", "/evaluations/{name}")
def delete_evaluation(call: Caller, place: Place) -> None:
    name = evaluated(call, place, "deleted")
    call("delete", "/evaluations/{name}", status=204, name=name)
    assert name not in [record["name"] for record in call("get", "/evaluations").json()["records"]]


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
                gone.wait(900)
        finally:
            ended.set()

    monkeypatch.setattr(Searches, "stages", endless)
    with httpx2.stream("POST", f"{address}{API}/search/stages", json=ASKED, timeout=900) as reply:
        assert json.loads(next(reply.iter_lines()))["complete"] is False
    gone.set()
    assert ended.wait(900), "the stages still run"


def test_a_stage_that_fails_is_the_last_line(
    client: TestClient, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = workbench.search("largest animal", "notes")

    def failing(*_: Any) -> Iterator[SearchResult]:
        yield replace(result, complete=False)
        raise EncoderError("The model has gone.")

    monkeypatch.setattr(Searches, "stages", failing)
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
        ("POST", f"/models/{'x' * 300}/load", None, 404, "There is no model 'xxx"),
        ("POST", "/models/a%00b/unload", None, 404, "There is no model"),
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
    job = workbench.ingestion.start_embed("notes", "reader").id
    workbench.jobs.wait(job)
    reply = client.post(f"{API}/jobs/{job}/resume")
    assert (reply.status_code, reply.json()) == (
        409,
        {"error": "This job is done; there is nothing left of it to resume."},
    )


def test_what_was_not_foreseen_is_told_without_details(
    client: TestClient, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Collections, "all", lambda self: 1 / 0)
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
    _, printed = printed_schemas()  # by the command line
    assert set(re.findall(r'<a href="([^"]+)"', reply.text)) <= {
        f"#{name.lower()}" for name in {**openapi["components"]["schemas"], **printed}
    }
    for target in re.findall(r'href="#([^"]+)"', reply.text):
        assert f'id="{target}"' in reply.text
    for path, methods in openapi["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in reply.text
    assert ADDRESS not in reply.text


def test_half_a_character_in_an_address_is_refused_in_words(workbench: Workbench, address: str) -> None:
    """Sent as it stands: libraries that make requests would refuse to, or mend it."""
    server = http.client.HTTPConnection(address.removeprefix("http://"), timeout=900)
    routes = {
        path: methods["get"] for path, methods in application(workbench).openapi()["paths"].items() if "get" in methods
    }
    asked = {
        path: [one["name"] for one in get.get("parameters", []) if one["required"]] for path, get in routes.items()
    }
    asked = {path: names for path, names in asked.items() if names}
    assert len(asked) > 15
    for path, names in asked.items():
        half = re.sub(r"\{\w+\}", "%ED%A0%80", path)
        server.request("GET", f"{PREFIX}{half}?{'&'.join(f'{name}=%ED%A0%80' for name in names)}")
        answer = server.getresponse()
        said = answer.read()
        assert 400 <= answer.status < 500, (path, said)
        assert re.match(r"\S+ \S+", json.loads(said)["error"]), (path, said)
    server.close()
