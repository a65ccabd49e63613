"""What a collection holds is counted once for each of its states, whoever asks, and never told of another."""

import os

import pytest

from tests.store.make import collection, put, record, resume
from workbench.errors import StoreError
from workbench.store import Collection, EncoderVectors
from workbench.store.counts import FILE
from workbench.store.writer import Writer
from workbench.types import PageRef


@pytest.fixture
def store(tmp_path):
    store = collection(tmp_path)
    resume(store, [record("whales", 3), record("bread", 2)])
    return store


def told(store):
    """All that is counted, without the bytes of files."""
    info = store.info()
    indexes = [(space.pages, [(index.pages, index.vectors) for index in space.indexes]) for space in info.spaces]
    sizes = [(document.name, document.indexed, document.bytes) for document in store.documents()]
    return info.documents, info.pages, info.failed_pages, info.unread, info.quarantined, indexes, sizes


def recounted(store):
    (store.path / FILE).unlink(missing_ok=True)
    return told(Collection(store.path))


def test_another_process_counts_nothing_anew(store, monkeypatch):
    expected = told(store)
    assert expected[:2] == (2, 5) and all(size for *_, size in expected[-1])

    def refuse(*_args, **_more):
        raise AssertionError("it was counted again")

    for name in ("counted", "bytes_by_file"):
        monkeypatch.setattr(EncoderVectors, name, refuse)
    assert told(Collection(store.path)) == expected


def test_documents_are_listed_without_a_look_at_the_files(store, monkeypatch):
    expected = store.documents()
    monkeypatch.setattr(type(store.storage), "files", lambda *_args, **_more: pytest.fail("its files were listed"))
    assert store.documents() == expected == Collection(store.path).documents()


@pytest.mark.skipif(os.name != "posix", reason="links to folders")
def test_a_folder_of_pictures_that_is_elsewhere_is_no_file(store, tmp_path):
    (store.path / "images").rename(tmp_path / "elsewhere")
    (store.path / "images").symlink_to(tmp_path / "elsewhere")
    (store.path / "lost").symlink_to(tmp_path / "gone")
    assert {path.split("/")[0] for path, _ in store.storage.files()}.isdisjoint({"images", "lost"})
    assert sum(1 for _ in store.storage.files("images")) == 10, "a page and its small picture, of five pages"


def test_every_change_is_counted(store):
    seen = [told(store)]
    with Writer(store) as writer:
        put(writer, record("tea", 4))
        writer.finish()
    seen.append(told(store))
    with Writer(store) as writer:
        writer.delete_document("bread.pdf")
        writer.finish()
    seen.append(told(store))
    with Writer(store) as writer:
        writer.indexes.add_index("", "rows[dims=4]")
    seen.append(told(store))
    store.put_away("tea.pdf", 1)
    seen.append(told(store))
    assert len({str(each) for each in seen}) == len(seen)
    assert seen[-1] == recounted(store)
    assert store.info().quarantined == 1 and store.page(PageRef("tea.pdf", 2))


@pytest.mark.parametrize("harm", [b"", b"[]", b"{}", b'{"state": {}}', b"\xff", None])
def test_damaged_counts_are_made_again(store, harm):
    expected = told(store)
    file = store.path / FILE
    file.write_bytes(file.read_bytes()[:-9] if harm is None else harm)
    assert told(Collection(store.path)) == expected
    assert told(Collection(store.path)) == expected


@pytest.mark.parametrize(
    ("was", "now"), [('"documents": 2', '"documents": 3'), ('"documents": 2', '"documents": null')]
)
def test_counts_that_are_not_as_they_were_written_are_made_again(store, was, now):
    expected, file = told(store), store.path / FILE
    held = file.read_text()
    assert held.count(was) == 1
    file.write_text(held.replace(was, now))
    assert told(Collection(store.path)) == expected


def test_where_they_cannot_be_kept_they_are_counted(store, monkeypatch):
    expected = told(store)
    (store.path / FILE).unlink()
    monkeypatch.setattr("workbench.store.counts.write_whole", lambda *_: (_ for _ in ()).throw(OSError("read-only")))
    assert told(Collection(store.path)) == expected


@pytest.mark.parametrize("table", ["pages", "documents", "rows", "full"])
@pytest.mark.parametrize("harm", ["gone", "cut short"])
def test_who_only_lists_it_notices_that_a_file_of_a_table_is_not_whole(store, table, harm):
    told(store)
    for file in store.path.glob(f"lance/{table}*.lance/data/*"):
        whole = file.read_bytes()
        file.unlink()
        if harm == "cut short":
            file.write_bytes(whole[: len(whole) // 2])
    for again in (Collection(store.path), Collection(store.path)):
        with pytest.raises(StoreError, match="pagelens collections verify notes"):
            again.info()


def test_a_file_that_no_table_has_any_more_is_not_missed(store):
    (store.path / "lance" / "pages.lance" / "data" / "left.lance").write_bytes(b"left by who was cut off")
    expected = told(Collection(store.path))
    (store.path / "lance" / "pages.lance" / "data" / "left.lance").unlink()
    assert told(Collection(store.path)) == expected
