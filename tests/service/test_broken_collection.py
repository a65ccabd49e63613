"""A collection that cannot be opened is refused by name, and hides nothing else."""

import errno
import shutil

import pytest
from PIL import Image

from workbench.errors import StoreError
from workbench.service import Workbench
from workbench.settings import CollectionSettings, Settings
from workbench.store.vector_cache import VectorCache


def test_one_unreadable_collection_does_not_hide_the_others(tmp_path):
    work = Workbench(Settings(home=tmp_path / "home"))
    work.library.create("good")
    work.library.create("bad")
    (tmp_path / "home" / "collections" / "bad" / "manifest.json").write_text("{}", encoding="utf-8")
    again = Workbench(Settings(home=tmp_path / "home"))
    assert [info.name for info in again.library.all()] == ["good"]
    with pytest.raises(StoreError, match="bad"):
        again.library.info("bad")


def test_a_search_without_a_copy_says_so(tmp_path, monkeypatch):
    picture = tmp_path / "whales.png"
    Image.new("RGB", (200, 100), "white").save(picture)
    Workbench(Settings(home=tmp_path / "home")).ingest([picture], "c", CollectionSettings(ocr=False))
    shutil.rmtree(tmp_path / "home" / "collections" / "c" / "flat")

    def full(*_args, **_more):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(VectorCache, "_append", full)
        found = Workbench(Settings(home=tmp_path / "home")).search("whales", "c", "exact")
    assert [str(hit.ref) for hit in found.hits] == ["whales.png#page=1"]
    assert any("The copy of full cannot be written" in note for note in found.notes)
    assert Workbench(Settings(home=tmp_path / "home")).search("whales", "c", "exact").notes == ()
