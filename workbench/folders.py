"""Folders of this machine: what lies in one, and the room on its disk."""

from __future__ import annotations

import shutil
from pathlib import Path


def inside(path: Path, folder: Path) -> bool:
    """Whether a path, once links and ``..`` in it are followed, is a folder or lies below it. Neither has to exist."""
    return path.resolve().is_relative_to(folder.resolve())


def standing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    path = path.expanduser().absolute()
    return next(place for place in (path, *path.parents) if place.exists())


def free_bytes(path: Path) -> int:
    """Bytes free on the disk where a path is, or would be."""
    return shutil.disk_usage(standing(path)).free
