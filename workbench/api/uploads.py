"""Files on their way in: what the browser sends is staged under the home directory, names and folders kept.

A batch is one drop. Single files lie in ``files/<n>/``, one folder each so that equal names do not meet; what came with
a folder lies under ``folders/`` at its relative path, and is handed on as one folder, so that a document's name is the
path a person saw. Names are only ever joined below the batch after every part was checked.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from workbench.errors import InputError, NotFoundError
from workbench.ingestion import UPLOADS

_BATCH = re.compile(r"[0-9a-f]{24}")
_KEEP_SECONDS = 7 * 86400.0
_WINDOWS = re.compile(r'[<>:"|?*\\]')


class Uploads:
    """The staging area, where ingestion looks for it."""

    def __init__(self, home: Path) -> None:
        self.root = home / UPLOADS

    def batch(self) -> str:
        """Open a batch; its id is unguessable."""
        name = secrets.token_hex(12)
        (self.root / name).mkdir(parents=True)
        return name

    @contextmanager
    def receiving(self, batch: str, relative: str) -> Iterator[BinaryIO]:
        """A file to write what arrives to; it is in the batch once all of it came, and nowhere if anything fails.

        Until then it lies outside of what `paths` hands on, so that not even a server that is killed leaves part of a
        file to be indexed. `InputError` for a name that cannot be used, `OSError` as the system has it.
        """
        target = self.destination(batch, relative)
        partial = self._folder(batch) / f"{secrets.token_hex(8)}.partial"
        try:
            with partial.open("wb") as file:
                yield file
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)

    def destination(self, batch: str, relative: str) -> Path:
        """Where the file with this name (a posix path when it came in a folder) belongs; `InputError` else."""
        root = self._folder(batch)
        parts = [_safe(part) for part in PurePosixPath(relative.replace("\x00", "")).parts]
        if not parts or any(part in ("", ".", "..", "/") for part in parts):
            raise InputError(f"{relative!r} is not a usable file name.")
        target = root / "folders" if len(parts) > 1 else root / "files" / secrets.token_hex(4)
        return target.joinpath(*parts)

    def paths(self, batch: str) -> list[Path]:
        """What to ingest: every single file, and the folders as one."""
        root = self._folder(batch)
        singles = sorted((path for path in (root / "files").glob("*/*")), key=lambda path: path.name)
        return [*singles, *([root / "folders"] if (root / "folders").is_dir() else [])]

    def discard(self, batch: str) -> None:
        """Forget a batch."""
        shutil.rmtree(self._folder(batch), ignore_errors=True)

    def sweep(self) -> None:
        """Remove batches older than a week; a stopped job can be resumed until then."""
        for path in self.root.glob("*"):
            if time.time() - path.stat().st_mtime > _KEEP_SECONDS:
                shutil.rmtree(path, ignore_errors=True)

    def _folder(self, batch: str) -> Path:
        root = self.root / batch
        if not _BATCH.fullmatch(batch) or not root.is_dir():
            raise NotFoundError("That upload is no longer there; drop the files again.")
        return root


def _safe(part: str) -> str:
    """The part itself where the file system takes it; Windows forbids some marks, which become underscores there."""
    return _WINDOWS.sub("_", part) if os.name == "nt" else part
