"""``pagelens export``: files by their suffix, text forms to standard output."""

import json


def test_a_file_by_its_suffix_and_text_to_standard_output(run, tmp_path):
    ended = run("export", "hot oven", "-c", "notes", "--out", tmp_path / "found.html", "-k", "2")
    assert ended.code == 0
    assert "Written:" in ended.err
    assert (tmp_path / "found.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    ended = run("export", "hot oven", "-c", "notes", "--form", "json", "-k", "2")
    assert len(json.loads(ended.out)["hits"]) == 2
    ended = run("export", "hot oven", "-c", "notes", "--out", tmp_path / "p.png", "--page", "stars.pdf#page=1")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_a_query_of_several_parts_is_exported_too(run):
    ended = run("export", "oven", "--not", "hot", "-c", "notes", "-p", "exact", "--form", "json", "-k", "1")
    record = json.loads(ended.out)
    assert "hot" in record["query"]
    assert {row["weight"] for row in record["hits"][0]["explanation"]["ledger"]} & {-0.5}


def test_what_cannot_be_written_is_told(run, tmp_path):
    assert run("export", "x", "-c", "notes").code == 2
    assert run("export", "x", "-c", "notes", "--form", "png").code == 2
    ended = run("export", "x", "-c", "notes", "--out", tmp_path / "a.docx")
    assert ended.code == 1
    assert "there are csv, json" in ended.err
