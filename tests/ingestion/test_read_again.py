"""Pages read once more, another way: words, vectors, what is said of them, and what stays where nothing is read."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.documents.make import picture_pdf, text_picture
from workbench.documents import Way, tesseract
from workbench.errors import InputError, NotFoundError
from workbench.ingestion import words as reading
from workbench.service import Workbench
from workbench.settings import CollectionSettings
from workbench.store import Collection
from workbench.store.checks import problems
from workbench.types import PageRef
from workbench.types.ingestion import PageNotice

RUSSIAN = Path(__file__).parents[1] / "documents" / "inputs" / "scan-russian.png"
needs_russian = pytest.mark.skipif(
    not {"osd", "rus"} <= tesseract.installed(), reason="tesseract is not installed with osd and rus"
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A scan with a text layer that says something else in good words, and another scan."""
    folder = tmp_path_factory.mktemp("files")
    lines = ["Harbour of Bergen", "Lighthouses along coasts"]
    picture_pdf(folder / "both.pdf", text_picture(lines, (800, 400)), [(72, 20, "Downloaded yesterday")])
    text_picture(["Lighthouses of Norway"]).save(folder / "scan.png")
    return folder


def words(bench, name, page=1):
    return bench.library.page(PageRef(name, page), "c").words


def show(bench, name, lines):
    """Have the stored picture of a page show other text."""
    store = bench.opened.get("c")
    text_picture(lines).save(store.image_path(store.page_id(PageRef(name, 1)), "page"), "WEBP", lossless=True)


def best(bench, query, pipeline="full:1"):
    return [str(hit.ref) for hit in bench.search(query, "c", pipeline).hits]


@pytest.mark.parametrize(
    ("words", "languages", "there", "way"),
    [
        ("text", (), {"eng", "osd"}, Way((), "auto", layer=False)),
        ("mixed", ("rus",), {"rus"}, Way(("rus",), "auto", layer=False)),
        ("ocr", (), {"eng", "osd"}, Way((), "tesseract")),
        ("none", (), {"osd"}, Way()),
        ("ocr", ("rus",), {"eng", "rus"}, Way(("rus",))),
        ("ocr", (), set(), Way()),
    ],
)
def test_the_other_way_is_one_that_this_machine_can_go(monkeypatch, words, languages, there, way):
    monkeypatch.setattr(tesseract, "installed", lambda: frozenset(there))
    assert Way.another(words, languages) == way


def test_what_was_hardly_read_is_read_another_way_and_nothing_else(bench, files, monkeypatch):
    bench.ingest([files / "both.pdf"], "c")
    (told,) = bench.library.documents("c")
    assert bench.ingestion.another_way("c", "both.pdf") == (Way(layer=told.words == "ocr"), ())
    partly = replace(told, verdict="partly", words="mixed", notices=(PageNotice(1, "Poor."),))
    monkeypatch.setattr(Collection, "documents", lambda self: [partly])
    assert bench.ingestion.another_way("c", "both.pdf") == (Way(layer=False), (1,))
    with pytest.raises(NotFoundError, match=r"There is no document 'other\.pdf'"):
        bench.ingestion.another_way("c", "other.pdf")
    monkeypatch.setattr(Collection, "documents", lambda self: [])  # as while it is deleted
    with pytest.raises(NotFoundError, match=r"There is no document 'both\.pdf'"):
        bench.ingestion.another_way("c", "both.pdf")


@needs_russian
def test_a_scan_is_read_again_in_its_language_and_found_by_words_and_vectors(bench, monkeypatch):
    with monkeypatch.context() as patch:  # as on a machine that has no tesseract yet
        patch.setattr(tesseract, "installed", frozenset)
        patch.setenv("PATH", "")
        bench.ingest([RUSSIAN], "c")
    (before,) = bench.library.documents("c")
    assert "Little of the scan's text could be read" in before.notices[0].reason
    assert "1 of its pages could hardly be read" in bench.ingestion.plan([RUSSIAN], "c").files[0].note
    vectors = bench.opened.get("c").space().page_embedding(bench.opened.get("c").page_id(PageRef(before.name, 1)))
    assert len(bench.search("bank", "c", "full:5").hits) == 1  # the copies of the vectors are made

    report = bench.ingestion.read_again("c", RUSSIAN.name, Way(("rus",)))
    assert [(one.indexed, one.failed, one.notices) for one in report.documents] == [(1, (), ())]
    assert "Договор аренды" in words(bench, RUSSIAN.name).text
    (after,) = bench.library.documents("c")
    assert (after.notices, after.words) == ((), "ocr")
    assert best(bench, "аренды", "bm25:5") == [f"{RUSSIAN.name}#page=1"]
    store = bench.opened.get("c")
    new = store.space().page_embedding(store.page_id(PageRef(after.name, 1)))
    assert "аренды" in new.labels and len(new.vectors) != len(vectors.vectors)
    # What searches read is what is stored: the copies made before the change are not used.
    copy = store.space().vectors("full")
    at = copy.page_ids.index(store.page_id(PageRef(after.name, 1)))
    start, length = int(copy.starts[at]), int(copy.lengths[at])
    assert np.array_equal(np.asarray(copy.flat[start : start + length], np.float32), new.vectors)
    assert problems(store) == []
    other = Workbench(bench.settings)  # and what another process finds
    assert [hit.score for hit in other.search("аренды", "c", "full:1").hits] == [
        hit.score for hit in bench.search("аренды", "c", "full:1").hits
    ]
    other.close()


