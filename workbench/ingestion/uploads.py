"""Files that a browser sent, staged below the home folder until they are indexed, or what they hold is deleted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from workbench.documents.probing import content_hash
from workbench.errors import DocumentError
from workbench.ingestion.jobs import Jobs
from workbench.types import Gone, Receipt

UPLOADS = "uploads"


def drop_uploads(home: Path, paths: Iterable[Path]) -> None:
    """Delete those of the files and folders that are uploads, and the folders they leave empty."""
    root = Path(os.path.abspath(home / UPLOADS))
    for path in map(Path, map(os.path.abspath, paths)):  # without the .. that would lead elsewhere
        if path.is_relative_to(root) and path != root:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == root:
                    break
                with suppress(OSError):  # something else is in it
                    folder.rmdir()


class SentFiles:
    """The files that were sent for collections, as their jobs know them."""

    def __init__(self, home: Path, jobs: Jobs) -> None:
        self._home = home
        self._jobs = jobs

    def forget(self, gone: Gone) -> Receipt:
        """Delete the files that were sent to be read into what leaves, but for those sent for another collection."""
        sent = self._of(gone)
        drop_uploads(self._home, sent)
        return Receipt.of(gone, uploads=len(sent))

    def rename_collection(self, collection: str, name: str) -> None:
        """They are known by the jobs that read them."""

    def _of(self, gone: Gone) -> list[Path]:
        others = list(self._paths(own=False, collection=gone.collection))
        files = [
            path
            for path in _holding(self._home, gone.contents)
            if not any(path.is_relative_to(other) for other in others)
        ]
        if gone.document:
            return files
        sent = [path for path in self._paths(True, gone.collection) if path.is_relative_to(self._home / UPLOADS)]
        below = (file for path in sent for file in (path, *path.rglob("*")) if file.is_file())
        return list({*files, *below})

    def _paths(self, own: bool, collection: str) -> Iterator[Path]:
        """What jobs of this collection, or of all others, were given to read."""
        for name, request in self._jobs.requests():
            if (name == collection) == own:
                yield from map(Path, request.get("paths", ()))


def _holding(home: Path, contents: Mapping[str, int]) -> list[Path]:
    """The uploaded files that hold one of these contents, which are sizes in bytes by sha256."""
    sizes = set(contents.values())
    found = []
    for path in (home / UPLOADS).rglob("*"):
        with suppress(OSError, DocumentError):  # gone meanwhile
            if path.is_file() and path.stat().st_size in sizes and content_hash(path) in contents:
                found.append(path)
    return found
