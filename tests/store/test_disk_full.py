"""A full disk: one sentence, and everything committed before is still there."""

import errno
import os
import shutil
import subprocess
import sys

import pytest

from tests.store.make import assert_whole, collection, item, put, record, resume
from workbench.errors import DiskFullError
from workbench.store import Collection, writer
from workbench.store.files import is_disk_full


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


@pytest.mark.parametrize("where", ["writer.save_images", "spacewriter.vectors_table", "writer.page_row"])
def test_a_batch_that_finds_no_room_costs_only_itself(tmp_path, monkeypatch, where):
    store = collection(tmp_path)
    document = record("whales", 6)

    def full(*_args, **_more):
        raise OSError(errno.ENOSPC, "No space left on device")

    with store.writer() as opened:
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
        monkeypatch.setattr(writer, "save_images", lambda *_: 0)
    store = collection(small_disk)
    documents = [record(f"doc{i}", 10) for i in range(400)]
    text = " ".join(f"word{n}" for n in range(300))
    committed = []
    with pytest.raises(DiskFullError, match="Free some space"), store.writer() as opened:
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
    with reader.writer() as opened:
        started = opened.begin_document(document)
        have = reader.indexed_pages(document.content_hash)
        for number in set(range(1, 11)) - have:
            assert opened.add_pages(started, [item(started, number, f"{number} {text}")]) == []
        opened.finish_document(started)
        opened.finish()
    assert not pictures or reader.verify() == []
    assert reader.indexed_pages(document.content_hash) == set(range(1, 11))
    assert sorted(reader.page_ids(None)) == sorted(
        {*committed, *(f"{document.content_hash[:32]}:{n}" for n in range(1, 11))}
    )
