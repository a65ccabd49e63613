"""Rows measured so far, so that a long measurement that was stopped goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.methods.report import MethodRow
from workbench.errors import InputError
from workbench.evaluation.record import digest


class MeasuredRows:
    """Rows by what decides them, one JSON line a method; without a file nothing is kept.

    ``basis`` is everything that decides all rows: the dataset, the collection, versions.
    """

    def __init__(self, path: Path | None, basis: object) -> None:
        self._path = path
        self._basis = digest(basis)
        self._known: dict[str, list[MethodRow]] = {}
        if path is not None and path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    key, rows = json.loads(line)
                    self._known[key] = TypeAdapter(list[MethodRow]).validate_python(rows)
                except ValueError:
                    continue  # cut off while it was written

    def rows(self, what: object, measure: Callable[[], list[MethodRow]]) -> list[MethodRow]:
        """The rows of one method: those kept, or measured now and kept. `InputError` when they cannot be written."""
        key = digest([self._basis, what])
        if key not in self._known:
            self._known[key] = measure()
            if self._path is not None:
                line = json.dumps([key, [asdict(row) for row in self._known[key]]])
                try:
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    with self._path.open("a", encoding="utf-8", newline="\n") as file:
                        file.write(f"\n{line}\n")  # a line of its own, whatever was cut off before
                except OSError as error:
                    why = error.strerror or error
                    raise InputError(f"'{self._path}' cannot be written ({why}); name another file.") from None
        return self._known[key]
