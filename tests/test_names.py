"""Any name that a file can have works through every door: list, page, filter, quarantine, label, export, delete."""

import csv
import io
import os
import string
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.api.conftest import served
from tests.cli.conftest import runner
from tests.documents.make import write_pdf
from workbench.api.application import application
from workbench.cli.session import clean
from workbench.documents.sources import display_name
from workbench.evaluation.runs import read_run
from workbench.retrieval import document_filter
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.types import PageRef
from workbench.ui.server import create_app

PLAIN = CollectionSettings(dpi=36, ocr=False)
LETTERS = st.characters(exclude_characters="/\0", exclude_categories=("Cs",))
SIGNS = " \t\n\r\u0085\u2028\u202e\u2066\ufeff\x01\x7f'\"%\u212b\\:*?|+&;@\U0001f40b\udcff"
ODD = st.sampled_from([*SIGNS, "#page=3", "%2F", "e\u0301", "..", "<b>", "CON", "=1+1"])
NAMES = st.lists(ODD | LETTERS | st.sampled_from(string.ascii_letters), min_size=1, max_size=12).map("".join)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workbench, httpx.Client, Path]]:
    root = tmp_path_factory.mktemp("names")
    write_pdf(root / "plain.pdf", ["the blue whale is the largest animal", "a page of bread"])
    bench = Workbench(Settings(home=root / "home"))
    bench.ingest([write_pdf(root / "other.pdf", ["whale songs in another document"])], "c", PLAIN)
    with served(application(bench)) as address, httpx.Client(base_url=address, timeout=900) as client:
        yield bench, client, root  # a real server: the client of tests decodes paths twice


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize(
    "stem",
    [" lead", "a\tb\nc ", "x#page=2.pdf", "re\u0301sume\u0301", "\u202eexe.\u2066", "\udce4\udcff", "L" * 251],
    ids=["space", "lines", "page", "accents", "turned", "bytes", "long"],
)
def test_an_odd_name_goes_in_is_found_and_goes_out(place: tuple[Workbench, httpx.Client, Path], stem: str) -> None:
    if not goes_through(place, stem):
        pytest.skip("this file system has no such name")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMES)
def test_any_name_goes_in_is_found_and_goes_out(place: tuple[Workbench, httpx.Client, Path], stem: str) -> None:
    assume(goes_through(place, stem))


def goes_through(place: tuple[Workbench, httpx.Client, Path], stem: str) -> bool:
    """False where no file can have the name, or it is that of a hidden one."""
    bench, client, root = place
    path = root / "in" / f"{stem}.pdf"
    if path.name.startswith((".", "~$")):
        return False
    for left in bench.library.documents("c"):
        if left.name != "other.pdf":  # of an example that failed
            bench.deletions.document("c", left.name)
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((root / "plain.pdf").read_bytes())
    except (OSError, UnicodeEncodeError):
        return False
    try:
        bench.ingest([path.parent], "c", PLAIN)
    finally:
        path.unlink()
    name = next(d.name for d in bench.library.documents("c") if d.name != "other.pdf")
    assert name == display_name(path.name)
    ref = PageRef(name, 2)
    for written in (str(ref), unicodedata.normalize("NFD", str(ref))):
        assert PageRef.parse(written) == ref
        assert bench.library.page(PageRef.parse(written), "c").ref == ref
        assert client.get("/collections/c/page", params={"page": written}).json()["page"] == str(ref)
    assert client.get("/collections/c/picture", params={"page": str(ref), "size": "thumb"}).status_code == 200

    asked = {"query": "whale", "collection": "c", "pipeline": "bm25:5", "filter": document_filter(name)}
    assert [hit.ref for hit in bench.search(**asked).hits] == [PageRef(name, 1)]
    assert [hit["page"] for hit in client.post("/search", json=asked).json()["hits"]] == [f"{name}#page=1"]
    other = unicodedata.normalize("NFD", document_filter(name))
    assert [hit.ref for hit in bench.search("whale", "c", "bm25:5", filter=other).hits] == [PageRef(name, 1)]

    text = bench.exports.write(**asked, form="csv").content.decode().lstrip("\ufeff")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["document"] in (name, f"'{name}")  # what could run as a formula is quoted
    run = root / "run.trec"
    run.write_bytes(bench.exports.write(**asked, form="trec").content)
    assert [page for pages in read_run(run).values() for page, _ in pages] == [f"{name}#page=1"]
    assert b"whale" in bench.exports.write(**asked, form="html").content
    assert bench.exports.write(**asked, form="png", page=ref).content.startswith(b"\x89PNG")

    bench.maintenance.quarantine("c", name)
    assert bench.search(**asked).hits == ()
    bench.maintenance.release("c", name)
    assert bench.judgements.judge("whale", ref, "c", 2) == {str(ref): 2}
    assert bench.datasets.judged("c", "labels").problem == ""
    assert list(bench.datasets.get("labels").qrels.values()) == [{str(ref): 2}]

    gone = client.delete(f"/collections/c/documents/{quote(name, safe='')}").json()
    assert (gone["document"], gone["pages"], gone["labels"]) == (name, 2, 1)
    assert [d.name for d in bench.library.documents("c")] == ["other.pdf"]
    return True


