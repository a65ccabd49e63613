"""What indexes were fitted to, kept beside their tables: an index is of no use without it.

A representation draws or learns numbers once (a codebook, principal directions, hyperplanes), and every page and query
of the index has to meet the same. One that has none, as pooled rows, keeps no file.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from workbench.errors import StoreError
from workbench.representations import Form, Representation, State
from workbench.store.files import replace

FOLDER = "forms"


def write_form(folder: Path, table: str, form: Form) -> None:
    """Keep what the form of a table was fitted to, whole or not at all."""
    if not form.learnt:
        return
    path = _file(folder, table)
    path.parent.mkdir(exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **dict(form.state))
        file.flush()
        os.fsync(file.fileno())
    replace(partial, path)


def read_form(folder: Path, table: str, name: str, dim: int) -> Form:
    """The form of a table, of an index of that name over vectors of ``dim`` numbers; `StoreError` when it is lost."""
    representation = Representation.parse(name)
    path = _file(folder, table)
    if path.is_file():
        with np.load(path, allow_pickle=False) as arrays:
            state: State = {key: arrays[key] for key in arrays.files}
        return Form(representation, state)
    blank = None if representation.needs_fit else Form(representation, representation.blank(dim))
    if blank is None or blank.learnt:
        raise StoreError(f"What index '{name}' was fitted to is lost ({path.name}); delete the index and add it again.")
    return blank


def sweep_forms(folder: Path, tables: set[str]) -> None:
    """Delete what belongs to no table any more."""
    for path in (folder / FOLDER).glob("*"):
        if path.name.split(".")[0] not in tables:
            path.unlink(missing_ok=True)


def _file(folder: Path, table: str) -> Path:
    return folder / FOLDER / f"{table}.npz"
