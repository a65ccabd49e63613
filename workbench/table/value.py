"""A table as a value: what a cell holds, how it reads, and whether a test lets it stand out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Value = str | float | int | None


@dataclass(frozen=True, slots=True)
class Column:
    """``key`` names the column in files; ``heading`` is for people. Numbers stand flush right."""

    key: str
    heading: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """``value`` is exact and goes to files; ``text`` is what a person reads.

    ``mark`` holds significance letters, ``interval`` a 95% confidence interval, ``bold`` is set only where a test says
    that this is the best.
    """

    value: Value
    text: str = ""
    mark: str = ""
    interval: tuple[float, float] | None = None
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under columns; ``notes`` say what letters, bold type and intervals mean."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def column(self, key: str) -> list[Cell]:
        """The cells under a key."""
        at = [column.key for column in self.columns].index(key)
        return [row[at] for row in self.rows]


def word(text: str) -> Cell:
    """A cell of text."""
    return Cell(text, text)


def whole(value: int | None) -> Cell:
    """A cell of a whole number, or empty."""
    return Cell(value, "" if value is None else f"{value:,}")


def real(value: float | None, digits: int = 3) -> Cell:
    """A cell of a number to so many digits after the point, or empty."""
    return Cell(value, "" if value is None else f"{value:,.{digits}f}")


def percent(share: float, digits: int = 0) -> Cell:
    """A cell of a share, exact in files."""
    return Cell(share, f"{share:.{digits}%}")


def size(count: float) -> Cell:
    """A cell of bytes, as a person reads them."""
    return Cell(round(count), bytes_text(count))


def bytes_text(count: float) -> str:
    """Bytes as a person reads them: ``12 B``, ``3.4 MiB``."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def table(
    name: str,
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    notes: Sequence[str] = (),
) -> Table:
    """A table from any sequences; ``ValueError`` when a row does not fit its columns."""
    if any(len(row) != len(columns) for row in rows):
        raise ValueError(f"a row of table {name} does not have {len(columns)} cells")
    return Table(name, caption, tuple(columns), tuple(tuple(row) for row in rows), tuple(notes))


def text_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table of texts for people. A column whose heading starts with ``>`` holds numbers."""
    heads = [heading.removeprefix(">") for heading in headings]
    columns = [Column(head, head, heading.startswith(">")) for head, heading in zip(heads, headings, strict=True)]
    return table("", "", columns, [[word(text) for text in row] for row in rows])
