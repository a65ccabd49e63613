"""What people judged while searching: which pages of a collection answer a query, and how well.

``judgements/<collection>/`` holds ``queries.jsonl``, ``qrels.jsonl`` and the same labels as ``qrels.trec``, written
whole after every judgement. A query is known by its words, whatever the case and the blanks between them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.atomic import write_whole
from workbench.errors import InputError
from workbench.evaluation.datasets import Question
from workbench.evaluation.runs import write_qrels
from workbench.types import Gone, PageRef, Receipt

GRADES = (0, 1, 2, 3)
"""Grades a page can be given; 0 is judged and not relevant."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The judged queries of a collection; ``grades[query id][page ref]``."""

    queries: tuple[Question, ...]
    grades: Mapping[str, Mapping[str, int]]


class Judgements:
    """The judgements of one home folder. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def judge(self, collection: str, query: str, ref: PageRef, grade: int | None) -> dict[str, int]:
        """Give a page a grade for a query, or take it back (None); returns all grades of that query.

        `InputError` for a grade that is none of `GRADES`.
        """
        if grade is not None and grade not in GRADES:
            raise InputError(f"A grade is one of {', '.join(map(str, GRADES))}, not {grade}.")
        with self._lock:
            held = self._read(collection)
            texts = {found.id: found.text for found in held.queries}
            grades = {found: dict(pages) for found, pages in held.grades.items()}
            identifier = _id(query)
            texts.setdefault(identifier, " ".join(query.split()))
            pages = grades.setdefault(identifier, {})
            pages.pop(str(ref), None)
            if grade is not None:
                pages[str(ref)] = grade
            if not pages:
                del grades[identifier], texts[identifier]
            self._write(collection, texts, grades)
            return dict(pages)

    def of(self, collection: str, query: str) -> dict[str, int]:
        """Grades by page of one query of a collection."""
        return dict(self.all(collection).grades.get(_id(query), {}))

    def all(self, collection: str) -> Judged:
        """Everything judged in a collection."""
        with self._lock:
            return self._read(collection)

    def forget(self, gone: Gone) -> Receipt:
        """Delete the grades of the pages that leave, and queries that no grade is left of.

        Of a file that cannot be read the receipt says so: it stays for a person to mend.
        """
        collection = gone.collection
        with self._lock:
            try:
                held = self._read(collection)
            except InputError as error:
                return Receipt.of(gone, notes=(str(error),))
            left = {
                query: {page: grade for page, grade in pages.items() if not gone.names(_document(page))}
                for query, pages in held.grades.items()
            }
            left = {query: pages for query, pages in left.items() if pages}
            count = sum(map(len, held.grades.values())) - sum(map(len, left.values()))
            if not left:
                shutil.rmtree(self.folder(collection), ignore_errors=True)
            elif count:
                self._write(collection, {query.id: query.text for query in held.queries if query.id in left}, left)
            return Receipt.of(gone, labels=count)

    def rename_collection(self, collection: str, name: str) -> None:
        """Let the judgements of a collection be those of its new name."""
        with self._lock, suppress(FileNotFoundError):
            shutil.rmtree(self.folder(name), ignore_errors=True)  # of a collection of that name that is gone
            self.folder(collection).rename(self.folder(name))

    def folder(self, collection: str) -> Path:
        """Where a collection's judgements lie."""
        return self._folder / collection

    def _read(self, collection: str) -> Judged:
        folder = self.folder(collection)
        try:
            queries = [json.loads(line) for line in _lines(folder / "queries.jsonl")]
            labels = [json.loads(line) for line in _lines(folder / "qrels.jsonl")]
            grades: dict[str, dict[str, int]] = {}
            for row in labels:
                grades.setdefault(row["query_id"], {})[row["page"]] = int(row["grade"])
            return Judged(tuple(Question(row["query_id"], row["text"]) for row in queries), grades)
        except FileNotFoundError:
            return Judged((), {})
        except (OSError, ValueError, KeyError, TypeError):
            where = f"mend the files in '{folder}'"
            raise InputError(f"The judgements of collection '{collection}' cannot be read; {where}.") from None

    def _write(self, collection: str, texts: Mapping[str, str], grades: Mapping[str, Mapping[str, int]]) -> None:
        folder = self.folder(collection)
        folder.mkdir(parents=True, exist_ok=True)
        rows = [{"query_id": q, "page": page, "grade": g} for q, pages in grades.items() for page, g in pages.items()]
        _write_lines(folder / "queries.jsonl", [{"query_id": q, "text": text} for q, text in texts.items()])
        _write_lines(folder / "qrels.jsonl", rows)
        write_qrels(folder / "qrels.trec", grades)


def _document(page: str) -> str:
    return PageRef.parse(page).document


def _id(query: str) -> str:
    """The id of a query: the same for the same words."""
    return "j" + hashlib.sha256(" ".join(query.split()).casefold().encode("utf-8", "replace")).hexdigest()[:12]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def _write_lines(path: Path, rows: list[dict[str, object]]) -> None:
    write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
