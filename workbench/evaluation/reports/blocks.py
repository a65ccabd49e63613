"""Parts that every section of a report is made of: tables, figures, folded tables beside them."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from workbench.evaluation.reports.markup import Child, el
from workbench.table import Cell, Column, Table

CODE = frozenset({"system", "stage", "against"})


def rows(table: Table, captioned: bool = True) -> Markup:
    """A table that can scroll sideways by itself, its first column of names the heading of each row."""
    named = next((i for i, column in enumerate(table.columns) if not column.number), 0)
    head = el("tr", [el("th", c.heading, class_="num" if c.number else None, scope="col") for c in table.columns])
    body = [el("tr", [_cell(cell, table.columns[i], i == named) for i, cell in enumerate(row)]) for row in table.rows]
    return el(
        "div",
        el(
            "table",
            el("caption", table.caption, class_=None if captioned else "sr"),
            el("thead", head),
            el("tbody", body),
        ),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label=table.caption,
    )


def _cell(cell: Cell, column: Column, heads: bool) -> Markup:
    if column.key == "number":
        return el("td", el("span", cell.text, class_="key"))
    text: Child = el("code", cell.text) if column.key in CODE and not column.number else cell.text
    text = el("b", text) if cell.bold else text
    mark = el("sup", cell.mark) if cell.mark else None
    low_high = (
        el("span", f"{_short(cell.interval[0])} to {_short(cell.interval[1])}", class_="interval")
        if cell.interval
        else None
    )
    if heads:
        return el("th", text, mark, scope="row")
    return el("td", text, mark, low_high, class_="num" if column.number else "text")


def _short(value: float) -> str:
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def notes(table: Table) -> list[Markup]:
    """What stands below a table."""
    return [el("p", note, class_="note") for note in table.notes if note]


def folded(summary: str, *inside: Child) -> Markup:
    """Something to unfold; printed unfolded where the browser can."""
    return el("details", el("summary", summary), *inside, class_="twin")


def figure(
    title: str, chart: Markup, twin: Table | None = None, note: str = "", legend: Sequence[tuple[str, str]] = ()
) -> Markup:
    """A chart with its title, its key, and the same values as a table, unless the caller shows that beside it."""
    return el(
        "figure",
        el("figcaption", title),
        el("p", note, class_="note") if note else None,
        chart,
        el("ul", [el("li", el("span", class_=f"swatch {kind}", aria_hidden="true"), what) for kind, what in legend],
           class_="legend") if legend else None,
        folded("Values as a table", rows(twin, captioned=False)) if twin else None,
    )  # fmt: skip


def section(name: str, title: str, *inside: Child) -> Markup:
    """A section of the report, which the contents link to."""
    return el("section", el("h2", title, id=f"{name}-title"), *inside, id=name, aria_labelledby=f"{name}-title")
