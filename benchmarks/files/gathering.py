"""Which files to try, and which of them together."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from workbench.errors import InputError


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder in order of its path, whatever it is; links and what starts with a dot are left out.

    `InputError` when there is none.
    """
    found = sorted(_files(folder), key=lambda path: path.relative_to(folder).as_posix())
    if not found:
        raise InputError(f"There are no files below '{folder}'; give a folder of files to try.")
    return found


def _files(folder: Path) -> Iterator[Path]:
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(at, name)
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield path


def batches(files: Sequence[Path], size: int) -> list[list[Path]]:
    """The files in batches of at most ``size``, in which no two share a name, so that outcomes go back to files."""
    made: list[dict[str, Path]] = []
    for path in files:
        key = name_key(path.name)
        batch = next((batch for batch in made if len(batch) < size and key not in batch), None)
        if batch is None:
            batch = {}
            made.append(batch)
        batch[key] = path
    return [list(batch.values()) for batch in made]


def name_key(name: str) -> str:
    """A name without what an ingest may change of it: bytes that are no text, Unicode form, blanks, letters' case."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()
