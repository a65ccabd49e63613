"""ViDoRe's tables, versions 1 to 3, and MTEB's, into the folder form.

Version 1: one table of ``query, image, image_filename``; a row without a question is a page nobody asks for. Questions
are taken once, and the last row of a repeated question names its page, as the benchmark's own evaluator does. Versions
2, 3 and MTEB's: tables of pages, questions and labels (``corpus``, ``queries``, ``qrels``), told apart by their
columns, perhaps one set per language (``english-corpus``), whose ids of questions are then kept apart, or one per
domain (``laws-corpus`` of MMDocIR), whose pages are other pages: each domain is a document, within which its questions
ask. Version 3 adds documents, page numbers, and boxes in pixels; 3.1 and MMDocIR the text of each page, which becomes
its text layer. Of REAL-MM-RAG's questions the most rephrased form is taken, as MTEB does. An id is whatever is there, 0
included.
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
TEXT = ("rephrase_level_3", "query", "text")
LANGUAGES = ("english", "french", "german", "italian", "portuguese", "spanish")
"""Before ``-corpus`` in a table's name: the pages are those of the other languages."""
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
    queries = [t for t in tables if id(t) not in taken and _has(t, TEXT) and _has(t, QUERY_ID)]
    if not (labels and pages and queries):
        have = "; ".join(f"{t.config or 'data'}: {', '.join(sorted(t.columns))}" for t in tables)
        raise DatasetError(
            f"These tables are no dataset of pages, questions and labels. There are: {have or 'none'}. Needed are a "
            "table of pages with pictures (corpus), one of questions, and one of labels with scores."
        )
    _pages(pages, making)
    apart = len(queries) > 1
    for table in queries:
        part = _part(table) if apart else ""
        domain = _domain(table) if apart else ""
        for row in table.rows():
            told = {"subset": domain} if domain else {"language": part} if part and not row.get("language") else {}
            query = _name(part, identifier(row, *QUERY_ID))
            making.query(query, identifier(row, *TEXT), _tags(row) | told, domain)
    for table in labels:
        part = _part(table) if apart else ""
        domain = _domain(table) if apart else ""
        for row in table.rows():
            query = _name(part, identifier(row, *QUERY_ID))
            page = _name(domain, identifier(row, *PAGE_ID))
            score = grade(row["score"], making.odd, f"{query} {page}")
            if score is not None:
                making.label(query, page, score, _boxes(row.get("bounding_boxes")))


def _pages(tables: Sequence[SourceTable], making: Making) -> None:
    """Tables of pages; one for another language may hold the same pages again."""
    known: set[str] = set()
    for table in tables:
        earlier = frozenset(known)
        domain = _domain(table) if len(tables) > 1 else ""
        for row in table.rows(("image", "text", "doc_id", "page_number_in_doc", *PAGE_ID)):
            page = _name(domain, identifier(row, *PAGE_ID))
            if page in earlier:
                continue
            known.add(page)
            document, number = domain or str(row.get("doc_id") or ""), None if domain else row.get("page_number_in_doc")
            making.picture(page, _bytes(row["image"]), document, number, str(row.get("text") or ""))


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


def _part(table: SourceTable) -> str:
    """What stands before the last part of a configuration's name: ``english`` of ``english-queries``."""
    return table.config.rpartition("-")[0]


def _domain(table: SourceTable) -> str:
    """The part of a dataset that a table is of, where that is no language: its pages are other pages."""
    part = _part(table)
    return "" if part in LANGUAGES else part


def _name(part: str, identifier: str) -> str:
    return f"{part}/{identifier}" if part and identifier else identifier


def _bytes(image: Any) -> bytes | None:
    """The bytes of a picture as the hub's tables hold them: as they are, or in a struct with a path."""
    return image.get("bytes") if isinstance(image, Mapping) else image


def _tags(row: Row) -> dict[str, Any]:
    return {key: row[key] for key in TAGS if row.get(key)}


def _boxes(boxes: Any) -> list[Pixels]:
    return [(box["x1"], box["y1"], box["x2"], box["y2"]) for box in boxes or ()]
