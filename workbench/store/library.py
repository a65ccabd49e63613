"""The collections of a home folder: names, making, opening, deleting."""

from __future__ import annotations

import re
import shutil
import uuid
from pathlib import Path

from workbench.encoders import EncoderInfo
from workbench.errors import InputError, NotFoundError, StoreError
from workbench.settings import CollectionSettings
from workbench.store.collection import Collection, create_tables
from workbench.store.manifest import FILE, Manifest

_NAME = re.compile(r"[\w][\w .-]{0,62}[\w]|[\w]")
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
TRASH = ".deleted-"


def check_name(name: str) -> str:
    """The name, if it can be a folder on every system; `InputError` otherwise."""
    if not _NAME.fullmatch(name) or name.split(".")[0].lower() in _RESERVED or ".." in name:
        raise InputError(
            f"{name!r} cannot be a collection's name; use 1 to 64 letters, digits, spaces, dots, - and _, "
            "beginning and ending with a letter or digit."
        )
    return name


class Library:
    """All collections under ``home``."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "collections"

    def names(self) -> list[str]:
        """Names of the collections that are complete enough to open, in order."""
        if not self._folder.exists():
            return []
        return sorted(p.name for p in self._folder.iterdir() if (p / FILE).is_file() and not p.name.startswith("."))

    def create(self, name: str, settings: CollectionSettings, info: EncoderInfo) -> Collection:
        """Make an empty collection; `StoreError` when the name is taken. It exists once its manifest is written."""
        path = self._folder / check_name(name)
        if (path / FILE).exists():
            raise StoreError(f"There is a collection '{name}' already; choose another name or add to that one.")
        if path.exists():  # a creation that was cut off: there is no manifest, so nothing was ever stored in it
            shutil.rmtree(path)
        path.mkdir(parents=True)
        manifest = Manifest.of(settings, info)
        create_tables(path, manifest)
        manifest.write(path)
        return Collection(path)

    def open(self, name: str) -> Collection:
        """Open a collection; `NotFoundError` when there is none."""
        path = self._folder / check_name(name)
        if not (path / FILE).is_file():
            raise NotFoundError(f"There is no collection '{name}'.")
        return Collection(path)

    def delete(self, name: str) -> None:
        """Delete a collection. It is renamed first, so that a half-deleted one is never opened."""
        path = self._folder / check_name(name)
        if not path.exists():
            raise NotFoundError(f"There is no collection '{name}'.")
        with Collection(path).writer():
            pass  # refuses while somebody writes
        trash = self._folder / f"{TRASH}{uuid.uuid4().hex}"
        path.rename(trash)
        for folder in self._folder.glob(f"{TRASH}*"):
            shutil.rmtree(folder, ignore_errors=True)
