"""A collection read back: pages, documents, ids, pictures, sizes, and errors in words."""

import dataclasses
import json
import os

import numpy as np
import pytest
from PIL import Image

from tests.store.make import DIM, INFO, collection, digest, item, library, put, record
from workbench.errors import MismatchError, NotFoundError, StoreError
from workbench.pooling import pool
from workbench.retrieval import parse_filter
from workbench.store import Collection
from workbench.store.writer import Writer
from workbench.types import PageFailure, PageRef


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = collection(tmp_path_factory.mktemp("store"))
    with Writer(made) as writer:
        put(writer, record("whales", 3, tags=("sea", "it's"), meta={"year": "2023", "by": "a=b"}))
        put(writer, record("bread", 5))
        photo = put(writer, record("photo", 1, name="photo.png"))
        broken = writer.begin_document(record("broken", 2))
        writer.add_pages(broken, [item(broken, 1)])
        writer.add_failures(broken, [PageFailure(PageRef(broken.name, 2), "The page is torn.")])
        writer.finish_document(broken)
        writer.finish()
    assert photo.name == "photo.png"
    return made


def test_a_page_comes_back_as_it_went_in(store):
    page, embedding, _ = item(record("whales", 3), 2)
    stored = store.page(PageRef("whales.pdf", 2))
    assert stored.page_id == f"{digest('whales')[:32]}:2"
    assert (stored.ref, stored.document_pages, stored.size, stored.crop) == (page.ref, 3, (60, 80), (0, 0, 1, 1))
    assert stored.words.texts == page.words.texts
    assert stored.words.text == page.words.text
    np.testing.assert_array_equal(stored.words.boxes, page.words.boxes)
    np.testing.assert_array_equal(stored.words.lines, page.words.lines)
    np.testing.assert_array_equal(stored.words.ocr, page.words.ocr)
    assert stored.tags == ("sea", "it's")
    assert stored.meta == {"year": "2023", "by": "a=b"}
    read = store.space().page_embedding(stored.page_id)
    np.testing.assert_allclose(read.vectors, embedding.vectors, atol=1e-3)
    assert read.vectors.dtype == np.float32
    np.testing.assert_array_equal(read.geometry.boxes, embedding.geometry.boxes)
    np.testing.assert_array_equal(read.geometry.cell, embedding.geometry.cell)
    assert read.geometry.grid is None
    assert read.labels == embedding.labels


def test_a_grid_comes_back_too(tmp_path):
    store = collection(tmp_path)
    document = record("grid", 1)
    page, embedding, image = item(document, 1, text=" ".join("abcdef"))
    geometry = dataclasses.replace(embedding.geometry, grid=(2, 3), cell=np.array([0, 1, 2, 3, -1, 5], np.int32))
    with Writer(store) as writer:
        started = writer.begin_document(document)
        pages = [(page, dataclasses.replace(embedding, geometry=geometry, labels=()), image)]
        assert writer.add_pages(started, pages) == []
    read = store.space().page_embedding(store.page_ids(None)[0])
    assert read.geometry.grid == (2, 3)
    assert read.geometry.cell.tolist() == [0, 1, 2, 3, -1, 5]
    assert read.labels == ()


def test_pooled_indexes_hold_what_pooling_gives(store):
    for index in store.settings.indexes:
        copy = store.space().vectors(index)
        assert copy.flat.dtype == np.float16
        for number in (1, 2, 3):
            i = copy.page_ids.index(f"{digest('whales')[:32]}:{number}")
            expected = pool(item(record("whales", 3), number)[1], index).vectors
            np.testing.assert_allclose(copy.flat[copy.starts[i] :][: copy.lengths[i]], expected, atol=5e-4)