def test_a_process_that_has_the_vectors_open_searches_the_new_ones(bench, files):
    bench.ingest([files / "scan.png"], "c")
    other = Workbench(bench.settings)
    before = other.search("lighthouses", "c", "full:1").hits[0].score
    show(bench, "scan.png", ["Railway stations"])
    bench.ingestion.read_again("c", "scan.png", Way())
    after = other.search("lighthouses", "c", "full:1").hits[0].score
    assert after == bench.search("lighthouses", "c", "full:1").hits[0].score < before - 0.2
    other.close()


def test_the_text_layer_can_be_left_out_and_others_stay_as_they_are(bench, files):
    bench.ingest([files], "c")
    assert {"Downloaded", "Bergen"} <= set(words(bench, "both.pdf").texts)
    other = words(bench, "scan.png")
    report = bench.ingestion.read_again("c", "both.pdf", Way(layer=False))
    assert [(one.name, one.pages, one.indexed) for one in report.documents] == [("both.pdf", 1, 1)]
    read = words(bench, "both.pdf")
    assert read.ocr.all() and "Bergen" in read.texts and best(bench, "Bergen", "bm25:1") == ["both.pdf#page=1"]
    assert words(bench, "scan.png").texts == other.texts


def test_what_gives_no_word_keeps_those_that_it_had(bench, tmp_path):
    text_picture(["Lighthouses of Norway"]).save(tmp_path / "scan.png")
    bench.ingest([tmp_path / "scan.png"], "c")
    show(bench, "scan.png", [])
    (outcome,) = bench.ingestion.read_again("c", "scan.png", Way()).documents
    assert (outcome.indexed, outcome.failed[0].reason) == (0, reading.NOTHING_READ)
    assert words(bench, "scan.png").texts == ("Lighthouses", "of", "Norway")
    assert best(bench, "lighthouses", "bm25:1") == ["scan.png#page=1"]


def test_what_is_not_there_and_what_cannot_be_is_refused(bench, files, monkeypatch):
    bench.ingest([files / "scan.png"], "c")
    with pytest.raises(NotFoundError, match=r"no document 'other\.pdf'"):
        bench.ingestion.read_again("c", "other.pdf", Way())
    with pytest.raises(NotFoundError, match="no indexed page 7"):
        bench.ingestion.start_read_again("c", "scan.png", Way(), [7])
    monkeypatch.setattr(tesseract, "installed", frozenset)
    with pytest.raises(InputError, match="tesseract is not installed"):
        bench.ingestion.start_read_again("c", "scan.png", Way(engine="tesseract"))
    assert not [job for job in bench.jobs.all() if job.kind == "reread"]


def test_a_job_reads_again_and_tells_what_it_did(bench, files):
    bench.ingest([files], "c")
    job = bench.jobs.wait(bench.ingestion.start_read_again("c", "both.pdf", Way(layer=False), [1]).id, 300)
    assert (job.state, job.kind, job.progress.pages_done) == ("done", "reread", 1)
    assert words(bench, "both.pdf").ocr.all()


def test_a_stop_leaves_pages_read_or_as_they_were(bench, files, monkeypatch):
    monkeypatch.setattr(reading, "BATCH", 1)
    bench.ingest([files], "c")
    stop = threading.Event()
    stop.set()
    before = words(bench, "both.pdf").texts
    assert bench.ingestion.read_again("c", "both.pdf", Way(layer=False), stop=stop).stopped
    assert words(bench, "both.pdf").texts == before


def test_a_collection_remembers_its_languages(bench, files):
    bench.library.create("c", CollectionSettings(languages=("eng",)))
    again = Workbench(bench.settings)
    assert again.library.info("c").settings["languages"] == ("eng",)
    again.close()
