"""Folders that are followed, with real files: what is new, changed, moved and gone, at once and across restarts."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.documents.make import write_pdf
from workbench.cli import app
from workbench.errors import InputError, NotFoundError
from workbench.ingestion.watching import FolderWatcher, difference, look
from workbench.service import Workbench
from workbench.types import PageRef

PATIENCE = 900.0  # s; a bound for what takes a second or two, whatever else the machine is doing


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "papers"
    write_pdf(root / "whales.pdf", ["The blue whale is the largest animal alive."])
    write_pdf(root / "below" / "stars.pdf", ["A red giant is a star near its end."])
    return root


@pytest.fixture
def bench(bench):
    bench.watching.quiet = 0.2
    return bench


def names(bench):
    return sorted(document.name for document in bench.library.documents("c")) if "c" in bench.library.names() else []


def reached(bench, wanted):
    """Wait until the collection holds these documents, and no job is at it any more."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if names(bench) == wanted and not any(job.active for job in bench.jobs.all()):
            return True
        time.sleep(0.05)
    pytest.fail(f"{names(bench)} and not {wanted}; {[(job.kind, job.state, job.message) for job in bench.jobs.all()]}")


def read(report):
    return {one.name: one.indexed for one in report.documents}


def test_what_is_new_changed_and_gone_is_told_by_what_was_seen(folder):
    seen = look(folder)
    assert sorted(seen) == ["below/stars.pdf", "whales.pdf"]
    write_pdf(folder / "new.pdf", ["New."])
    write_pdf(folder / "whales.pdf", ["Changed, and longer than it was before."])
    (folder / "below" / "stars.pdf").unlink()
    (folder / "notes.txt").write_text("of no kind that is read")
    found = difference(folder, seen, look(folder))
    assert sorted(found.changed) == [folder / "new.pdf", folder / "whales.pdf"]
    assert found.gone == {str((folder / "below" / "stars.pdf").resolve())}
    assert not difference(folder, seen, seen)


def test_a_collection_is_brought_in_step_and_only_what_changed_is_read(bench, folder):
    assert read(bench.watching.sync(folder, "c")) == {"whales.pdf": 1, "below/stars.pdf": 1}
    assert names(bench) == ["below/stars.pdf", "whales.pdf"]
    assert bench.watching.sync(folder, "c").documents == ()
    write_pdf(folder / "below" / "moon.pdf", ["The moon goes around the earth."])
    write_pdf(folder / "whales.pdf", ["Humpback whales sing long songs under water."])
    assert read(bench.watching.sync(folder, "c")) == {"whales.pdf": 1, "below/moon.pdf": 1}
    assert "sing" in bench.library.page(PageRef("whales.pdf", 1), "c").words.text
    (folder / "below" / "stars.pdf").unlink()
    (gone,) = bench.watching.sync(folder, "c").documents
    assert (gone.name, gone.reason) == ("below/stars.pdf", "deleted: its file is gone from the folder")
    assert names(bench) == ["below/moon.pdf", "whales.pdf"] and bench.maintenance.verify("c") == []


def test_a_file_that_moves_is_known_by_its_content(bench, folder):
    bench.watching.sync(folder, "c")
    bench.judgements.judge("whale", PageRef("whales.pdf", 1), "c", 3)
    before = bench.opened.get("c").page_id(PageRef("whales.pdf", 1))
    (folder / "whales.pdf").rename(folder / "below" / "largest animals.pdf")
    (moved,) = bench.watching.sync(folder, "c").documents
    assert (moved.indexed, moved.skipped) == (0, 1) and "already indexed as whales.pdf" in moved.reason
    assert names(bench) == ["below/stars.pdf", "whales.pdf"]
    assert bench.opened.get("c").page_id(PageRef("whales.pdf", 1)) == before
    assert bench.judgements.of("whale", "c") == {"whales.pdf#page=1": 3}
    (folder / "below" / "largest animals.pdf").unlink()  # gone for good: it is known where the file was last
    bench.watching.sync(folder, "c")
    assert names(bench) == ["below/stars.pdf"]


