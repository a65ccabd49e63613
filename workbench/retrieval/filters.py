"""The filter expression over page fields, read into a value of `types.filters`.

    expr  := term ("or" term)* ;  term := factor ("and" factor)* ;  factor := "not" factor | "(" expr ")" | test
    test  := FIELD OP VALUE | FIELD "in" "(" VALUE ("," VALUE)* ")"
    OP    := = != < <= > >= contains ;  VALUE := 'text' | "text" | number

``document = 'a.pdf' and page >= 10 and tag = 'finance' and meta.year >= 2020 and added >= '2026-11'``. Names come
from `FIELDS`, and those of a person's own fields follow ``meta.`` in any case of letters.
How long and deep a filter may be is bounded here (`MAX_TEXT`, `MAX_TESTS`, `MAX_NESTING`), for every door alike.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from workbench.errors import FilterError
from workbench.types.days import Stretch
from workbench.types.filters import META, AllOf, AnyOf, FieldTest, Filter, Not

MAX_TEXT = 20_000
"""Characters of a filter: enough to name some hundred documents."""
MAX_TESTS = 500
"""Comparisons of a filter: LanceDB plans so many in about a tenth of a second, and 50,000 in 18 s."""
MAX_NESTING = 8
"""Brackets inside each other: what LanceDB takes to plan them doubles with each, from about 30 of its own on."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of a page: what it holds, and whether that is a number, a list of texts or a date."""

    summary: str
    number: bool = False
    many: bool = False
    date: bool = False


FIELDS: Mapping[str, FieldSpec] = {
    "document": FieldSpec("name of the document"),
    "page": FieldSpec("page number, from 1", number=True),
    "tag": FieldSpec("a tag of its document", many=True),
    "kind": FieldSpec("pdf or image"),
    "shows": FieldSpec(
        "a kind of figure on the page, where the encoder looks: chart, map, diagram, table, screenshot, photograph, "
        "logo, equation, handwriting or music",
        many=True,
    ),
    "language": FieldSpec("language of the page's words, as en, de or zh; empty where they do not tell"),
    "year": FieldSpec("year that its file says it was made in", number=True),
    "words": FieldSpec("where the words came from: text, ocr, mixed or none; later before all are read"),
    "quality": FieldSpec(
        "how much of the page could be read, in per cent: quality < 50 finds turned, poor and foreign scans",
        number=True,
    ),
    "added": FieldSpec("day it was added, as '2026-11-21' or '2026-11', by this machine's clock", date=True),
}
META_SUMMARY = "a field of your own, as meta.year >= 2020: a number compares as one, 'text' in quotes as text"
_ORDER = ("<", "<=", ">", ">=")
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_ONE_DOCUMENT = re.compile(r"document\s*=\s*'(?P<name>(?:[^']|'')*)'")
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")|(?P<number>-?[0-9]+(?:\.[0-9]+)?)|(?P<op><=|>=|!=|=|<|>)"""
    r"""|(?P<mark>[(),])|(?P<name>[A-Za-z_][\w.-]*)|(?P<bad>\S))"""
)


def parse_filter(text: str) -> Filter | None:
    """A filter as a value; None for an empty one; `FilterError` with the position."""
    return _Parser(text).parse() if text.strip() else None


def clauses(text: str) -> tuple[str, ...]:
    """The parts of a filter that a page has to fit one and all, as they stand in it; `FilterError` for a bad filter.

    ``page > 3 and (tag = 'a' or tag = 'b')`` has two; one with an ``or`` outside brackets is one whole.
    """
    return _Parser(text).clauses() if text.strip() else ()


def condition(field: str, operator: str, value: str) -> str:
    """The text of one test of a field, quoted where it has to be; ``in`` takes values between commas.

    `FilterError` where the field does not take that operator or value.
    """
    if operator == "in":
        text = f"{field} in ({', '.join(_literal(field, part.strip()) for part in value.split(','))})"
    else:
        text = f"{field} {operator} {_literal(field, value.strip(), operator != 'contains')}"
    parse_filter(text)
    return text


def _literal(field: str, value: str, compared: bool = True) -> str:
    """A value as a filter has it: a number bare where the field can be compared with one, else in quotes."""
    plain = (field in FIELDS and FIELDS[field].number) or (field.startswith(META) and compared)
    quoted = value.replace("'", "''")
    return value if plain and _PLAIN_NUMBER.fullmatch(value) else f"'{quoted}'"


def chosen(text: str, field: str) -> tuple[str, ...]:
    """The values that a filter lets a field have by a clause of its own, ``field = a`` or ``field in (a, b)``."""
    found = [_values(parse_filter(clause), field) for clause in clauses(text)]
    return tuple(dict.fromkeys(value for values in found for value in values or ()))


def choosing(text: str, field: str, values: Sequence[str]) -> str:
    """The filter with such a clause for these values (none: any) in the place of those that it has of the field."""
    rest = [clause for clause in clauses(text) if _values(parse_filter(clause), field) is None]
    if not values:
        return " and ".join(rest)
    literals = [_literal(field, value) for value in values]
    test = f"{field} = {literals[0]}" if len(literals) == 1 else f"{field} in ({', '.join(literals)})"
    parse_filter(test)
    return " and ".join([*_apart(rest), test])


