"""Questions and labels in the forms that people have them in: JSON lines, TREC, CSV and tables with tabs.

Questions need an id and a text, labels a question, a page and, if it is not 1, a grade. A file of questions may hold
the labels too: a row with a page is a question and a label, and questions without an id are numbered. What is odd about
a row is told, and costs no other row. What this module does not do: say whether the pages exist.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import DatasetError
from workbench.evaluation.datasets import Question, flat_tags
from workbench.evaluation.oddities import Oddities
from workbench.evaluation.rows import GRADES, IDS, PAGES, grade, identifier, label_rows, lines, name_finder, objects
from workbench.types import PageRef

FORMS = (".jsonl", ".json", ".csv", ".tsv", ".txt", ".trec", ".qrels")
TEXTS = ("text", "query", "question", "title")

Labels = dict[str, dict[str, int]]
Row = Mapping[str, Any]


@dataclass(slots=True)
class Lists:
    """Questions by id and labels, ``labels[query][page ref]``, and what was odd about their rows."""

    queries: dict[str, Question] = field(default_factory=dict)
    labels: Labels = field(default_factory=dict)
    odd: Oddities = field(default_factory=Oddities)


def read(questions: Path, labels: Path | None = None) -> Lists:
    """Read a file of questions, and one of labels if they are apart; `DatasetError` when nothing is left to ask."""
    found = Lists()
    _read_questions(questions, found)
    if not found.queries:
        raise DatasetError(
            f"'{questions.name}' holds no question; each needs an id and a text (under one of {', '.join(TEXTS)})"
            f"{found.odd.summary()}."
        )
    if labels is not None:
        _read_labels(labels, found)
    if not any(grade > 0 for grades in found.labels.values() for grade in grades.values()):
        raise DatasetError(
            f"No label says that a page is relevant; give a file of labels, or a column 'page'{found.odd.summary()}."
        )
    return found


def _read_questions(path: Path, into: Lists) -> None:
    by_text: dict[str, str] = {}
    for where, row in _rows(path, ("query_id", "text"), into.odd):
        text = " ".join(identifier(row, *TEXTS).split())
        query = identifier(row, *IDS) or by_text.get(text) or str(len(into.queries) + 1)
        if not text:
            into.odd.add("question_text", where)
            continue
        named = _named(row)
        known = into.queries.get(query)
        if known is not None and (known.text != text or not named):
            into.odd.add("question_repeated", f"{where}: {query}")
            continue
        if known is None:
            document = "" if named else str(row.get("document") or "")
            tags = flat_tags(row) if row.get("tags") else {}
            into.queries[query] = Question(query, text, document, tags)
            by_text[text] = query
        if named:
            _label(where, query, named, _grade(where, row, into.odd), into)


def _read_labels(path: Path, into: Lists) -> None:
    question_of = name_finder(into.queries)
    if path.suffix.lower() in (".trec", ".qrels", ".txt"):
        for where, query, page, found in label_rows(path, into.odd):
            _label(where, question_of(query), page, found, into)
        return
    for where, row in _rows(path, ("query_id", "page_ref", "grade"), into.odd):
        query, page = question_of(identifier(row, *IDS)), _named(row)
        if query and page:
            _label(where, query, page, _grade(where, row, into.odd), into)
        else:
            into.odd.add("row", f"{where} lacks {'a page, as report.pdf#page=12' if query else 'the id of a question'}")


def _label(where: str, query: str, text: str, found: int | None, into: Lists) -> None:
    """Take in a label, the first of several for one page; ``found`` is its grade, None for one told already."""
    try:
        page = str(PageRef.parse(text))
    except ValueError:
        into.odd.add("label_page", f"{where}: {text[:80]!r}")
        return
    if query not in into.queries:
        into.odd.add("label_question", f"{where}: {query}")
    elif page in into.labels.get(query, {}):
        into.odd.add("label_repeated", f"{where}: {query} {page}")
    elif found is not None:
        into.labels.setdefault(query, {})[page] = found


def _rows(path: Path, plain: tuple[str, ...], odd: Oddities) -> Iterator[tuple[str, Row]]:
    """The rows of a file; ``plain`` names the columns of one that does not name them itself."""
    suffix = path.suffix.lower()
    if suffix not in FORMS:
        raise DatasetError(f"'{path.name}' is none of {', '.join(FORMS)}.")
    yield from objects(path, odd) if suffix in (".jsonl", ".json") else _table_rows(path, plain, odd)


def _table_rows(path: Path, plain: tuple[str, ...], odd: Oddities) -> Iterator[tuple[str, Row]]:
    names: tuple[str, ...] | None = None
    for where, row in _cells(path, odd):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if names is None:
            heads = tuple(cell.lower().replace(" ", "_") for cell in cells)
            names = heads if set(heads) & {*TEXTS, *IDS, *PAGES, "page"} else plain
            if names is heads:
                continue
        yield where, dict(zip(names, cells, strict=False))


def _cells(path: Path, odd: Oddities) -> Iterator[tuple[str, list[str]]]:
    """The cells of a table's rows: between commas or semicolons with quotes (``.csv``), or between tabs."""
    if path.suffix.lower() != ".csv":
        yield from ((where, line.split("\t")) for where, line in lines(path, odd))
        return
    found = list(lines(path, odd))
    first = found[0][1] if found else ""
    # Spreadsheets of many countries write semicolons into a file that is called comma-separated.
    between = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader((f"{line}\n" for _, line in found), delimiter=between)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            odd.add("row", f"{found[reader.line_num - 1][0]} is not a row of a table ({error})")
            continue
        yield found[reader.line_num - 1][0], row


def _named(row: Row) -> str:
    """What a row gives for a page: a reference, or a document and a page number as one; empty when it gives none."""
    text = identifier(row, *PAGES) or str(row.get("page") or "").strip()
    document = str(row.get("document") or "").strip()
    return f"{document}#page={text}" if document and text.isdecimal() else text


def _grade(where: str, row: Row, odd: Oddities) -> int | None:
    """A row's grade, 1 where it has none."""
    return grade(identifier(row, *GRADES) or "1", odd, where)
