"""What indexes were fitted to, kept beside their tables: an index is of no use without it.

A representation draws or learns numbers once (a codebook, principal directions, hyperplanes), and every page and query
of the index has to meet the same. One that has none, as pooled rows, keeps no file.
"""

from __future__ import annotations

import io
import logging
from pathlib import Path

import numpy as np

from workbench.errors import InputError, StoreError
from workbench.representations import FittedIndex, Representation, State
from workbench.store.files import UNREADABLE
from workbench.store.storage import Storage

log = logging.getLogger(__name__)

FOLDER = "forms"
_NAME = "table"
"""The member of a form's file that says whose it is; names of a state have a dot, or are ``dim``."""


def write_fitted(storage: Storage, table: str, fitted: FittedIndex) -> None:
    """Keep what the form of a table was fitted to, whole or not at all."""
    if not fitted.learnt:
        return
    data = io.BytesIO()
    np.savez(data, allow_pickle=False, **{_NAME: np.asarray(table)}, **dict(fitted.state))
    storage.write(fitted_name(table), data.getvalue())


def read_fitted(storage: Storage, table: str, name: str, dim: int) -> FittedIndex:
    """The form of a table, of an index of that name over vectors of ``dim`` numbers.

    `StoreError` when it is lost, damaged (the file carries checksums) or another table's.
    """
    representation = Representation.parse(name)
    file = f"{table}.npz"
    try:
        return FittedIndex(representation, load_state(storage.local(fitted_name(table)), table))
    except FileNotFoundError:
        pass
    except InputError as error:
        log.warning("%s", error)
        raise StoreError(f"What index '{name}' was fitted to is damaged ({file}); {_cure(storage)}") from None
    blank = None if representation.needs_fit else FittedIndex(representation, representation.blank(dim))
    if blank is None or blank.learnt:
        raise StoreError(f"What index '{name}' was fitted to is lost ({file}); {_cure(storage)}")
    return blank


def load_state(path: Path, table: str = "") -> State:
    """What an index was fitted to, from its file; `InputError` when that is damaged, or not that of ``table``."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if table and _NAME in arrays and str(arrays[_NAME]) != table:
                raise ValueError(f"it belongs to {arrays[_NAME]}")
            return {key: arrays[key] for key in arrays.files if key != _NAME}
    except (*UNREADABLE, KeyError) as error:
        raise InputError(f"{path.name} cannot be read: {error}") from error


def sweep_forms(storage: Storage, tables: set[str]) -> None:
    """Delete what belongs to no table any more."""
    for path, _ in list(storage.files(FOLDER)):
        if path.rpartition("/")[2].split(".")[0] not in tables:
            storage.remove(path)


def _cure(storage: Storage) -> str:
    return f"to have it made anew, run: pagelens collections repair {storage.name}"


def fitted_name(table: str) -> str:
    """Where it is kept in a collection's storage."""
    return f"{FOLDER}/{table}.npz"
