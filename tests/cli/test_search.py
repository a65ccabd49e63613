"""``search``, ``why`` and ``explain``: their JSON, their words, and what they refuse."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Place, Run, keys, runner
from workbench import heatmap
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.types import PageRef

STAGE = {"name": "str", "ms": "float", "candidates_in": "int", "candidates_out": "int", "vectors_compared": "int"}
STAGE |= {"bytes_read": "int", "kernel_ms": "float", "scored": "int"}
STAGE |= {"cold": "bool", "cache_hit": "bool", "weights": [], "lifted": [], "device": "str", "approximate": "str"}


def test_search_prints_one_document_of_its_shape(run: Run) -> None:
    ended = run("search", "largest animal", "-c", "notes", "-p", "rows:5 > full:2", "--json")
    assert (ended.code, ended.err) == (0, "")
    record = json.loads(ended.out)
    said = {"rank": "int", "score": "float", "score_kind": "str", "scored": "bool"}
    hit = {**dict.fromkeys(("page", "document", "page_id"), "str"), "number": "int", **said}
    shape = keys(record)
    assert shape.pop("trace") == {"total_ms": "float", "stages": [STAGE]}
    assert shape == {
        **dict.fromkeys(("query", "collection", "encoder", "pipeline"), "str"),
        "parts": [{"kind": "str", "text": "str", "weight": "float"}],
        "hits": [hit | {"stages": [{"name": "str"} | said]}],
        "complete": "bool",
        "notes": [],
        "lifted": [],
        "verdict": "NoneType",
    }
    assert record["pipeline"] == "rows:5 > full:2"
    assert [hit["rank"] for hit in record["hits"]] == [1, 2]
    first = record["hits"][0]
    assert (first["page"], first["score_kind"]) == ("whales.pdf#page=1", "exact")
    assert [stage["name"] for stage in first["stages"]] == ["rows", "full"]
    stages = record["trace"]["stages"]
    assert [stage["name"] for stage in stages] == ["encode", "rows", "full", "results"]
    assert all(keys(stage) == STAGE for stage in stages)
    assert (stages[1]["candidates_in"], stages[1]["candidates_out"]) == (6, 5)
    assert record["trace"]["total_ms"] == pytest.approx(sum(stage["ms"] for stage in stages))


def test_search_in_words_shows_names_as_they_are(run: Run) -> None:
    ended = run("search", "hot oven", "-c", "notes", "-k", "1")
    assert ended.code == 0
    header, first, spent = ended.out.splitlines()
    assert header.split() == ["rank", "page", "score", "rows", "full"]
    assert "bread & [b]butter.pdf#page=2" in first
    assert spent.startswith("rows:256 > full:1: ")


def test_filters_and_k_hold(run: Run) -> None:
    ended = run("search", "star", "-c", "notes", "--filter", "document = 'whales.pdf' and page >= 2", "--json")
    assert [hit["page"] for hit in json.loads(ended.out)["hits"]] == ["whales.pdf#page=2"]
    assert len(json.loads(run("search", "star", "-c", "notes", "-k", "4", "--json").out)["hits"]) == 4
    assert run("search", "zebra", "-c", "notes", "-p", "bm25").out.startswith("No page was found.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("", "-c", "notes"), "The query is empty"),
        (("  \n ", "-c", "notes"), "The query is empty"),
        (("why " * 2500, "-c", "notes"), "at most 2,000 are searched"),
        (("x", "-c", "nets"), "There is no collection 'nets' (there are: notes)."),
        (("x", "-c", "notes", "-p", "rows:5 > ful:2"), "Unknown stage 'ful' at character 10"),
        (("x", "-c", "notes", "-p", "rows:5 >"), "expected a stage name at character 9, but the text ends"),
        (("x", "-c", "notes", "-p", "rows:5 > full:9"), "cannot keep more pages"),
        (("x", "-c", "notes", "--filter", "pages > 3"), "Unknown field 'pages' at character 1; fields: document"),
        (("x", "-c", "notes", "--filter", "page > 3; drop"), "Bad filter"),
        (("x", "-c", "\x1b[31mred"), "There is no collection '\N{REPLACEMENT CHARACTER}[31mred'"),
    ],
)
@pytest.mark.parametrize("command", ["search", "why", "search --json"])
def test_bad_input_is_one_sentence_and_exit_code_1(
    run: Run, command: str, arguments: tuple[str, ...], sentence: str
) -> None:
    name, *more = command.split()
    page = ["whales.pdf#page=1"] if name == "why" else []
    ended = run(name, arguments[0], *page, *arguments[1:], *more)
    assert (ended.code, ended.out) == (1, "")
    assert sentence in ended.err
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "x"),
        ("search", "-c", "notes"),
        ("search", "x", "-c", "notes", "-k", "0"),
        ("search", "x", "-c", "notes", "-k", "many"),
        ("search", "x", "y", "-c", "notes"),
        ("search", "x", "-c", "notes", "--fast"),
        ("explain", "x", "whales.pdf", "-c", "notes"),
        ("explain", "x", "whales.pdf#page=0", "-c", "notes"),
        ("explain", "largest animal", "whales.pdf#page=1", "-c", "notes", "--token", "zebra"),
        ("look", "x"),
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert "Usage:" in ended.err


@pytest.mark.parametrize(
    ("page", "arguments", "expected"),
    [
        ("whales.pdf#page=1", ("-p", "rows:5 > full:2"), ("found", "full", 1, 2, None)),
        ("stars.pdf#page=2", ("-p", "bm25:2 > full:2"), ("lost", "bm25", None, 2, None)),
        ("whales.pdf#page=1", ("--filter", "page = 2"), ("filtered", "filter", None, None, None)),
        ("whales.pdf#page=9", (), ("absent", "", None, None, None)),
        ("zebra.pdf#page=1", (), ("absent", "", None, None, None)),
    ],
)
def test_why_tells_what_became_of_a_page(
    run: Run, page: str, arguments: tuple[str, ...], expected: tuple[object, ...]
) -> None:
    ended = run("why", "largest animal", page, "-c", "notes", *arguments, "--json")
    verdict = json.loads(ended.out)
    assert ended.code == 0
    assert set(verdict) == {
        *("page", "verdict", "stage", "rank", "keep", "needs", "reason"),
        *("clauses", "exact_rank", "tokens", "against", "fix", "unfixable", "cause", "cure", "short"),
    }
    assert (verdict["page"], *(verdict[key] for key in ("verdict", "stage", "rank", "keep", "needs"))) == (
        page,
        *expected,
    )
    assert verdict["reason"] in run("why", "largest animal", page, "-c", "notes", *arguments).out


def test_the_k_that_why_asks_for_keeps_the_page(run: Run) -> None:
    arguments = ("why", "largest animal", "stars.pdf#page=2", "-c", "notes", "--json", "-p")
    lost = json.loads(run(*arguments, "rows:1 > full:1").out)
    assert (lost["verdict"], lost["stage"], lost["keep"]) == ("lost", "rows", 1)
    assert lost["needs"] == lost["rank"] > 1
    assert json.loads(run(*arguments, f"rows:{lost['needs']} > full:{lost['needs']}").out)["verdict"] == "found"
    assert json.loads(run(*arguments, f"rows:{lost['needs'] - 1} > full:1").out)["stage"] == "rows"


def test_explain_prints_boxes_ledger_and_regions(run: Run) -> None:
    ended = run("explain", "largest animal", "whales.pdf#page=1", "-c", "notes", "--json")
    record = json.loads(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert sum(row["contribution"] for row in record["ledger"]) == pytest.approx(record["score"])
    assert [token["label"] for token in record["tokens"]] == ["largest", "animal"]
    hottest = record["heat"].index(max(record["heat"]))
    assert record["places"]["labels"][hottest] == "largest"
    assert len(record["heat"]) == len(record["places"]["boxes"]) == len(record["places"]["labels"])
    assert record["places"]["grid"] is None and record["similarities"] is None
    assert record["regions"][0]["text"] == "The blue whale is the largest animal alive."
    words = run("explain", "largest animal", "whales.pdf#page=1", "-c", "notes").out
    assert words.startswith("whales.pdf#page=1 scores ")
    assert "The blue whale is the largest animal alive." in words


def test_the_picture_is_hot_at_the_word_and_untouched_elsewhere(run: Run, place: Place, tmp_path: Path) -> None:
    ended = run(
        *("explain", "largest animal", "whales.pdf#page=1", "-c", "notes"),
        *("--token", "animal", "--out", tmp_path / "heat.png", "--json"),
    )
    assert ended.code == 0
    record = json.loads(ended.out)
    assert record["page"] == "whales.pdf#page=1"
    bench, ref = Workbench(Settings(home=place.home)), PageRef("whales.pdf", 1)
    told = bench.explain("largest animal", ref, "notes")
    assert record["heat"] == pytest.approx(heatmap.values(told, [1]), abs=1e-5)
    assert [token["heat_weight"] for token in record["tokens"]] == pytest.approx(told.heat_weights)
    drawn = heatmap.draw(Image.open(bench.library.page_image("notes", ref)), told, heatmap.Look((1,)))
    assert np.array_equal(np.asarray(Image.open(tmp_path / "heat.png")), np.asarray(drawn))
    page = np.asarray(Image.open(bench.library.page_image("notes", ref)).convert("RGB"), float)
    heat = np.asarray(Image.open(tmp_path / "heat.png").convert("RGB"), float)
    assert heat.shape == page.shape
    change = np.abs(heat - page).max(axis=2)
    words = bench.library.page(ref, "notes").words
    size = np.array([page.shape[1], page.shape[0]] * 2)

    def mean_change(word: str) -> float:
        x0, y0, x1, y1 = np.rint(words.boxes[words.texts.index(word)] * size).astype(int)
        return float(change[y0:y1, x0:x1].mean())

    assert mean_change("animal") > 60 > mean_change("blue")
    inside = np.zeros(change.shape, bool)
    for x0, y0, x1, y1 in np.rint(words.boxes * size).astype(int):
        inside[max(y0 - 2, 0) : y1 + 2, max(x0 - 2, 0) : x1 + 2] = True
    assert change[~inside].max() == 0


def test_a_picture_of_no_kind_or_place_is_refused_in_words(run: Run, tmp_path: Path) -> None:
    arguments = ("explain", "largest", "whales.pdf#page=1", "-c", "notes", "--out")
    ended = run(*arguments, tmp_path / "heat.txt")
    assert (ended.code, ended.out) == (1, "")
    assert "does not name a kind of picture" in ended.err
    ended = run(*arguments, tmp_path / "none" / "heat.png")
    assert ended.code == 1
    assert "No such file or directory" in ended.err


def test_evidence_is_text_with_its_page_within_a_budget(run: Run) -> None:
    ended = run("evidence", "largest animal", "-c", "notes", "--json")
    record = json.loads(ended.out)
    assert (ended.code, ended.err) == (0, "")
    best = record[0]
    assert (best["page"], best["text"]) == ("whales.pdf#page=1", "The blue whale is the largest animal alive.")
    named = {"page": "str", "document": "str", "number": "int"}
    assert keys(best) == {**named, "box": ["float"], "kind": "str", "won": "float", "text": "str"}
    assert [item["won"] for item in record] == sorted((item["won"] for item in record), reverse=True)
    brief = json.loads(run("evidence", "largest animal", "-c", "notes", "--tokens", "11", "--json").out)
    assert [item["text"] for item in brief] == [best["text"]]
    assert "[whales.pdf#page=1]\nThe blue whale" in run("evidence", "largest animal", "-c", "notes").out


@pytest.fixture(scope="module")
def several(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A home with two collections that have a document in common, and an empty one."""
    home = tmp_path_factory.mktemp("several") / "home"
    run = runner(home)
    run("ingest", place.files / "whales.pdf", "-c", "sea")
    run("ingest", place.files / "whales.pdf", place.files / "stars.pdf", "-c", "sky")
    Workbench(Settings(home=home)).library.create("empty")
    return run


