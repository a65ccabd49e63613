"""``pagelens repair``: what might be wrong with a picture to search with, and the picture after mending it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.query_options import Repair
from workbench.cli.session import AsJson, workbench


def repair(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A picture, or a PDF, of which the first page is meant.")
    ],
    steps: Repair = None,
    out: Annotated[
        Path | None, typer.Option(metavar="PICTURE", help="Write the mended picture here (WebP), to look at.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what might be wrong with a picture, and which repairs would mend it; 'search --repair' applies them."""
    from workbench.answers.pictures import Repair, Repaired

    bench = workbench(context)
    found = bench.pictures.preview(bench.pictures.keep(file.expanduser()), steps)
    if out is not None:
        shutil.copyfile(found.after, out.expanduser())
        output.say(f"The picture after these repairs is in {out}.")
    repairs = Repair.all(found.steps, found.reasons)
    if as_json:
        output.emit(Repaired(picture=found.picture, repairs=repairs))
    elif repairs:
        output.table(("repair", "why"), [(repair.step, repair.reason) for repair in repairs])
    else:
        output.show("Nothing seems wrong with it.")
