"""What this machine keeps of an object store: files checked whenever they are used, the least used ones let go of.

It holds nothing that is not in the store, or worked out of it, and can be deleted at any time. Below one folder for
each store: pictures with their checksums beside them, and the copies of vectors and words, which check themselves.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from workbench.atomic import written_whole

log = logging.getLogger(__name__)

VECTORS, WORDS = "flat", "words"
"""Folders of a collection with what is worked out of its tables: copies of vectors, and the pages of each word."""
SUM = ".crc32"
TIDY_AFTER = 64 << 20
"""Bytes put into the cache after which it is looked through."""
_TOUCH = 60.0
"""Seconds within which the use of a file is noted once."""
_TIDY_EVERY = 60.0
"""Seconds after which the cache is looked through while it is in use."""


class _Unit(NamedTuple):
    """Files that go together: a picture with its checksum, or everything of the copy of one table."""

    used: float
    bytes: int
    paths: tuple[Path, ...]


class Cache:
    """The cache of one object store in a folder, of at most ``limit`` bytes once it is tidied."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self._limit = limit
        self._lock = threading.Lock()
        self._added, self._tidied = 0, time.monotonic()
        self.conditional: str | None = None

    def holds(self, file: Path) -> bool:
        """Whether a file is there as it was put there; its use is noted."""
        try:
            wanted = int(file.with_name(file.name + SUM).read_text())
            sound = zlib.crc32(file.read_bytes()) == wanted
            if sound and time.time() - file.stat().st_mtime > _TOUCH:
                os.utime(file)
        except (OSError, ValueError):
            return False
        if not sound:
            log.warning("%s is damaged and is fetched again", file)
        return sound

    def put(self, file: Path, data: bytes) -> None:
        """Keep a file; its checksum goes in last."""
        file.parent.mkdir(parents=True, exist_ok=True)
        for path, content in ((file, data), (file.with_name(file.name + SUM), str(zlib.crc32(data)).encode())):
            with written_whole(path) as partial:
                partial.write_bytes(content)
        self._added += len(data)
        if self._added > TIDY_AFTER:
            self.tidy()

    def note(self, file: Path) -> None:
        """Note that a file is in use; what was written past `put` is counted now and then."""
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > _TOUCH:
                os.utime(file)
        if time.monotonic() - self._tidied > _TIDY_EVERY:
            self.tidy()

    def drop(self, file: Path) -> None:
        """Let go of a file."""
        for path in (file, file.with_name(file.name + SUM)):
            path.unlink(missing_ok=True)

    def drop_tree(self, folder: Path) -> None:
        """Let go of a folder, and of everything in it."""
        shutil.rmtree(folder, ignore_errors=True)

    def tidy(self) -> int:
        """Let go of what was not used for longest until the limit is kept; returns how many bytes went."""
        with self._lock:
            self._added, self._tidied = 0, time.monotonic()
            units = sorted(self._units())
            over = sum(unit.bytes for unit in units) - self._limit
            gone = 0
            for unit in units:
                if gone >= over:
                    break
                for path in unit.paths:  # who has it mapped keeps what is mapped
                    with suppress(OSError):
                        path.unlink()
                gone += unit.bytes
        return gone

    def _unit(self, path: Path) -> Path:
        """What a file goes together with: all that was made of one table, all words, or a picture's checksum."""
        parts = path.relative_to(self.folder).parts
        for folder, deeper in ((VECTORS, 1), (WORDS, 0)):
            if folder in parts[:-1]:
                at = parts.index(folder) + deeper
                return self.folder.joinpath(*parts[:at], parts[at].split(".")[0])
        return path.with_name(path.name.removesuffix(SUM))

    def _units(self) -> Iterator[_Unit]:
        groups: dict[Path, list[Path]] = {}
        for parent, _, names in os.walk(self.folder):
            for name in names:
                path = Path(parent, name)
                groups.setdefault(self._unit(path), []).append(path)
        for paths in groups.values():
            used, size, there = 0.0, 0, []
            for path in paths:
                with suppress(OSError):
                    stat = path.stat()
                    used, size = max(used, stat.st_mtime), size + stat.st_size
                    there.append(path)
            yield _Unit(used, size, tuple(there))
