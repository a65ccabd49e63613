"""``pagelens collections``: listing, inspecting, deleting, checking, compacting."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Place, Run


@pytest.fixture
def filled(fresh: Run, place: Place) -> Run:
    """A home with a collection that a test may change."""
    assert fresh("ingest", place.files, "-c", "c").code == 0
    return fresh


def test_list_and_show(run: Run) -> None:
    record = json.loads(run("collections", "list", "--json").out)
    assert [(c["name"], c["encoder"], c["documents"], c["pages"]) for c in record["collections"]] == [
        ("notes", "reader", 3, 6)
    ]
    assert run("collections", "list").out.splitlines()[1].split()[:4] == ["notes", "reader", "3", "6"]
    shown = json.loads(run("collections", "show", "notes", "--json").out)
    assert [document["name"] for document in shown["list"]] == ["bread & [b]butter.pdf", "stars.pdf", "whales.pdf"]
    assert {index["name"] for index in shown["indexes"]} == {"global", "rows", "conv", "tiles", "full"}
    words = run("collections", "show", "notes").out
    assert words.startswith("notes: 6 pages of 3 documents, ")
    assert "bread & [b]butter.pdf" in words


def test_an_empty_home_says_how_to_begin(fresh: Run) -> None:
    assert "pagelens ingest" in fresh("collections", "list").out
    ended = fresh("search", "x", "-c", "c")
    assert ended.code == 1
    assert "there are none yet; 'pagelens ingest' makes one" in ended.err


def test_a_deleted_document_is_not_found_any_more(filled: Run) -> None:
    ended = filled("collections", "delete", "c", "--document", "whales.pdf", "--json")
    receipt = json.loads(ended.out)
    assert (receipt["collection"], receipt["document"], receipt["pages"]) == ("c", "whales.pdf", 2)
    for pipeline in ("exact", "two-stage", "bm25"):
        hits = json.loads(filled("search", "largest whale", "-c", "c", "-p", pipeline, "--json").out)["hits"]
        assert not [hit for hit in hits if hit["page"].startswith("whales.pdf")]
    assert filled("collections", "delete", "c", "--document", "whales.pdf").code == 1
    assert filled("collections", "verify", "c").code == 0


def test_a_deleted_collection_is_gone(filled: Run) -> None:
    assert filled("collections", "delete", "c", "--yes").out == (
        "Deleted collection 'c' with 6 pages. Removed: 6 pages with their words, vectors and pictures.\n"
    )
    assert filled("collections", "delete", "c").code == 1
    assert json.loads(filled("collections", "list", "--json").out) == {"collections": []}


def test_compacting_keeps_everything_that_can_be_found(filled: Run) -> None:
    arguments = ("search", "hot oven", "-c", "c", "--json")
    before = json.loads(filled(*arguments).out)["hits"]
    sizes = json.loads(filled("collections", "compact", "c", "--json").out)
    assert 0 < sizes["bytes_after"] <= sizes["bytes_before"]
    assert json.loads(filled(*arguments).out)["hits"] == before


def test_verify_tells_what_is_missing(filled: Run, tmp_path: Path) -> None:
    assert json.loads(filled("collections", "verify", "c", "--json").out)["problems"] == []
    picture = next((tmp_path / "home" / "collections" / "c" / "images").rglob("*.webp"))
    for file in picture.parent.glob(f"{picture.stem.split('.')[0]}*"):
        file.unlink()
    ended = filled("collections", "verify", "c")
    assert ended.code == 1
    assert "have no picture" in ended.out


@pytest.mark.parametrize("command", ["show", "delete", "verify", "compact"])
def test_an_unknown_name_is_told_with_those_there_are(run: Run, command: str) -> None:
    ended = run("collections", command, "nets")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "There is no collection 'nets' (there are: notes).\n"
