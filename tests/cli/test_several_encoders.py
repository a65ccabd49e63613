"""Several encoders through the command line: the reader, and a tiny open_clip model both ways, loaded from disk."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, runner
from tests.documents.make import write_pdf
from tests.encoders import tiny

PAGES = ["The blue whale is the largest animal alive.", "Humpback whales sing long songs under water."]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with two models of one's own: one vector a page (``tiny.clip-1``) and one a patch (``tiny-dense``)."""
    root = tmp_path_factory.mktemp("spaces-cli")
    tiny.build(tiny.CLIPS["vit"], root / "models" / "tiny.clip-1")
    pointer = {"folder": str(root / "models" / "tiny.clip-1"), "family": "open-clip-dense"}
    (root / "models" / "tiny-dense").mkdir()
    (root / "models" / "tiny-dense" / "pagelens.json").write_text(json.dumps(pointer))
    write_pdf(root / "files" / "whales.pdf", PAGES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAGELENS_HOME", str(root))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield root


@pytest.fixture(scope="module")
def run(home) -> Run:
    made = runner(home)
    ended = made("ingest", home / "files", "-c", "c", "--encoder", "reader", "--encoder", "tiny.clip-1")
    assert ended.code == 0, ended.err
    return made


def test_an_encoder_is_added_and_decides_over_what_another_fetched(run: Run, home: Path) -> None:
    record = json.loads(run("collections", "embed", "c", "--encoder", "tiny-dense", "--json").out)
    assert (record["collection"], record["encoder"]) == ("c", "tiny-dense")
    assert [(d["name"], d["pages"], d["indexed"]) for d in record["documents"]] == [("whales.pdf", 2, 2)]
    again = run("collections", "embed", "c", "--encoder", "tiny-dense")
    assert again.out.startswith("0 pages of 'c' embedded by tiny-dense in ")
    pipeline = "rrf(bm25, global@tiny.clip-1):2 > full@tiny-dense:2"
    found = json.loads(run("search", "blue whale", "-c", "c", "-p", pipeline, "--json").out)
    assert (found["encoder"], found["pipeline"], len(found["hits"])) == ("tiny-dense", pipeline, 2)
    names = [stage["name"] for stage in found["trace"]["stages"]]
    assert names == ["encode@tiny.clip-1", "encode@tiny-dense", "rrf", "full@tiny-dense", "results"]
    encoding, *_ = found["trace"]["stages"]
    nothing = ("candidates_in", "candidates_out", "vectors_compared", "bytes_read", "kernel_ms", "scored")
    assert set(encoding) == {
        "name", "ms", "cold", "cache_hit", "weights", "lifted", "device", "approximate", *nothing
    }  # fmt: skip
    assert {key: encoding[key] for key in nothing} == dict.fromkeys(nothing, 0)
    picture = home / "heat.png"
    arguments = ("explain", "blue whale", "whales.pdf#page=1", "-c", "c", "--json")
    explained = json.loads(run(*arguments, "--encoder", "tiny-dense", "--out", picture).out)
    assert (explained["encoder"], explained["places"]["grid"][0]) == ("tiny-dense", 4)
    assert picture.stat().st_size > 0
    assert explained["score"] == pytest.approx(
        next(hit["score"] for hit in found["hits"] if hit["page"] == "whales.pdf#page=1"), abs=1e-4
    )
    assert json.loads(run(*arguments, "-p", pipeline).out)["encoder"] == "tiny-dense"
    assert json.loads(run(*arguments).out)["encoder"] == "reader"


def test_show_lists_every_encoder_and_its_indexes(run: Run) -> None:
    shown = json.loads(run("collections", "show", "c", "--json").out)
    assert [held["encoder"] for held in shown["info"]["spaces"]][:2] == ["reader", "tiny.clip-1"]
    assert {i["name"] for i in shown["info"]["spaces"][1]["indexes"]} == {"global", "full"}
    words = run("collections", "show", "c").out
    assert "made by reader, with vectors of tiny.clip-1" in words.splitlines()[0]
    listed = run("collections", "list").out.splitlines()[1]
    assert listed.split()[:3] == ["c", "reader,", "tiny.clip-1,"] or listed.split()[:3] == [
        "c",
        "reader,",
        "tiny.clip-1",
    ]


def test_an_index_is_added_and_an_encoder_taken_out(run: Run, home: Path) -> None:
    assert run("ingest", home / "files", "-c", "d", "--encoder", "tiny-dense").code == 0
    assert run("collections", "embed", "d", "--encoder", "tiny.clip-1").code == 0
    made = json.loads(run("collections", "index", "d", "blocks", "--json").out)
    assert (made["collection"], made["encoder"], made["name"], made["pages"]) == ("d", "tiny-dense", "blocks", 2)
    assert len(json.loads(run("search", "whale", "-c", "d", "-p", "blocks:2 > full", "--json").out)["hits"]) == 2
    refused = run("collections", "index", "d", "rows", "--encoder", "tiny.clip-1")
    assert (refused.code, "gives one vector a page" in refused.err) == (1, True)
    gone = run("collections", "delete", "d", "--encoder", "tiny.clip-1", "--yes", "--json")
    assert json.loads(gone.out) == {"collection": "d", "encoder": "tiny.clip-1", "pages": 2}
    assert run("collections", "delete", "d", "--encoder", "tiny-dense", "--yes").code == 1
    ended = run("search", "whale", "-c", "d", "-p", "full@tiny.clip-1")
    assert (ended.code, ended.err.count("\n")) == (1, 1)
    assert "no vectors of encoder 'tiny.clip-1'; it has those of tiny-dense" in ended.err


def test_an_encoder_that_a_collection_lacks_is_told_how_to_come(run: Run, home: Path) -> None:
    ended = run("ingest", home / "files", "-c", "c", "--encoder", "clip-vit-b-32")
    assert ended.code == 1
    assert ended.err.strip().endswith("pagelens collections embed c --encoder clip-vit-b-32")
    assert run("ingest", home / "files", "-c", "c", "--encoder", "tiny.clip-1").code == 0
    assert "There is no model 'clop'" in run("collections", "embed", "c", "--encoder", "clop").err
