"""The writer: one at a time, documents by content and source, and pages that cannot be stored."""

import threading

import numpy as np
import pytest

from tests.store.make import DIM, assert_whole, collection, digest, item, put, record, resume, unit
from workbench.errors import CollectionBusyError, NotFoundError
from workbench.store import Collection
from workbench.store.checks import problems
from workbench.store.encoder_rows import derive
from workbench.store.writer import Writer
from workbench.types import Geometry, PageEmbedding, PageFailure, PageRef, Words
from workbench.types.filters import FieldTest


def names(store):
    return [document.name for document in store.documents()]


def test_one_writer_at_a_time_in_one_process(tmp_path):
    store = collection(tmp_path)
    with Writer(store):
        for second in (store, Collection(store.path)):
            with pytest.raises(CollectionBusyError, match="Another ingest is writing to collection 'notes'"):
                Writer(second).__enter__()
        outcome = []

        def attempt():
            try:
                Writer(store).__enter__()
            except CollectionBusyError as error:
                outcome.append(error)

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
        assert len(outcome) == 1
    with Writer(store):
        pass


def test_a_writer_that_fails_lets_the_next_one_in(tmp_path):
    store = collection(tmp_path)
    with pytest.raises(RuntimeError, match="boom"), Writer(store):
        raise RuntimeError("boom")
    with Writer(store) as writer:
        put(writer, record("whales", 1))
    assert names(store) == ["whales.pdf"]


def test_the_same_content_is_one_document_under_its_first_name(tmp_path):
    store = collection(tmp_path)
    assert store.records.by_hash(digest("whales")) is None
    with Writer(store) as writer:
        put(writer, record("whales", 3))
        again = writer.begin_document(record("whales", 3, name="copy.pdf"))
        assert again.name == "whales.pdf"
        put(writer, record("whales", 3, name="copy.pdf"))
        writer.finish()
    assert store.records.by_hash(digest("whales")).name == "whales.pdf"
    assert store.indexed_pages(digest("whales")) == {1, 2, 3}
    assert_whole(store, [record("whales", 3)])


def test_changed_bytes_replace_and_keep_the_name(tmp_path):
    store = collection(tmp_path)
    with Writer(store) as writer:
        put(writer, record("old", 5, name="report.pdf"))
        put(writer, record("other", 2))
        started = put(writer, record("new", 3, name="report.pdf"), finish=False)
        assert started.name == "report.pdf"
        assert len(store.page_ids(FieldTest("document", "=", "report.pdf"))) == 8  # both, until the new one is whole
        assert store.page(PageRef("report.pdf", 2)).words.texts[0] == digest("new")[:6]
        writer.finish_document(started)
        writer.finish()
    assert_whole(store, [record("new", 3), record("other", 2)])
    assert names(store) == ["other.pdf", "report.pdf"]
    assert store.words.bm25(digest("old")[:6], 9) == []
    assert len(store.words.bm25(digest("new")[:6], 9)) == 3


def test_one_name_from_several_sources_is_told_apart_by_a_number(tmp_path):
    store = collection(tmp_path)
    sources = ["/a/2023/report.pdf", "/a/2024/report.pdf", "C:\\b\\report.pdf", "report.pdf", "upload:report.pdf"]
    with Writer(store) as writer:
        given = [
            put(writer, record(f"c{i}", 1, name="report.pdf", source=source)).name for i, source in enumerate(sources)
        ]
    assert given == ["report.pdf", *(f"report ({n}).pdf" for n in (2, 3, 4, 5))]
    assert sorted(given) == names(store)


