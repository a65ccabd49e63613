"""A collection leaves as files that a stranger reads with pyarrow or numpy, and comes back as it was."""

import json
import os
import shutil
import subprocess
import sys
import threading

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.store.make import DIM, INFO, collection, item, put, record, resume, unit
from workbench.errors import CollectionBusyError, DiskFullError, InputError, MismatchError
from workbench.store import Collection, Library, exporting, writer
from workbench.store.checks import problems
from workbench.store.exchange import Contents, is_export
from workbench.store.exporting import export
from workbench.store.importing import manifest_of, take_in
from workbench.store.writer import Writer
from workbench.types import PageFailure, PageRef

WHALES, BREAD = record("whales", 7, tags=("sea",), meta={"year": "1851"}), record("bread", 4, name="b/bröd ß.pdf")
LATER = INFO.__class__("tiny/two", "Two", "words", DIM, "r1", "abc", "none", "all")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Two encoders, one of which lacks a page; learnt indexes; a failed page; a page in quarantine."""
    made = collection(tmp_path_factory.mktemp("sound"))
    resume(made, [WHALES, BREAD])
    broken = record("broken", 2)
    with Writer(made) as opened:
        put(opened, broken, numbers=[1], finish=False)
        opened.add_failures(opened.begin_document(broken), [PageFailure(PageRef("broken.pdf", 2), "It is torn.")])
        opened.finish_document(opened.begin_document(broken))
        opened.indexes.add_space(LATER, ("rows",))
        ids = made.page_ids(None)
        opened.add_vectors(LATER.id, [(page, item(WHALES, i)[1]) for i, page in enumerate(ids[:-1], 1)])
        opened.add_vectors(LATER.id, [(ids[-1], PageFailure(PageRef("x", 1), "The model gave up."))])
        opened.indexes.add_index("", "full[dims=4]")
        opened.indexes.add_index("", "ward[factor=2,dtype=int8]")
        opened.upkeep.compact()
    made.put_away("whales.pdf", 3, "odd")
    made.close()
    return made.path.parent.parent


@pytest.fixture
def store(sound, tmp_path):
    """A copy of it, which tests may change."""
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    return Library(tmp_path).open("notes")


def again(store, folder, name="again"):
    library = Library(store.path.parent.parent)
    made = library.make(name, manifest_of(Contents.read(folder)))
    documents, stopped = take_in(made, folder)
    assert not stopped
    return Collection(made.path), documents


def assert_same(one, other):
    """The same pages, words, pictures, vectors, codebooks, and so the same answers."""
    assert problems(other) == []
    assert one.page_ids(None) == other.page_ids(None)
    assert one.refs(one.directory().ids) == other.refs(other.directory().ids)
    assert one.encoders == other.encoders
    assert one.settings == other.settings
    assert one.catalog.gaps() == other.catalog.gaps()
    assert one.quarantine().entries == other.quarantine().entries
    for ours, theirs in zip(one.documents(), other.documents(), strict=True):
        assert ours.__class__(**{**{f: getattr(ours, f) for f in ours.__slots__}, "added": theirs.added}) == theirs
    for page in one.directory().ids:
        ref = one.refs([page])[page]
        ours, theirs = one.page(ref), other.page(ref)
        assert (ours.words.text, ours.crop, ours.size, ours.tags, ours.meta) == (
            theirs.words.text,
            theirs.crop,
            theirs.size,
            theirs.tags,
            theirs.meta,
        )
        np.testing.assert_array_equal(ours.words.boxes, theirs.words.boxes)
        for size in ("page", "thumb"):
            assert one.image_path(page, size).read_bytes() == other.image_path(page, size).read_bytes()
    query, weights = unit(np.random.default_rng(3), 4), np.ones(4, np.float32)
    for encoder in one.encoders:
        a, b = one.space(encoder), other.space(encoder)
        assert a.indexes == b.indexes
        for index in a.indexes:
            scores = []
            for space in (a, b):
                held = space.vectors(index)
                found = space.fitted(index).score(query, weights, held.flat, held.starts, held.lengths)
                scores.append(dict(zip(held.page_ids, found.tolist(), strict=True)))
            assert scores[0] == scores[1]
        first = next(iter(a.vectors("full").page_ids))
        np.testing.assert_array_equal(a.page_embedding(first).geometry.boxes, b.page_embedding(first).geometry.boxes)
        assert a.page_embedding(first).labels == b.page_embedding(first).labels
    for text in ("page number", "topic3", "filler"):
        ours, theirs = one.words.bm25(text, 99), other.words.bm25(text, 99)
        assert dict(ours) == pytest.approx(dict(theirs))
        assert [page for page, _ in ours] == [page for page, _ in theirs]


@pytest.mark.parametrize("formats", [("parquet",), ("npz",), ("parquet", "npz")])
def test_what_leaves_comes_back_as_it_was(store, tmp_path, formats, monkeypatch):
    for module in ("exporting", "exchange"):
        monkeypatch.setattr(f"workbench.store.{module}.BATCH", 3)
    heard = []
    made = export(store, tmp_path / "out", formats, progress=lambda done, total: heard.append((done, total)))
    assert (made.pages, heard[-1]) == (12, (12, 12))
    assert is_export(tmp_path / "out")
    assert list(tmp_path.glob(".out*")) == []
    other, documents = again(store, tmp_path / "out")
    assert_same(store, other)
    assert sorted((d.name, d.pages, d.indexed, d.skipped) for d in documents) == [
        ("b/bröd ß.pdf", 4, 4, 0),
        ("broken.pdf", 2, 1, 0),
        ("whales.pdf", 7, 7, 0),
    ]
    documents, _ = take_in(other, tmp_path / "out")
    assert [d.indexed for d in documents] == [0, 0, 0]
    assert_same(store, other)


STRANGER = """
import json, sys
from pathlib import Path
import numpy as np
folder = Path(sys.argv[1])
about = json.loads((folder / "pagelens-export.json").read_text())
full = next(index for index in about["spaces"][0]["indexes"] if index["name"] == "full")
found = {}
for part in full["files"]["npz"]:
    with np.load(folder / part) as held:
        at = held["vectors_offsets"]
        assert held["boxes"].shape == (at[-1], 4) and held["vectors"].dtype == "float16"
        for i, page in enumerate(held["page_id"]):
            found[str(page)] = held["vectors"][at[i]:at[i + 1]].tolist()
