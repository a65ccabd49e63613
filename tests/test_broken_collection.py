"""A collection that cannot be opened is refused by name, and hides nothing else."""

import pytest

from workbench.errors import StoreError
from workbench.service import Workbench
from workbench.settings import Settings


def test_one_unreadable_collection_does_not_hide_the_others(tmp_path):
    work = Workbench(Settings(home=tmp_path / "home"))
    work.create_collection("good")
    work.create_collection("bad")
    (tmp_path / "home" / "collections" / "bad" / "manifest.json").write_text("{}", encoding="utf-8")
    again = Workbench(Settings(home=tmp_path / "home"))
    assert [info.name for info in again.collections()] == ["good"]
    with pytest.raises(StoreError, match="bad"):
        again.collection("bad")
