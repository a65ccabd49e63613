"""Ingesting files that hang, bloat, or change: the run goes on, can be stopped, and says what happened."""

import os
import shutil
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from tests.documents import tasks
from tests.documents.make import raw_pdf, show, text_pdf
from workbench.documents import ReadSettings, Source, probe, read_pages, workers
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.types import Page, PageRef

INPUTS = Path(__file__).parents[1] / "documents" / "inputs"
LOW = ReadSettings(dpi=72, ocr=False)
DRAWN_LOW = CollectionSettings(dpi=72, ocr=False)
BEFORE, AFTER = INPUTS / "changing-before.pdf", INPUTS / "changing-after.pdf"


def replaced(path: Path) -> None:
    copy = path.with_suffix(".new")
    shutil.copyfile(AFTER, copy)
    os.replace(copy, path)


def overwritten(path: Path) -> None:
    path.write_bytes(AFTER.read_bytes())


BY = [replaced, overwritten]


@pytest.fixture
def changing(tmp_path):
    path = tmp_path / "doc.pdf"
    shutil.copyfile(BEFORE, path)
    return path


def version_of_words(bench: Workbench, page: int) -> str:
    return bench.library.page(PageRef("doc.pdf", page), "c").words.texts[0]


def whole_and_of_one_version(bench: Workbench, version: str, original: Path, other: Path) -> None:
    """Pages have the words and the picture of this version, under the hash of its file."""
    (document,) = bench.library.documents("c")
    assert (document.content_hash, document.pages) == (probe(original).content_hash, 120)
    numbers = (1, 9, 120)
    right, wrong = (list(read_pages(Source(path, "doc.pdf"), LOW, numbers)) for path in (original, other))
    for number, page, another in zip(numbers, right, wrong, strict=True):
        assert version_of_words(bench, number) == version == page.words.texts[0] != another.words.texts[0]
        with Image.open(bench.library.page_image("c", PageRef("doc.pdf", number), "page")) as stored:
            assert far(stored, page) < far(stored, another)


def far(stored: Image.Image, page: Page) -> float:
    """How much a stored picture differs from a page: it is compressed, so always a little."""
    return float(np.abs(np.asarray(stored, int) - np.asarray(page.image(), int)).mean())


@pytest.mark.parametrize("change", BY)
def test_a_file_that_changes_between_plan_and_reading_is_read_anew(bench, changing, tmp_path, monkeypatch, change):
    from workbench.ingestion import run

    real = run._reading
    monkeypatch.setattr(run, "_reading", lambda *given: change(changing) or real(*given))
    report = bench.ingest([changing], "c", DRAWN_LOW)
    (outcome,) = report.documents
    assert (outcome.name, outcome.pages, outcome.indexed, outcome.failed) == ("doc.pdf", 120, 120, ())
    monkeypatch.undo()
    whole_and_of_one_version(bench, "betaversion", AFTER, BEFORE)


@pytest.mark.parametrize("change", BY)
def test_a_file_that_changes_while_it_is_read_is_read_anew(bench, changing, tmp_path, change):
    changed = []

    def progress(now) -> None:
        if now.pages_done and not changed:
            changed.append(now.pages_done)
            change(changing)

    (outcome,) = bench.ingestion.ingest([changing], "c", DRAWN_LOW, progress).documents
    assert (outcome.name, outcome.pages, outcome.indexed, outcome.failed) == ("doc.pdf", 120, 120, ())
    assert changed and changed[0] < 100
    whole_and_of_one_version(bench, "betaversion", AFTER, BEFORE)


def test_a_file_that_changes_all_the_time_fails_in_words_and_costs_no_other(bench, changing, tmp_path, monkeypatch):
    text_pdf(tmp_path / "still.pdf")
    monkeypatch.setattr(workers, "copied", tasks.copied_while_written)
    changed = []

    def progress(now) -> None:
        if now.pages_done and not changed:
            changed.append(now.pages_done)
            overwritten(changing)

    report = bench.ingestion.ingest([changing, tmp_path / "still.pdf"], "c", DRAWN_LOW, progress)
    outcomes = {one.name: one for one in report.documents}
    assert "changed while it was read" in outcomes["doc.pdf"].reason
    assert outcomes["still.pdf"].indexed == 1
    for page in range(1, 9):  # what was committed before is whole
        assert version_of_words(bench, page) == "alphaversion"


