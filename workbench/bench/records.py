"""What a bench command measured, as a file: what its tables are made of again, with a hash to name it by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from workbench.errors import InputError
from workbench.evaluation.provenance import versions
from workbench.evaluation.record import digest
from workbench.table import Table
from workbench.table.writers import to_csv, to_latex, to_markdown

FORMS = (".json", ".md", ".csv", ".tex")
"""Suffixes of files that a report can be written to: its record, or its table."""


def values(report: Any) -> dict[str, Any]:
    """A report (a dataclass) as JSON values. What each single question was worth is left out: it is the dataset's."""
    found = asdict(report)
    for row in found.get("rows", ()):
        row.pop("values", None)
    return found


def write(report: Any, table: Table, path: Path) -> str:
    """Write a report as its record or its table, by the file's suffix; returns the record's hash.

    A record holds its kind, the name of its table, and the versions it was measured with. `InputError` when the file
    cannot be written.
    """
    record = {"kind": table.name, "versions": versions(), "report": values(report)}
    forms = {".md": to_markdown, ".csv": to_csv, ".tex": to_latex}
    text = json.dumps(record, indent=1) + "\n" if path.suffix == ".json" else forms[path.suffix]([table])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"'{path}' cannot be written ({error.strerror or error}); name another file.") from None
    return digest(record)


def load(path: Path, kinds: Mapping[str, type]) -> tuple[Any, str]:
    """A report that `write` wrote, of one of these kinds, and its hash; `InputError` for any other file."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        report: Any = TypeAdapter(kinds[value["kind"]]).validate_python(value["report"])
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror or error}).") from None
    except (ValueError, KeyError, TypeError, ValidationError):
        raise InputError(f"'{path}' is not what a bench command saved; make it with --save.") from None
    return report, digest(value)
