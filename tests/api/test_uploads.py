"""Uploads: what is cut off leaves nothing, and a name that is taken is asked about."""

import errno
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from tests.documents.make import write_pdf
from workbench.api.application import PREFIX as API
from workbench.api.uploads import Uploads
from workbench.service import Workbench


def left(workbench: Workbench, batch: str) -> list[str]:
    return [str(path) for path in (workbench.settings.home / "uploads" / batch).rglob("*")]


def test_an_upload_that_is_cut_off_leaves_nothing(address: str, workbench: Workbench, client: TestClient) -> None:
    batch = client.post(f"{API}/uploads").json()["batch"]
    place = urlsplit(address)
    head = f"PUT {API}/uploads/{batch}?name=a.pdf HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: 1000000\r\n\r\n"
    with socket.create_connection((place.hostname, place.port)) as sending:
        sending.sendall(head.encode() + b"x" * 100_000)
        deadline = time.monotonic() + 900
        while not left(workbench, batch) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(left(workbench, batch)) == 1, "nothing arrived"
        # A server that is killed now leaves nothing to index.
        assert Uploads(workbench.settings.home).paths(batch) == []
    while left(workbench, batch) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left(workbench, batch) == []


@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 507), (errno.ENAMETOOLONG, 400)])
def test_what_the_disk_refuses_leaves_nothing(
    client: TestClient, workbench: Workbench, monkeypatch: pytest.MonkeyPatch, number: int, status: int
) -> None:
    batch = client.post(f"{API}/uploads").json()["batch"]
    with monkeypatch.context() as patch:
        patch.setattr("workbench.api.uploads.os.replace", lambda *_: (_ for _ in ()).throw(OSError(number, "no")))
        reply = client.put(f"{API}/uploads/{batch}", params={"name": "a.pdf"}, content=b"x" * 1000)
    assert reply.status_code == status
    assert not [path for path in left(workbench, batch) if Path(path).is_file()]


def test_what_is_too_large_leaves_nothing(
    client: TestClient, workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = client.post(f"{API}/uploads").json()["batch"]
    monkeypatch.setattr(workbench.settings, "max_upload_mb", 1)
    reply = client.put(f"{API}/uploads/{batch}", params={"name": "a.pdf"}, content=b"x" * (2 << 20))
    assert reply.status_code == 413
    assert left(workbench, batch) == []


@pytest.mark.parametrize("name", ["n" * 300 + ".pdf", "a/" * 50 + "n" * 300 + ".pdf"])
def test_a_name_that_no_disk_takes_is_refused_in_words(client: TestClient, workbench: Workbench, name: str) -> None:
    batch = client.post(f"{API}/uploads").json()["batch"]
    reply = client.put(f"{API}/uploads/{batch}", params={"name": name}, content=b"x")
    assert (reply.status_code, reply.json()) == (400, {"error": "That file name cannot be used here; shorten it."})


def test_a_taken_name_is_kept_or_replaced_as_asked(client: TestClient, workbench: Workbench, tmp_path: Path) -> None:
    def sent(text: str) -> str:
        batch = str(client.post(f"{API}/uploads").json()["batch"])
        content = write_pdf(tmp_path / "x.pdf", [text]).read_bytes()
        assert client.put(f"{API}/uploads/{batch}", params={"name": "scan.pdf"}, content=content).status_code == 200
        return batch

    def ingest(**asked: object) -> list[str]:
        job = client.post(f"{API}/jobs", json={"collection": "scans", **asked}).json()["id"]
        assert workbench.jobs.wait(job, 900).state == "done"
        return [outcome["replaced"] for outcome in client.get(f"{API}/jobs/{job}").json()["documents"]]

    ingest(batch=sent("first"))
    batch = sent("second")
    (file,) = client.post(f"{API}/plan", json={"collection": "scans", "batch": batch}).json()["files"]
    assert (file["name"], file["namesake"]) == ("scan (2).pdf", "scan.pdf")
    asked = {"collection": "scans", "batch": batch, "replace": ["scan.pdf"]}
    (file,) = client.post(f"{API}/plan", json=asked).json()["files"]
    assert file["note"].startswith("replaces scan.pdf of")
    assert ingest(batch=batch) == [""]
    (replaced,) = ingest(batch=sent("third"), replace=["scan (2).pdf", "scan.pdf"])
    assert replaced.startswith("scan.pdf of 20")
    assert [document.name for document in workbench.library.documents("scans")] == ["scan (2).pdf", "scan.pdf"]
    client.delete(f"{API}/collections/scans")


def test_pictures_are_asked_for_anew_so_that_deleted_ones_are_not_shown(client: TestClient) -> None:
    address = f"{API}/collections/notes/picture?page=whales.pdf%23page=1"
    reply = client.get(address)
    assert reply.headers["cache-control"] == "private, no-cache"
    assert client.get(address, headers={"If-None-Match": reply.headers["etag"]}).status_code == 304
