"""Words that are read behind the vectors: what is found before and after, and what a stop or a kill leaves."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PIL import Image

from tests.documents.make import picture_pdf, text_pdf, text_picture
from tests.encoders import fakes
from workbench.documents.reading import ReadSettings, Way, later_words, read_pages
from workbench.documents.sources import Source
from workbench.errors import InputError
from workbench.ingestion import words as reading
from workbench.service import Workbench
from workbench.settings import CollectionSettings
from workbench.store import Writer
from workbench.types import PageRef, Words

GRID, WORDS = "fake-grid", "fake-words"
SCAN = PageRef("scan.png", 1)


@pytest.fixture(scope="module", autouse=True)
def fake_encoders():
    with fakes.registered():
        yield


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A scan, a page of text, and one of text with a picture of words."""
    folder = tmp_path_factory.mktemp("files")
    text_picture(["Lighthouses of Norway"]).save(folder / "scan.png")
    text_pdf(folder / "text.pdf")
    picture_pdf(folder / "both.pdf", text_picture(["Harbour of Bergen"], (800, 400)), [(72, 700, "Printed words")])
    return folder


def found(bench, query, pipeline="bm25:5"):
    return [str(hit.ref) for hit in bench.search(query, "c", pipeline).hits]


def test_pages_are_found_by_their_vectors_first_and_by_their_words_later(bench, files):
    report = bench.ingest([files], "c", CollectionSettings(encoder=GRID))
    assert sum(document.indexed for document in report.documents) == 3
    assert report.unread == bench.library.info("c").unread == 2
    assert "2 pages are found by their vectors already" in report.notes[0]
    assert len(bench.search("anything", "c", "full:5").hits) == 3
    assert found(bench, "lighthouses norway") == [] == found(bench, "bergen")
    assert found(bench, "printed words") == ["both.pdf#page=1"]
    assert found(bench, "quick fox") == ["text.pdf#page=1"]
    assert {one.name: (one.words, one.unread) for one in bench.library.documents("c")} == {
        "scan.png": ("later", 1), "both.pdf": ("later", 1), "text.pdf": ("text", 0)
    }  # fmt: skip
    vectors = bench.search("anything", "c", "full:5").hits

    done = bench.ingestion.read_words("c")
    assert {one.name: (one.indexed, one.failed) for one in done.documents} == {
        "scan.png": (1, ()), "both.pdf": (1, ())
    }  # fmt: skip
    assert [stage.name for stage in done.stages] == ["words", "write", "index"]
    assert bench.library.info("c").unread == 0
    assert found(bench, "lighthouses norway") == ["scan.png#page=1"]
    assert found(bench, "bergen") == ["both.pdf#page=1"] == found(bench, "printed words")
    assert {one.name: one.words for one in bench.library.documents("c")} == {
        "scan.png": "ocr", "both.pdf": "mixed", "text.pdf": "text"
    }  # fmt: skip
    page = bench.library.page(SCAN, "c")
    assert page.words.text.split() == ["Lighthouses", "of", "Norway"] and page.words.ocr.all()
    x0, y0, x1, y1 = page.words.boxes[0]
    assert 0 < x0 < x1 < 0.6 and 0 < y0 < y1 < 0.4  # where the word is printed
    assert [(hit.ref, hit.score) for hit in bench.search("anything", "c", "full:5").hits] == [
        (hit.ref, hit.score) for hit in vectors
    ]
    assert bench.ingestion.read_words("c").documents == ()
    again = Workbench(bench.settings)  # as another process sees it, from the files
    assert found(again, "lighthouses norway") == ["scan.png#page=1"]
    again.close()


def test_the_arrays_of_words_and_the_text_index_agree_before_and_after(bench, files):
    bench.ingest([files], "c", CollectionSettings(encoder=GRID))
    store = bench.opened.get("c")
    for _ in range(2):
        assert store.words.postings(wait=True) is not None
        for query in ("lighthouses", "bergen", "printed", "fox"):
            by_index = {str(ref) for ref in store.refs([page for page, _ in store.words.bm25(query, 9)]).values()}
            assert set(found(bench, query)) == by_index, query
        bench.ingestion.read_words("c")


def test_a_stop_keeps_what_was_read_and_the_same_call_does_the_rest(bench, files, monkeypatch):
    monkeypatch.setattr(reading, "BATCH", 1)
    bench.ingest([files], "c", CollectionSettings(encoder=GRID))
    stop = threading.Event()
    report = bench.ingestion.read_words("c", lambda progress: stop.set() if progress.pages_done else None, stop)
    assert report.stopped and bench.library.info("c").unread == 1
    bench.ingestion.read_words("c")
    assert bench.library.info("c").unread == 0
    assert found(bench, "bergen") == ["both.pdf#page=1"] and found(bench, "norway") == ["scan.png#page=1"]


def test_what_was_committed_before_a_run_broke_off_is_not_read_again(bench, files, monkeypatch):
    monkeypatch.setattr(reading, "BATCH", 1)
    bench.ingest([files], "c", CollectionSettings(encoder=GRID))
    real, given = Writer.set_words, []

    def breaking(writer, words, vectors):
        if given:
            raise KeyboardInterrupt  # as good as the end of the process: nothing is tidied
        given.append(list(words))
        real(writer, words, vectors)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Writer, "set_words", breaking)
        bench.ingestion.read_words("c")
    again = Workbench(bench.settings)
    assert again.library.info("c").unread == 1
    assert [document.indexed for document in again.ingestion.read_words("c").documents] == [1]
    assert found(again, "bergen") == ["both.pdf#page=1"] and found(again, "norway") == ["scan.png#page=1"]
    again.close()


