"""Which tags and fields the files of an ingest get: the same for all, and more for those that a table names.

A table is CSV with a heading (a column of file names, perhaps one of ``tags``, every other column a field), or JSON: an
object of file name to ``{"tags": [...], "year": 2024}``, or a list of such objects with a ``file`` each.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unicodedata import normalize

from workbench.documents import Source
from workbench.errors import InputError
from workbench.store.fields import FieldsChange

FILE = ("file", "filename", "file_name", "document", "name", "path")
"""Columns that may name the file; without any of them it is the first."""
TAGS = ("tags", "tag")
MAX_BYTES = 64 * 1024**2
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class FileFields:
    """A change for every file, and one for each that is named; ``notes`` tell of rows of a table that say nothing."""

    every: FieldsChange = field(default_factory=FieldsChange)
    named: Mapping[str, FieldsChange] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.every or self.named)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FileFields:
        """What `as_json` gave."""
        named = {name: FieldsChange.from_json(change) for name, change in data["named"].items()}
        return cls(FieldsChange.from_json(data["every"]), named)

    def as_json(self) -> dict[str, Any]:
        """As JSON values, without the notes."""
        return {"every": self.every.as_json(), "named": {name: one.as_json() for name, one in self.named.items()}}

    def among(self, sources: Sequence[Source]) -> tuple[dict[Path, FieldsChange], list[str]]:
        """The change of each file, by its path, and what the names that are no file's or several files' are.

        A file is named by its name, by its path below the folder that is given, or by as much of its path as is unique.
        """
        found = {source.path: self.every for source in sources}
        ends: dict[str, set[Path]] = {}
        for source in sources:
            for text in {source.name, str(source.path)}:
                parts = normalize("NFC", text).replace("\\", "/").split("/")
                for i in range(len(parts)):
                    ends.setdefault("/".join(parts[i:]), set()).add(source.path)
        exact = {normalize("NFC", source.name): source.path for source in sources}
        unknown: list[str] = []
        several: list[str] = []
        for name, change in self.named.items():
            key = normalize("NFC", name).replace("\\", "/").removeprefix("./")
            paths = {exact[key]} if key in exact else ends.get(key, set())
            if len(paths) == 1:
                (path,) = paths
                found[path] = found[path].then(change)
            else:
                (several if paths else unknown).append(name)
        notes = [f"Fields are given for files that are not among these: {_some(unknown)}."] if unknown else []
        notes += [f"Fields are given for names that several files have: {_some(several)}."] if several else []
        return {path: change for path, change in found.items() if change}, notes


def read_fields(path: Path) -> FileFields:
    """Read a table of fields; a row that is none is told in ``notes``. `InputError` when the file is no such table."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"'{path.name}' has more than {MAX_BYTES // 1024**2} MB, which no table of fields has.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"'{path.name}' cannot be read ({error.strerror or error}).") from None
    except UnicodeDecodeError as error:
        raise InputError(f"'{path.name}' is not UTF-8 text (byte {error.start}); save it as UTF-8.") from None
    named: dict[str, FieldsChange] = {}
    bad: list[str] = []
    for where, row in _json(path, text) if path.suffix.lower() == ".json" else _table(path, text):
        try:
            name, change = _change(row)
        except InputError as error:
            bad.append(f"{where}: {error}")
            continue
        named[name] = named[name].then(change) if name in named else change
    if not named:
        raise InputError(f"'{path.name}' gives no file a tag or field" + (f" ({bad[0]})" if bad else "") + ".")
    left = f"{len(bad)} rows of '{path.name}' were left out: {_some(bad, '; ')}"
    return FileFields(named=named, notes=(left if left.endswith(".") else f"{left}.",) if bad else ())


def _json(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{path.name}' is not JSON ({error}).") from None
    if isinstance(data, dict):
        for name, row in data.items():
            yield name, {**row, FILE[0]: name} if isinstance(row, dict) else row
    elif isinstance(data, list):
        for number, row in enumerate(data, 1):
            yield f"row {number}", row
    else:
        raise InputError(f"'{path.name}' is neither an object of file names nor a list of rows.")


def _table(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    first = text.partition("\n")[0]
    between = "\t" if "\t" in first else ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    heads: list[str] = []
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield f"line {reader.line_num}", str(error)
            continue
        if cells is None:
            return
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        if not heads:
            heads = [cell.strip() for cell in cells]
            if not {head.lower() for head in heads} & {*FILE}:
                heads[0] = FILE[0]
        elif len(cells) > len(heads):
            yield f"line {reader.line_num}", f"it has {len(cells)} cells and the heading {len(heads)}"
        else:
            yield f"line {reader.line_num}", dict(zip(heads, cells, strict=False))


def _change(row: Any) -> tuple[str, FieldsChange]:
    """The file of a row, and what it gets; `InputError` for a row that says nothing of a file."""
    if not isinstance(row, Mapping):
        raise InputError(row if isinstance(row, str) else "it is not an object")
    keys = {str(key).strip().lower(): key for key in row}
    named = next((keys[name] for name in FILE if name in keys), None)
    name = str(row[named] or "").strip() if named is not None else ""
    if not name:
        raise InputError("it names no file")
    tags: list[str] = []
    fields: dict[str, Any] = {}
    for lower, key in keys.items():
        value = row[key]
        if key == named or value is None or value == "" or (isinstance(value, str) and not value.strip()):
            continue
        if lower in TAGS:
            tags += _tags(value)
        elif isinstance(value, str | int | float | bool):
            fields[key] = value
        else:
            raise InputError(f"'{key}' is neither text nor number")
    return name, FieldsChange.of(tags, set=fields)


def _tags(value: Any) -> list[str]:
    """Tags in a cell, between semicolons or, without any, commas; or in a list."""
    if isinstance(value, list):
        return [str(tag) for tag in value if tag is not None and str(tag).strip()]
    text = str(value)
    return [tag for tag in text.split(";" if ";" in text else ",") if tag.strip()]


def _some(items: Iterable[str], between: str = ", ") -> str:
    found = list(items)
    return between.join(found[:_SHOWN]) + (f"{between}and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
