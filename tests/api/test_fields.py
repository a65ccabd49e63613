"""Tags and fields through the API: typed, limited, and found by filters at once."""

import json
import time

import pytest

HERE = "/api/v1/collections/notes/documents"


@pytest.fixture
def tidy(client):
    """Leaves the documents of the session's collection as they were."""
    yield
    every = {"documents": ["whales.pdf", "bread/rye & wheat.pdf"], "remove": ["sea", "x"], "clear": ["year", "draft"]}
    assert client.patch(HERE, json=every).status_code == 200


def found(client, text):
    body = {"collection": "notes", "query": "whale bread", "pipeline": "exact", "filter": text}
    return {hit["page"].partition("#")[0] for hit in client.post("/api/v1/search", json=body).json()["hits"]}


def test_documents_are_changed_and_found_by_it(client, tidy):
    names = ["whales.pdf", "bread/rye & wheat.pdf"]
    change = {"documents": names, "add": ["sea"], "set": {"Year": 2024, "draft": True}}
    assert client.patch(HERE, json=change).json() == [
        {"name": name, "tags": ["sea"], "meta": {"year": "2024", "draft": "true"}} for name in names
    ]
    assert (
        client.patch(HERE, json={"documents": names[:1], "remove": ["sea"], "set": {"year": 19.5}}).status_code == 200
    )
    assert found(client, "tag = 'sea' and meta.year >= 2020") == {names[1]}
    assert found(client, "meta.year < 20") == {names[0]}
    listed = {one["name"]: (one["tags"], one["meta"]["year"]) for one in client.get(HERE).json()}
    assert listed == {names[0]: ([], "19.5"), names[1]: (["sea"], "2024")}


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"documents": ["whales.pdf", "none.pdf"], "add": ["x"]}, 404, "no document 'none.pdf'"),
        ({"documents": [], "add": ["x"]}, 422, ""),
        ({"documents": ["whales.pdf"], "add": ["x" * 101]}, 400, "A tag has 1 to 100"),
        ({"documents": ["whales.pdf"], "add": ["x" * 501]}, 422, ""),
        ({"documents": ["whales.pdf"], "add": ["x"] * 101}, 422, ""),
        ({"documents": ["whales.pdf"], "set": {"a b": 1}}, 400, "cannot be the name of a field"),
        ({"documents": ["whales.pdf"], "set": {"a": None}}, 422, ""),
        ({"documents": ["whales.pdf"], "set": {"a": [1]}}, 422, ""),
        ({"documents": ["whales.pdf"], "tag": ["x"]}, 422, ""),
        ({"documents": ["\ud800.pdf"], "add": ["x"]}, 422, ""),
    ],
)
def test_what_cannot_be_changed_is_refused_and_nothing_changes(client, change, status, says):
    answer = client.patch(HERE, content=json.dumps(change), headers={"Content-Type": "application/json"})
    assert answer.status_code == status and says in answer.json()["error"]
    assert found(client, "tag = 'x'") == set()


def test_an_upload_is_tagged_as_it_is_indexed(client, home):
    batch = client.post("/api/v1/uploads").json()["batch"]
    sent = (home.parent / "files" / "whales.pdf").read_bytes()
    assert client.put(f"/api/v1/uploads/{batch}", params={"name": "w.pdf"}, content=sent).status_code == 200
    body = {"collection": "tagged", "batch": batch, "tags": ["all"], "fields": {"w.pdf": {"meta": {"year": 2024}}}}
    wrong = {**body, "fields": {"w.pdf": {"meta": {"a b": 1}}}}
    assert client.post("/api/v1/jobs", json=wrong).status_code == 400
    job = client.post("/api/v1/jobs", json=body).json()["id"]
    while (state := client.get(f"/api/v1/jobs/{job}").json())["state"] not in ("done", "failed"):
        time.sleep(0.1)
    assert state["state"] == "done"
    (document,) = client.get("/api/v1/collections/tagged/documents").json()
    assert (document["tags"], document["meta"]) == (["all"], {"year": "2024"})
    assert client.delete("/api/v1/collections/tagged").status_code == 200
