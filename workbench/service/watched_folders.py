"""Which folders are followed, and what was seen of them: a file for each in ``state/watches`` of the home folder."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from workbench.ingestion.watching import SeenFile
from workbench.store.files import write_whole
from workbench.types import Watch


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """A folder that is, or was, kept in step with a collection; ``on`` while a server follows it."""

    watch: Watch
    on: bool = False
    seen: Mapping[str, SeenFile] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells it from others."""
        return key_of(self.watch)


class WatchedFolders:
    """The records of one home folder. What changes one of them holds ``lock`` meanwhile."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "state" / "watches"
        self.lock = threading.RLock()

    def all(self) -> Iterator[WatchedFolder]:
        """All that can be read."""
        for path in sorted(self._folder.glob("*.json")):
            with suppress(OSError, ValueError, KeyError, TypeError):
                yield _read(path)

    def of(self, watch: Watch) -> WatchedFolder:
        """What is known of one; of a folder that was never looked at, or whose record cannot be read, nothing."""
        try:
            return _read(self._path(key_of(watch)))
        except (OSError, ValueError, KeyError, TypeError):
            return WatchedFolder(watch)

    def write(self, folder: WatchedFolder) -> None:
        """Keep what is known of one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        seen = {name: [file.size, file.changed, file.source] for name, file in folder.seen.items()}
        record = {"watch": asdict(folder.watch), "on": folder.on, "seen": seen}
        write_whole(self._path(folder.key), json.dumps(record))

    def forget(self, collection: str) -> None:
        """Forget the folders of a collection, which are followed no more."""
        with self.lock:
            for folder in list(self.all()):
                if folder.watch.collection == collection:
                    self._path(folder.key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"


def key_of(watch: Watch) -> str:
    """What tells a folder followed into a collection from others."""
    return hashlib.sha256(f"{watch.collection}\n{watch.folder}".encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _read(path: Path) -> WatchedFolder:
    record = json.loads(path.read_text(encoding="utf-8"))
    seen = {name: SeenFile(*values) for name, values in record["seen"].items()}
    return WatchedFolder(Watch(**record["watch"]), bool(record["on"]), seen)
