"""Questions and labels in the forms that people have them in: JSON lines, TREC, CSV and tables with tabs.

Questions need an id and a text, labels a question, a page and, if it is not 1, a grade. A file of questions may hold
the labels too: a row with a page is a question and a label, and questions without an id are numbered. What this module
does not do: say whether the pages exist.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import DatasetError
from workbench.evaluation.datasets import Query, flat_tags
from workbench.evaluation.runs import read_qrels
from workbench.types import PageRef

FORMS = (".jsonl", ".json", ".csv", ".tsv", ".txt", ".trec", ".qrels")
IDS = ("query_id", "query-id", "_id", "id", "qid")
TEXTS = ("text", "query", "question", "title")
PAGES = ("page_ref", "corpus_id", "corpus-id", "ref", "docid")
GRADES = ("grade", "score", "relevance", "label")
_SHOWN = 80

Labels = dict[str, dict[str, int]]
Row = Mapping[str, Any]


@dataclass(slots=True)
class Lists:
    """Questions by id and labels, ``labels[query][page ref]``, as they were given."""

    queries: dict[str, Query] = field(default_factory=dict)
    labels: Labels = field(default_factory=dict)


def read(questions: Path, labels: Path | None = None) -> Lists:
    """Read a file of questions, and one of labels if they are apart; `DatasetError` names the line that is wrong."""
    found = Lists()
    _read_questions(questions, found)
    if not found.queries:
        raise DatasetError(f"'{questions.name}' holds no question; each needs an id and a text.")
    if labels is not None:
        _read_labels(labels, found)
    unknown = sorted(set(found.labels) - set(found.queries))
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise DatasetError(f"There are labels on question '{unknown[0]}'{more}, which is not among the questions.")
    if not any(grade > 0 for grades in found.labels.values() for grade in grades.values()):
        raise DatasetError("No label says that a page is relevant; give a file of labels, or a column 'page'.")
    return found


def _read_questions(path: Path, into: Lists) -> None:
    by_text: dict[str, str] = {}
    for where, row in _rows(path, ("query_id", "text")):
        text = " ".join(_first(row, TEXTS).split())
        identifier = _first(row, IDS) or by_text.get(text) or str(len(into.queries) + 1)
        page = _page(where, row)
        if not text:
            raise DatasetError(f"{where} has no question: its text stands under one of {', '.join(TEXTS)}.")
        known = into.queries.get(identifier)
        if known is not None and (known.text != text or not page):
            raise DatasetError(f"{where} repeats the question id '{identifier}'.")
        if known is None:
            document = "" if page else str(row.get("document") or "")
            tags = flat_tags(row) if row.get("tags") else {}
            into.queries[identifier] = Query(identifier, text, document, tags)
            by_text[text] = identifier
        if page:
            into.labels.setdefault(identifier, {})[page] = _grade(where, row)


def _read_labels(path: Path, into: Lists) -> None:
    if path.suffix.lower() in (".trec", ".qrels", ".txt"):
        for query, grades in read_qrels(path).items():
            pages = {_ref(f"{path.name}, question {query}", page): grade for page, grade in grades.items()}
            into.labels.setdefault(query, {}).update(pages)
        return
    for where, row in _rows(path, ("query_id", "page_ref", "grade")):
        query, page = _first(row, IDS), _page(where, row)
        if not query or not page:
            raise DatasetError(f"{where} is not a label: it needs a question's id and a page, as report.pdf#page=12.")
        into.labels.setdefault(query, {})[page] = _grade(where, row)


def _rows(path: Path, plain: tuple[str, ...]) -> Iterator[tuple[str, Row]]:
    """The rows of a file; ``plain`` names the columns of one that does not name them itself."""
    suffix = path.suffix.lower()
    if suffix not in FORMS:
        raise DatasetError(f"'{path.name}' is none of {', '.join(FORMS)}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"'{path.name}' is not UTF-8 text (byte {error.start}); save it as UTF-8.") from None
    except OSError as error:
        raise DatasetError(f"'{path.name}' cannot be read ({error.strerror or error}).") from None
    yield from _json_rows(path.name, text) if suffix in (".jsonl", ".json") else _table_rows(path, text, plain)


def _json_rows(name: str, text: str) -> Iterator[tuple[str, Row]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DatasetError(f"{name} line {number} is not JSON ({error}); write one object a line.") from None
        if not isinstance(row, dict):
            raise DatasetError(f"{name} line {number} is not a JSON object.")
        yield f"{name} line {number}", row


def _table_rows(path: Path, text: str, plain: tuple[str, ...]) -> Iterator[tuple[str, Row]]:
    first = text.partition("\n")[0]
    commas = path.suffix.lower() == ".csv"
    # Spreadsheets of many countries write semicolons into a file that is called comma-separated.
    between = (";" if first.count(";") > first.count(",") else ",") if commas else "\t"
    lines = text.splitlines(keepends=True)
    plain_text = csv.reader(lines, delimiter=between, quoting=csv.QUOTE_NONE)
    reader = csv.reader(lines, delimiter=between) if commas else plain_text
    names: tuple[str, ...] | None = None
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if names is None:
                heads = tuple(cell.lower().replace(" ", "_") for cell in cells)
                names = heads if set(heads) & {*TEXTS, *IDS, *PAGES, "page"} else plain
                if names is heads:
                    continue
            yield f"{path.name} line {reader.line_num}", dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise DatasetError(f"{path.name} line {reader.line_num} is not a row of a table ({error}).") from None


def _first(row: Row, names: tuple[str, ...]) -> str:
    """The first of these columns that holds something; 0 is something."""
    values = (row.get(name) for name in names)
    return next((str(value).strip() for value in values if value is not None and str(value).strip()), "")


def _page(where: str, row: Row) -> str:
    """The page of a row: a reference, or a document and a page number; empty when it has none."""
    text = _first(row, PAGES) or str(row.get("page") or "").strip()
    if not text:
        return ""
    document = str(row.get("document") or "").strip()
    return _ref(where, f"{document}#page={text}" if document and text.isdecimal() else text)


def _ref(where: str, text: str) -> str:
    try:
        return str(PageRef.parse(text))
    except ValueError as error:
        raise DatasetError(f"{where}: {error}.") from None


def _grade(where: str, row: Row) -> int:
    text = _first(row, GRADES) or "1"
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if value != value or value != int(value):
        raise DatasetError(f"{where} has the grade {text[:_SHOWN]!r}; a grade is a whole number, 0 for not relevant.")
    return int(value)
