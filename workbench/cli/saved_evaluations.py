"""Evaluations that are kept in the home folder: ``pagelens eval list``, and records named instead of found by path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from workbench.cli import output
from workbench.cli.session import AsJson, workbench
from workbench.errors import NotFoundError

if TYPE_CHECKING:
    from workbench.evaluation import Record
    from workbench.service import Workbench


def record(bench: Workbench, given: Path) -> Record:
    """A record by its file or folder, or by the name it is kept under."""
    from workbench import evaluation

    path = given.expanduser()
    if not path.exists():
        try:
            return bench.evaluations.get(str(given))
        except NotFoundError:
            pass  # what is missing is then the file, which the next line says
    return evaluation.load(path)


def listed(context: typer.Context, as_json: AsJson = False) -> None:
    """List the evaluations that are kept: those made on the page, and those made with 'eval --save'."""
    found = workbench(context).evaluations.all()
    if as_json:
        output.emit(found)
        return
    if not found:
        output.show("None yet; 'pagelens eval DATASET --save' keeps one.")
        return
    rows = [
        (
            brief.name,
            brief.dataset,
            brief.collection,
            f"{brief.questions:,}",
            ", ".join(f"{name} {mean:.3f}" for name, mean in brief.means.items()),
        )
        for brief in found
    ]
    output.table(("name", "dataset", "collection", ">questions", "means of the first measure"), rows)
