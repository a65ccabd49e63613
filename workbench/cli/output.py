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
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 200
"""Columns of a table that does not go to a terminal."""

_own: ContextVar[TextIO | None] = ContextVar("standard output of the command", default=None)
_CODES = (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Control characters, and those that turn the direction of what follows, so that a name could show as another."""
_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in _CODES if chr(code) not in "\n\t"}


@contextmanager
def only_ours() -> Iterator[None]:
    """Send what libraries print to standard error; `emit`, `show` and `table` still reach standard output."""
    token = _own.set(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _own.reset(token)


def plain(text: str) -> str:
    """The text without control characters and lone surrogates."""
    return text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")


def errors() -> Console:
    """The console on standard error."""
    return _console(sys.stderr)


def say(text: str) -> None:
    """One line to the person, on standard error."""
    errors().print(plain(text), soft_wrap=True)


def show(text: str = "") -> None:
    """One line of the result, on standard output."""
    _console(_stdout()).print(plain(text), soft_wrap=True)


def emit(value: Any) -> None:
    """The result as one JSON document, on standard output."""
    stream = _stdout()
    stream.write(json.dumps(value, indent=1) + "\n")
    stream.flush()


def pour(text: str) -> None:
    """A result that is a file of its own, to standard output as it is."""
    stream = _stdout()
    stream.write(text)
    stream.flush()


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """A table on standard output. A column whose heading starts with ``>`` is flush right."""
    made = Table(title=title or None, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    for row in rows:
        made.add_row(*(Text(plain(cell)) for cell in row))
    _console(_stdout()).print(made)


def size(count: float) -> str:
    """Bytes as a person reads them: ``12 B``, ``3.4 MiB``."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def count(number: int, noun: str) -> str:
    """``1 page``, ``1,050 pages``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _stdout() -> TextIO:
    return _own.get() or sys.stdout


def _console(stream: TextIO) -> Console:
    width = None if stream.isatty() else PIPE_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)
