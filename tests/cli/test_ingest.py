"""``pagelens ingest`` on real files: what goes in, what is refused, the exit code, and a clean stop."""

import json
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Place, Run, keys
from tests.documents.make import encrypted_pdf, raw_pdf, shaken, show, text_picture, write_pdf
from workbench.bootstrap import ROOT
from workbench.store import Library, Writer


def test_the_report_has_its_shape_and_nothing_else_is_printed(place: Place) -> None:
    assert place.ingested.code == 0
    record = json.loads(place.ingested.out)
    document = {"name": "str", "pages": "int", "indexed": "int", "skipped": "int", "failed": [], "notices": []}
    document |= {"reason": "str", "replaced": "str", "left_out": "bool", "state": "str"}
    stage = {"name": "str", "done": "int", "total": "int", "seconds": "float", "workers": "int"}
    shape = {"collection": "str", "encoder": "str", "documents": [document], "seconds": "float", "stopped": "bool"}
    shape |= {"notes": [], "unread": "int", "stages": [{**stage, "pages_per_second": "float"}], "bottleneck": "str"}
    assert keys(record) == shape
    assert [(one["name"], one["done"]) for one in record["stages"]] == [
        ("read", 6), ("embed", 6), ("write", 6), ("index", 6)
    ]  # fmt: skip
    assert record["bottleneck"] in ("read", "embed", "write")
    assert {d["name"]: (d["pages"], d["indexed"]) for d in record["documents"]} == {
        "bread & [b]butter.pdf": (2, 2),
        "stars.pdf": (2, 2),
        "whales.pdf": (2, 2),
    }


def test_a_bad_file_is_named_and_the_good_ones_go_in(fresh: Run, tmp_path: Path) -> None:
    write_pdf(tmp_path / "files" / "good.pdf", ["A good page."])
    (tmp_path / "files" / "cut.pdf").write_bytes((tmp_path / "files" / "good.pdf").read_bytes()[:300])
    (tmp_path / "files" / "empty.pdf").touch()
    (tmp_path / "files" / "photo.png").write_bytes(b"not a picture")
    (tmp_path / "files" / "notes.txt").write_text("named, and no failure: it is in a folder")
    encrypted_pdf(tmp_path / "files" / "locked.pdf", "secret")
    ended = fresh("ingest", tmp_path / "files", tmp_path / "none.pdf", "-c", "c", "--json")
    assert ended.code == 1
    documents = {document["name"]: document for document in json.loads(ended.out)["documents"]}
    assert documents.pop("good.pdf")["indexed"] == 1
    assert documents.pop("notes.txt")["left_out"]
    assert "notes.txt" not in ended.err
    assert set(documents) == {"cut.pdf", "empty.pdf", "photo.png", "locked.pdf", "none.pdf"}
    for name, document in documents.items():
        assert document["pages"] == document["indexed"] == 0
        assert document["reason"] in ended.err
        assert name in document["reason"]
    assert json.loads(fresh("search", "good page", "-c", "c", "--json").out)["hits"][0]["page"] == "good.pdf#page=1"


def test_a_bad_page_does_not_fail_its_document(fresh: Run, tmp_path: Path) -> None:
    path = raw_pdf(
        tmp_path / "three.pdf", [("", show(f"Page {word}")) for word in ("one", "two", "three")], damaged=[1]
    )
    ended = fresh("ingest", path, "-c", "c", "--json")
    (document,) = json.loads(ended.out)["documents"]
    assert (ended.code, document["pages"], document["indexed"]) == (0, 3, 2)
    assert [failure["page"] for failure in document["failed"]] == [2]
    assert f"three.pdf#page=2: {document['failed'][0]['reason']}" in ended.err
    verdict = json.loads(fresh("why", "page", "three.pdf#page=2", "-c", "c", "--json").out)
    assert verdict["verdict"] == "failed"


def test_what_is_known_is_skipped(run: Run, place: Place) -> None:
    ended = run("ingest", place.files, "-c", "notes", "--json")
    assert ended.code == 0
    assert {(d["indexed"], d["skipped"]) for d in json.loads(ended.out)["documents"]} == {(0, 2)}
    assert ended.err == "".join(f"{name}: 0 pages indexed\n" for name in sorted(p.name for p in place.files.iterdir()))


def test_other_settings_than_the_collections_are_refused(run: Run, place: Place) -> None:
    ended = run("ingest", place.files, "-c", "notes", "--dpi", "200", "--crop", "--encoder", "reader")
    assert ended.code == 1
    assert "was made with dpi 144, not 200 and crop False, not True; leave the option out" in ended.err
    assert run("ingest", place.files, "-c", "notes", "--dpi", "144").code == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--dpi", "9000"), "9000 dpi is out of range"),
        (("--encoder", "raeder"), "There is no model 'raeder'; there are: reader,"),
        (("-c", "../up"), "cannot be a collection's name"),
    ],
)
def test_bad_settings_leave_no_collection_behind(
    fresh: Run, place: Place, arguments: tuple[str, ...], sentence: str
) -> None:
    ended = fresh("ingest", place.files, "-c", "c", *arguments)
    assert (ended.code, ended.out) == (1, "")
    assert sentence in ended.err
    assert json.loads(fresh("collections", "list", "--json").out) == []