def test_a_deleted_document_is_found_by_nothing(tmp_path):
    store = collection(tmp_path)
    gone, kept = record("whales", 3), record("bread", 2)
    with Writer(store) as writer:
        put(writer, gone)
        put(writer, kept)
        broken = writer.begin_document(record("broken", 1))
        writer.add_failures(broken, [PageFailure(PageRef(broken.name, 1), "Torn.")])
        writer.finish()
        assert writer.delete_document("whales.pdf") == 3
        assert writer.delete_document("broken.pdf") == 1
        query = unit(np.random.default_rng(0), 2)
        part = digest("whales")[:32]
        assert not any(page.startswith(part) for page, _ in store.space().lance_maxsim("full", query, 99, None))
        assert not any(page.startswith(part) for page, _ in store.words.bm25("page number topic1", 99))
        assert not any(
            page.startswith(part) for index in store.space().indexes for page in store.space().vectors(index).page_ids
        )
        with pytest.raises(NotFoundError):
            store.page(PageRef("whales.pdf", 1))
        with pytest.raises(NotFoundError):
            store.image_path(f"{part}:1", "thumb")
        with pytest.raises(NotFoundError, match=r"no document 'whales\.pdf'"):
            writer.delete_document("whales.pdf")
        writer.finish()
    assert_whole(store, [kept])
    resume(store, [gone])
    assert_whole(store, [gone, kept])


def bad(vectors, boxes=None, cell=None, labels=()):
    n = len(vectors)
    geometry = Geometry(
        np.zeros((n, 4), np.float32) if boxes is None else boxes,
        None,
        np.full(n, -1, np.int32) if cell is None else cell,
    )
    return PageEmbedding(vectors, geometry, labels)


GOOD = unit(np.random.default_rng(1), 3)


@pytest.mark.parametrize(
    ("embedding", "says"),
    [
        (bad(np.zeros((0, DIM), np.float32)), "0 vectors"),
        (bad(unit(np.random.default_rng(1), 3, DIM + 1)), r"shape \(3, 9\); this collection holds 8"),
        (bad(GOOD * 1.5), "not of length 1"),
        (bad(np.where(np.arange(3)[:, None] == 1, np.nan, GOOD).astype(np.float32)), "not finite"),
        (bad(np.where(np.arange(3)[:, None] == 1, np.inf, GOOD).astype(np.float32)), "not finite"),
        (bad(GOOD * np.float32([[1], [0], [1]])), "not of length 1"),
        (bad(GOOD, boxes=np.zeros((2, 4), np.float32)), "do not fit"),
        (bad(GOOD, cell=np.zeros(1, np.int32)), "do not fit"),
        (bad(GOOD, labels=("one",)), "1 labels, which do not fit"),
        (bad(GOOD, boxes=np.full((3, 4), np.nan, np.float32)), "places that are not numbers"),
    ],
)
def test_vectors_that_cannot_be_stored_fail_their_page_alone(tmp_path, embedding, says):
    store = collection(tmp_path)
    with Writer(store) as writer:
        started = writer.begin_document(record("whales", 3))
        pages = [item(started, number) for number in (1, 2, 3)]
        pages[1] = (pages[1][0], embedding, pages[1][2])
        (failure,) = writer.add_pages(started, pages)
        assert failure.ref == PageRef("whales.pdf", 2)
        writer.add_failures(started, [failure])
        writer.finish_document(started)
    assert [ref.page for ref in store.refs(store.page_ids(None)).values()] == [1, 3]
    ((number, reason),) = [(f.page, f.reason) for f in store.records.failed_pages("whales.pdf")]
    assert number == 2
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(reason)
    assert "\n" not in reason
    assert problems(store) == []


def test_a_page_that_breaks_pooling_or_its_picture_fails_alone(tmp_path):
    store = collection(tmp_path)

    class Torn(dict):
        def items(self):
            raise ValueError("the picture is torn")

    def picky(fitted, embedding):
        if "topic3" in embedding.labels and str(fitted.representation) == "conv":
            raise ZeroDivisionError("no rows")
        return derive(fitted, embedding)

    with Writer(store) as lock:  # not two at once: the first is only asked for its lock
        assert lock
    with Writer(store, derive=picky) as writer:
        started = writer.begin_document(record("whales", 4))
        pages = [item(started, number) for number in (1, 2, 3, 4)]
        pages[1] = (*pages[1][:2], Torn())
        failures = writer.add_pages(started, pages)
        assert [(f.ref.page, f.reason) for f in failures] == [
            (2, "The page could not be stored: the picture is torn"),
            (3, "The page could not be stored: no rows"),
        ]
        writer.add_failures(started, failures)
        writer.finish_document(started)
    assert store.indexed_pages(digest("whales")) == {1, 4}
    resume(store, [record("whales", 4)])
    assert store.records.failed_pages("whales.pdf") == ()
    assert_whole(store, [record("whales", 4)])


