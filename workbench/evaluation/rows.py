"""Rows of questions and labels as files of many makers have them, each read on its own.

A byte order mark, line ends of any system, blank lines, tabs at a line's end and a missing header are no oddities. A
row that cannot be read is one (`Oddities`), and the others are read all the same. What this module does not do: hold a
row against the others.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from unicodedata import normalize
from urllib.parse import unquote

from workbench.errors import DatasetError
from workbench.evaluation.oddities import Oddities
from workbench.types.text import wellformed

IDS = ("query_id", "query-id", "_id", "id", "qid")
PAGES = ("page_ref", "corpus_id", "corpus-id", "ref", "docid")
GRADES = ("grade", "score", "relevance", "label")
MAX_GRADE = 1000
"""Grades beyond are no judgement but another column; gains of 2^grade stay finite."""
_SHOWN = 60
_WHOLE = re.compile(r"([0-9]+)\.0")


def lines(path: Path, odd: Oddities) -> Iterator[tuple[str, str]]:
    """The lines that hold something, each with where it stands; a line ends at a newline and nowhere else.

    UTF-8, or UTF-16 where it begins with that mark. `DatasetError` when the file cannot be opened.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"'{path.name}' cannot be read ({error.strerror or error}).") from None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    for number, raw in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), 1):
        where = f"{path.name} line {number}"
        try:
            line = raw.decode("utf-8").rstrip("\r")
        except UnicodeDecodeError as error:
            odd.add("row", f"{where} is not UTF-8 text (byte {error.start})")
            continue
        if line.strip():
            yield where, line


def objects(path: Path, odd: Oddities) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a file of JSON lines, each with where it stands."""
    for where, line in lines(path, odd):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            odd.add("row", f"{where} is not JSON ({str(error)[:_SHOWN]})")
            continue
        if isinstance(row, dict):
            yield where, row
        else:
            odd.add("row", f"{where} is not a JSON object")


def label_rows(path: Path, odd: Oddities) -> Iterator[tuple[str, str, str, int]]:
    """Rows of a table of labels as (where, question id, page, grade); the page is not looked at.

    Three columns separated by tabs, in the order its header says or question, page, grade; or TREC's four (question,
    iteration, page, grade), with tabs or blanks between them, whose ids are percent-encoded.
    """
    order = (0, 1, 2)
    for number, (where, line) in enumerate(lines(path, odd)):
        fields = line.rstrip().split("\t")
        if number == 0 and (named := _header(fields if len(fields) > 1 else line.split())) is not None:
            order = named
            continue
        parts = _parts(fields, line, order)
        if parts is None:
            odd.add("row", f"{where} has {len(fields)} fields, not 3")
            continue
        query, page, text = parts
        found = grade(text, odd, where)
        if found is not None:
            yield where, query.strip(), page, found


def grade(text: object, odd: Oddities, where: str) -> int | None:
    """A grade as a whole number, also where it is written ``1.0``; None, and told, for what is none."""
    value = float(str(text)) if _number(str(text)) else math.nan
    if not math.isfinite(value) or value != int(value) or abs(value) > MAX_GRADE:
        odd.add("grade", f"{where}: {str(text)[:_SHOWN]!r}")
        return None
    if value < 0:
        odd.add("grade_negative", where)
    return max(int(value), 0)


def identifier(row: Mapping[str, Any], *keys: str) -> str:
    """An id or a text, from the first of these keys that has one; 0 is an id, nothing and what is no text are not."""
    return next((text for key in keys if (text := _written(row.get(key)))), "")


def name_finder(known: Collection[str]) -> Callable[[str], str]:
    """Finds the name that is meant among these: the same one, or the only one that is alike; else as it was.

    macOS and Windows write the letters of a name with accents in different ways, and a table that lacks a number makes
    ``4.0`` of the others.
    """
    exact = set(known)
    alike: dict[str, list[str]] = {}
    for name in exact:
        alike.setdefault(_alike(name), []).append(name)

    def find(name: str) -> str:
        same = [name] if name in exact else alike.get(_alike(name), [])
        return same[0] if len(same) == 1 else name

    return find


def _alike(name: str) -> str:
    whole = _WHOLE.fullmatch(name)
    return whole[1] if whole else normalize("NFC", name)


def _written(value: object) -> str:
    """A value of a cell as text without blanks around it; empty for a list, an object, a truth value and a NaN."""
    if value is None or isinstance(value, bool | list | dict) or value != value:
        return ""
    return wellformed(str(value)).strip()


def _header(fields: list[str]) -> tuple[int, int, int] | None:
    """Where question, page and grade stand when these are names of columns; None when they are a label."""
    names = [field.strip().lower().replace(" ", "_") for field in fields]
    if _number(names[-1]) or not set(names) & {*IDS, *PAGES, *GRADES, "query", "page", "document", "corpus"}:
        return None
    places = [
        next((names.index(name) for name in wanted if name in names), i)
        for i, wanted in enumerate(((*IDS, "query"), (*PAGES, "page", "document", "corpus"), GRADES))
    ]
    return (places[0], places[1], places[2]) if len(set(places)) == 3 else (0, 1, 2)


def _parts(fields: list[str], line: str, order: tuple[int, int, int]) -> tuple[str, str, str] | None:
    """Question, page and grade of a row; None for a row of another form."""
    if len(fields) == 3:
        return fields[order[0]], fields[order[1]], fields[order[2]]
    if len(fields) == 4:
        return unquote(fields[0]), unquote(fields[2]), fields[3]
    plain = line.split()
    if len(fields) > 1 or len(plain) < 3:
        return None
    if len(plain) > 3 and (plain[1].isdecimal() or plain[1] == "Q0"):
        return unquote(plain[0]), unquote(" ".join(plain[2:-1])), plain[-1]
    return plain[0], " ".join(plain[1:-1]), plain[-1]


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text  # which Python takes