def test_ids_and_refs_are_in_order_of_document_and_page(store):
    ids = store.page_ids(None)
    refs = list(store.refs(ids).values())
    assert refs == sorted(refs)
    assert [str(ref) for ref in refs][-4:] == [
        "photo.png#page=1",
        "whales.pdf#page=1",
        "whales.pdf#page=2",
        "whales.pdf#page=3",
    ]
    assert store.page_count() == len(ids) == 10
    assert store.refs(["0" * 32 + ":1"]) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("document = 'bread.pdf' and page >= 4", {"bread.pdf#page=4", "bread.pdf#page=5"}),
        ("tag = 'sea' and page != 2", {"whales.pdf#page=1", "whales.pdf#page=3"}),
        ('tag = "it\'s" and page = 1', {"whales.pdf#page=1"}),
        ("meta.year = 2023 and page = 3", {"whales.pdf#page=3"}),
        ("kind = 'image'", {"photo.png#page=1"}),
        ("words = 'ocr'", set()),
        ("added > '2020-01-01' and document contains 'roken'", {"broken.pdf#page=1"}),
        ("document = 'nothing.pdf'", set()),
    ],
)
def test_compiled_filters_select_pages(store, text, found):
    where = parse_filter(text)
    assert {str(ref) for ref in store.refs(store.page_ids(where)).values()} == found
    query = np.eye(DIM, dtype=np.float32)[:2]
    assert {
        str(r) for r in store.refs([p for p, _ in store.space().lance_maxsim("rows", query, 99, where)]).values()
    } == found


def test_a_failed_page_is_recorded_and_never_found(store):
    assert [(f.page, f.reason) for f in store.records.failed_pages("broken.pdf")] == [(2, "The page is torn.")]
    info = {d.name: d for d in store.documents()}["broken.pdf"]
    assert (info.pages, info.indexed, [f.page for f in info.failed]) == (2, 1, [2])
    failed = f"{digest('broken')[:32]}:2"
    assert failed not in store.page_ids(None)
    assert failed not in [page for page, _ in store.words.bm25("torn page", 99)]
    with pytest.raises(NotFoundError, match=r"Page 2 of 'broken.pdf' was not indexed: The page is torn\."):
        store.page(PageRef("broken.pdf", 2))


@pytest.mark.parametrize(
    ("ref", "says"),
    [
        (PageRef("nothing.pdf", 1), "no document 'nothing.pdf'"),
        (PageRef("whales.pdf", 4), "numbered 1 to 3"),
        (PageRef("whales.pdf", 2**40), "numbered 1 to 3"),
        (PageRef("x' OR '1'='1", 1), "no document"),
        (PageRef("\udc80.pdf", 1), "no document"),
    ],
)
def test_what_is_not_there_is_said_in_words(store, ref, says):
    with pytest.raises(NotFoundError, match=says):
        store.page(ref)


def test_pictures_are_two_sizes_of_webp(store):
    page = store.page_ids(None)[0]
    for size in ("page", "thumb"):
        with Image.open(store.image_path(page, size)) as picture:
            assert (picture.format, picture.size) == ("WEBP", (60, 80))
    for wrong in ("0" * 32 + ":1", "../../manifest:1"):
        with pytest.raises(NotFoundError):
            store.image_path(wrong, "page")
    with pytest.raises(ValueError, match="page or thumb"):
        store.image_path(page, "huge")


def test_sizes_add_up(store):
    info = store.info()
    assert (info.name, info.encoder, info.documents, info.pages, info.failed_pages) == ("notes", INFO.id, 4, 10, 1)
    assert info.bytes == sum(path.stat().st_size for path in store.path.rglob("*") if path.is_file())
    by_name = {index.name: index for index in info.indexes}
    assert list(by_name) == ["global", "rows", "conv", "tiles", "full"]
    for index in info.indexes:
        assert (index.pages, index.vectors, index.dim) == (10, len(store.space().vectors(index.name).flat), DIM)
    assert (by_name["full"].dtype, by_name["rows"].dtype) == ("float16", "float16")
    sizes = {name: len(store.space().vectors(name).flat[0].tobytes()) for name in by_name}
    pictures = sum(path.stat().st_size for path in (store.path / "images").rglob("*.webp"))
    vectors = sum(by_name[name].vectors * sizes[name] for name in by_name)
    assert sum(document.bytes for document in store.documents()) == vectors + pictures


