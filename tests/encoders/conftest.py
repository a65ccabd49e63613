"""The tiny models, built and loaded once for all tests of a run."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.encoders import tiny
from workbench.encoders import registry
from workbench.encoders.device import Device, choose


class Zoo:
    """Tiny models by id: a family's id, or ``clip-KIND``. Each is loaded by the code that loads a user's checkpoint."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._loaded: dict[tuple[str, str, Device], Any] = {}

    def folder(self, name: str) -> Path:
        """The checkpoint, built at the first call."""
        folder = self.home / "models" / name
        if not folder.exists():
            kind = name.removeprefix("clip-")
            made = tiny.CLIPS[kind] if name != kind else tiny.SENTENCE.get(name) or tiny.family(name)
            tiny.build(made, folder)
        return folder

    def load(self, name: str, module: str = "") -> Any:
        """The encoder of a checkpoint, where settings say; ``module`` instead of its family's loader."""
        key = (name, module, choose())
        if key not in self._loaded:
            self.folder(name)
            row = registry.spec(name)
            place, function = row.loader.split(":")
            loader = getattr(importlib.import_module(module or place), function)
            self._loaded[key] = loader(row)
        return self._loaded[key]


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zoo]:
    import torch

    home = tmp_path_factory.mktemp("zoo")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # models this small only wait for each other's threads
    torch.backends.cudnn.allow_tf32 = False  # float32 is to mean that, in convolutions too
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAGELENS_HOME", str(home))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield Zoo(home)
    torch.set_num_threads(threads)


@pytest.fixture
def at_zoo(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> Zoo:
    """The zoo, with its home as the home of the test."""
    monkeypatch.setenv("PAGELENS_HOME", str(zoo.home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return zoo
