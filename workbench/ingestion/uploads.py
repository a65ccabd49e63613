"""Files that a browser sent, staged below the home folder until they are indexed, or what they hold is deleted."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from workbench.documents.probing import content_hash
from workbench.errors import DocumentError

UPLOADS = "uploads"


def drop_uploads(home: Path, paths: Iterable[Path]) -> None:
    """Delete those of the files and folders that are uploads, and the folders they leave empty."""
    root = home / UPLOADS
    for path in paths:
        if path.is_relative_to(root) and path != root:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == root:
                    break
                with suppress(OSError):  # something else is in it
                    folder.rmdir()


def uploads_of(home: Path, contents: Mapping[str, int]) -> list[Path]:
    """The uploaded files that hold one of these contents, which are sizes in bytes by sha256."""
    sizes = set(contents.values())
    found = []
    for path in (home / UPLOADS).rglob("*"):
        with suppress(OSError, DocumentError):  # gone meanwhile
            if path.is_file() and path.stat().st_size in sizes and content_hash(path) in contents:
                found.append(path)
    return found
