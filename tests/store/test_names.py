"""Whose name is whose: documents of one name, contents that several files hold, and names that no path shows in."""

import unicodedata

import pytest

from tests.store.make import assert_whole, collection, digest, put, record, resume
from workbench.store import Collection, Writer
from workbench.store.document_writer import DocumentWriter
from workbench.store.names import Documents, place, replacement
from workbench.store.schema import DocumentRecord
from workbench.types import PageRef


def names(store):
    return {document.content_hash: document.name for document in store.documents()}


def held(content, *sources, name=None):
    return DocumentRecord(name or "a.pdf", sources, digest(content), 2, 1000)


def test_a_changed_file_takes_over_the_name_it_had():
    old = held("old", "/in/a.pdf", name="a (2).pdf")
    found = place(held("new", "/in/a.pdf"), Documents([held("other", "/else/a.pdf"), old]))
    assert (found.name, found.leaving, found.staying, found.namesake) == ("a (2).pdf", (old,), (), None)


def test_a_different_file_of_the_name_gets_a_number_and_the_holder_is_named():
    other = held("other", "/else/a.pdf")
    found = place(held("new", "/in/a.pdf"), Documents([other, held("third", "/x/a.pdf", name="a (2).pdf")]))
    assert (found.name, found.leaving, found.namesake) == ("a (3).pdf", (), other)
    asked = place(replacement(held("new", "/in/a.pdf"), other), Documents([other]))
    assert (asked.name, asked.leaving, asked.namesake) == ("a.pdf", (other,), None)


def test_what_another_file_holds_stays_and_goes_by_that_file_s_name():
    shared = held("old", "/in/a.pdf", "/in/sub/b.pdf")
    found = place(held("new", "/in/a.pdf"), Documents([shared]))
    assert (found.name, found.leaving) == ("a.pdf", ())
    assert [(left.name, left.sources) for left in found.staying] == [("sub/b.pdf", ("/in/sub/b.pdf",))]
    second = place(held("new", "/in/sub/b.pdf", name="sub/b.pdf"), Documents([shared]))
    assert (second.name, [left.name for left in second.staying]) == ("sub/b.pdf", ["a.pdf"])


def test_content_that_an_upload_holds_keeps_its_name():
    shared = held("old", "upload:1", "/in/a.pdf")
    found = place(held("new", "/in/a.pdf"), Documents([shared]))
    assert (found.name, [left.name for left in found.staying]) == ("a (2).pdf", ["a.pdf"])


def test_two_paths_with_one_content_lose_nothing_when_one_changes(tmp_path):
    store = collection(tmp_path)
    shared = record("old", 2, name="a.pdf", source="/in/a.pdf")
    with Writer(store) as writer:
        put(writer, shared)
        writer.begin_document(record("old", 2, name="b.pdf", source="/in/b.pdf"))
        put(writer, record("new", 3, name="a.pdf", source="/in/a.pdf"))
        writer.finish()
    assert names(store) == {digest("old"): "b.pdf", digest("new"): "a.pdf"}
    assert_whole(store, [shared, record("new", 3)])
    assert store.page(PageRef("b.pdf", 1)).words.texts[0] == digest("old")[:6]
    assert store.page(PageRef("a.pdf", 1)).words.texts[0] == digest("new")[:6]
    assert len(store.words.bm25(digest("old")[:6], 9)) == 2
    with Writer(store) as writer:
        put(writer, record("newest", 1, name="b.pdf", source="/in/b.pdf"))
    assert names(store) == {digest("new"): "a.pdf", digest("newest"): "b.pdf"}


def test_a_renaming_that_was_cut_off_is_finished_by_the_next_writer(tmp_path, monkeypatch):
    from workbench.store.writer import Writer

    store = collection(tmp_path)
    with Writer(store) as writer:
        put(writer, record("old", 2, name="a.pdf", source="/in/a.pdf"))
        writer.begin_document(record("old", 2, name="b.pdf", source="/in/b.pdf"))
        started = put(writer, record("new", 1, name="a.pdf", source="/in/a.pdf"), finish=False)
        with monkeypatch.context() as patch, pytest.raises(RuntimeError):
            patch.setattr(DocumentWriter, "rename", lambda *_: (_ for _ in ()).throw(RuntimeError))
            writer.finish_document(started)
    reopened = Collection(store.path)
    with Writer(reopened):
        pass
    assert reopened.page(PageRef("b.pdf", 2)).ref == PageRef("b.pdf", 2)
    assert names(reopened) == {digest("old"): "b.pdf", digest("new"): "a.pdf"}


