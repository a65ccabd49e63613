"""ViDoRe's tables, versions 1 to 3, and MTEB's, into the folder form.

Version 1: one table of ``query, image, image_filename``; a row without a question is a page nobody asks for. Questions
are taken once, and the last row of a repeated question names its page, as the benchmark's own evaluator does. Versions
2, 3 and MTEB's: tables of pages, questions and labels (``corpus``, ``queries``, ``qrels``), told apart by their
columns, perhaps one set per language (``english-corpus``), whose ids are then kept apart. Version 3 adds documents,
page numbers, and boxes in pixels. An id is whatever is there, 0 included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.errors import DatasetError
from workbench.evaluation.imports.making import Making, Pixels
from workbench.evaluation.imports.tables import Row, SourceTable
from workbench.evaluation.rows import grade, identifier

PAGE_ID = ("corpus_id", "id")
QUERY_ID = ("query_id", "id")
TAGS = ("language", "query_types", "query_format", "content_type", "query_generator", "answer_type", "source_type")


def convert(tables: Sequence[SourceTable], making: Making) -> None:
    """Read the tables; `DatasetError` when they are of no known form."""
    asked = [table for table in tables if {"query", "image", "image_filename"} <= table.columns]
    if asked:
        _answers(asked, making)
        return
    labels = [table for table in tables if {"score", "query_id", "corpus_id"} <= table.columns]
    pages = [table for table in tables if "image" in table.columns and _has(table, PAGE_ID)]
    taken = {id(table) for table in (*labels, *pages)}
    queries = [t for t in tables if id(t) not in taken and {"query", "text"} & t.columns and _has(t, QUERY_ID)]
    if not (labels and pages and queries):
        have = "; ".join(f"{t.config or 'data'}: {', '.join(sorted(t.columns))}" for t in tables)
        raise DatasetError(
            f"These tables are no dataset of pages, questions and labels. There are: {have or 'none'}. Needed are a "
            "table of pages with pictures (corpus), one of questions, and one of labels with scores."
        )
    _pages(pages, making)
    apart = len(queries) > 1
    for table in queries:
        language = _language(table) if apart else ""
        for row in table.rows():
            tags = _tags(row) | ({"language": language} if language and not row.get("language") else {})
            query = _name(language, identifier(row, *QUERY_ID))
            making.query(query, identifier(row, "query", "text"), tags)
    for table in labels:
        language = _language(table) if apart else ""
        for row in table.rows():
            query, page = _name(language, identifier(row, *QUERY_ID)), identifier(row, *PAGE_ID)
            score = grade(row["score"], making.odd, f"{query} {page}")
            if score is not None:
                making.label(query, page, score, _boxes(row.get("bounding_boxes")))


def _pages(tables: Sequence[SourceTable], making: Making) -> None:
    """Tables of pages; one for another language may hold the same pages again."""
    known: set[str] = set()
    for table in tables:
        earlier = frozenset(known)
        for row in table.rows(("image", "doc_id", "page_number_in_doc", *PAGE_ID)):
            page = identifier(row, *PAGE_ID)
            if page in earlier:
                continue
            known.add(page)
            number = row.get("page_number_in_doc")
            making.picture(page, _bytes(row["image"]), str(row.get("doc_id") or ""), None if number is None else number)


def _answers(tables: Sequence[SourceTable], making: Making) -> None:
    """The question-and-answer form of version 1."""
    seen: set[str] = set()
    pages: dict[str, str] = {}
    tags: dict[str, Mapping[str, Any]] = {}
    for table in tables:
        for row in table.rows(("query", "image", "image_filename", *TAGS)):
            page = str(row["image_filename"])
            if page not in seen:
                seen.add(page)
                making.picture(page, _bytes(row["image"]))
            text = identifier(row, "query")
            if text:
                if text in pages:
                    making.odd.add("question_again", text[:80])
                pages[text] = page
                tags.setdefault(text, _tags(row))
    for number, (text, page) in enumerate(pages.items()):
        making.query(str(number), text, tags[text])
        making.label(str(number), page, 1)


def _has(table: SourceTable, names: Sequence[str]) -> bool:
    return any(name in table.columns for name in names)


def _language(table: SourceTable) -> str:
    """What stands before the last part of a configuration's name: ``english`` of ``english-queries``."""
    return table.config.rpartition("-")[0]


def _name(language: str, query: str) -> str:
    return f"{language}/{query}" if language and query else query


def _bytes(image: Any) -> bytes | None:
    """The bytes of a picture as the hub's tables hold them: as they are, or in a struct with a path."""
    return image.get("bytes") if isinstance(image, Mapping) else image


def _tags(row: Row) -> dict[str, Any]:
    return {key: row[key] for key in TAGS if row.get(key)}


def _boxes(boxes: Any) -> list[Pixels]:
    return [(box["x1"], box["y1"], box["x2"], box["y2"]) for box in boxes or ()]
