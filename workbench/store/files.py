"""Files of the store: how much they take; a full disk and a damaged table said in one sentence."""

from __future__ import annotations

import errno
import logging
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from workbench.atomic import written_whole
from workbench.errors import DiskFullError, PagelensError, StoreError

log = logging.getLogger(__name__)

_FULL_ERRNO = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FULL_WORDS = ("no space left", "disk quota exceeded", "not enough space on the disk")

UNREADABLE = (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged file of arrays ends in; zip files say `NotImplementedError` or that a password is asked for
where only a bit of theirs has turned."""


def write_arrays(path: Path, **arrays: Any) -> None:
    """Put named arrays in a file's place, whole and on the disk, or not at all; `OSError` leaves what was there."""
    with written_whole(path) as partial, partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())


def sizes(path: Path, but: str = "") -> Iterator[tuple[str, int]]:
    """The files below a folder by their paths in it, with their bytes, but those in the folder ``but`` of it, those
    that vanish meanwhile, and what links to folders lead to."""
    folders = [""]
    while folders:
        folder = folders.pop()
        with suppress(OSError), os.scandir(path / folder) as found:
            for entry in found:
                inside = f"{folder}/{entry.name}".lstrip("/")
                with suppress(OSError):
                    if not entry.is_dir():
                        yield inside, entry.stat().st_size
                    elif inside != but and not entry.is_symlink():
                        folders.append(inside)


def tree_bytes(path: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(size for _, size in sizes(path))


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of the system, or LanceDB's words for one, says that there is no space left."""
    if isinstance(error, OSError) and error.errno in _FULL_ERRNO:
        return True
    return any(words in str(error).lower() for words in _FULL_WORDS)


@contextmanager
def room(collection: str) -> Iterator[None]:
    """Turn a full disk, however it is reported, into `DiskFullError`, and a damaged table as `intact` does."""
    try:
        with intact(collection):
            yield
    except DiskFullError:
        raise
    except Exception as error:
        if is_disk_full(error):
            raise DiskFullError(
                f"The disk with collection '{collection}' is full; what was indexed so far is safe. "
                "Free some space and ingest again to do the rest."
            ) from error
        raise


@contextmanager
def intact(collection: str) -> Iterator[None]:
    """Turn what LanceDB says of files that are cut short, overwritten or gone into one sentence, a `StoreError`."""
    try:
        yield
    except PagelensError:
        raise
    except BaseException as error:  # a panic in its Rust code is no Exception
        if is_disk_full(error) or not _is_damage(error):
            raise
        log.warning("collection '%s': %s", collection, str(error).partition(", /")[0])
        raise StoreError(
            f"Collection '{collection}' is damaged: a file of its tables is cut short, overwritten or missing; "
            f"to see what is wrong, run: pagelens collections verify {collection}"
        ) from error


def _is_damage(error: BaseException) -> bool:
    words = str(error)
    said = "lance error" in words or "LanceError" in words
    # What queries name are columns of ours, which a table lacks whose list of columns was overwritten.
    garbled = isinstance(error, ValueError) and ("No field named" in words or "not appear to be a Lance file" in words)
    return (said and "user input" not in words) or garbled or type(error).__name__ == "PanicException"
