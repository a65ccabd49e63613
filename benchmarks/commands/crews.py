"""``pagelens bench crews``: an ingest by one process beside the same by Ray's workers."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.session import AsJson


def crews(
    paths: Annotated[list[Path] | None, typer.Argument(help="What to ingest; the sample documents otherwise.")] = None,
    processors: Annotated[int, typer.Option(min=1, help="As many at most; one, two, four ... are tried.")] = 2,
    as_json: AsJson = False,
) -> None:
    """Pages a second of an ingest, by one process and by Ray's workers on as many processors."""
    from benchmarks.crews import timed
    from workbench import resources

    found = list(timed(paths or [resources.sample_data() / "documents"], processors))
    if as_json:
        output.emit([asdict(one) for one in found])
        return
    output.table(
        (">processors", "by", ">pages", ">seconds", ">pages/s"),
        [(str(one.processors), one.way, str(one.pages), f"{one.seconds:.1f}", f"{one.rate:.2f}") for one in found],
    )