def test_a_file_that_goes_away_between_plan_and_reading_costs_no_other(bench, changing, tmp_path, monkeypatch):
    from workbench.ingestion import run

    text_pdf(tmp_path / "still.pdf")
    real = run._reading
    monkeypatch.setattr(run, "_reading", lambda *given: changing.unlink(missing_ok=True) or real(*given))
    outcomes = {one.name: one for one in bench.ingest([changing, tmp_path / "still.pdf"], "c", DRAWN_LOW).documents}
    assert "cannot be opened" in outcomes["doc.pdf"].reason and outcomes["still.pdf"].indexed == 1


def test_a_bomb_fails_and_the_other_files_go_in(tmp_path):
    for name in ("xobjbomb.pdf", "flate2.pdf"):
        shutil.copyfile(INPUTS / name, tmp_path / name)
    text_pdf(tmp_path / "a.pdf", 2)
    text_pdf(tmp_path / "z.pdf", 3)
    bench = Workbench(Settings(home=tmp_path / "home", page_seconds=15, reader_memory_mb=1024))
    bench.ingest([tmp_path / "a.pdf"], "c")  # loads the models
    before, most, over = psutil.Process().memory_info().rss, 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.05):
            most = max(most, psutil.Process().memory_info().rss)

    threading.Thread(target=watch).start()
    try:
        report = bench.ingest([tmp_path], "c")
    finally:
        over.set()
        bench.close()
    outcomes = {one.name: one for one in report.documents}
    assert outcomes["z.pdf"].indexed == 3
    (failed,) = outcomes["xobjbomb.pdf"].failed
    assert failed.reason.startswith(("Page 1 took more than 15 s", "Page 1 needs more than 1 GiB of memory"))
    assert most - before < 100e6


def test_a_job_stops_whatever_the_reader_is_at(bench, tmp_path, monkeypatch):
    started = tmp_path / "started"
    real = workers.ReaderPool.submit

    def submit(pool, function, *arguments, **more):
        if function.__name__ == "read_page":
            return real(pool, tasks.hang, started, **more)
        return real(pool, function, *arguments, **more)

    monkeypatch.setattr(workers.ReaderPool, "submit", submit)
    job = bench.ingestion.start([text_pdf(tmp_path / "a.pdf", 5)], "c")
    end = time.monotonic() + 900
    while not (started.exists() and started.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    bench.jobs.stop(job.id)
    assert bench.jobs.wait(job.id, 200).state == "stopped"  # without a stop it would take the limit, four minutes


def test_pages_given_up_are_counted_and_said(tmp_path, monkeypatch):
    real = workers.ReaderPool.submit

    def submit(pool, function, *arguments, **more):
        if function.__name__ == "read_page" and arguments[2].page > 1:
            return real(pool, tasks.spin, **more)
        return real(pool, function, *arguments, **more)

    monkeypatch.setattr(workers.ReaderPool, "submit", submit)
    bench = Workbench(Settings(home=tmp_path / "home", page_seconds=0.5, page_oversteps=2))
    (outcome,) = bench.ingest([text_pdf(tmp_path / "a.pdf", 30)], "c").documents
    assert (outcome.pages, outcome.indexed) == (30, 1)
    assert [page.page for page in outcome.failed] == [2, 3]
    assert outcome.reason.startswith("27 pages were not tried after 2 others took more time or memory than allowed")
    assert bench.searches.why("page", PageRef("a.pdf", 17), "c").verdict == "failed"
    monkeypatch.undo()
    (again,) = bench.ingest([tmp_path / "a.pdf"], "c").documents  # nothing is given up for ever
    assert (again.indexed, again.skipped, again.failed) == (29, 1, ())
    bench.close()


def test_the_plan_says_that_pages_that_failed_are_tried_again(bench, tmp_path):
    path = raw_pdf(tmp_path / "doc.pdf", [("/MediaBox [0 0 200 200]", show("words"))] * 3, damaged=[1])
    assert len(bench.ingest([path], "c", DRAWN_LOW).documents[0].failed) == 1
    (planned,) = bench.ingestion.plan([path], "c").files
    assert planned.note == "1 of its pages could not be read before and are tried again"
