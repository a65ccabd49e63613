"""Files of a folder in an object store, to be read from a folder here that has them under the same names.

Nothing that reads files knows of it: a file is fetched whole before it is opened, and again when it is another there
(by its size and time of change, which the file here is given).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from threading import Event

from workbench.settings import Settings, slug
from workbench.store.files import replace
from workbench.store.object_storage import client_of, said

FOLDER = "sources"


@dataclass(frozen=True, slots=True)
class RemoteFiles:
    """The files below ``place`` (``s3://bucket/folder``), here below ``folder``. ``options`` are as for a home."""

    place: str
    folder: Path
    options: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, place: str, settings: Settings) -> RemoteFiles:
        """Those of a place, in the cache of this machine."""
        options = {name.lower(): value.get_secret_value() for name, value in settings.storage_options.items()}
        return cls(place, settings.cache.expanduser() / FOLDER / slug(place), options)

    def bring(self, wanted: Callable[[PurePosixPath], bool], stop: Event) -> int:
        """Have those files here that are wanted, and none that is not there any more; how many others there are.

        `StoreError` when the store does not answer. Ends early when a stop is asked for.
        """
        client = client_of(self.place, self.options)
        kept, others = set[Path](), 0
        with said(self.place):
            for batch in client.list():
                for item in batch:
                    if stop.is_set():
                        return others
                    name = PurePosixPath(item["path"])
                    if ".." in name.parts or not wanted(name):
                        others += 1
                        continue
                    kept.add(self._have(client, str(name), item["size"], item["last_modified"].timestamp()))
        for path in self.folder.rglob("*"):
            if path.is_file() and path not in kept:
                path.unlink()
        return others

    def fetch(self, path: Path) -> None:
        """Have one file here that is below the folder; it stays away where the store has none."""
        client, name = client_of(self.place, self.options), path.relative_to(self.folder).as_posix()
        with said(self.place):
            try:
                head = client.head(name)
            except FileNotFoundError:
                return
            self._have(client, name, head["size"], head["last_modified"].timestamp())

    def _have(self, client: object, name: str, size: int, changed: float) -> Path:
        path = self.folder / name
        try:
            stat = path.stat()
            if (stat.st_size, int(stat.st_mtime)) == (size, int(changed)):
                return path
        except OSError:
            path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.partial")
        with partial.open("wb") as file:
            for chunk in client.get(name).stream():  # type: ignore[attr-defined]
                file.write(chunk)
        os.utime(partial, (changed, changed))
        replace(partial, path)
        return path