def test_a_picture_is_found_by_any_form_of_its_name_and_no_number_is_too_long(tmp_path: Path) -> None:
    write_pdf(tmp_path / "in" / "caf\u00e9.pdf", ["whale"])
    home = tmp_path / "home"
    assert runner(home)("ingest", tmp_path / "in", "-c", "c", "--dpi", "36").code == 0
    run = runner(home)
    assert run("ingest", tmp_path / "in", "-c", "cafe\u0301", "--dpi", "36").code == 0  # as a Mac's keyboard gives it
    for name in ("caf\u00e9", "cafe\u0301"):
        assert run("search", "whale", "-c", name).code == 0
    client = TestClient(create_app(Workbench(Settings(home=home))), base_url="http://127.0.0.1:7860")
    for name in ("caf\u00e9.pdf", "cafe\u0301.pdf"):
        assert client.get(f"/pages/c/{quote(name)}/1.webp").status_code == 200
    for page in ("0", "x", "9" * 30, "9" * 5000):
        assert client.get(f"/pages/c/caf%C3%A9.pdf/{page}.webp").status_code == 404


def test_the_page_and_the_command_line_take_the_same_names(tmp_path: Path) -> None:
    home, names = tmp_path / "home", [" lead.pdf", "a\tb\nc.pdf", "x#page=2.pdf"]
    if os.name == "nt":
        pytest.skip("Windows has no such names")
    for number, name in enumerate(names):
        write_pdf(tmp_path / "in" / name, [f"whale number {number}"])
    run = runner(home)
    assert run("ingest", tmp_path / "in", "-c", "c", "--dpi", "36").code == 0
    assert run("collections", "show", "c").code == 0
    client = TestClient(create_app(Workbench(Settings(home=home))), base_url="http://127.0.0.1:7860")
    for name in names:
        assert clean(name) == name
        assert run("why", "whale", f"{name}#page=1", "-c", "c").code == 0
        assert run("export", "whale", "-c", "c", "--page", f"{name}#page=1", "--out", tmp_path / "x.html").code == 0
        assert run("search", "whale", "-c", "c", "--filter", document_filter(name)).code == 0
        assert client.get(f"/pages/c/{quote(name, safe='')}/1.webp").status_code == 200
        assert client.get(f"/api/v1/collections/c/page?page={quote(name, safe='')}%23page=1").status_code == 200
        assert run("collections", "quarantine", "c", name).code == 0
        assert run("collections", "quarantine", "c", name, "--release").code == 0
        assert run("collections", "delete", "c", "--document", name).code == 0
    assert run("collections", "verify", "c").code == 0
