"""A table as a value, which is written as Markdown, CSV, LaTeX, or to a terminal."""

from workbench.table.value import (
    Cell,
    Column,
    Table,
    bytes_text,
    percent,
    real,
    size,
    table,
    text_table,
    whole,
    word,
)

__all__ = [
    "Cell",
    "Column",
    "Table",
    "bytes_text",
    "percent",
    "real",
    "size",
    "table",
    "text_table",
    "whole",
    "word",
]