def _values(part: Filter | None, field: str) -> tuple[str, ...] | None:
    """What a clause lets a field have; None where it says anything else."""
    tests = part.parts if isinstance(part, AnyOf) else (part,)
    found = [t.value for t in tests if isinstance(t, FieldTest) and t.field == field and t.operator == "="]
    return tuple(map(str, found)) if found and len(found) == len(tests) else None


def _apart(found: Sequence[str]) -> list[str]:
    """Clauses as they can be joined with others: one that is an "or" as a whole is put in brackets."""
    whole = len(found) == 1 and len(clauses(f"{found[0]} and page > 0")) == 1
    return [f"({found[0]})"] if whole else list(found)


def read(text: str, field: str = "", operator: str = "", value: str = "") -> tuple[tuple[str, str], ...]:
    """The clauses that a filter joins by "and", each with the document that it names whole (empty: none).

    With a ``field``, a test of it is added as a further clause. `FilterError` for what is wrong with either.
    """
    added = (condition(field, operator, value),) if field else ()
    found = clauses(text)
    return tuple((clause, only_document(clause)) for clause in (*(_apart(found) if added else found), *added))


def only_document(text: str) -> str:
    """The document that a filter's clause asks for by its whole name; empty for any other clause."""
    match = _ONE_DOCUMENT.fullmatch(text.strip())
    return match["name"].replace("''", "'") if match else ""


def document_filter(name: str) -> str:
    """The filter text that keeps one document."""
    quoted = name.replace("'", "''")
    return f"document = '{quoted}'"


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._tests = 0
        if len(text) > MAX_TEXT:
            raise FilterError(
                f"The filter has {len(text):,} characters; at most {MAX_TEXT:,} are read. Write fewer tests.", MAX_TEXT
            )

    def parse(self) -> Filter:
        whole = self._expr()
        if self._peek()[0]:
            raise self._error("expected 'and', 'or' or the end")
        return whole

    def clauses(self) -> tuple[str, ...]:
        found: list[str] = []
        while not found or self._word("and"):
            start = self._start()
            self._factor()
            found.append(self._text[start : self._at].strip())
        if not self._peek()[0]:
            return tuple(found)
        self._at = self._tests = 0
        self.parse()  # an 'or' follows, or something that is refused
        return (self._text.strip(),)

    def _expr(self) -> Filter:
        parts = [self._term()]
        while self._word("or"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _term(self) -> Filter:
        parts = [self._factor()]
        while self._word("and"):
            parts.append(self._factor())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _factor(self) -> Filter:
        negations = 0
        while self._word("not"):
            negations += 1
        if self._mark("("):
            self._depth += 1
            if self._depth > MAX_NESTING:
                raise FilterError(
                    f"The filter is nested too deeply: it has more than {MAX_NESTING} brackets inside each other; "
                    "leave some out.",
                    self._at,
                )
            part = self._expr()
            if not self._mark(")"):
                raise self._error("expected ')'")
            self._depth -= 1
        else:
            part = self._test()
        return Not(part) if negations % 2 else part

    def _test(self) -> Filter:
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
            return AnyOf(tuple(tests))
        if self._word("contains"):
            return self._compare(name, "contains")
        kind, operator = self._peek()
        if kind != "op":
            raise self._error("expected one of = != < <= > >= in contains")
        self._next()
        return self._compare(name, operator)

    def _compare(self, name: str, operator: str) -> FieldTest:
        start = self._start()
        self._tests += 1
        if self._tests > MAX_TESTS:
            raise FilterError(f"The filter makes more than {MAX_TESTS} comparisons; leave some out.", start)
        kind, value = self._peek()
        if kind not in ("text", "number"):
            raise self._error("expected a value, as 12 or 'text'")
        self._next()
        if kind == "text":
            quote = value[0]
            value = value[1:-1].replace(quote * 2, quote)
        return FieldTest(*self._checked(name, operator, value, kind == "number", start))

    @staticmethod
    def _checked(
        name: str, operator: str, value: str, number: bool, at: int
    ) -> tuple[str, str, str | Decimal | Stretch]:
        """Field, operator and value, as what the field holds; `FilterError` where it does not go with them."""
        if name.startswith(META):
            if not number or operator == "contains":
                return name.lower(), operator, value
            if abs(float(value)) == math.inf:
                raise FilterError("That number is too large to compare with.", at)
            return name.lower(), operator, Decimal(value)
        spec = FIELDS[name]
        if spec.date:
            try:
                return name, operator, Stretch.of(value)
            except ValueError as error:
                raise FilterError(f"'{name}' is a date, and {value!r} is none ({error}).", at) from None
        if spec.many and (operator in _ORDER or operator == "contains"):
            raise FilterError(f"'{name}' can be compared by =, != and in only.", at)
        if not spec.number:
            return name, operator, unicodedata.normalize("NFC", value) if name == "document" else value  # as stored
        if not number or operator == "contains":
            raise FilterError(f"'{name}' is a number: compare it as {name} >= 10.", at)
        return name, operator, Decimal(value)

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