def test_a_replacement_that_was_killed_is_finished_by_the_next_writer(tmp_path):
    store = collection(tmp_path)
    old = record("old", 2, name="a.pdf", source="upload:1")
    with Writer(store) as writer:
        first = put(writer, old)
        put(writer, replacement(record("new", 1, name="a.pdf", source="upload:2"), first), finish=False)
    with Writer(Collection(store.path)):
        pass
    assert names(Collection(store.path)) == {digest("new"): "a.pdf"}
    (left,) = Collection(store.path).records.all()
    assert left.sources == ("upload:2",)


def test_a_collection_made_before_documents_had_several_sources_opens_and_goes_on(tmp_path):
    """Their one source stands alone in the column, uploads under their bare name."""
    store = collection(tmp_path)
    resume(store, [record("disk", 1, name="a.pdf", source="/in/a.pdf"), record("sent", 1, source="upload:sent.pdf")])
    assert [row["source"] for row in store.catalog.table("documents").search().to_list()] == [
        "/in/a.pdf",
        "upload:sent.pdf",
    ]
    with Writer(store) as writer:
        put(writer, record("changed", 1, name="a.pdf", source="/in/a.pdf"))
        put(writer, record("other", 1, name="sent.pdf", source=f"upload:{digest('other')}"))
    assert sorted(names(store).values()) == ["a.pdf", "sent (2).pdf", "sent.pdf"]


def test_a_name_is_found_in_any_unicode_form(tmp_path):
    store = collection(tmp_path)
    composed, apart = "r\u00e9sum\u00e9.pdf", unicodedata.normalize("NFD", "r\u00e9sum\u00e9.pdf")
    with Writer(store) as writer:
        put(writer, record("cv", 1, name=apart, source=f"/in/{apart}"))
        assert store.page(PageRef(apart, 1)).ref == PageRef(composed, 1)
        store.put_away(apart, 1)
        assert store.page_count() == 0
        store.release(apart, 1)
        assert writer.delete_document(apart) == 1


def test_an_erased_document_is_in_no_file(tmp_path):
    store = collection(tmp_path)
    kept = [record(f"kept{i}", 20) for i in range(3)]
    with Writer(store) as writer:
        for document in [*kept, record("secret", 1)]:
            put(writer, document)
        writer.finish()
        writer.upkeep.compact()  # so that its rows share their files with many others
    store.space().inverted_lists("full")
    word, part = digest("secret")[:6].encode(), digest("secret")[:32]

    def holding():
        files = [path for path in store.path.rglob("*") if path.is_file()]
        return [p.name for p in files if (word in p.read_bytes() and p.parts[-3] != "gaps.lance") or part in p.name]

    assert holding()
    with Writer(store) as writer:
        writer.delete_document("secret.pdf")
        assert writer.upkeep.erase() == ()
    assert holding() == []
    assert_whole(store, kept)
    assert len(store.words.bm25("page number", 99)) == 60


def test_the_documents_there_are_are_found_as_they_are_now():
    a, b = held("a", "/in/a.pdf", "/in/b.pdf"), held("b", "/in/c.pdf", name="b.pdf")
    there = Documents([a, b])
    assert there.sharing(held("new", "/in/c.pdf", "/in/b.pdf")) == [a, b]
    assert there.sharing(replacement(held("new", "/x/a.pdf"), b)) == [b]
    assert there.holder("b.pdf", ()) == b and there.holder("b.pdf", {digest("b")}) is None
    moved = held("a", "/in/b.pdf", name="other.pdf")
    there.put(moved)
    assert there.get(digest("a")) == moved and there.holder("a.pdf", ()) is None
    assert there.sharing(held("new", "/in/a.pdf")) == []
    there.drop(digest("b"))
    assert there.get(digest("b")) is None and there.sharing(held("new", "/in/c.pdf")) == []
