"""Files of a folder in an object store, to be read from a folder here that has them under the same names.

Nothing that reads files knows of it: a file is fetched whole before it is opened, and again when it is another there
(by its size and time of change, which the file here is given).
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from threading import Event
from typing import Any

from workbench.atomic import written_whole
from workbench.errors import DiskFullError, StoreError
from workbench.folders import free_bytes, inside
from workbench.settings import Settings, slug
from workbench.store.files import is_disk_full
from workbench.store.object_storage import client_of, said

log = logging.getLogger(__name__)

FOLDER = "sources"
_PARTIAL = ".partial"
_ABANDONED = 3600.0  # s; a file on its way that nobody has written to for so long is left of a process that ended


@dataclass(frozen=True, slots=True)
class RemoteFiles:
    """The files below ``place`` (``s3://bucket/folder``), here below ``folder``. ``options`` are as for a home."""

    place: str
    folder: Path
    options: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, place: str, settings: Settings) -> RemoteFiles:
        """Those of a place, in the cache of this machine."""
        return cls(place, settings.cache.expanduser() / FOLDER / slug(place), settings.place_options)

    def bring(self, wanted: Callable[[PurePosixPath], bool], stop: Event) -> int:
        """Have those files here that are wanted, and none that is not there any more; how many others there are.

        Files whose names none can have here count among the others. `StoreError` when the store does not answer,
        `DiskFullError` before anything is fetched where there is no room for all. Ends early when a stop is asked for.
        """
        client = client_of(self.place, self.options)
        found, others = list[Any](), 0
        for item in self._listed(client):
            if stop.is_set():
                return others
            if wanted(PurePosixPath(item["path"])) and self._path(item["path"]) is not None:
                found.append(item)
            else:
                others += 1
        if sum(item["size"] for item in found if not self._has(item)) > free_bytes(self.folder):
            raise self._full()
        kept = set[Path]()
        for item in found:
            if stop.is_set():
                return others
            try:
                with suppress(FileNotFoundError):  # it is gone meanwhile
                    kept.add(self._have(client, item))
            except OSError as error:  # its name is too long, or is that of a folder here
                log.warning("%s of %s cannot be kept here: %s", item["path"], self.place, error.strerror)
                others += 1
        for path in self.folder.rglob("*"):
            if path not in kept and path.is_file() and not _on_its_way(path):
                path.unlink(missing_ok=True)
        return others

    def _listed(self, client: Any) -> Iterator[Any]:
        with said(self.place):
            for batch in client.list():
                yield from batch

    def here(self) -> bool:
        """Whether any file was brought."""
        return any(path.is_file() and not _on_its_way(path) for path in self.folder.rglob("*"))

    def fetch(self, path: Path) -> None:
        """Have one file here that is below the folder as the store has it now; none where the store has none."""
        client, name = client_of(self.place, self.options), path.relative_to(self.folder).as_posix()
        try:
            with said(self.place):
                item = client.head(name)
            self._have(client, item)
        except FileNotFoundError:
            path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path | None:
        """Where a file of that name lies here; None where that were elsewhere."""
        path = self.folder / name
        return path if "\0" not in name and inside(path, self.folder) else None

    def _has(self, item: Any) -> bool:
        """Whether a file is here as the store has it."""
        try:
            stat = (self.folder / item["path"]).stat()
        except OSError:
            return False
        return (stat.st_size, int(stat.st_mtime)) == (item["size"], int(item["last_modified"].timestamp()))

    def _have(self, client: Any, item: Any) -> Path:
        """A file, fetched unless it is here. It shows when it is whole, whoever else fetches it meanwhile."""
        path: Path = self.folder / item["path"]
        if self._has(item):
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with said(self.place), written_whole(path) as partial:
                got = client.get(item["path"])
                with partial.open("wb") as file:
                    for chunk in got.stream():
                        file.write(chunk)
                if partial.stat().st_size != got.meta["size"]:
                    raise StoreError(f"{self.place} gave {item['path']} only in part; ingest again.")
                changed = got.meta["last_modified"].timestamp()
                os.utime(partial, (changed, changed))
        except OSError as error:
            raise self._full() if is_disk_full(error) else error from None
        return path

    def _full(self) -> DiskFullError:
        return DiskFullError(
            f"The disk with {self.folder} has no room for the files of {self.place}, which are kept there to be read. "
            "Free some space, or set PAGELENS_CACHE to a folder on another disk."
        )


def _on_its_way(path: Path) -> bool:
    """Whether somebody is still fetching the file that this will be."""
    try:
        return path.suffix == _PARTIAL and time.time() - path.stat().st_mtime < _ABANDONED
    except OSError:
        return True
