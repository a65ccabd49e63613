"""``pagelens collections``: listing, inspecting, deleting, checking, compacting."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Place, Run, runner
from tests.documents.make import write_pdf


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, place: Place) -> Path:
    """A home with a collection, to be copied."""
    home = tmp_path_factory.mktemp("filled") / "home"
    assert runner(home)("ingest", place.files, "-c", "c").code == 0
    return home


@pytest.fixture
def filled(made: Path, tmp_path: Path) -> Run:
    """A home with a collection that a test may change."""
    return runner(shutil.copytree(made, tmp_path / "home"))


def test_list_and_show(run: Run) -> None:
    record = json.loads(run("collections", "list", "--json").out)
    assert [(c["name"], c["encoder"], c["documents"], c["pages"]) for c in record] == [("notes", "reader", 3, 6)]
    assert run("collections", "list").out.splitlines()[1].split()[:4] == ["notes", "reader", "3", "6"]
    shown = json.loads(run("collections", "show", "notes", "--json").out)
    assert [document["name"] for document in shown["documents"]] == ["bread & [b]butter.pdf", "stars.pdf", "whales.pdf"]
    assert {index["name"] for index in shown["info"]["indexes"]} == {"global", "rows", "conv", "tiles", "full"}
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
    assert json.loads(filled("collections", "list", "--json").out) == []


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
    assert "collections repair c" in ended.out


@pytest.mark.parametrize("command", ["show", "delete", "verify", "compact"])
def test_an_unknown_name_is_told_with_those_there_are(run: Run, command: str) -> None:
    ended = run("collections", command, "nets")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "There is no collection 'nets' (there are: notes).\n"


def answers(run: Run, name: str) -> list[object]:
    """What searches find: pages with their scores, by vectors and by words."""
    found: list[object] = []
    for pipeline in ("exact", "two-stage", "bm25"):
        hits = json.loads(run("search", "hot oven for whales", "-c", name, "-p", pipeline, "--json").out)["hits"]
        found.append([(hit["page"], hit["score"]) for hit in hits])
    return found


def test_an_export_is_ingested_again_as_it_was(filled: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = json.loads(filled("collections", "export", "c", out, "--json").out)
    assert (ended["pages"], ended["folder"]) == (6, str(out))
    assert ended["bytes"] > 0
    again = json.loads(filled("ingest", out, "-c", "again", "--json").out)
    assert [(d["name"], d["indexed"]) for d in again["documents"]] == [
        ("bread & [b]butter.pdf", 2),
        ("stars.pdf", 2),
        ("whales.pdf", 2),
    ]
    assert answers(filled, "again") == answers(filled, "c")
    assert filled("collections", "verify", "again").code == 0
    refused = filled("collections", "export", "c", out)
    assert (refused.code, refused.out) == (1, "")
    assert "--overwrite" in refused.err
    assert filled("collections", "export", "c", out, "--format", "npz", "--overwrite").code == 0
    assert filled("ingest", out, "-c", "third", "--json").code == 0
    assert answers(filled, "third") == answers(filled, "c")
    assert filled("collections", "export", "c", tmp_path / "x", "--format", "csv").code == 1


def test_what_an_export_is_made_with_is_not_asked_for_in_vain(filled: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert filled("collections", "export", "c", out).code == 0
    for option, value, why in (
        ("--dpi", "72", "dpi"),
        ("--encoder", "clip", "encoder"),
        ("--no-ocr", None, "words now"),
    ):
        refused = filled("ingest", out, "-c", "again", option, *([value] if value else []))
        assert (refused.code, refused.out) == (1, "")
        assert "The export out was made with" in refused.err and why in refused.err
    assert "again" not in filled("collections", "list").out
    ended = filled("ingest", out, "-c", "again", "--tag", "taken", "--replace", "--json")
    assert ended.code == 0
    assert "replaced no document" in json.loads(ended.out)["notes"][0]
    found = filled("search", "hot oven", "-c", "again", "--filter", "tag = 'taken'", "--json")
    assert json.loads(found.out)["hits"]


def test_damaged_copies_change_no_answer(filled: Run, tmp_path: Path) -> None:
    before = answers(filled, "c")
    for path in (tmp_path / "home" / "collections" / "c" / "flat").glob("*.bin"):
        path.write_bytes(bytes(255 for _ in range(path.stat().st_size)))
    ended = filled("collections", "verify", "c")
    assert ended.code == 1
    assert "is damaged in 6 of its pages" in ended.out
    assert "run: pagelens collections repair c" in ended.out
    assert answers(filled, "c") == before
    repaired = filled("collections", "repair", "c")  # of the indexes that no search opened
    assert (repaired.code, "were damaged and are made anew" in repaired.out) == (0, True)
    assert filled("collections", "verify", "c").out == "'c' is as it should be.\n"
    assert filled("collections", "repair", "c").out == "'c' is as it should be; nothing was done.\n"
    assert answers(filled, "c") == before


def test_a_lost_manifest_is_refused_and_repaired(filled: Run, tmp_path: Path) -> None:
    before = answers(filled, "c")
    (tmp_path / "home" / "collections" / "c" / "manifest.json").unlink()
    new = write_pdf(tmp_path / "new.pdf", ["Tides come twice a day."])
    for arguments in (["ingest", new, "-c", "c"], ["search", "x", "-c", "c"], ["collections", "show", "c"]):
        ended = filled(*arguments)
        assert (ended.code, ended.out) == (1, "")
        assert "collections repair c" in ended.err
    assert "collections repair c" in filled("collections", "list").err
    assert filled("collections", "verify", "c").code == 1
    assert "The manifest was made again from the tables" in filled("collections", "repair", "c").out
    assert answers(filled, "c") == before
    (tmp_path / "home" / "collections" / "c" / "manifest.json").write_text('{"schema_')
    assert filled("collections", "repair", "c").code == 0
    assert answers(filled, "c") == before
    (tmp_path / "home" / "collections" / "c" / "manifest.json").unlink()
    assert filled("collections", "delete", "c", "--yes").code == 0
    assert list((tmp_path / "home" / "collections").glob("c")) == []


def test_a_cut_table_is_one_sentence_and_hides_nothing_else(filled: Run, place: Place, tmp_path: Path) -> None:
    assert filled("ingest", place.files / "whales.pdf", "-c", "good").code == 0
    for path in (tmp_path / "home" / "collections" / "c" / "lance" / "pages.lance" / "data").iterdir():
        path.write_bytes(path.read_bytes()[:50])
    for arguments in (
        ["search", "x", "-c", "c"],
        ["search", "x", "-c", "c", "-p", "bm25"],
        ["search", "x", "-c", "c", "--filter", "page = 1"],
        ["collections", "show", "c"],
        ["collections", "export", "c", tmp_path / "out"],
        ["ingest", place.files, "-c", "c"],
    ):
        ended = filled(*arguments)
        assert (ended.code, ended.out) == (1, ""), arguments
        said = [line for line in ended.err.splitlines() if not line.startswith("collection 'c': ")]
        assert len(said) == 1, ended.err
        assert said[0].startswith("Collection 'c' is damaged"), arguments
    assert not (tmp_path / "out").exists()
    listed = filled("collections", "list", "--json")
    assert [info["name"] for info in json.loads(listed.out)] == ["good"]
    assert "Collection 'c' is damaged" in listed.err
    ended = filled("collections", "verify", "c")
    assert ended.code == 1
    assert "The table of the pages cannot be read" in ended.out
    assert json.loads(filled("search", "whale", "-c", "good", "--json").out)["hits"]


def test_a_collection_gets_another_name(filled: Run) -> None:
    assert json.loads(filled("collections", "rename", "c", "d", "--json").out)["name"] == "d"
    assert filled("collections", "rename", "c", "e").code == 1
    assert filled("collections", "rename", "d", "e").out.strip() == "'d' is now 'e': 6 pages."
