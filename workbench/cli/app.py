"""The ``pagelens`` command: its options, its commands, and how failures end.

Exit codes: 0 done; 1 something failed that the message explains; 2 the command was not understood; 130 Ctrl-C.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from workbench.cli import (
    accounts,
    benching,
    calibrating,
    collections,
    comparing,
    desktop,
    evaluations,
    evidence,
    exporting,
    ingesting,
    models,
    output,
    pipelines,
    repairing,
    searching,
    system,
    watching,
)
from workbench.cli.session import STOPPED, at_home, environment
from workbench.errors import PagelensError

log = logging.getLogger(__name__)


class Commands(TyperGroup):
    """The commands, with every failure told in one sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except PagelensError as error:
            sentence, code = str(error), 1
        except KeyboardInterrupt:
            sentence, code = "Stopped.", STOPPED
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # the reader of a pipe left: typer ends quietly
            sentence, code = _of_the_system(error), 1
        except Exception as error:
            if hasattr(error, "exit_code") or isinstance(error, typer.Abort):
                raise  # typer's own: wrong usage, an exit, an aborted question
            log.debug("unexpected", exc_info=True)
            sentence = f"Unexpected error ({type(error).__name__}: {error}). 'pagelens --verbose ...' shows where."
            code = 1
        output.say(sentence)
        raise typer.Exit(code)


app = typer.Typer(
    name="pagelens",
    cls=Commands,
    help="Search documents by what their pages show: index PDFs, scans and images, ask in words, see why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(system.serve)
app.command()(desktop.desktop)
app.command(cls=ingesting.IngestCommand)(ingesting.ingest)
app.command()(watching.watch)
app.command(cls=searching.PipelineCommand)(searching.search)
app.command()(searching.explain)
app.command(cls=searching.PipelineCommand)(comparing.compare)
app.command()(evidence.evidence)
app.command(cls=searching.PipelineCommand)(exporting.export)
app.command(cls=searching.PipelineCommand)(searching.why)
app.command()(repairing.repair)
app.command()(pipelines.pipelines)
app.command(cls=searching.PipelineCommand)(calibrating.calibrate)
app.add_typer(evaluations.app, name="eval")
app.add_typer(collections.app, name="collections")
app.add_typer(models.app, name="models")
app.command()(system.mcp)
app.command()(accounts.password)
app.command()(system.doctor)
app.add_typer(benching.app, name="bench")


def _version(wanted: bool) -> None:
    if wanted:
        from workbench.settings import version

        output.show(f"pagelens {version()}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            envvar="PAGELENS_HOME",
            help="Where collections live: a folder, or a place in an object store, as s3://bucket/folder.",
            show_default=False,
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Never ask a model hub.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Tell more on standard error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options that stand before the command."""
    context.obj = {}
    if home is not None:
        at_home(context, home)
    if offline:
        context.obj["offline"] = True
        context.with_resource(environment("PAGELENS_OFFLINE", "1"))
    _notes.verbose = verbose
    logging.getLogger().addHandler(_notes)
    logging.getLogger("workbench").setLevel(logging.DEBUG if verbose else logging.WARNING)
    if not verbose and not sys.warnoptions:
        warnings.simplefilter("ignore")  # what libraries have to say to programmers


class _Notes(logging.Handler):
    """Log records on standard error, a line each; with tracebacks only when asked for."""

    verbose = False

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        text = self.format(record)
        output.say(text if self.verbose else text.partition("\n")[0])


_notes = _Notes()


def _of_the_system(error: OSError) -> str:
    what = error.strerror or str(error) or type(error).__name__
    if error.errno == errno.ENOSPC:
        return f"No space left on the disk ({error.filename or 'while writing'}); what was committed is safe."
    return f"{what}: {error.filename}" if error.filename else f"The system refused: {what}."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (that of the process by default) and return its exit code."""
    if sys.stdout is None or sys.stderr is None:  # pythonw, by which the menu of Windows starts it: nobody reads
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a page name the terminal has no letters for
    try:
        app(args=None if arguments is None else list(arguments), prog_name="pagelens")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    return 0
