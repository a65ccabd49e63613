"""``pagelens watch``: a folder that a collection is kept in step with until Ctrl-C."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli import ingesting, output
from workbench.cli.session import STOPPED, Collection, stop_on_interrupt, workbench

if TYPE_CHECKING:
    from workbench.service import Workbench
    from workbench.types import IngestReport


def watch(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder, with those below it.")],
    collection: Collection,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep documents whose file is gone from the folder; else they are deleted.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="Bring it in step once, and end.")] = False,
) -> None:
    """Keep a collection in step with a folder: new, changed and removed files, until Ctrl-C.

    What changed while nobody watched is made up for at the start. A file that was moved or renamed is known by its
    content: nothing of it is read again, and its document keeps its name. Of a folder that is empty all of a sudden
    nothing is deleted. To set languages, encoder and the like, make the collection by 'pagelens ingest' first.
    """
    bench, folder = workbench(context), folder.expanduser()
    with stop_on_interrupt() as stop:
        with ingesting.progress_bar() if sys.stderr.isatty() else nullcontext() as progress:
            stopped = _tell(bench, bench.watching.sync(folder, collection, keep, progress, stop))
        if once or stopped:
            raise typer.Exit(STOPPED if stopped else 0)
        output.say(f"Watching {output.plain(str(folder))} (Ctrl-C ends it).")

        def sync() -> bool:
            return _tell(bench, bench.watching.sync(folder, collection, keep, None, stop))

        bench.watching.following(folder.resolve(), stop, sync, output.say)


def _tell(bench: Workbench, report: IngestReport) -> bool:
    """Say what became of files, a line each, and nothing where nothing changed; read words that were left for later.

    Whether that was stopped.
    """
    for document in report.documents:
        said = [*ingesting.complaints(document)]
        if not said and not document.left_out:
            done = [f"{output.count(document.indexed, 'page')} indexed"] if document.indexed else []
            said = [f"{document.name}: {'; '.join([*done, *ingesting.told_of(document)])}"]
        for sentence in said:
            output.say(sentence)
    for note in report.notes:
        output.say(note)
    if report.stopped or not report.unread:
        return report.stopped
    stopped = ingesting.read_words(bench, report.collection).stopped
    if stopped:
        output.say(f"Stopped. {ingesting.words_left(report.collection)}")
    return stopped
