"""A full disk: one sentence, and everything committed before is still there."""

import errno
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from PIL import Image

from tests.store import make
from tests.store.make import assert_whole, collection, item, put, record, resume
from workbench.errors import DiskFullError
from workbench.store import Collection, staging, vector_cache
from workbench.store.checks import problems
from workbench.store.files import is_disk_full
from workbench.store.images import encoded
from workbench.store.writer import Writer


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (RuntimeError("lance error: LanceError(IO): No space left on device (os error 28), io.rs:1"), True),
        (OSError("IO error: There is not enough space on the disk. (os error 112)"), True),
        (RuntimeError("Disk quota exceeded (os error 122)"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (ValueError("column full"), False),
    ],
)
def test_how_a_full_disk_is_told(error, full):
    assert is_disk_full(error) is full


@pytest.mark.parametrize("where", ["staging.save_images", "encoder_rows.vectors_table", "staging.page_row"])
def test_a_batch_that_finds_no_room_costs_only_itself(tmp_path, monkeypatch, where):
    store = collection(tmp_path)
    document = record("whales", 6)

    def full(*_args, **_more):
        raise OSError(errno.ENOSPC, "No space left on device")

    with Writer(store) as opened:
        started = put(opened, document, numbers=[1, 2, 3], finish=False)
        with monkeypatch.context() as patch:
            patch.setattr(f"workbench.store.{where}", full)
            with pytest.raises(DiskFullError, match="what was indexed so far is safe") as caught:
                opened.add_pages(started, [item(started, 4)])
        assert "\n" not in str(caught.value)
    assert store.indexed_pages(document.content_hash) == {1, 2, 3}
    resume(store, [document])
    assert_whole(store, [document])


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 6 MB; only where the tests may mount one."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs Linux and the right to mount")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("may not mount here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.parametrize("pictures", [True, False])
def test_a_disk_that_really_fills_up(small_disk, monkeypatch, pictures):
    if not pictures:  # so that it is LanceDB that meets the full disk
        monkeypatch.setattr(staging, "save_images", lambda *_: 0)
    store = collection(small_disk)
    documents = [record(f"doc{i}", 10) for i in range(400)]
    text = " ".join(f"word{n}" for n in range(300))
    committed = []
    with pytest.raises(DiskFullError, match="Free some space"), Writer(store) as opened:
        for document in documents:
            started = opened.begin_document(document)
            for number in range(1, 11):
                opened.add_pages(started, [item(started, number, f"{number} {text}")])
                committed.append(f"{document.content_hash[:32]}:{number}")
            opened.finish_document(started)
    assert len(committed) >= 5
    reader = Collection(store.path)
    assert set(reader.page_ids(None)) == set(committed)
    for page in committed:
        assert len(reader.space().page_embedding(page).vectors) == 301
        assert not pictures or reader.image_path(page, "page").stat().st_size > 0
    monkeypatch.undo()
    subprocess.run(["mount", "-o", "remount,size=60m", small_disk], check=True)
    name = reader.refs(committed)[committed[-1]].document
    document = next(document for document in documents if document.name == name)
    with Writer(reader) as opened:
        started = opened.begin_document(document)
        have = reader.indexed_pages(document.content_hash)
        for number in set(range(1, 11)) - have:
            assert opened.add_pages(started, [item(started, number, f"{number} {text}")]) == []
        opened.finish_document(started)
        opened.finish()
    assert not pictures or problems(reader) == []
    assert reader.indexed_pages(document.content_hash) == set(range(1, 11))
    assert sorted(reader.page_ids(None)) == sorted(
        {*committed, *(f"{document.content_hash[:32]}:{n}" for n in range(1, 11))}
    )


def fill(disk):
    """Leave no byte free, with a file that is none of the store's."""
    with suppress(OSError), (disk / "filler").open("ab", buffering=0) as file:
        while True:
            file.write(b"x" * 65536)
    with suppress(OSError), (disk / "filler").open("ab", buffering=0) as file:
        while True:
            file.write(b"x" * 512)
    with pytest.raises(OSError, match="No space"), (disk / "probe").open("wb") as file:
        file.write(b"x" * 4096)
    (disk / "probe").unlink(missing_ok=True)


def many(pages=40):
    return [record(f"doc{i}", pages // 4) for i in range(4)]


LONG = " ".join(f"word{n}" for n in range(120))


def photograph(seed):
    """Pictures that take the room one takes."""
    return partial(encoded, Image.fromarray(np.random.default_rng(seed).integers(0, 255, (400, 300, 3), np.uint8)))


def filled(disk):
    store = collection(disk)
    with Writer(store) as opened:
        for document in many():
            started = opened.begin_document(document)
            for number in range(1, document.pages + 1, 2):
                numbers = [n for n in (number, number + 1) if n <= document.pages]
                pages = [item(started, n, f"{n} {LONG}") for n in numbers]
                opened.add_pages(started, [(*pages[i][:2], photograph(n)) for i, n in enumerate(numbers)])
            opened.finish_document(started)
        opened.finish()
    return Collection(store.path)


@pytest.fixture
def disk(small_disk):
    subprocess.run(["mount", "-o", "remount,size=24m", small_disk], check=True)
    return small_disk


def answers(store):
    """Scores of every page by every index, and the words."""
    query = make.unit(np.random.default_rng(2), 3)
    found = {"bm25": dict(store.words.bm25("page word7", 99))}
    for index in store.space().indexes:
        held = store.space().vectors(index)
        scores = store.space().fitted(index).score(query, np.ones(3, "f4"), held.flat, held.starts, held.lengths)
        found[index] = dict(zip(held.page_ids, scores.tolist(), strict=True))
    return found


@pytest.mark.parametrize("copies", ["none", "some", "damaged"])
def test_searching_works_on_a_full_disk_without_the_copy(disk, copies, caplog):
    store = filled(disk)
    before = answers(store)
    store.close()
    for path in (store.path / "flat").glob("*.*"):
        if copies == "none" or (copies == "some" and "full" not in path.name):
            path.unlink()
        elif copies == "damaged" and path.suffix == ".bin":
            path.write_bytes(bytes(path.stat().st_size))
    fill(disk)
    again = Collection(store.path)
    assert answers(again) == before
    held = again.space().vectors("rows")
    assert held.in_memory
    assert again.space().vectors("rows") is held, "it is not read again for every query"
    assert any("held in memory" in message for message in caplog.messages)
    kept = ["full"] if copies == "some" else []
    assert again.space().in_memory() == [index for index in again.space().indexes if index not in kept]
    (disk / "filler").unlink()
    later = Collection(store.path)
    assert answers(later) == before
    assert not later.space().vectors("rows").in_memory


def test_vectors_that_memory_has_no_room_for_either_are_one_sentence(disk, monkeypatch):
    store = filled(disk)
    shutil.rmtree(store.path / "flat")
    fill(disk)
    monkeypatch.setattr(vector_cache, "IN_MEMORY", 0)
    with pytest.raises(DiskFullError, match="memory has no room"):
        Collection(store.path).space().vectors("full")


@pytest.mark.parametrize("copies", [True, False])
def test_deleting_on_a_full_disk_frees_space(disk, copies):
    store = filled(disk)
    if not copies:
        store.close()
        shutil.rmtree(store.path / "flat")
    fill(disk)
    free = shutil.disk_usage(disk).free
    gone, *rest = many()
    again = Collection(store.path)
    with Writer(again) as opened:
        assert opened.delete_document(gone.name) == gone.pages
        opened.finish()
    assert shutil.disk_usage(disk).free > free
    other = Collection(store.path)
    assert {document.name for document in other.documents()} == {document.name for document in rest}
    assert all(set(found) == set(other.page_ids(None)) for found in answers(other).values())
    (disk / "filler").unlink()
    with Writer(other) as opened:
        opened.upkeep.compact()
    assert problems(other) == []


def test_compacting_on_a_full_disk_frees_space(disk):
    store = filled(disk)
    gone, *rest = many()
    with Writer(store) as opened:
        opened.delete_document(gone.name)
    fill(disk)
    free = shutil.disk_usage(disk).free
    with Writer(Collection(store.path)) as opened:
        opened.upkeep.compact()
    assert shutil.disk_usage(disk).free > free
    again = Collection(store.path)
    assert set(answers(again)["full"]) == set(again.page_ids(None))
    assert len(again.page_ids(None)) == sum(document.pages for document in rest)
    (disk / "filler").unlink()
    assert problems(again) == []


def test_a_folder_that_is_read_only_is_searched(tmp_path, monkeypatch):
    store = collection(tmp_path)
    resume(store, [record("whales", 3)])
    store.close()
    shutil.rmtree(store.path / "flat")

    def refuse(*_args, **_more):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(vector_cache.VectorCache, "_exclusive", refuse)
    held = Collection(store.path).space().vectors("full")
    assert held.in_memory
    assert len(held.page_ids) == 3
