"""``pagelens eval report`` end to end: records in, tables and files out, pictures from the collection."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.evaluation.records import good_and_bad
from workbench.evaluation import load


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record as 'eval --out' leaves it."""
    made = tmp_path_factory.mktemp("record")
    good_and_bad().write(made)
    return made


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset over the collection ``notes``."""
    made = tmp_path_factory.mktemp("dataset")
    (made / "documents").mkdir()
    for name in ("whales.pdf", "stars.pdf"):
        (made / "documents" / name).touch()
    rows = [{"query_id": "1", "text": "songs under water"}, {"query_id": "2", "text": "how far away is a star"}]
    (made / "queries.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    labels = "query-id\tcorpus-id\tscore\n1\twhales.pdf#page=2\t1\n2\tstars.pdf#page=1\t1\n"
    (made / "qrels.tsv").write_text(labels, encoding="utf-8")
    return made


def test_tables_are_printed(run: Run, folder: Path) -> None:
    ended = run("eval", "report", folder)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("No winner: good has the highest nDCG@5")
    rows = {line.split()[1]: line for line in ended.out.splitlines() if line[:1].isdigit()}
    assert list(rows) == ["bad", "good", "alike"]
    assert " b [" in rows["bad"] and " a [" in rows["good"]
    stages = run("eval", "report", folder, "--table", "stages", "--table", "slices").out
    assert "rows:20" in stages and "kind=odd" in stages


def test_files_take_their_form_from_the_suffix(run: Run, folder: Path, tmp_path: Path) -> None:
    starts = {".html": "<!doctype html>", ".csv": "number,system,", ".tex": "% Needs", ".md": "| # |", ".json": "{"}
    for suffix, start in starts.items():
        path = tmp_path / f"report{suffix}"
        ended = run("eval", "report", folder, "--out", path)
        assert (ended.code, ended.out) == (0, ""), ended.err
        assert path.read_text(encoding="utf-8").startswith(start)
    assert not list(tmp_path.glob("*.partial"))
    losses = tmp_path / "losses.csv"
    run("eval", "report", folder, "--table", "losses", "--out", losses)
    assert len(list(csv.DictReader(io.StringIO(losses.read_text(encoding="utf-8"))))) == 21


def test_json_is_one_document(run: Run, folder: Path) -> None:
    found = json.loads(run("eval", "report", folder, "--json").out)["reports"][0]
    assert [system["system"] for system in found["systems"]] == ["bad", "good", "alike"]
    assert found["means_over"] == "40 questions"
    by = json.loads(run("eval", "report", folder, "--by", "document", "--json").out)["reports"][0]
    assert by["means_over"] == "1 document"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["{folder}", "--out", "x.pdf"], 2, "'.pdf' is none of .html"),
        (["{folder}", "--table", "nothing"], 2, "'nothing' is none of systems"),
        (["{folder}", "--by", "page"], 2, "'page' is none of question, document"),
        (["nowhere"], 1, "cannot be read"),
        (["{folder}", "--out", "{folder}/no/report.csv"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_told(run: Run, folder: Path, arguments: list[str], code: int, sentence: str) -> None:
    ended = run("eval", "report", *(argument.format(folder=folder) for argument in arguments))
    assert ended.code == code
    assert sentence in " ".join(ended.err.replace("│", " ").split())


def test_a_page_shows_pictures_of_the_collection_as_it_was(run: Run, questions: Path, tmp_path: Path) -> None:
    made = run("eval", questions, "-c", "notes", "-p", "exact", "-p", "text", "--out", tmp_path)
    assert made.code == 0, made.err
    page = tmp_path / "report.html"
    weak = load(tmp_path)
    answers = {
        q: replace(a, measures=dict.fromkeys(a.measures, 0.0)) for q, a in weak.pipelines["text"].answers.items()
    }
    failed = replace(weak, pipelines={**weak.pipelines, "text": replace(weak.pipelines["text"], answers=answers)})
    failed.write(tmp_path)
    assert run("eval", "report", tmp_path, "--out", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert text.count('href="data:image/webp;base64,') >= 4 and 'class="heat ink"' in text
    assert 'aria-label="whales.pdf#page=2, relevant"' in text
    without = run("eval", "report", tmp_path, "--no-pictures", "--out", page)
    assert without.code == 0 and "data:image" not in page.read_text(encoding="utf-8")
    replace(failed, collection=replace(failed.collection, hash="another")).write(tmp_path)
    changed = run("eval", "report", tmp_path, "--out", page)
    assert "is not what it was when the record was made" in changed.err
    assert "data:image" not in page.read_text(encoding="utf-8")
    assert run("eval", "report", tmp_path, "--pictures", "--out", page).code == 0
    assert "data:image" in page.read_text(encoding="utf-8")