def test_a_background_ingest_is_followed_by_a_job_that_reads_the_words(bench, files):
    job = bench.jobs.wait(bench.ingestion.start([files], "c", CollectionSettings(encoder=GRID)).id, 300)
    assert job.state == "done" and "still to be read" in job.message
    (words,) = [one for one in bench.jobs.all() if one.kind == "words"]
    done = bench.jobs.wait(words.id, 900)
    assert (done.state, done.progress.pages_done, bench.library.info("c").unread) == ("done", 2, 0)
    assert bench.ingestion.start_words("c") is None


def test_a_page_whose_picture_is_lost_keeps_the_words_it_has(bench, files):
    bench.ingest([files], "c", CollectionSettings(encoder=GRID))
    store = bench.opened.get("c")
    (lost,) = [page for page, ref in store.directory().refs.items() if ref.document == "both.pdf"]
    store.image_path(lost, "page").write_bytes(b"no picture")
    outcomes = {one.name: one for one in bench.ingestion.read_words("c").documents}
    assert "cannot be read" in outcomes["both.pdf"].failed[0].reason and outcomes["scan.png"].indexed == 1
    told = {one.name: [page.reason for page in one.notices] for one in bench.library.documents("c")}
    assert told["scan.png"] == [] and "cannot be read" in told["both.pdf"][0]
    assert found(bench, "printed words") == ["both.pdf#page=1"]
    assert bench.library.info("c").unread == 0


@pytest.mark.parametrize(
    ("encoder", "asked", "made"),
    [(GRID, {}, "later"), (WORDS, {}, "now"), (GRID, {"ocr": False}, "text"), (GRID, {"words": "now"}, "now")],
)
def test_words_wait_for_no_encoder_that_reads_them(bench, encoder, asked, made):
    bench.library.create("c", CollectionSettings(encoder=encoder, **asked))
    assert bench.library.info("c").settings["words"] == made
    assert bench.ingestion.plan([], "c").words == made


@pytest.mark.parametrize("words", ["none", "later", "never"])
def test_an_encoder_that_reads_words_gets_them(bench, words):
    with pytest.raises(InputError, match=r"reads words|nowhere"):
        bench.library.create("c", CollectionSettings(encoder=WORDS, words=words))
    with pytest.raises(InputError, match=r"reads words|nowhere"):
        bench.library.create("c", CollectionSettings(encoder=GRID, words=words), also=[WORDS])
    assert bench.library.names() == []


def test_one_that_comes_later_has_them_read_first(bench, files):
    bench.ingest([files / "scan.png"], "c", CollectionSettings(encoder=GRID))
    bench.ingestion.embed("c", WORDS)
    assert bench.library.info("c").unread == 0
    (vectors,) = (len(one.vectors) for _, one in bench.opened.get("c").space(WORDS).embeddings(
        list(bench.opened.get("c").directory().ids)))  # fmt: skip
    assert vectors == 3


def test_without_words_nothing_is_read(bench, files):
    bench.ingest([files], "c", CollectionSettings(encoder=GRID, words="none"))
    assert bench.library.info("c").unread == 0
    assert found(bench, "printed words") == [] == found(bench, "quick fox")


# ---- a page


def test_words_read_later_are_those_that_are_read_at_once(files, tmp_path):
    now, later = (
        next(read_pages(Source(files / "both.pdf", "both.pdf"), ReadSettings(later=later))) for later in (False, True)
    )
    assert not now.unread and later.unread and later.words.texts == ("Printed", "words")
    later.image().save(tmp_path / "page.webp")
    found = later_words(tmp_path / "page.webp", later.words, Way())
    read = found.words
    assert found.notice == ""
    assert abs(found.quality - now.quality) <= 2  # by the picture that is kept, which is smaller
    assert sorted(read.texts) == sorted(now.words.texts)
    assert [bool(read.ocr[read.texts.index(word)]) for word in ("Printed", "Bergen")] == [False, True]


def test_a_text_layer_that_says_otherwise_than_what_is_seen_is_not_believed(tmp_path):
    text_picture(["Lighthouses along Norway coasts"]).save(tmp_path / "page.png")
    around = np.array([[0.02, 0.02, 0.98, 0.4]], np.float32)
    wrong = Words(("Xqzzkwvvyt",), around, np.zeros(1, np.int32), np.zeros(1, bool))
    assert later_words(tmp_path / "page.png", wrong, Way()).words.texts[0] == "Lighthouses"


def test_a_picture_without_words_leaves_a_page_as_it_is(tmp_path):
    Image.new("RGB", (600, 800), (255, 255, 255)).save(tmp_path / "page.png")
    known = Words(("alone",), np.array([[0.1, 0.1, 0.2, 0.15]], np.float32), np.zeros(1, np.int32), np.zeros(1, bool))
    assert later_words(tmp_path / "page.png", known, Way()).words is known
