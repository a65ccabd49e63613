"""What accounts may do: a role that only looks, and accounts limited to some collections, at every route and tool."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from fastapi.testclient import TestClient
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from tests.api.conftest import ADDRESS, served
from tests.documents.make import write_pdf
from workbench.api.access import Access, Accounts, permit_line, token_line
from workbench.api.application import application
from workbench.api.state import LOOKS
from workbench.errors import NotAllowedError
from workbench.permits import Permit, check_edit, check_name, permitted, sees
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.ui.server import create_app

TOKENS = {name: f"token-of-{name}" for name in ("owner", "viewer", "guest")}
PERMITS = {"viewer": Permit(edit=False), "guest": Permit(collections=frozenset({"notes", "my, own"}))}
PREFIX = "/api/v1"
VALUES: dict[str, Any] = {
    "collection": "secret", "query": "whale", "page": "s.pdf#page=1", "name": "x", "dataset": "hidden", "grade": 1,
    "encoder": "reader", "index": "conv", "pipelines": ["full:2"], "documents": ["s.pdf"], "document": "s.pdf",
    "path": "nowhere", "measure": "", "questions": "q.jsonl", "lines": "whale", "names": ["none"], "form": "csv",
    "question": "1", "job": "none", "picture": "0" * 64, "model": "none", "password": "y", "batch": "0" * 24,
    "licence": "mit", "address": "?", "kept": True, "folder": "/nowhere",
    "collections": ["secret"],
}  # fmt: skip
SCHEMA = application(Workbench(Settings())).openapi()
OPERATIONS = [(method, path) for path, methods in SCHEMA["paths"].items() for method in methods]
SESSION = {("post", "/session"), ("delete", "/session")}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """Two collections, and of the second one a saved search, a dataset, an evaluation and a job."""
    root = tmp_path_factory.mktemp("permits")
    made = Workbench(Settings(home=root / "home"))
    made.ingest([write_pdf(root / "n" / "n.pdf", ["The blue whale is large."])], "notes")
    made.ingest([write_pdf(root / "s" / "s.pdf", ["The whale in the safe."])], "secret")
    made.saved_searches.save("kept in the safe", "whale", "secret", "full:2")
    made.saved_searches.save("in the safe and out", "whale", "", "", across=["notes", "secret"])
    made.saved_views.save("both in the safe", "notes", "?c=notes&in=notes&in=secret&q=whale")
    labels = root / "qrels.tsv"
    labels.write_text("query-id\tcorpus-id\tscore\n1\ts.pdf#page=1\t1\n", encoding="utf-8")
    questions = root / "queries.jsonl"
    questions.write_text('{"query_id": "1", "text": "whale"}', encoding="utf-8")
    made.datasets.make("hidden", "secret", questions, labels)
    made.jobs.wait(made.evaluations.start("hidden", "secret", ["full:2"]).job.id)
    yield made
    made.close()


@pytest.fixture(scope="module")
def app(bench: Workbench) -> Any:
    lines = {token_line(token).partition("$")[2]: name for name, token in TOKENS.items()}
    return create_app(bench, access=Access(Accounts({}, lines, PERMITS)), mcp=True)


@pytest.fixture(scope="module")
def address(app: Any) -> Iterator[str]:
    with served(app) as found:
        yield found


def client(app: Any, name: str) -> TestClient:
    headers = {"authorization": f"Bearer {TOKENS[name]}"}
    return TestClient(app, base_url=ADDRESS, headers=headers, raise_server_exceptions=False)


def asked(client: TestClient, method: str, path: str, batch: str = "", several: bool = False) -> Any:
    """A request of the operation that names the collection `secret` wherever one can be named.

    Where it can be named alone or among several, ``several`` says which.
    """
    operation = SCHEMA["paths"][path][method]
    values = {**VALUES, "a": "s.pdf#page=1", "b": "s.pdf#page=1"} | ({"batch": batch} if batch else {})
    if path.startswith("/compare"):
        values |= {"a": "full:2", "b": "bm25:2"}
    places = {p["name"]: p for p in operation.get("parameters", [])}
    if path.endswith("quarantine"):
        places.pop("document", None)
    wanted = {name: values[name] for name, p in places.items() if p["in"] == "query" and name in values}
    body = None
    content = operation.get("requestBody", {}).get("content", {})
    if reference := content.get("application/json", {}).get("schema", {}).get("$ref"):
        known = SCHEMA["components"]["schemas"][reference.rpartition("/")[2]]
        optional = {"collection", "collections", "dataset"} | ({"page"} if path.endswith("quarantine") else set())
        needed = {*known.get("required", ()), *optional} & known["properties"].keys()
        if {"collection", "collections"} <= needed:
            needed.remove("collection" if several else "collections")
        body = {name: values[name] for name in needed}
    url = PREFIX + re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), path)
    return client.request(method.upper(), url, params=wanted, json=body)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_who_may_only_look_changes_nothing(app: Any, method: str, path: str) -> None:
    reply = asked(client(app, "viewer"), method, path)
    looks = method == "get" or SCHEMA["paths"][path][method].keys() >= LOOKS.keys()
    assert (reply.status_code == 403) is not looks, reply.text
    if not looks:
        assert "may look" in reply.json()["error"]


def test_what_only_looks_is_what_is_meant_to() -> None:
    marked = {(method, path) for method, path in OPERATIONS if SCHEMA["paths"][path][method].keys() >= LOOKS.keys()}
    looking = {
        "/search", "/search/stages", "/search/across", "/search/across/stages", "/compare", "/compare/across",
        "/compare/queries",
        "/facets", "/explain", "/explain/layers", "/explain/points", "/contrast", "/why",
        "/evidence", "/copies", "/exports", "/pictures", "/passages", "/pipelines/read", "/filters/read",
    }  # fmt: skip
    assert marked - SESSION == {("post", path) for path in looking}


def test_the_sample_is_offered_to_who_may_have_it(app: Any) -> None:
    offered = {name: client(app, name).get(f"{PREFIX}/overview").json()["sample"] for name in TOKENS}
    assert offered == {"owner": "sample", "viewer": "", "guest": ""}


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_another_collection_is_not_there_at_any_route(
    app: Any, bench: Workbench, method: str, path: str, several: bool
) -> None:
    guest = client(app, "guest")
    batch = guest.post(f"{PREFIX}/uploads").json()["batch"]
    guest.put(f"{PREFIX}/uploads/{batch}?name=q.jsonl", content=b"{}")
    reply = asked(guest, method, path, batch, several)
    sent = f"{reply.request.url} {reply.request.content.decode()}"
    named = "secret" in sent
    if named and (method, path) not in {("post", "/copies")}:  # a text that the guest made up
        assert reply.status_code in (403, 404), (reply.status_code, reply.text)
    # Names that stand in the request may be quoted; what is in the collection may not.
    for hidden in ("in the safe", "hidden", '"secret"', "s.pdf"):
        assert hidden not in reply.text or hidden in sent
    assert {"notes", "secret"} <= set(bench.library.names())


def test_an_owner_has_all_of_it(app: Any) -> None:
    owner, guest = client(app, "owner"), client(app, "guest")
    for path, key in (("/collections", "name"), ("/searches", "collection"), ("/jobs", "collection")):
        assert "secret" in {row[key] for row in owner.get(PREFIX + path).json()}
        assert "secret" not in {row[key] for row in guest.get(PREFIX + path).json()}
    found, left = (one.get(f"{PREFIX}/evaluations").json() for one in (owner, guest))
    assert (len(found["records"]), left["records"]) == (1, [])
    assert "hidden" in {row["name"] for row in found["datasets"]} - {row["name"] for row in left["datasets"]}
    name = found["records"][0]["name"]
    for path in (f"/evaluations/{name}", f"/evaluations/{name}/outcomes?pipeline=full:2", f"/reports?names={name}",
                 f"/reports/record.json?names={name}", "/datasets/hidden/check"):  # fmt: skip
        assert owner.get(PREFIX + path).status_code == 200, path
        assert guest.get(PREFIX + path).status_code == 404, path
    assert guest.delete(f"{PREFIX}/evaluations/{name}").status_code == 404
    job = next(row["id"] for row in owner.get(f"{PREFIX}/jobs").json() if row["collection"] == "secret")
    assert guest.get(f"{PREFIX}/jobs/{job}").status_code == guest.post(f"{PREFIX}/jobs/{job}/stop").status_code == 404
    taken = {"name": "kept in the safe", "collection": "notes", "query": "x"}
    assert guest.post(f"{PREFIX}/searches", json=taken).status_code == 400
    assert guest.post(f"{PREFIX}/collections", json={"name": "third"}).status_code == 403
    assert owner.get("/pages/secret/s.pdf/1.webp").status_code == 200
    assert guest.get("/pages/secret/s.pdf/1.webp").status_code == 404


def test_tools_show_what_the_account_may_see(address: str) -> None:
    async def ask(name: str) -> list[Any]:
        http = httpx2.AsyncClient(headers={"authorization": f"Bearer {TOKENS[name]}"}, timeout=900)
        async with Client(streamable_http_client(f"{address}/mcp", http_client=http)) as tools:
            page = {"page": "s.pdf#page=1", "collection": "secret"}
            calls = (("list_collections", {}), ("list_documents", {"collection": "secret"}), ("read_page", page),
                     ("page_picture", page), ("search", {"query": "whale", "collection": "secret"}),
                     ("explain", {"query": "whale", **page}), ("why", {"query": "whale", **page}),
                     ("evidence", {"query": "whale", "collection": "secret"}))  # fmt: skip
            return [await tools.call_tool(tool, given) for tool, given in calls]

    listed, *rest = anyio.run(ask, "guest")
    assert "secret" not in str(listed) and "notes" in str(listed)
    for answer in rest:
        assert answer.is_error and "There is no collection 'secret'" in str(answer.content)
    assert not any(answer.is_error for answer in anyio.run(ask, "owner"))


@pytest.mark.parametrize("name", ["viewer", "guest"])
def test_gradio_s_own_endpoints_keep_to_it(address: str, bench: Workbench, name: str) -> None:
    headers = {"authorization": f"Bearer {TOKENS[name]}"}

    def call(endpoint: str, *data: Any) -> str:
        url = f"{address}/gradio_api/call/{endpoint}"
        event = httpx2.post(url, json={"data": data}, headers=headers, timeout=900).json()["event_id"]
        return httpx2.get(f"{url}/{event}", headers=headers, timeout=900).text

    assert "event: complete" in call("search", "whale", "notes", "", 0, "")
    assert "event: complete" in call("explain", "whale", "n.pdf#page=1", "notes", "")
    stored = bench.settings.home / "state" / "searches.json"
    mine = [{"path": str(stored), "meta": {"_type": "gradio.FileData"}}]
    assert "event: error" in call("ingest", mine, "notes")  # a file of the server's, which nobody sent
    seen = "event: complete" if name == "viewer" else "event: error"
    assert seen in call("search", "whale", "secret", "", 0, "")
    assert seen in call("explain", "whale", "s.pdf#page=1", "secret", "")


def test_a_permit_holds_for_its_context() -> None:
    assert sees("anything")
    with permitted(Permit(False, frozenset({"a"}))):
        assert sees("a") and not sees("b")
        for check in (check_edit, lambda: check_name("b")):
            with pytest.raises(NotAllowedError):
                check()
        with permitted(Permit()):
            check_edit()
    check_edit()


def test_account_files_say_what_accounts_may_do(tmp_path: Path) -> None:
    file = tmp_path / "accounts"
    limited = [Permit(False), Permit(True, frozenset({"a,b", "c $d:#"})), Permit(False, frozenset())]
    rows = [f"n{i}:{token_line(str(i))}\nn{i}:{permit_line(permit)}" for i, permit in enumerate(limited)]
    file.write_text("\n".join([f"all:{token_line('all')}", *rows]), encoding="utf-8")
    access = Access(Accounts.read(str(file)))
    assert [access.permit(f"n{i}") for i in range(3)] == limited
    assert access.permit("all") == Permit()
    assert access.permit("") == Permit(False, frozenset())