def test_a_document_that_another_file_holds_stays(bench, folder, tmp_path):
    shutil.copy(folder / "whales.pdf", tmp_path / "copy.pdf")
    bench.watching.sync(folder, "c")
    bench.ingest([tmp_path / "copy.pdf"], "c")
    (folder / "whales.pdf").unlink()
    bench.watching.sync(folder, "c")
    assert names(bench) == ["below/stars.pdf", "whales.pdf"]
    assert bench.opened.get("c").records.named("whales.pdf")[0].sources == (str(tmp_path / "copy.pdf"),)


def test_documents_can_be_kept_whatever_becomes_of_their_files(bench, folder):
    bench.watching.sync(folder, "c", keep=True)
    (folder / "whales.pdf").unlink()
    bench.watching.sync(folder, "c", keep=True)
    assert names(bench) == ["below/stars.pdf", "whales.pdf"]


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_a_disk_that_is_not_there_costs_nothing(bench, folder, left):
    bench.watching.sync(folder, "c")
    away = folder.rename(folder.with_name("unmounted"))
    if left == "nothing":
        with pytest.raises(InputError, match="There is no folder"):
            bench.watching.sync(folder, "c")
    else:
        folder.mkdir()
        assert "is its disk there?" in bench.watching.sync(folder, "c").notes[0]
        folder.rmdir()
    assert names(bench) == ["below/stars.pdf", "whales.pdf"]
    away.rename(folder)
    assert bench.watching.sync(folder, "c").documents == ()


def test_what_was_in_the_collection_before_is_left_alone(bench, folder):
    bench.ingest([folder], "c")
    (folder / "whales.pdf").unlink()  # before anybody followed the folder
    bench.watching.sync(folder, "c")
    assert names(bench) == ["below/stars.pdf", "whales.pdf"]


def test_a_stop_loses_nothing_and_the_same_call_does_the_rest(bench, folder):
    stop = threading.Event()
    stop.set()
    assert bench.watching.sync(folder, "c", stop=stop).stopped
    assert read(bench.watching.sync(folder, "c")) == {"whales.pdf": 1, "below/stars.pdf": 1}


def test_a_folder_is_followed_by_jobs_and_across_restarts(bench, folder):
    watch = bench.watching.follow(folder, "c")
    assert bench.watching.all("c") == [watch] and watch.folder == str(folder)
    assert reached(bench, ["below/stars.pdf", "whales.pdf"])
    write_pdf(folder / "moon.pdf", ["The moon goes around the earth."])
    assert reached(bench, ["below/stars.pdf", "moon.pdf", "whales.pdf"])
    (folder / "whales.pdf").unlink()
    (folder / "new").mkdir()
    write_pdf(folder / "new" / "bread.pdf", ["Knead the dough until it is smooth."])
    assert reached(bench, ["below/stars.pdf", "moon.pdf", "new/bread.pdf"])
    assert {job.kind for job in bench.jobs.all()} == {"sync"} and {job.state for job in bench.jobs.all()} == {"done"}
    bench.close()

    (folder / "moon.pdf").unlink()  # while nobody looks
    write_pdf(folder / "late.pdf", ["Written between two runs."])
    again = Workbench(bench.settings)
    again.watching.quiet = 0.2
    again.watching.start()
    try:
        assert reached(again, ["below/stars.pdf", "late.pdf", "new/bread.pdf"])
        again.watching.leave(folder, "c")
        assert again.watching.all() == []
        with pytest.raises(NotFoundError, match="is not followed"):
            again.watching.leave(folder, "c")
    finally:
        again.close()


def test_a_deleted_collection_is_not_made_anew(bench, folder):
    bench.watching.follow(folder, "c")
    assert reached(bench, ["below/stars.pdf", "whales.pdf"])
    bench.deletions.collection("c")
    assert bench.watching.all() == [] and not list((bench.settings.home / "state" / "watches").iterdir())