texts = {}
for part in about["tables"]["pages"]["npz"]:
    with np.load(folder / part) as held:
        texts |= dict(zip(held["page_id"].tolist(), held["text"].tolist()))
        at = held["words_offsets"]
        for i, text in enumerate(held["text"].tolist()):
            assert text.split() == held["words"][at[i]:at[i + 1]].tolist()
assert not any(name.startswith(("workbench", "pyarrow", "lancedb")) for name in sys.modules)
print(json.dumps([found, texts]))
"""


def test_a_stranger_reads_it_with_numpy_or_pyarrow_alone(store, tmp_path):
    export(store, tmp_path / "out", ("parquet", "npz"))
    ran = subprocess.run(
        [sys.executable, "-c", STRANGER, tmp_path / "out"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    found, texts = json.loads(ran.stdout)
    pages = pq.read_table(tmp_path / "out" / "pages.parquet").to_pylist()
    (path,) = (tmp_path / "out" / "vectors").glob("0-*/full.parquet")
    rows = {row["page_id"]: row for row in pq.read_table(path).to_pylist()}
    assert found == {page: np.asarray(row["vectors"]).tolist() for page, row in rows.items()}
    assert {row["page_id"]: row["text"] for row in pages} == texts
    for page, row in rows.items():
        held = store.space().page_embedding(page)
        np.testing.assert_array_equal(np.asarray(row["vectors"], np.float16), held.vectors.astype(np.float16))
        np.testing.assert_array_equal(np.asarray(row["boxes"], np.float32), held.geometry.boxes)
    assert not any(
        "/files/" in row["source"] for row in pq.read_table(tmp_path / "out" / "documents.parquet").to_pylist()
    )


def test_nothing_is_overwritten_unasked(store, tmp_path):
    target = tmp_path / "out"
    export(store, target)
    before = (target / "pagelens-export.json").read_bytes()
    with pytest.raises(InputError, match="--overwrite"):
        export(store, target)
    (target / "mine.txt").write_text("x")
    export(store, target, ("npz",), overwrite=True)
    assert (target / "pagelens-export.json").read_bytes() != before
    assert not (target / "mine.txt").exists()
    other = tmp_path / "own"
    other.mkdir()
    (other / "thesis.tex").write_text("x")
    for overwrite in (False, True):
        with pytest.raises(InputError, match="is no export"):
            export(store, other, overwrite=overwrite)
    assert (other / "thesis.tex").read_text() == "x"
    with pytest.raises(InputError, match="parquet or npz"):
        export(store, tmp_path / "new", ("csv",))


def test_an_export_is_whole_or_not_there(store, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(exporting, "copy_image", full)
        with pytest.raises(DiskFullError, match="no room for the export out; nothing was written"):
            export(store, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert [path for path in tmp_path.iterdir() if "partial" in path.name] == []
    with Writer(store), pytest.raises(CollectionBusyError, match="then export"):
        export(store, tmp_path / "out")


def test_taking_in_goes_on_where_it_was_stopped_or_killed(store, tmp_path, monkeypatch):
    for module in ("exporting", "exchange"):
        monkeypatch.setattr(f"workbench.store.{module}.BATCH", 3)
    export(store, tmp_path / "out")
    made = Library(tmp_path).make("again", manifest_of(Contents.read(tmp_path / "out")))
    stop = threading.Event()

    def progress(done, _total):
        if done >= 3:
            stop.set()

    _, stopped = take_in(made, tmp_path / "out", progress, stop)
    assert stopped
    assert 0 < made.page_count() < store.page_count()

    class Killed(BaseException):
        pass

    writes = []

    def killed(self, rows):
        writes.append(rows)
        if len(writes) == 2:
            raise Killed
        return committed(self, rows)

    committed = writer.Writer._write_pages
    with monkeypatch.context() as patch:
        patch.setattr(writer.Writer, "_write_pages", killed)
        with pytest.raises(Killed):
            take_in(Collection(made.path), tmp_path / "out")
    take_in(Collection(made.path), tmp_path / "out")
    assert_same(store, Collection(made.path))


def test_an_export_goes_only_where_it_fits(store, tmp_path):
    export(store, tmp_path / "out")
    plain = collection(tmp_path, "plain")
    with pytest.raises(MismatchError, match="take it into a new collection"):
        take_in(plain, tmp_path / "out")
    assert plain.page_ids(None) == []


def nan(folder):
    (path,) = (folder / "vectors").glob("0-*/full.00000.npz")
    with np.load(path) as held:
        arrays = dict(held)
    arrays["vectors"][5, 2] = np.nan
    np.savez(path, **arrays)


def stray_name(folder):
    path = folder / "pages.00000.npz"
    with np.load(path) as held:
        arrays = dict(held)
    arrays["page_id"] = np.asarray(["../../../../evil:1", *arrays["page_id"][1:]])
    np.savez(path, **arrays)


def elsewhere(folder):
    path = folder / "pagelens-export.json"
    about = json.loads(path.read_text())
    about["tables"]["pages"]["npz"] = ["../../outside.npz"]
    path.write_text(json.dumps(about))


def cut(folder):
    path = folder / "pages.00000.npz"
    path.write_bytes(path.read_bytes()[:-50])


def flipped(folder):
    (path,) = (folder / "vectors").glob("0-*/rows.00000.npz")
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 255
    path.write_bytes(body)


def lost(folder):
    os.unlink(folder / "documents.00000.npz")


def torn(folder):
    (folder / "pagelens-export.json").write_text('{"layout": 1}')


@pytest.mark.parametrize("harm", [nan, stray_name, elsewhere, cut, flipped, lost, torn])
def test_a_damaged_export_is_refused_in_words(store, tmp_path, harm):
    export(store, tmp_path / "out", ("npz",))
    harm(tmp_path / "out")
    with pytest.raises(InputError, match="export") as caught:
        again(store, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "evil-1.page.webp").exists()
