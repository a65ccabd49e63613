"""The commands themselves, on a book of 44 pages: what they print, and that other programs can read it."""

import json

import pytest
from typer.testing import CliRunner

from benchmarks.manuals import build
from benchmarks.records import load
from benchmarks.remote import FURTHER, MACHINE, PROCESS
from tests.benchmarks.books import TOPICS, write_book
from workbench.cli import app

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """The book's index phrases as a dataset; its documents lack a page of contents, so it has its own collection."""
    folder = tmp_path_factory.mktemp("commands")
    return build([str(write_book(folder / "metal.pdf"))], folder / "manuals", most_questions=5).dataset


@pytest.fixture(scope="module")
def command(workbench):
    def run(*arguments):
        result = CliRunner().invoke(app, ["--home", str(workbench.settings.home), "bench", *map(str, arguments)])
        assert result.exit_code in (0, 1, 2), result.exception
        return result

    return run


def test_latency_as_json(command, dataset):
    ended = command("latency", dataset.folder, "-c", "metal", "-p", "text", "--no-cold", "--repeats", 1, "--json")
    report = json.loads(ended.stdout)
    assert (report["pages"], report["questions"], report["repeats"]) == (44, 5, 1)
    assert report["pipelines"]["text"]["search"]["count"] == 5
    assert [load["threads"] for load in report["pipelines"]["text"]["throughput"]] == [1, 2, 4]


def test_latency_as_tables(command, dataset):
    ended = command("latency", dataset.folder, "-c", "metal", "-p", "exact", "--no-cold", "--repeats", 1)
    assert ended.exit_code == 0
    for part in ("44 pages", "GFLOP/s", "to encode with reader", "exact", "full", "bandwidth"):
        assert part in ended.stdout


def test_manuals_are_made_indexed_and_measured(command, dataset):
    pdf = dataset.folder.parent / "metal.pdf"
    ended = command("manuals", pdf, "--out", dataset.folder, "--most", 5, "-p", "text", "--scope", "corpus", "--json")
    report = json.loads(ended.stdout)
    assert report["manuals"][0] | {"sha256": "", "version": ""} == {
        "name": "metal",
        "version": "",
        "sha256": "",
        "pages": 42,
        "phrases": len(TOPICS),
        "questions": 5,
        "words_on_page": 1.0,
    }
    found = report["measures"]["index"]["text"]
    assert found["R@1"] > 0.9  # every phrase stands on one page, again and again
    assert set(report["measures"]) == {"index", "bookmark"}
    assert (dataset.folder / "record-index" / "record.json").is_file()


def test_manuals_as_tables(command, dataset):
    ended = command("manuals", dataset.folder.parent / "metal.pdf", "--out", dataset.folder, "--only-make")
    assert ended.exit_code == 0
    assert "metal" in ended.stdout
    assert "100%" in ended.stdout


def test_peers_as_tables(command, dataset):
    ended = command("peers", dataset.folder, "-c", "metal", "-p", "exact", "--peer", "faiss", "--repeats", 1)
    assert ended.exit_code == 0
    assert "pagelens exact" in ended.stdout
    assert "faiss" in ended.stdout


def test_a_collection_in_a_slow_store(command, dataset, tmp_path):
    pytest.importorskip("snailmail")
    arguments = ("-c", "metal", "--latency", "1,10", "--questions", 3, "--save", tmp_path / "remote.json")
    ended = command("remote", dataset.folder, *arguments)
    assert ended.exit_code == 0, ended.output
    report, _ = load(tmp_path / "remote.json")
    points = {(point.latency_ms, point.what): point for point in report.points}
    assert {latency for latency, _ in points} == {1, 10}
    for latency in (1, 10):
        machine, process, further = (points[latency, what] for what in (MACHINE, PROCESS, FURTHER))
        assert machine.requests > process.requests > further.requests == 0
        assert machine.ms > process.ms
    assert str(points[1, MACHINE].requests) in ended.stdout


def test_files_as_tables_and_as_a_record(command, tmp_path):
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "notes.txt").write_text("words")
    (tmp_path / "odd" / "cut.pdf").write_bytes(b"%PDF-1.7 and no more")
    ended = command("files", tmp_path / "odd", "--save", tmp_path / "odd.json")
    assert ended.exit_code == 0, ended.output
    assert "FILE is not a file Pagelens reads" in ended.stdout
    assert "FILE is damaged or cut short" in ended.stdout
    report, _ = load(tmp_path / "odd.json")
    assert {file.path: file.state for file in report.files} == {"cut.pdf": "failed", "notes.txt": "failed"}
    assert [run.files for run in report.runs] == [2]
    assert report.runs[0].processes[0].peak.own > 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("peers", "--peer", "nothing"), "there is no nothing"),
        (("latency", "--at-once", "1,x"), "no list of numbers"),
        (("files", "no-such-folder"), "does not exist"),
        (("files", "."), "There are no files below"),
        (("scale", "--pages", "0"), "no list of numbers"),
        (("manuals", "nowhere.pdf"), "No manual can be used"),
        (("latency", "no-such-folder"), "There is no dataset folder"),
    ],
)
def test_what_cannot_be_done_is_said(command, arguments, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = command(*arguments)
    assert ended.exit_code in (1, 2)
    assert sentence in " ".join((ended.stderr + ended.stdout).replace("│", " ").split())
