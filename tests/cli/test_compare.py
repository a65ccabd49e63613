"""``compare`` and ``explain --against``: their JSON, their words, and what they refuse."""

import json

import pytest

from tests.cli.conftest import Run


def test_compare_prints_both_results_and_the_moves_between_them(run: Run) -> None:
    ended = run("compare", "largest animal star", "-c", "notes", "-p", "exact", "-p", "bm25:10", "-k", "4", "--json")
    assert (ended.code, ended.err) == (0, "")
    record = json.loads(ended.out)
    a, b = ([hit["page"] for hit in record[side]["hits"]] for side in "ab")
    assert (len(a), record["a"]["pipeline"], record["b"]["pipeline"]) == (4, "full:4", "bm25:10")
    assert set(b) == {"whales.pdf#page=1", "stars.pdf#page=1"}
    assert record["shared"] == len(set(a) & set(b)) == 2
    assert (record["k"], record["overlap"], record["rbo_p"]) == (4, 0.5, 0.9)
    assert 0 < record["rbo"] <= 1
    for move in record["moves"]:
        assert move["rank_a"] == a.index(move["page"]) + 1
        assert move["rank_b"] == (b.index(move["page"]) + 1 if move["page"] in b else None)
    for side in "ab":
        encoding = sum(stage["ms"] for stage in record[side]["trace"]["stages"] if stage["name"] == "encode")
        cost = record[f"cost_{side}"]
        assert cost["encode_ms"] == pytest.approx(encoding)
        assert cost["ms"] + encoding == pytest.approx(record[side]["trace"]["total_ms"])
    assert record["cost_a"]["bytes_read"] > 0


def test_compare_in_words(run: Run) -> None:
    ended = run("compare", "hot oven", "-c", "notes", "-p", "exact", "-p", "bm25:10", "-k", "2")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0].split() == ["page", "A", "B", "from", "A", "to", "B"]
    assert lines[1].split() == ["bread", "&", "[b]butter.pdf#page=2", "1", "1", "same", "rank"]
    assert lines[2].split()[-4:] == ["2", "only", "in", "A"]
    assert lines[-1].startswith("1 of 2 pages in both (overlap 0.500); rank-biased overlap ")


def test_compare_over_several_collections(run: Run) -> None:
    asked = ("compare", "hot oven", "-p", "exact", "-p", "bm25:10", "-k", "2")
    ended = run(*asked, "-c", "notes", "-c", "nets")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0].split() == ["collection", "page", "A", "B", "from", "A", "to", "B"]
    assert lines[1].split() == ["notes", "bread", "&", "[b]butter.pdf#page=2", "1", "1", "same", "rank"]
    assert "In order of score: " in ended.out and "A, nets: There is no collection 'nets'" in ended.err
    record = json.loads(run(*asked, "--all", "--json").out)
    assert record["a"]["collections"] == ["notes"] and record["moves"][0]["collection"] == "notes"
    many = run("compare", "--queries", "none.txt", "--all", *asked[2:])
    assert many.code == 2 and "many queries are compared in one collection" in " ".join(many.err.split())


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
    assert (record["a"], record["b"]) == ("whales.pdf#page=1", "stars.pdf#page=1")
    differences = [row["difference"] for row in record["rows"]]
    assert record["difference"] == pytest.approx(record["score_a"] - record["score_b"]) == sum(differences)
    assert record["difference"] > 0
    assert differences == sorted(differences, reverse=True)
    whole = json.loads(run("explain", *PAGES[:-2], "--json").out)
    assert record["score_a"] == whole["score"]
    assert {row["token"]: row["a"] for row in record["rows"]} == {row["token"]: row for row in whole["ledger"]}
    animal = next(row for row in record["rows"] if row["label"] == "animal")
    assert animal["a"]["text"].startswith("animal")


def test_explain_against_in_words(run: Run) -> None:
    first, _, header, *rows = run("explain", *PAGES).out.splitlines()
    assert first.startswith("whales.pdf#page=1 scores ")
    assert header.split()[:4] == ["token", "difference", "first", "second"]
    assert {row.split()[0] for row in rows} >= {"largest", "animal"}
    assert run("explain", *PAGES[:-1], "none.pdf#page=1").code == 1
    refused = run("explain", *PAGES, "--token", "animal")
    assert (refused.code, refused.out) == (2, "")


def test_many_queries_come_with_those_that_differ_most_first(run, tmp_path):
    lines = tmp_path / "queries.txt"
    lines.write_text("whales sing\n\nhot oven\nparallax\n", encoding="utf-8")
    common = ("compare", "-c", "notes", "-p", "exact", "-p", "bm25:10", "--queries", lines)
    record = json.loads(run(*common, "--json").out)
    assert record["queries"] == 3
    assert {row["id"] for row in record["rows"]} == {"1", "3", "4"}  # as lines of the file
    assert [row["rbo"] for row in record["rows"]] == sorted(row["rbo"] for row in record["rows"])
    assert 0 < record["overlap"]["mean"] < 1
    assert record["gain"] is None
    assert record["taken_a"]["ms"] > 0
    told = run(*common).out
    assert "3 queries: overlap" in told
    assert "ms median" in told
    same = run("compare", "-c", "notes", "-p", "exact", "-p", "full:10", "--queries", lines).out
    assert "3 the same in both" in same


def test_a_dataset_brings_its_labels_and_what_cannot_be_asked_is_told(run, place, tmp_path):
    (tmp_path / "set" / "documents").mkdir(parents=True)
    rows = [{"query_id": "q", "text": "hot oven"}, {"query_id": "r", "text": "distance of stars"}]
    (tmp_path / "set" / "queries.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    labels = "query-id\tcorpus-id\tscore\nq\tbread & [b]butter.pdf#page=2\t1\nr\tstars.pdf#page=2\t1\n"
    (tmp_path / "set" / "qrels.tsv").write_text(labels, encoding="utf-8")
    ended = run("compare", "-c", "notes", "-p", "exact", "-p", "bm25:10", "--queries", tmp_path / "set", "--json")
    record = json.loads(ended.out)
    by_id = {row["id"]: row for row in record["rows"]}
    assert by_id["q"]["first_a"] == by_id["q"]["first_b"] == 1
    assert record["gain"]["mean"] == pytest.approx(sum(row["gain"] for row in record["rows"]) / 2)
    assert run("compare", "-c", "notes", "-p", "exact", "-p", "exact").code == 2  # neither a query nor a set
    (tmp_path / "empty.txt").write_text("\n")
    assert (
        "no query to compare"
        in run("compare", "-c", "notes", "-p", "exact", "-p", "exact", "--queries", tmp_path / "empty.txt").err
    )
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    assert (
        "no text in UTF-8"
        in run("compare", "-c", "notes", "-p", "exact", "-p", "exact", "--queries", tmp_path / "binary.txt").err
    )
