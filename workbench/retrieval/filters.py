"""The filter expression over page fields, compiled to SQL that cannot carry anything but itself.

    expr  := term ("or" term)* ;  term := factor ("and" factor)* ;  factor := "not" factor | "(" expr ")" | test
    test  := FIELD OP VALUE | FIELD "in" "(" VALUE ("," VALUE)* ")"
    OP    := = != < <= > >= contains ;  VALUE := 'text' | "text" | number

``document = 'a.pdf' and page >= 10 and tag = 'finance'``. Values are quoted by us; names come from `FIELDS`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from workbench.errors import FilterError


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of a page: its column in the store, whether it is a number or a list of texts, and what it holds."""

    column: str
    summary: str
    number: bool = False
    many: bool = False


FIELDS: Mapping[str, FieldSpec] = {
    "document": FieldSpec("document", "name of the document"),
    "page": FieldSpec("page", "page number, from 1", number=True),
    "tag": FieldSpec("tags", "a tag given at ingestion", many=True),
    "kind": FieldSpec("kind", "pdf or image"),
    "words": FieldSpec("words_source", "where the words came from: text, ocr, mixed or none"),
    "added": FieldSpec("added", "date of ingestion, as '2026-11-21'"),
}
META = "meta."
_ORDER = ("<", "<=", ">", ">=")
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")|(?P<number>\d+(?:\.\d+)?)|(?P<op><=|>=|!=|=|<|>)"""
    r"""|(?P<mark>[(),])|(?P<name>[A-Za-z_][\w.-]*)|(?P<bad>\S))"""
)


def compile_filter(text: str) -> str | None:
    """Compile a filter to an SQL condition for the store; None for an empty filter; `FilterError` with the position."""
    return _Compiler(text).compile() if text.strip() else None


def clauses(text: str) -> tuple[str, ...]:
    """The parts of a filter that a page has to fit one and all, as they stand in it; `FilterError` for a bad filter.

    ``page > 3 and (tag = 'a' or tag = 'b')`` has two; one with an ``or`` outside brackets is one whole.
    """
    return _Compiler(text).clauses() if text.strip() else ()


def document_filter(name: str) -> str:
    """The filter text that keeps one document."""
    quoted = name.replace("'", "''")
    return f"document = '{quoted}'"


def _sql(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


class _Compiler:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def compile(self) -> str:
        sql = self._expr()
        if self._peek()[0]:
            raise self._error("expected 'and', 'or' or the end")
        return sql

    def clauses(self) -> tuple[str, ...]:
        found: list[str] = []
        while not found or self._word("and"):
            start = self._start()
            self._factor()
            found.append(self._text[start : self._at].strip())
        if not self._peek()[0]:
            return tuple(found)
        self._at = 0
        self.compile()  # an 'or' follows, or something that is refused
        return (self._text.strip(),)

    def _expr(self) -> str:
        self._depth += 1
        if self._depth > 50:
            raise FilterError("The filter is nested too deeply; use at most 50 levels of parentheses.", self._at)
        parts = [self._term()]
        while self._word("or"):
            parts.append(self._term())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else "(" + " OR ".join(parts) + ")"

    def _term(self) -> str:
        parts = [self._factor()]
        while self._word("and"):
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else "(" + " AND ".join(parts) + ")"

    def _factor(self) -> str:
        negations = 0
        while self._word("not"):
            negations += 1
        if self._mark("("):
            sql = self._expr()
            if not self._mark(")"):
                raise self._error("expected ')'")
        else:
            sql = self._test()
        return f"(NOT {sql})" if negations % 2 else sql

    def _test(self) -> str:
        start = self._start()
        kind, name = self._peek()
        if kind != "name":
            raise self._error("expected a field")
        if name not in FIELDS and not (name.startswith(META) and len(name) > len(META)):
            raise FilterError(
                f"Unknown field '{name}' at character {start + 1}; fields: {', '.join(FIELDS)}, {META}NAME.", start
            )
        self._next()
        if self._word("in"):
            if not self._mark("("):
                raise self._error("expected '('")
            tests = [self._compare(name, "=")]
            while self._mark(","):
                tests.append(self._compare(name, "="))
            if not self._mark(")"):
                raise self._error("expected ',' or ')'")
            return "(" + " OR ".join(tests) + ")"
        if self._word("contains"):
            return self._compare(name, "contains")
        kind, operator = self._peek()
        if kind != "op":
            raise self._error("expected one of = != < <= > >= in contains")
        self._next()
        return self._compare(name, operator)

    def _compare(self, name: str, operator: str) -> str:
        start = self._start()
        kind, value = self._peek()
        if kind not in ("text", "number"):
            raise self._error("expected a value, as 12 or 'text'")
        self._next()
        if kind == "text":
            quote = value[0]
            value = value[1:-1].replace(quote * 2, quote)
        if name.startswith(META):
            return self._has("meta", f"{name[len(META) :]}={value}", operator, name, start)
        spec = FIELDS[name]
        if spec.column == "document":
            value = unicodedata.normalize("NFC", value)  # as names are stored
        if spec.many:
            return self._has(spec.column, value, operator, name, start)
        if spec.number:
            if kind != "number" or operator == "contains":
                raise FilterError(f"'{name}' is a number: compare it as {name} >= 10.", start)
            return f"({spec.column} {operator} {value})"
        if operator == "contains":
            return f"contains({spec.column}, {_sql(value)})"
        return f"({spec.column} {operator} {_sql(value)})"

    @staticmethod
    def _has(column: str, value: str, operator: str, name: str, at: int) -> str:
        if operator in _ORDER or operator == "contains":
            raise FilterError(f"'{name}' can be compared by =, != and in only.", at)
        has = f"array_has({column}, {_sql(value)})"
        return f"(NOT {has})" if operator == "!=" else has

    def _start(self) -> int:
        match = _TOKEN.match(self._text, self._at)
        return self._at if match is None else match.start(match.lastgroup or 0)

    def _peek(self) -> tuple[str, str]:
        match = _TOKEN.match(self._text, self._at)
        return ("", "") if match is None or match.lastgroup is None else (match.lastgroup, match[match.lastgroup])

    def _next(self) -> None:
        match = _TOKEN.match(self._text, self._at)
        self._at = self._at if match is None else match.end()

    def _word(self, word: str) -> bool:
        kind, text = self._peek()
        if kind == "name" and text.lower() == word:
            self._next()
            return True
        return False

    def _mark(self, mark: str) -> bool:
        if self._peek() == ("mark", mark):
            self._next()
            return True
        return False

    def _error(self, expected: str) -> FilterError:
        found = self._peek()[1]
        what = f"found {found!r}" if found else "the text ends"
        return FilterError(f"Bad filter: {expected} at character {self._start() + 1}, but {what}.", self._start())
