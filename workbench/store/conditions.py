"""SQL conditions over the pages table: texts as literals that cannot carry anything but themselves, and filters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from workbench.types.days import Stretch
from workbench.types.filters import META, AllOf, AnyOf, FieldTest, Filter, Not, OnlyPages
from workbench.types.text import storable

LARGEST = 2**31 - 1
"""The largest number that the columns of numbers hold."""
_COLUMNS = {"tag": "tags", "words": "words_source"}
"""Columns that go by another name than their field."""
_UNKNOWN = {"language": "''", "year": "0"}
"""Columns that are null for pages of which nothing was known when they were written, and what that counts as."""
_META = "array_to_string(meta, '\n')"
"""All of a page's own fields as one text, a line each: neither names nor values hold a line end."""
_NUMBER = "[-+]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][-+]?[0-9]{1,3})?"


def quoted(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + storable(value).replace("'", "''") + "'"


def sql_list(values: Sequence[str]) -> str:
    """Texts as an SQL list."""
    return f"[{', '.join(map(quoted, values))}]" if values else "arrow_cast([], 'List(Utf8)')"


def within(column: str, values: Sequence[str]) -> str:
    """The SQL condition that a column is one of these texts."""
    return f"{column} IN ({', '.join(map(quoted, values))})" if values else "false"


def both(first: str, second: str | None) -> str:
    """Two SQL conditions joined by and."""
    return first if second is None else f"({first}) AND ({second})"


def condition(filter: Filter) -> str:
    """A filter as an SQL condition of the pages table."""
    match filter:
        case AllOf(parts):
            return "(" + " AND ".join(map(condition, parts)) + ")"
        case AnyOf(parts):
            return "(" + " OR ".join(map(condition, parts)) + ")"
        case Not(part):
            return f"(NOT {condition(part)})"
        case OnlyPages(page_ids):
            return within("page_id", page_ids)
        case FieldTest():
            return _tested(filter)


def column_of(field: str) -> str:
    """The column of pages that holds a field."""
    return _COLUMNS.get(field, field)


def _tested(test: FieldTest) -> str:
    column, operator, value = column_of(test.field), test.operator, test.value
    if test.field in _UNKNOWN:
        column = f"coalesce({column}, {_UNKNOWN[test.field]})"
    if isinstance(value, Stretch):
        return _dated(column, operator, value)
    if column.startswith(META):
        return _meta(column.removeprefix(META), operator, value)
    if isinstance(value, Decimal):
        compared = _compared(column, operator, value)
        if test.field == "quality":  # null of a page that has no words, or still has some to be read
            return f"coalesce({compared}, false)"
        return f"({compared} AND {column} > 0)" if test.field == "year" and operator != "!=" else compared
    if test.field == "shows":  # null for a page that nothing has looked at
        return _unless(operator, f"coalesce(array_has({column}, {quoted(value)}), false)")
    if test.field == "tag":
        return _unless(operator, f"array_has({column}, {quoted(value)})")
    return (
        f"contains({column}, {quoted(value)})" if operator == "contains" else f"({column} {operator} {quoted(value)})"
    )


def _compared(column: str, operator: str, value: Decimal) -> str:
    """A column of whole numbers compared with any number, as SQL with a whole number that the column can hold."""
    whole = value.to_integral_value(ROUND_FLOOR if operator in ("<=", ">") else ROUND_CEILING)
    if whole != value and operator in ("=", "!="):
        return "true" if operator == "!=" else "false"
    if abs(whole) > LARGEST:
        return "true" if operator in (("<", "<=", "!=") if whole > 0 else (">", ">=", "!=")) else "false"
    return f"({column} {operator} {whole:f})"


def _dated(column: str, operator: str, value: Stretch) -> str:
    """A column of moments, texts of one form, compared with a stretch of time."""
    during = f"({column} >= '{value.start}' AND {column} < '{value.end}')"
    return {
        "=": during,
        "contains": during,
        "!=": f"(NOT {during})",
        "<": f"({column} < '{value.start}')",
        "<=": f"({column} < '{value.end}')",
        ">": f"({column} >= '{value.end}')",
        ">=": f"({column} >= '{value.start}')",
    }[operator]


def _meta(name: str, operator: str, value: str | Decimal) -> str:
    """A field of a person's own, stored among the texts ``name=value``: as a number where compared with one."""
    if isinstance(value, Decimal):
        sign = "=" if operator == "!=" else operator
        test = f"coalesce(TRY_CAST({_found(name, _NUMBER)} AS DOUBLE) {sign} {float(value)!r}, false)"
        return _unless(operator, test)
    if operator in ("=", "!="):
        return _unless(operator, f"array_has(meta, {quoted(f'{name}={value}')})")
    there = f"regexp_like({_META}, {quoted('(?m)^' + re.escape(name) + '=')})"
    found = _found(name, r"[^\n]*")
    test = f"contains({found}, {quoted(value)})" if operator == "contains" else f"{found} {operator} {quoted(value)}"
    return f"({there} AND {test})"


def _unless(operator: str, test: str) -> str:
    return f"(NOT {test})" if operator == "!=" else test


def _found(name: str, form: str) -> str:
    """SQL for the value of a field, where it is of that form; otherwise all of them, which is of none."""
    pattern = r"(?s)^(?:.*\n)?" + re.escape(name) + "=(" + form + r")(?:\n.*)?$"
    return f"regexp_replace({_META}, {quoted(pattern)}, " + r"'\1')"
