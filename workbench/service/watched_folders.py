"""Which folders are followed, and what was seen of them: a file for each in ``state/watches`` of the home folder."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from workbench.atomic import write_whole
from workbench.ingestion.watching import SeenFile
from workbench.types import Gone, Receipt, Watch


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """A folder that is, or was, kept in step with a collection; ``on`` while a server follows it.

    ``id`` stays when the collection gets another name.
    """

    id: str
    watch: Watch
    on: bool = False
    seen: Mapping[str, SeenFile] = field(default_factory=dict)


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
        wanted = watch.collection, watch.folder
        same = (known for known in self.all() if (known.watch.collection, known.watch.folder) == wanted)
        return next(same, WatchedFolder(uuid.uuid4().hex[:16], watch))

    def get(self, id: str) -> WatchedFolder | None:
        """What is known of one by its id; None where it is forgotten."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            return _read(self._path(id))
        return None

    def write(self, folder: WatchedFolder) -> None:
        """Keep what is known of one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        seen = {name: [file.size, file.changed, file.source] for name, file in folder.seen.items()}
        record = {"watch": asdict(folder.watch), "on": folder.on, "seen": seen}
        write_whole(self._path(folder.id), json.dumps(record))

    def forget(self, gone: Gone) -> Receipt:
        """Forget the folders of a collection that leaves, which are followed no more; documents of them may leave."""
        with self.lock:
            for folder in [] if gone.document else self._followed_into(gone.collection):
                self._path(folder.id).unlink(missing_ok=True)
        return Receipt.of(gone)

    def rename_collection(self, collection: str, name: str) -> None:
        """Let the folders of a collection be followed into it by its new name."""
        with self.lock:
            for folder in self._followed_into(collection):
                self.write(replace(folder, watch=replace(folder.watch, collection=name)))

    def _followed_into(self, collection: str) -> list[WatchedFolder]:
        return [folder for folder in self.all() if folder.watch.collection == collection]

    def _path(self, id: str) -> Path:
        return self._folder / f"{id}.json"


def _read(path: Path) -> WatchedFolder:
    record = json.loads(path.read_text(encoding="utf-8"))
    seen = {name: SeenFile(*values) for name, values in record["seen"].items()}
    return WatchedFolder(path.stem, Watch(**record["watch"]), bool(record["on"]), seen)
