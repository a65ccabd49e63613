"""``pagelens bench files``: a folder of odd and hostile files through the real command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import psutil
import typer

from benchmarks.commands.finishing import finish
from workbench.cli import output
from workbench.cli.benching import options
from workbench.cli.session import AsJson

BATCH = 40
"""Files a command gets: enough that loading the models is little beside them, few enough to find a bad one soon."""
QUIET = 600.0
"""Seconds without a move that count as hanging: an ingest writes eight pages at once, and each may take a minute."""


def files(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", exists=True, file_okay=False, help="Every file below it is tried.")
    ],
    most: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first so many files by path.")] = None,
    batch: Annotated[int, typer.Option(min=1, max=1000, help="Files that one command gets.")] = BATCH,
    hang: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Seconds in which nothing moves that count as hanging.")
    ] = QUIET,
    memory: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="GIB",
            help="Memory of all its processes at which a command is ended. [default: half of this machine's]",
        ),
    ] = None,
    ocr: Annotated[bool | None, typer.Option("--ocr/--no-ocr", help="Read pages that have no text layer.")] = None,
    save: options.Save = None,
    as_json: AsJson = False,
) -> None:
    """Ingest every file below a folder by 'pagelens ingest' and say what failed, crashed, hung, and took how much.

    Each batch of files is a command of its own with a home of its own, watched from outside. One that crashes, hangs or
    takes too much memory is taken apart until the file is found, and the others go on. Exit code 1 if there is such a
    file, or one that the command says nothing of; files that are refused in words are no fault.
    """
    saved = options.checked(save)
    from benchmarks.files import CommandLimits, try_files

    bytes_ = psutil.virtual_memory().total / 2 if memory is None else memory * 2**30
    more = () if ocr is None else ("--ocr" if ocr else "--no-ocr",)
    report = try_files(folder.expanduser(), CommandLimits(hang, bytes_), batch, most, more, output.say)
    finish(report, ["files", "files-reasons", "files-processes"], saved, as_json)
    if not report.ok:
        raise typer.Exit(1)
