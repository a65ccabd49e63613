"""What the commands print: results to standard output, everything else to standard error.

Texts from documents are shown as they are: markup is not interpreted, and control characters, which could drive the
terminal, are replaced. JSON is pure ASCII, so that it survives any pipe and code page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from datetime import datetime
from typing import Any, TextIO

from rich.console import Console

from workbench.table import Table, text_table
from workbench.table import bytes_text as size
from workbench.table.writers import plain, to_terminal
from workbench.types import ProgressCallback

__all__ = [
    "count",
    "counted",
    "emit",
    "errors",
    "local",
    "only_ours",
    "plain",
    "pour",
    "print_table",
    "say",
    "show",
    "size",
    "table",
]

PIPE_WIDTH = 200
"""Columns of a table that does not go to a terminal."""

_own: ContextVar[TextIO | None] = ContextVar("standard output of the command", default=None)


@contextmanager
def only_ours() -> Iterator[None]:
    """Send what libraries print to standard error; `emit`, `show` and `table` still reach standard output."""
    token = _own.set(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _own.reset(token)


def errors() -> Console:
    """The console on standard error."""
    return _console(sys.stderr)


def say(text: str) -> None:
    """One line to the person, on standard error."""
    errors().print(plain(text), soft_wrap=True)


def warn(text: str) -> None:
    """One line to the person that is not to be overlooked, in red, on standard error."""
    errors().print(plain(text), style="bold red", soft_wrap=True)


def show(text: str = "") -> None:
    """One line of the result, on standard output."""
    _console(_stdout()).print(plain(text), soft_wrap=True)


def emit(value: Any) -> None:
    """The result as one JSON document, on standard output: a model of `workbench.answers`, or plain values."""
    from workbench.answers import json_values

    stream = _stdout()
    stream.write(json.dumps(json_values(value), indent=1) + "\n")
    stream.flush()


def pour(text: str) -> None:
    """A result that is a file of its own, to standard output as it is."""
    stream = _stdout()
    stream.write(text)
    stream.flush()


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """A table of texts on standard output. A column whose heading starts with ``>`` is flush right."""
    print_table(text_table(columns, rows), title)


def print_table(made: Table, title: str = "") -> None:
    """A table and its notes on standard output."""
    _console(_stdout()).print(to_terminal(made, title))
    for note in made.notes:
        show(note.replace("Bold is", "* is"))


@contextmanager
def counted(doing: str, what: str = "") -> Iterator[ProgressCallback]:
    """A bar for work that says (done, of how many) of something, as pages; without a terminal nothing is shown."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    columns = (TextColumn(doing), BarColumn(), MofNCompleteColumn(), TextColumn(what), TimeRemainingColumn())
    with Progress(*columns, console=errors(), transient=True) as bars:
        bar = bars.add_task(doing, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def local(moment: str) -> str:
    """A stored moment as this machine's clock and calendar have it, to the minute; other texts as they are."""
    try:
        return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return moment


def count(number: int, noun: str) -> str:
    """``1 page``, ``1,050 pages``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _stdout() -> TextIO:
    return _own.get() or sys.stdout


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
