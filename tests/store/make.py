"""Small collections with made-up pages: real tables, real pooling, vectors a test can predict from (file, page)."""

import hashlib
import shutil

import numpy as np
from PIL import Image

from workbench.documents.webp import encoded
from workbench.encoders import EncoderInfo
from workbench.settings import CollectionSettings
from workbench.store import Collection, DocumentRecord, Library
from workbench.store.checks import problems
from workbench.store.writer import Writer
from workbench.types import Geometry, Page, PageEmbedding, PageRef, Words

DIM = 8
INFO = EncoderInfo("tiny/one", "Tiny", "words", DIM, "r1", "abc", "none", "all")


def digest(content):
    return hashlib.sha256(content.encode()).hexdigest()


def library(home):
    return Library(home)


def collection(home, name="notes", **settings):
    return Library(home).create(name, CollectionSettings(encoder=INFO.id, **settings), INFO)


def copied(made, to):
    """A copy of the collection at a path, for what begins from the same state again and again."""
    return Collection(shutil.copytree(made, to / made.name))


def record(content, pages, name=None, source=None, **more):
    """A document whose bytes are ``content``; name and source default to ``content.pdf`` in one folder."""
    name = name or f"{content}.pdf"
    return DocumentRecord(name, (source or f"/files/{name}",), digest(content), pages, 1000, **more)


def unit(rng, rows, dim=DIM):
    vectors = rng.standard_normal((rows, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def words_of(text):
    texts = tuple(text.split())
    n = len(texts)
    x = np.arange(n) % 5 / 5
    y = np.arange(n) // 5 / 20
    boxes = np.stack([x, y, x + 0.15, y + 0.04], axis=1).astype(np.float32).reshape(n, 4)
    return Words(texts, boxes, (np.arange(n) // 5).astype(np.int32), np.zeros(n, np.bool_))


def text_of(content, number):
    return f"{content} page number {number} about topic{number} and " + "filler " * (number % 4)


def item(document, number, text=None, vectors=None):
    """(page, embedding, its pictures) of one page of a `DocumentRecord`; the same arguments give the same page."""
    words = words_of(text if text is not None else text_of(document.content_hash[:6], number))
    rng = np.random.default_rng([int(document.content_hash[:8], 16), number])
    vectors = unit(rng, len(words)) if vectors is None else vectors
    boxes = words.boxes if len(vectors) == len(words) else np.zeros((len(vectors), 4), np.float32)
    geometry = Geometry(boxes, None, np.full(len(vectors), -1, np.int32))
    labels = words.texts if len(vectors) == len(words) else ()
    image = Image.new("RGB", (60, 80), (number % 256, 120, 200))
    page = Page(PageRef(document.name, number), (60, 80), lambda: image, words, document.content_hash)
    return page, PageEmbedding(vectors, geometry, labels), encoded(image)


def put(writer, document, batch=4, numbers=None, finish=True, **more):
    """Ingest a document, or the numbered pages of it; returns its record in the collection."""
    started = writer.begin_document(document)
    numbers = list(range(1, document.pages + 1)) if numbers is None else list(numbers)
    for start in range(0, len(numbers), batch):
        pages = [item(started, number, **more) for number in numbers[start : start + batch]]
        assert writer.add_pages(started, pages) == []
    if finish:
        writer.finish_document(started)
    return started


def resume(store, documents, batch=4):
    """What an ingest does with files it may have seen: read the pages that are not there yet."""
    with Writer(store) as writer:
        for document in documents:
            have = store.indexed_pages(document.content_hash)
            missing = [number for number in range(1, document.pages + 1) if number not in have]
            if missing:
                put(writer, document, batch, missing)
        writer.finish()


def assert_whole(store, documents):
    """Exactly these documents, each page once everywhere, its vectors what they should be, and nothing else on disk."""
    wanted = {f"{d.content_hash[:32]}:{n}" for d in documents for n in range(1, d.pages + 1)}
    assert problems(store) == []
    rows = store.catalog.table("pages").search().select(["page_id"]).to_arrow()["page_id"].to_pylist()
    assert sorted(rows) == sorted(wanted)
    for index in store.space().indexes:
        assert sorted(store.space().stored_ids(index)) == sorted(wanted)
        assert set(store.space().vectors(index).page_ids) == wanted
    assert {(d.content_hash, d.pages, d.indexed) for d in store.documents()} == {
        (d.content_hash, d.pages, d.pages) for d in documents
    }
    full = store.space().vectors("full")
    for document in documents:
        for number in range(1, document.pages + 1):
            i = full.page_ids.index(f"{document.content_hash[:32]}:{number}")
            expected = item(document, number)[1].vectors.astype(np.float16)
            np.testing.assert_array_equal(full.flat[full.starts[i] :][: full.lengths[i]], expected)
    pictures = {path.name.split(".")[0].replace("-", ":") for path in (store.path / "images").glob("*/*")}
    assert pictures == wanted
    assert len(list((store.path / "images").glob("*/*"))) == 2 * len(wanted)
    assert list((store.path / "lance").glob("*.lance/data/.tmp*")) == []