def test_text_that_is_no_text_is_stored_as_far_as_it_goes(tmp_path):
    store = collection(tmp_path)
    name = "scan\udce4 <img onerror=alert(1)>'\".pdf"
    with Writer(store) as writer:
        started = writer.begin_document(record("odd", 1, name=name))
        page, embedding, pictures = item(started, 1, text="whole ab c")
        texts = ("half\ud83d", "😀é", "nul\x00")
        odd = Words(texts, page.words.boxes, page.words.lines, page.words.ocr)
        page = type(page)(page.ref, page.size, page.image, odd, page.content_hash)
        embedding = PageEmbedding(embedding.vectors, embedding.geometry, texts)
        assert writer.add_pages(started, [(page, embedding, pictures)]) == []
        writer.add_failures(started, [PageFailure(PageRef(started.name, 2), "torn \udc80")])
        writer.finish_document(started)
        assert writer.begin_document(record("odd2", 1, name=name)).name == started.name
    stored = store.page(PageRef(started.name, 1))
    assert stored.words.texts == ("half�", "😀é", "nul\x00")
    assert stored.ref.document == "scan\\udce4 <img onerror=alert(1)>'\".pdf"
    assert store.space().page_embedding(stored.page_id).labels == stored.words.texts
    assert [page for page, _ in store.words.bm25("half", 5)] == [stored.page_id]


def test_two_surrogate_names_stay_two(tmp_path):
    store = collection(tmp_path)
    with Writer(store) as writer:
        put(writer, record("one", 1, name="a\udc80.pdf"))
        put(writer, record("two", 1, name="a\udc81.pdf"))
    assert len(set(names(store))) == 2


def test_lost_vectors_and_pictures_are_read_again(tmp_path):
    store = collection(tmp_path)
    document = record("whales", 4)
    resume(store, [document])
    ids = [f"{digest('whales')[:32]}:{n}" for n in (1, 2, 3, 4)]
    store.space().vector_table("conv").delete(f"page_id = '{ids[1]}'")
    store.image_path(ids[2], "thumb").unlink()
    reopened = Collection(store.path)
    assert len(problems(reopened)) == 2
    assert all("ingest their files again" in problem for problem in problems(reopened))
    assert reopened.indexed_pages(digest("whales")) == {1, 4}
    resume(reopened, [document])
    assert_whole(reopened, [document])


def test_tables_stay_tidy_while_an_ingest_runs(tmp_path, monkeypatch):
    from workbench.store import encoder_writer
    from workbench.store import writer as module

    monkeypatch.setattr(module, "PAGES_FRAGMENTS", 5)
    monkeypatch.setattr(encoder_writer, "VECTOR_FRAGMENTS", 5)
    store = collection(tmp_path)
    document = record("long", 24)
    with Writer(store) as writer:
        put(writer, document, batch=1)
        assert store.catalog.table("pages").stats()["fragment_stats"]["num_fragments"] <= 6
        writer.finish()
    full = store.space().index("full").table
    for name in ("pages", full):  # rows already in the text index are not merged with rows that are not
        assert store.catalog.table(name).stats()["fragment_stats"]["num_fragments"] <= 2
    for index in store.space().record.indexes:  # what they were merged from does not stay beside them
        files = list((store.path / "lance" / f"{index.table}.lance" / "data").iterdir())
        assert len(files) == store.catalog.table(index.table).stats()["fragment_stats"]["num_fragments"]
    assert_whole(store, [document])


def test_vectors_are_tidied_once_an_eighth_of_the_pages_is_new_and_there_is_room(tmp_path, monkeypatch):
    from workbench.store import encoder_writer

    monkeypatch.setattr(encoder_writer, "VECTOR_FRAGMENTS", 1)
    monkeypatch.setattr(encoder_writer, "PAGES_A_FRAGMENT", 1)
    store = collection(tmp_path)

    def files_after(name, pages):
        with Writer(store) as writer:
            put(writer, record(name, pages), batch=1)
            writer.finish()
        return store.space().vector_table("full").stats()["fragment_stats"]["num_fragments"]

    assert [files_after("long", 24), files_after("two", 2), files_after("more", 2)] == [1, 3, 1]
    with monkeypatch.context() as patch:
        patch.setattr(type(store.storage), "free_bytes", lambda self: 1000.0)
        assert files_after("later", 9) == 10
    assert files_after("last", 1) == 1
    assert_whole(
        store, [record(name, n) for name, n in (("long", 24), ("two", 2), ("more", 2), ("later", 9), ("last", 1))]
    )


