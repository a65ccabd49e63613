"""Tables as CSV, LaTeX, Markdown, and for a terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.table.value import Cell, Table

if TYPE_CHECKING:
    from rich.table import Table as RichTable

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\n": " ",
    **{character: "\\" + character for character in "$&#_%"},
}
_CODES = (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Control characters, and those that turn the direction of what follows, so that a name could show as another."""
_CONTROLS = {code: "\N{REPLACEMENT CHARACTER}" for code in _CODES if chr(code) not in "\n\t"}
_ENDS = str.maketrans("\n\t", "\N{REPLACEMENT CHARACTER}" * 2)
"""What would break a row of a terminal's table."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take a cell that begins so for: a formula, the full-width forms included (OWASP)."""


def to_csv(tables: Sequence[Table]) -> str:
    """Exact values, one line a row, tables one below the other with a blank line between (RFC 4180, UTF-8).

    A column of figures with intervals is followed by ``KEY low``, ``KEY high`` and ``KEY group``. Text that a
    spreadsheet would take for a formula gets an apostrophe in front, as OWASP advises.
    """
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    for number, table in enumerate(tables):
        if number:
            out.write("\r\n")
        wide = [_has_more(table, at) for at in range(len(table.columns))]
        heads: list[str] = []
        for column, more in zip(table.columns, wide, strict=True):
            heads += [column.key, *((f"{column.key} {what}" for what in ("low", "high", "group")) if more else ())]
        lines.writerow(heads)
        for row in table.rows:
            values: list[object] = []
            for cell, more in zip(row, wide, strict=True):
                low, high = cell.interval or ("", "")
                values += [_safe(cell), *((low, high, cell.mark) if more else ())]
            lines.writerow(values)
    return out.getvalue()


def _has_more(table: Table, at: int) -> bool:
    return any(row[at].interval or row[at].mark for row in table.rows)


def _safe(cell: Cell) -> object:
    if cell.value is None:
        return ""
    if isinstance(cell.value, str) and cell.value.startswith(_FORMULA):
        return "'" + cell.value
    return cell.value


def to_latex(tables: Sequence[Table]) -> str:
    """Tables in booktabs form; bold and letters only where the tests put them."""
    parts = ["% Needs \\usepackage{booktabs}. Written by Pagelens; the values are those of the record.\n"]
    for table in tables:
        align = "".join("r" if column.number else "l" for column in table.columns)
        lines = [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{latex(table.caption)}}}",
            rf"\label{{tab:{_label(table.name)}}}",
            rf"\begin{{tabular}}{{{align}}}",
            r"\toprule",
            " & ".join(latex(column.heading) for column in table.columns) + r" \\",
            r"\midrule",
            *(" & ".join(_latex_cell(cell) for cell in row) + r" \\" for row in table.rows),
            r"\bottomrule",
            r"\end{tabular}",
            *(rf"\par\smallskip{{\footnotesize {latex(note)}\par}}" for note in table.notes),
            r"\end{table}",
        ]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def latex(text: str) -> str:
    """Text with everything escaped that LaTeX would act on."""
    return "".join(_LATEX.get(character, character) for character in text)


def _label(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower())


def _latex_cell(cell: Cell) -> str:
    text = latex(cell.text)
    text = rf"\textbf{{{text}}}" if cell.bold else text
    text += rf"\textsuperscript{{{latex(cell.mark)}}}" if cell.mark else ""
    return text + rf" {{\scriptsize [{_range(cell.interval, '--')}]}}" if cell.interval else text


def _range(interval: tuple[float, float], between: str) -> str:
    return between.join(f"{end:.3f}" for end in interval)


def to_markdown(tables: Sequence[Table], code: frozenset[str] = frozenset({"system", "pipeline"})) -> str:
    """Tables as GitHub shows them; columns of ``code`` are set as code."""
    parts = []
    for table in tables:
        heads = [_markdown(column.heading) for column in table.columns]
        rule = ["---:" if column.number else "---" for column in table.columns]
        lines = [heads, rule]
        for row in table.rows:
            lines.append([_markdown_cell(c, col.key in code) for c, col in zip(row, table.columns, strict=True)])
        text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts.append("\n\n".join((text, *(_markdown(note) for note in table.notes))) + "\n")
    return "\n".join(parts)


def _markdown_cell(cell: Cell, code: bool) -> str:
    if code and cell.text:
        quote = "``" if "`" in cell.text else "`"
        return f"{quote}{cell.text.replace('|', chr(92) + '|').replace(chr(10), ' ')}{quote}"
    text = _markdown(cell.text)
    text = f"**{text}**" if cell.bold else text
    text += f" <sup>{cell.mark}</sup>" if cell.mark else ""
    return f"{text} ({_range(cell.interval, chr(0x2013))})" if cell.interval else text


def _markdown(text: str) -> str:
    for character in "\\`*_[]<>|":
        text = text.replace(character, "\\" + character)
    return text.replace("\n", " ")


def to_terminal(table: Table, title: str = "") -> RichTable:
    """A table that rich prints, texts as they are, bold as an asterisk; its notes are for whoever prints it."""
    from rich.table import Table as RichTable
    from rich.text import Text

    made = RichTable(title=title or None, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in table.columns:
        made.add_column(column.heading, justify="right" if column.number else "left")
    for row in table.rows:
        made.add_row(*(Text(plain(_terminal_cell(cell)).translate(_ENDS)) for cell in row))
    return made


def _terminal_cell(cell: Cell) -> str:
    text = f"{cell.text}*" if cell.bold else cell.text
    text += f" {cell.mark}" if cell.mark else ""
    return f"{text} [{_range(cell.interval, ', ')}]" if cell.interval else text


def plain(text: str) -> str:
    """The text without control characters, which could drive a terminal, and without lone surrogates."""
    return text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8")
