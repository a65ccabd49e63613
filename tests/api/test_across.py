"""A search across collections from an account that may see some of them: the others are neither shown nor counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import ADDRESS
from tests.documents.make import write_pdf
from workbench.api.access import Access, Accounts, token_line
from workbench.permits import Permit
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.store import FieldsChange
from workbench.ui.server import create_app

SEES = Permit(edit=True, collections=frozenset({"sea", "shore"}))
ASKED = {"query": "the whale sings", "pipeline": "exact"}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    root = tmp_path_factory.mktemp("across")
    made = Workbench(Settings(home=root / "home"))
    pages = {"sea": "The whale sings under water.", "shore": "Gulls sing.", "vault": "The whale sings in the vault."}
    for name, text in pages.items():
        made.ingest([write_pdf(root / name / f"{name}.pdf", [text])], name)
    made.library.change_fields("vault", ["vault.pdf"], FieldsChange.of(["locked"], (), {"owner": "crown"}))
    yield made
    made.close()


@pytest.fixture(scope="module")
def app(bench: Workbench) -> Any:
    lines = {token_line(name).partition("$")[2]: name for name in ("owner", "guest")}
    return create_app(bench, access=Access(Accounts({}, lines, {"guest": SEES})), mcp=False)


def client(app: Any, name: str) -> TestClient:
    return TestClient(app, base_url=f"{ADDRESS}/api/v1", headers={"authorization": f"Bearer {name}"})


@pytest.mark.parametrize("route", ["/search/across", "/search/across/stages"])
def test_all_collections_are_those_that_an_account_sees(app: Any, route: str) -> None:
    whole, seen = (client(app, name).post(route, json=ASKED).text for name in ("owner", "guest"))
    assert "vault" in whole and "vault" not in seen
    last = json.loads(seen.splitlines()[-1])
    assert last["collections"] == ["sea", "shore"]
    assert {hit["collection"] for hit in last["hits"]} == {"sea", "shore"}


def test_one_that_is_named_all_the_same_is_not_there(app: Any) -> None:
    found = client(app, "guest").post("/search/across", json={**ASKED, "collections": ["sea", "vault", "gone"]}).json()
    reasons = {answer["collection"]: answer["reason"] for answer in found["answers"]}
    assert reasons["vault"] == reasons["gone"].replace("gone", "vault")  # as if it had never been
    assert {hit["collection"] for hit in found["hits"]} == {"sea"}


def test_facets_count_no_page_of_others(app: Any) -> None:
    def counted(name: str, **asked: Any) -> dict[str, dict[str, int]]:
        found = client(app, name).post("/facets", json=asked).json()
        return {facet["field"]: {one["value"]: one["pages"] for one in facet["values"]} for facet in found}

    assert counted("owner")["tag"] == {"locked": 1} and "meta.owner" in counted("owner")
    assert counted("guest") == counted("guest", collections=["sea", "shore", "vault"])
    assert counted("guest")["document"] == {"sea.pdf": 1, "shore.pdf": 1}
    assert not {"tag", "meta.owner"} & counted("guest").keys()
    assert client(app, "guest").post("/facets", json={"collections": ["vault"]}).status_code == 404


def test_an_export_of_all_is_of_those_that_an_account_sees(app: Any) -> None:
    body = {**ASKED, "collections": []}
    for form in ("csv", "json", "trec", "html"):
        whole, seen = (
            client(app, name).post("/exports", json={**body, "form": form}).text for name in ("owner", "guest")
        )
        assert "vault" in whole and "vault" not in seen
    refused = client(app, "guest").post("/exports", json={**ASKED, "form": "csv", "collections": ["vault"]})
    assert refused.status_code == 404


def test_what_is_kept_of_several_is_seen_by_those_who_see_them_all(app: Any) -> None:
    owner, guest = client(app, "owner"), client(app, "guest")
    for name, several in (("both", ["sea", "shore"]), ("one of them hidden", ["sea", "vault"]), ("all", [])):
        made = owner.post("/searches", json={**ASKED, "name": name, "collections": several})
        assert made.json()["collections"] == several and made.json()["collection"] == ""
    view = {"name": "hidden view", "collection": "sea", "address": "?c=sea&in=sea&in=vault&q=whale"}
    assert owner.post("/views", json=view).status_code == 201
    assert {one["name"] for one in guest.get("/searches").json()} == {"both", "all"}
    assert guest.get("/views").json() == []
    assert guest.delete("/searches/one of them hidden").status_code == 404
    assert guest.post("/searches", json={**ASKED, "name": "x", "collections": ["sea", "vault"]}).status_code == 404
    assert guest.post("/views", json={**view, "name": "mine"}).status_code == 404


@pytest.mark.parametrize("body", [{}, {"collection": "sea", "collections": ["sea"]}, {"collection": ""}])
@pytest.mark.parametrize("route", ["/exports", "/copies", "/searches"])
def test_a_search_is_of_one_place_or_of_several(app: Any, route: str, body: dict[str, Any]) -> None:
    name = {"name": "x"} if route == "/searches" else {}
    reply = client(app, "owner").post(route, json={"query": "whale", **name, **body})
    assert reply.status_code == 422 and "name one collection" in reply.json()["error"]