def test_a_renamed_collection_stays_in_step_with_its_folder(bench, folder):
    bench.watching.follow(folder, "c")
    assert reached(bench, ["below/stars.pdf", "whales.pdf"])
    bench.renaming.collection("c", "d")
    bench.renaming.collection("d", "e")
    assert [(watch.collection, watch.folder) for watch in bench.watching.all()] == [("e", str(folder))]
    bench.renaming.collection("e", "c")
    write_pdf(folder / "moon.pdf", ["The moon goes around the earth."])
    (folder / "whales.pdf").unlink()
    assert reached(bench, ["below/stars.pdf", "moon.pdf"])
    bench.renaming.collection("c", "d")
    write_pdf(folder / "late.pdf", ["Written after it was renamed."])
    end = time.monotonic() + PATIENCE
    while len(bench.library.documents("d")) < 3 and time.monotonic() < end:
        time.sleep(0.05)
    assert bench.library.names() == ["d"]  # no collection of the old name is made anew
    assert {one.name for one in bench.library.documents("d")} == {"below/stars.pdf", "late.pdf", "moon.pdf"}
    bench.watching.follow(folder, "c")  # the old name is free, for the same folder too
    assert [watch.collection for watch in bench.watching.all()] in (["c", "d"], ["d", "c"])
    bench.watching.leave(folder, "d")
    assert [watch.collection for watch in bench.watching.all()] == ["c"]


def test_files_beside_an_export_are_named_by_their_folder_too(bench, folder, tmp_path):
    bench.watching.sync(folder, "c")
    bench.library.export("c", tmp_path / "export")
    write_pdf(folder / "below" / "moon.pdf", ["The moon goes around the earth."])
    report = bench.ingestion.ingest([tmp_path / "export", folder / "below" / "moon.pdf"], "d", below=folder)
    assert read(report) == {"below/stars.pdf": 1, "whales.pdf": 1, "below/moon.pdf": 1}


def test_changes_are_waited_for_until_they_rest(folder):
    with FolderWatcher(folder, quiet=0.3, every=PATIENCE) as watcher:
        write_pdf(folder / "moon.pdf", ["The moon."])
        assert watcher.wait(threading.Event())
        started = time.monotonic()
        stop = threading.Event()
        threading.Timer(0.1, stop.set).start()
        assert not watcher.wait(stop) and time.monotonic() - started < PATIENCE


def test_reading_the_files_is_no_change(folder):
    with FolderWatcher(folder, quiet=0.05, every=0.6) as watcher:
        (folder / "whales.pdf").read_bytes()
        look(folder)
        begun = time.monotonic()
        assert watcher.wait(threading.Event()) and time.monotonic() - begun >= 0.6  # nothing but the time made it look


@pytest.mark.parametrize(("what", "said"), [("none", "There is no folder"), ("home", "holds Pagelens' own files")])
def test_a_folder_that_cannot_be_followed_is_refused(bench, tmp_path, what, said):
    (tmp_path / "home").mkdir(exist_ok=True)
    with pytest.raises(InputError, match=said):
        bench.watching.follow({"none": tmp_path / "none", "home": tmp_path}[what], "c")
    assert bench.watching.all() == []


def test_the_command_brings_in_step_once(tmp_path, folder):
    def run(*more):
        done = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "watch", str(folder), "-c", "c", *more])
        return done.exit_code, done.stderr

    code, said = run("--once")
    assert code == 0 and "whales.pdf: 1 page indexed" in said and "below/stars.pdf: 1 page indexed" in said
    os.remove(folder / "whales.pdf")
    assert run("--once") == (0, "whales.pdf: deleted: its file is gone from the folder\n")
    assert run("--once") == (0, "")
    assert CliRunner().invoke(app, ["watch", str(Path(folder) / "none"), "-c", "c"]).exit_code == 1
