"""One table, four ways to write it: the same cells in each, and nothing in a text that acts on the reader."""

import csv
import io

import pytest
from rich.console import Console

from workbench.table import Cell, Column, Table, bytes_text, percent, real, size, table, text_table, whole, word
from workbench.table.writers import plain, to_csv, to_latex, to_markdown, to_terminal

MADE = table(
    "made-up",
    "A caption",
    [Column("pipeline", "pipeline"), Column("value", "nDCG@5", True), Column("bytes", "on disk", True)],
    [
        [word("a > b | c_d"), Cell(0.25, "0.250", mark="a", interval=(0.2, 0.3), bold=True), size(3 << 20)],
        [word("=1+\x1b[2J"), real(None), whole(None)],
    ],
    ["A note with 50%."],
)


def printed(made: Table, title: str = "") -> str:
    out = io.StringIO()
    Console(file=out, width=80, markup=False, highlight=False).print(to_terminal(made, title))
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def test_a_terminal_gets_aligned_texts() -> None:
    assert printed(MADE) == (
        "pipeline                      nDCG@5  on disk\na > b | c_d  0.250* a [0.200, 0.300]  3.0 MiB\n"
        "=1+\N{REPLACEMENT CHARACTER}[2J"
    )
    assert printed(text_table(["name", ">count"], [["x", "1"], ["long", "20"]]), "Title").splitlines() == [
        "Title",
        "name  count",
        "x         1",
        "long     20",
    ]


def test_markdown_sets_pipelines_as_code() -> None:
    assert to_markdown([MADE]) == (
        "| pipeline | nDCG@5 | on disk |\n| --- | ---: | ---: |\n"
        "| `a > b \\| c_d` | **0.250** <sup>a</sup> (0.200\N{EN DASH}0.300) | 3.0 MiB |\n"
        "| `=1+\x1b[2J` |  |  |\n\nA note with 50%.\n"
    )


def test_csv_holds_exact_values_and_no_formula() -> None:
    lines = list(csv.reader(io.StringIO(to_csv([MADE]))))
    assert lines == [
        ["pipeline", "value", "value low", "value high", "value group", "bytes"],
        ["a > b | c_d", "0.25", "0.2", "0.3", "a", str(3 << 20)],
        ["'=1+\x1b[2J", "", "", "", "", ""],
    ]


def test_latex_escapes_what_acts() -> None:
    text = to_latex([MADE])
    assert r"a \textgreater{} b \textbar{} c\_d & \textbf{0.250}\textsuperscript{a}" in text
    assert r"\begin{tabular}{lrr}" in text
    assert r"A note with 50\%." in text


def test_cells_read_as_people_write() -> None:
    assert [bytes_text(count) for count in (0, 1023, 1024, 3.4 * 2**20, 2**30, 2**41)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "3.4 MiB",
        "1.0 GiB",
        "2048.0 GiB",
    ]
    assert (percent(0.256), percent(0.256, 1).text) == (Cell(0.256, "26%"), "25.6%")
    assert plain("a\tb\n\x07\udc80") == "a\tb\n\N{REPLACEMENT CHARACTER}?"


def test_a_row_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="2 cells"):
        table("x", "", [Column("a", "a"), Column("b", "b")], [[word("1")]])
    assert [cell.value for cell in MADE.column("bytes")] == [3 << 20, None]


def test_a_name_neither_breaks_its_row_nor_turns_its_direction() -> None:
    shown = printed(text_table(("name", "pages"), [("a\nb\tc\u202efdp.\x1b[31m", "7")]))
    (row,) = [line for line in shown.splitlines() if "7" in line]
    assert row.split() == ["a\ufffdb\ufffdc\ufffdfdp.\ufffd[31m", "7"]
