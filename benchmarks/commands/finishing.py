"""How a benchmark's command ends: its report printed and saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.benching import options

if TYPE_CHECKING:
    from benchmarks.records import Report


def finish(report: Report, shown: Sequence[str], files: Sequence[Path], as_json: bool) -> None:
    """Print a report as the tables ``shown`` (names of `TABLES`) or as JSON, and save it."""
    from benchmarks.records import kind_of
    from benchmarks.tables import TABLES

    made = [TABLES[name](report) for name in shown]
    options.finish(report, TABLES[kind_of(report)](report), made, files, as_json)
