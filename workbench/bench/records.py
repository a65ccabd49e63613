"""What a bench command measured, as a file: what its tables are made of again, with a hash to name it by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from workbench.errors import InputError
from workbench.evaluation.provenance import versions
from workbench.evaluation.record import digest

if TYPE_CHECKING:
    from workbench.bench.tables import Report

KINDS: Mapping[str, str] = {
    "files": "workbench.bench.files.report:FilesReport",
    "latency": "workbench.bench.latency:LatencyReport",
    "methods": "workbench.bench.methods.report:MethodsReport",
    "peers": "workbench.bench.peers.compare:PeerReport",
    "scale": "workbench.bench.scale:ScaleReport",
}
"""Reports that can be saved, and where their types are."""


FORMS = (".json", ".md", ".csv", ".tex")
"""Suffixes of files that a report can be written to: its record, or its first table."""


def values(report: Report) -> dict[str, Any]:
    """A report as JSON values. What each single question was worth is left out: it belongs to the dataset."""
    found = asdict(report)
    for row in found.get("rows", ()):
        row.pop("values", None)
    return found


def write(report: Report, path: Path) -> str:
    """Write a report as its record or its table, by the file's suffix; returns the record's hash.

    A record holds the versions it was measured with. `InputError` when the file cannot be written.
    """
    from workbench.bench.tables import TABLES
    from workbench.evaluation.reports.writers import to_csv, to_latex, to_markdown

    record = {"kind": kind_of(report), "versions": versions(), "report": values(report)}
    forms = {".md": to_markdown, ".csv": to_csv, ".tex": to_latex}
    if path.suffix == ".json":
        text = json.dumps(record, indent=1) + "\n"
    else:
        text = forms[path.suffix]([TABLES[kind_of(report)](report)])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"'{path}' cannot be written ({error.strerror or error}); name another file.") from None
    return digest(record)


def kind_of(report: Report) -> str:
    """The kind of a report, a key of `KINDS`."""
    return next(kind for kind, where in KINDS.items() if where.endswith(f":{type(report).__name__}"))


def load(path: Path) -> tuple[Report, str]:
    """A report that `write` wrote, and its hash; `InputError` for any other file."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        report: Report = TypeAdapter(_type(value["kind"])).validate_python(value["report"])
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror or error}).") from None
    except (ValueError, KeyError, TypeError, ValidationError):
        raise InputError(f"'{path}' is not what a bench command saved; make it with --save.") from None
    return report, digest(value)


def _type(kind: str) -> Any:
    import importlib

    module, _, name = KINDS[kind].partition(":")
    return getattr(importlib.import_module(module), name)
