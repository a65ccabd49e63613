"""What indexes were fitted to, kept beside their tables: an index is of no use without it.

A representation draws or learns numbers once (a codebook, principal directions, hyperplanes), and every page and query
of the index has to meet the same. One that has none, as pooled rows, keeps no file.
"""

from __future__ import annotations

import logging
import os
import zipfile
import zlib
from pathlib import Path

import numpy as np

from workbench.errors import InputError, StoreError
from workbench.representations import FittedIndex, Representation, State
from workbench.store.files import replace

log = logging.getLogger(__name__)

FOLDER = "forms"
_NAME = "table"
"""The member of a form's file that says whose it is; names of a state have a dot, or are ``dim``."""


def write_fitted(folder: Path, table: str, fitted: FittedIndex) -> None:
    """Keep what the form of a table was fitted to, whole or not at all."""
    if not fitted.learnt:
        return
    path = _file(folder, table)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **{_NAME: np.asarray(table)}, **dict(fitted.state))
        file.flush()
        os.fsync(file.fileno())
    replace(partial, path)


def read_fitted(folder: Path, table: str, name: str, dim: int) -> FittedIndex:
    """The form of a table, of an index of that name over vectors of ``dim`` numbers.

    `StoreError` when it is lost, damaged (the file carries checksums) or another table's.
    """
    representation = Representation.parse(name)
    path = _file(folder, table)
    if path.is_file():
        try:
            return FittedIndex(representation, load_state(path, table))
        except InputError as error:
            log.warning("%s", error)
            raise StoreError(f"What index '{name}' was fitted to is damaged ({path.name}); {_cure(folder)}") from None
    blank = None if representation.needs_fit else FittedIndex(representation, representation.blank(dim))
    if blank is None or blank.learnt:
        raise StoreError(f"What index '{name}' was fitted to is lost ({path.name}); {_cure(folder)}")
    return blank


def load_state(path: Path, table: str = "") -> State:
    """What an index was fitted to, from its file; `InputError` when that is damaged, or not that of ``table``."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if table and _NAME in arrays and str(arrays[_NAME]) != table:
                raise ValueError(f"it belongs to {arrays[_NAME]}")
            return {key: arrays[key] for key in arrays.files if key != _NAME}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise InputError(f"{path.name} cannot be read: {error}") from error


def sweep_forms(folder: Path, tables: set[str]) -> None:
    """Delete what belongs to no table any more."""
    for path in (folder / FOLDER).glob("*"):
        if path.name.split(".")[0] not in tables:
            path.unlink(missing_ok=True)


def _cure(folder: Path) -> str:
    return f"to have it made anew, run: pagelens collections repair {folder.name}"


def _file(folder: Path, table: str) -> Path:
    return folder / FOLDER / f"{table}.npz"
