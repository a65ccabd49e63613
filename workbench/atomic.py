"""Files written whole or not at all: a reader, or who comes after a crash, meets the old content or the new one."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident

_BUSY_TRIES = 20


def write_whole(path: Path, text: str) -> None:
    """Put a text, as UTF-8 with its line ends as they are, in a file's place; `OSError` leaves what was there."""
    with written_whole(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A path beside the file to write its content to, which takes its place once that has gone well.

    It is this thread's own: of two who write the same file, the last is read.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}-{get_ident()}.partial")
    try:
        yield partial
        _replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _replace(partial: Path, path: Path) -> None:
    """``os.replace``, patient with Windows, where it fails while somebody has the old file open."""
    for attempt in range(_BUSY_TRIES):
        try:
            os.replace(partial, path)
            return
        except PermissionError:
            if os.name != "nt" or attempt == _BUSY_TRIES - 1:
                raise
            time.sleep(0.05)