def test_a_read_of_what_a_tidying_replaced_reads_again():
    from workbench.store.tables import steadily

    answers = [RuntimeError("lance error: Not found: lance/t.lance/data/x.lance"), "rows"]

    def read():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert steadily(read) == "rows"
    for error in ([RuntimeError("Not found"), RuntimeError("Not found")], [ValueError("No field named x"), "rows"]):
        answers[:] = error
        with pytest.raises(type(error[0])):
            steadily(read)


def test_an_ingest_with_nothing_new_changes_nothing(tmp_path):
    store = collection(tmp_path)
    resume(store, [record("whales", 3)])
    before = {path: path.stat().st_mtime_ns for path in store.path.rglob("*") if path.is_file()}
    resume(store, [record("whales", 3)])
    after = {path: path.stat().st_mtime_ns for path in store.path.rglob("*") if path.is_file()}
    changed = {path.name for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert changed <= {".lock"}


def test_compacting_gives_space_back_and_loses_nothing(tmp_path):
    store = collection(tmp_path)
    kept = [record("bread", 6)]
    resume(store, [record("whales", 60), *kept], batch=2)
    with Writer(store) as writer:
        writer.delete_document("whales.pdf")
        writer.finish()
        before = store.info().bytes
        writer.upkeep.compact()
    assert store.info().bytes < before / 3
    assert_whole(store, kept)
    resume(store, [record("stars", 2), *kept])
    assert_whole(store, [record("stars", 2), *kept])


def test_a_refused_compaction_loses_nothing(tmp_path, monkeypatch, caplog):
    from lancedb.table import LanceTable

    store = collection(tmp_path)

    def refuse(*_args, **_more):
        raise RuntimeError("lance error: cannot compact")

    with monkeypatch.context() as patch:
        patch.setattr(LanceTable, "optimize", refuse)
        resume(store, [record("whales", 3)])
    assert "could not compact table pages" in caplog.text
    assert_whole(store, [record("whales", 3)])
    assert len(store.words.bm25("page number", 9)) == 3


def test_many_documents_are_begun_and_finished_as_each_would_be(tmp_path, monkeypatch):
    """In one commit each, whatever else comes under their names; and their table does not fall apart."""
    from workbench.store import document_writer

    monkeypatch.setattr(document_writer, "FRAGMENTS", 4)
    one, many = collection(tmp_path / "one"), collection(tmp_path / "many")
    old = record("old", 2, name="b.pdf")
    new = [
        record("a", 1),
        record("new", 2, name="b.pdf"),  # takes the place of what was there
        record("c", 1, name="a.pdf", source="/other/a.pdf"),  # gets a number
        record("a", 1, name="again.pdf"),  # known by then
        *(record(f"d{i}", 1) for i in range(9)),
    ]
    for store in (one, many):
        with Writer(store) as writer:
            put(writer, old)
            if store is one:
                begun = [writer.begin_document(document) for document in new]
            else:
                before = store.catalog.version("documents")
                begun = writer.begin_documents(new)
                assert store.catalog.version("documents") == before + 1
            for document in {document.content_hash: document for document in begun}.values():
                writer.add_pages(document, [item(document, number) for number in range(1, document.pages + 1)])
            left = [writer.finish_document(d) for d in begun] if store is one else writer.finish_documents(begun)
            assert [[gone.name for gone in some] for some in left] == [[], ["b.pdf"], *[[]] * 11]
            writer.finish()
        fragments = store.catalog.table("documents").stats()["fragment_stats"]["num_fragments"]
        assert fragments <= 6
    for store in (one, many):
        assert problems(store) == []
    first, second = (
        {(d.name, d.content_hash, d.pages, d.state, frozenset(d.sources)) for d in store.records.all()}
        for store in (one, many)
    )
    assert first == second