def test_search_across_prints_one_document(several: Run) -> None:
    ended = several("search", "largest animal", "-c", "sea", "-c", "sky", "-p", "exact", "-k", "3", "--json")
    assert (ended.code, ended.err) == (0, "")
    record = json.loads(ended.out)
    found = [(hit["collection"], hit["page"], hit["also"]) for hit in record["hits"]]
    assert found[0] == ("sea", "whales.pdf#page=1", ["sky"])
    assert found[1] == ("sky", "stars.pdf#page=1", [])
    assert (record["merge"], record["collections"], record["complete"]) == ("score", ["sea", "sky"], True)
    assert len(record["hits"]) == 3
    every = json.loads(several("search", "largest animal", "--all", "--json").out)
    assert every["collections"] == ["empty", "sea", "sky"]
    assert [one["reason"] for one in every["answers"]] == ["It has no pages yet.", "", ""]


def test_search_across_in_words_tells_collections_latency_and_who_did_not_answer(several: Run) -> None:
    ended = several("search", "parallax", "-c", "sea", "-c", "sky", "-c", "gone", "-k", "1")
    assert ended.code == 0
    header, first, order, spent = ended.out.splitlines()
    assert header.split() == ["rank", "collection", "page", "score", "there", "also", "in"]
    assert "sky" in first and "stars.pdf#page=2" in first
    assert order.startswith("In order of score: ")
    assert spent.startswith("3 collections: ") and "sky " in spent
    assert "gone: There is no collection 'gone'" in ended.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("x",), "name a collection with -c NAME"),
        (("x", "--all", "-c", "sea"), "leave -c out"),
        (("x", "-c", "gone", "-c", "lost"), "None of these collections can answer"),
        (("--more", "whales.pdf#page=1", "--all"), "belongs to one collection"),
    ],
)
def test_search_across_refuses_in_one_sentence(several: Run, arguments: tuple[str, ...], sentence: str) -> None:
    ended = several("search", *arguments)
    assert ended.code != 0
    assert sentence in " ".join(ended.err.replace("│", " ").split())