def test_a_collection_that_is_being_written_is_left_alone(fresh: Run, place: Place, tmp_path: Path) -> None:
    fresh("ingest", place.files / "stars.pdf", "-c", "c")
    with Writer(Library(tmp_path / "home").open("c")):
        ended = fresh("ingest", place.files, "-c", "c")
    assert ended.code == 1
    assert len(ended.err.strip().splitlines()) == 1
    assert fresh("ingest", place.files, "-c", "c").code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a child cannot be sent Ctrl-C alone")
def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(fresh: Run, tmp_path: Path) -> None:
    pages = 64  # the end of so many is far off when the signal comes, however busy the machine
    for number in range(pages // 2):
        write_pdf(tmp_path / "files" / f"{number:02}.pdf", [f"Chapter {number} page {page}." for page in range(2)])
    command = [sys.executable, "-m", "workbench", "--home", str(tmp_path / "home"), "ingest", str(tmp_path / "files")]

    def hears() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell that runs the tests in the background has it ignored

    process = subprocess.Popen(
        [*command, "-c", "c", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=hears,
    )
    assert process.stderr is not None
    told = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=900)
    assert told == "00.pdf: 2 pages indexed\n"
    assert process.returncode == 130
    assert "Stopped. What is indexed is safe" in err
    assert "Traceback" not in err
    report = json.loads(out)
    first = sum(document["indexed"] for document in report["documents"])
    assert report["stopped"]
    assert 0 < first < pages
    documents = json.loads(fresh("ingest", tmp_path / "files", "-c", "c", "--json").out)["documents"]
    assert sum(document["indexed"] for document in documents) == pages - first
    assert sum(document["skipped"] for document in documents) == first
    assert json.loads(fresh("collections", "show", "c", "--json").out)["info"]["pages"] == pages
    assert json.loads(fresh("collections", "verify", "c", "--json").out)["ok"]


def test_a_file_of_another_kind_in_a_folder_is_named_and_fails_nothing(fresh: Run, tmp_path: Path) -> None:
    write_pdf(tmp_path / "files" / "good.pdf", ["A good page."])
    (tmp_path / "files" / "notes.txt").write_text("x")
    ended = fresh("ingest", tmp_path / "files", "-c", "c")
    assert ended.code == 0
    (line,) = [line for line in ended.out.splitlines() if line.startswith("notes.txt")]
    assert "Not read: it is no PDF, picture (PNG" in line


def test_replacing_is_an_option_and_the_report_names_what_left(fresh: Run, tmp_path: Path) -> None:
    for folder in ("one", "two", "three"):
        write_pdf(tmp_path / folder / "scan.pdf", [f"The scan of {folder}."])
    assert fresh("ingest", tmp_path / "one", "-c", "c").code == 0
    kept = fresh("ingest", tmp_path / "two", "-c", "c")
    assert "scan (2).pdf" in kept.out
    assert "a different document has the name scan.pdf of 20" in kept.out
    (document,) = json.loads(fresh("ingest", tmp_path / "three", "-c", "c", "--replace", "--json").out)["documents"]
    assert document["name"] == "scan.pdf"
    assert document["replaced"].startswith("scan.pdf of 20")
    listed = json.loads(fresh("collections", "show", "c", "--json").out)["documents"]
    assert [document["name"] for document in listed] == ["scan (2).pdf", "scan.pdf"]


def test_a_page_that_was_hardly_read_is_named_with_its_quality_and_how_to_read_it_again(
    fresh: Run, tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    printed = text_picture(["The harbour dues of Zanzibar", "fell to their lowest since 1911"])
    shaken(printed).save(tmp_path / "files" / "old customs.pdf")
    (told,) = json.loads(fresh("ingest", tmp_path / "files", "-c", "c", "--json").out)["documents"]
    (notice,) = told["notices"]
    assert notice["page"] == 1 and 0 <= notice["quality"] < 70  # less than that is a reason to say so
    (listed,) = json.loads(fresh("collections", "show", "c", "--json").out)["documents"]
    assert listed["notices"] == [notice]
    lines = fresh("collections", "show", "c").out.splitlines()
    assert f"old customs.pdf#page=1 is in, {notice['quality']} % read, but: {notice['reason']}" in lines
    command = "pagelens collections reread c 'old customs.pdf' --another-way"
    assert f"To read them again another way, run: {command}" in lines
    assert fresh(*shlex.split(command)[1:]).code in (0, 1)  # 1 where nothing of it is read that way either
    refused = fresh(*shlex.split(command)[1:], "--ocr")
    assert refused.code == 1 and "leave out the other options" in refused.err
