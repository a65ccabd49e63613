"""What every command starts with: settings, the service, and a clean stop; heavy imports wait until they are needed."""

from __future__ import annotations

import os
import signal
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli import output
from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.service import Workbench
    from workbench.settings import Settings
    from workbench.types import PageRef

STOPPED = 130
"""Exit code of a command that Ctrl-C ended, as shells have it."""


def clean(text: str) -> str:
    """An argument as text that can be stored and encoded, as names are: composed; what is no UTF-8 becomes U+FFFD."""
    return unicodedata.normalize("NFC", text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def page_ref(text: str) -> PageRef:
    """A page reference from the command line."""
    from workbench.types import PageRef

    try:
        return PageRef.parse(clean(text))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


Collection = Annotated[
    str, typer.Option("--collection", "-c", metavar="NAME", parser=clean, help="Name of the collection.")
]
Query = Annotated[str, typer.Argument(metavar="QUERY", parser=clean, help="What to look for, in words.")]
Pipeline = Annotated[
    str, typer.Option("--pipeline", "-p", metavar="PIPELINE", help="A preset or a pipeline text; see below.")
]
Filter = Annotated[
    str, typer.Option("--filter", metavar="EXPR", parser=clean, help="Only pages that fit, as \"document = 'a.pdf'\".")
]
Workers = Annotated[
    str,
    typer.Option(
        metavar="WHERE", help="Who does the work: ray, or a Ray cluster as ray://head:10001. By default this process."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def at_home(context: typer.Context, home: str) -> None:
    """Have this process use another home."""
    from workbench.settings import PLACES

    place = home if home.startswith(PLACES) else str(Path(home).expanduser())
    context.find_root().obj["home"] = place
    context.with_resource(environment("PAGELENS_HOME", place))


@contextmanager
def environment(name: str, value: str) -> Iterator[None]:
    """Set a variable while the command runs, for what reads it there: loaders of models, and child processes."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def settings(context: typer.Context) -> Settings:
    """The settings of this process: the environment, and the options before the command."""
    from workbench.settings import Settings

    try:
        made = Settings(**context.find_root().obj)
    except ValueError as error:
        raise InputError(f"An environment variable PAGELENS_... has a value that cannot be used: {error}") from None
    return made.model_copy(update={"home": made.home.expanduser()})


def workbench(context: typer.Context) -> Workbench:
    """The service. From here on what libraries print goes to standard error."""
    context.with_resource(output.only_ours())
    from workbench.service import Workbench

    return Workbench(settings(context))


@contextmanager
def stop_on_interrupt() -> Iterator[threading.Event]:
    """Ctrl-C sets the event once, so that work ends after the batch at hand; a second one interrupts at once."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # only the main thread hears signals
        return

    def ask(number: int, frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        output.say("Stopping after the pages at hand; press Ctrl-C again to stop at once.")

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def existing(paths: list[Path]) -> list[Path]:
    """Paths as given, with ``~`` expanded; whether they can be read is the service's to say."""
    return [path.expanduser() for path in paths]
