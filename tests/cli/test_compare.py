"""``compare`` and ``explain --against``: their JSON, their words, and what they refuse."""

import json

import pytest

from tests.cli.conftest import Run


def test_compare_prints_both_results_and_the_moves_between_them(run: Run) -> None:
    ended = run("compare", "largest animal star", "-c", "notes", "-p", "exact", "-p", "bm25:10", "-k", "4", "--json")
    assert (ended.code, ended.err) == (0, "")
    record = json.loads(ended.out)
    a, b = ([hit["page"] for hit in record[side]["hits"]] for side in "ab")
    assert (len(a), record["a"]["pipeline"], record["b"]["pipeline"]) == (4, "full:4", "bm25:4")
    assert set(b) == {"whales.pdf#page=1", "stars.pdf#page=1"}
    assert record["shared"] == len(set(a) & set(b)) == 2
    assert (record["k"], record["overlap"], record["rbo_p"]) == (4, 0.5, 0.9)
    assert 0 < record["rbo"] <= 1
    for move in record["moves"]:
        assert move["rank_a"] == a.index(move["page"]) + 1
        assert move["rank_b"] == (b.index(move["page"]) + 1 if move["page"] in b else None)
    for side in "ab":
        encoding = sum(stage["ms"] for stage in record[side]["trace"]["stages"] if stage["name"] == "encode")
        cost = record[side]["cost"]
        assert cost["encode_ms"] == pytest.approx(encoding)
        assert cost["ms"] + encoding == pytest.approx(record[side]["trace"]["total_ms"])
    assert record["a"]["cost"]["bytes_read"] > 0


def test_compare_in_words(run: Run) -> None:
    ended = run("compare", "hot oven", "-c", "notes", "-p", "exact", "-p", "bm25:10", "-k", "2")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0].split() == ["page", "A", "B", "from", "A", "to", "B"]
    assert lines[1].split() == ["bread", "&", "[b]butter.pdf#page=2", "1", "1", "same", "rank"]
    assert lines[2].split()[-4:] == ["2", "only", "in", "A"]
    assert lines[-1].startswith("1 of 2 pages in both (overlap 0.500); rank-biased overlap ")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("-p", "exact"), 2, "a comparison is of two pipelines, not 1"),
        (("-p", "exact", "-p", "bm25", "-p", "text"), 2, "a comparison is of two pipelines, not 3"),
        (("-p", "exact", "-p", "ful:2"), 1, "Unknown stage 'ful'"),
    ],
)
def test_compare_refuses_in_one_sentence(run: Run, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    ended = run("compare", "x", "-c", "notes", *arguments)
    assert ended.code == code
    assert ended.out == ""
    assert sentence in " ".join(ended.err.replace("│", " ").split())


PAGES = ("largest animal", "whales.pdf#page=1", "-c", "notes", "--against", "stars.pdf#page=1")


def test_explain_against_subtracts_one_page_from_another(run: Run) -> None:
    ended = run("explain", *PAGES, "--json")
    assert (ended.code, ended.err) == (0, "")
    record = json.loads(ended.out)
    assert (record["page"], record["against"]) == ("whales.pdf#page=1", "stars.pdf#page=1")
    differences = [row["difference"] for row in record["tokens"]]
    assert record["difference"] == pytest.approx(record["score"] - record["against_score"]) == sum(differences)
    assert record["difference"] > 0
    assert differences == sorted(differences, reverse=True)
    whole = json.loads(run("explain", *PAGES[:-2], "--json").out)
    assert record["score"] == whole["score"]
    assert {row["token"]: row["first"] for row in record["tokens"]} == {row["token"]: row for row in whole["ledger"]}
    animal = next(row for row in record["tokens"] if row["label"] == "animal")
    assert animal["first"]["text"].startswith("animal")


def test_explain_against_in_words(run: Run) -> None:
    first, _, header, *rows = run("explain", *PAGES).out.splitlines()
    assert first.startswith("whales.pdf#page=1 scores ")
    assert header.split()[:4] == ["token", "difference", "first", "second"]
    assert {row.split()[0] for row in rows} >= {"largest", "animal"}
    assert run("explain", *PAGES[:-1], "none.pdf#page=1").code == 1
    refused = run("explain", *PAGES, "--token", "animal")
    assert (refused.code, refused.out) == (2, "")