def test_another_encoder_is_refused(store):
    store.space().check(INFO)
    for change in (
        {"id": "other"},
        {"revision": "r2"},
        {"weights_hash": "def"},
        {"dim": 9},
        {"policy": "words"},
        {"page_policy": "official"},
    ):
        with pytest.raises(MismatchError, match="make a new collection") as caught:
            store.space().check(dataclasses.replace(INFO, **change))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "error", "says"),
    [
        (lambda m: {**m, "schema_version": 99, "settings": {"unknown": 1}}, MismatchError, "layout version 99"),
        (lambda m: {**m, "spaces": [{"encoder": {"id": "x"}}]}, StoreError, "no readable manifest"),
        (lambda m: {**m, "spaces": []}, StoreError, "no readable manifest"),
        (lambda m: [], StoreError, "no readable manifest"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(tmp_path, spoil, error, says):
    store = collection(tmp_path)
    path = store.path / "manifest.json"
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    with pytest.raises(error, match=says):
        Collection(store.path)
    library(tmp_path).delete("notes")  # the way out that the sentence names
    assert library(tmp_path).names() == []


def test_a_lost_table_is_said_in_words(tmp_path):
    import shutil

    store = collection(tmp_path)
    shutil.rmtree(store.path / "lance" / "pages.lance")
    with pytest.raises(StoreError, match="its table 'pages' cannot be opened"):
        Collection(store.path).page_ids(None)


def test_one_handle_sees_what_another_writes(tmp_path):
    store = collection(tmp_path)
    reader = Collection(store.path)
    assert reader.page_ids(None) == []
    assert len(reader.space().vectors("rows").flat) == 0
    assert reader.words.bm25("topic1", 5) == []
    with Writer(store) as writer:
        put(writer, record("whales", 3))
        assert len(reader.page_ids(None)) == 3
        assert len(reader.space().vectors("rows").page_ids) == 3
        assert [page[-2:] for page, _ in reader.words.bm25("topic1", 5)] == [":1"]
        writer.finish()
        writer.upkeep.compact()
        assert len(reader.page_ids(None)) == 3
        assert reader.page(PageRef("whales.pdf", 2)).ref.page == 2
        writer.delete_document("whales.pdf")
    assert reader.page_ids(None) == []
    assert reader.refs([f"{digest('whales')[:32]}:1"]) == {}
    assert list(reader.space().vectors("rows").page_ids) == []


@pytest.mark.parametrize("ahead", [False, True], ids=["long settled", "within a step of the clock"])
def test_a_commit_is_seen_whatever_time_the_folder_of_versions_has(tmp_path, ahead):
    """A time long past changes with the commit; one that may stay the same is not believed."""
    store = collection(tmp_path)
    folder, time = store.path / "lance" / "pages.lance" / "_versions", 2**33 if ahead else 1
    os.utime(folder, (time, time))
    before = store.version()
    assert store.version() == before
    with Writer(Collection(store.path)) as writer:
        put(writer, record("late", 2))
        writer.finish()
    if ahead:
        os.utime(folder, (time, time))
    assert store.version() > before


def test_versions_are_listed_only_when_their_folder_changed(tmp_path, monkeypatch):
    store = collection(tmp_path)
    folder = store.path / "lance" / "pages.lance" / "_versions"
    os.utime(folder, (1, 1))
    before, listed = store.version(), []
    list_folder = os.listdir
    monkeypatch.setattr(os, "listdir", lambda of: listed.append(of) or list_folder(of))
    assert store.version() == before
    assert listed == [] or os.name != "posix"
    os.utime(folder, (2, 2))
    assert store.version() == before
    assert len(listed) >= 1
