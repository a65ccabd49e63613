"""An evaluation dataset in a folder: documents, questions, and which pages answer them.

``documents/`` holds PDFs and images; ``queries.jsonl`` has ``query_id``, ``text`` and optionally ``document`` (the file
the question was asked of) and ``tags``; ``qrels.tsv`` has the BEIR header and a row per relevant page, whose corpus id
is a page ref. Everything is checked before anything runs. What this module does not do: read the documents.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.errors import DatasetError
from workbench.types import PageRef

HEADER = ["query-id", "corpus-id", "score"]


@dataclass(frozen=True, slots=True)
class Query:
    """A question. ``tags`` are flat: each key's values as texts."""

    id: str
    text: str
    document: str = ""
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Questions with their labels; ``qrels[query][page ref]`` is the grade. ``warnings`` are worth a person's look."""

    name: str
    folder: Path
    queries: tuple[Query, ...]
    qrels: Mapping[str, Mapping[str, int]]
    warnings: tuple[str, ...] = ()

    @property
    def documents(self) -> Path:
        """The folder with the files."""
        return self.folder / "documents"


def load_dataset(folder: Path) -> Dataset:
    """Read and check a dataset folder; `DatasetError` lists everything that is wrong with it."""
    if not folder.is_dir():
        raise DatasetError(f"There is no dataset folder '{folder}'.")
    missing = [name for name in ("documents", "queries.jsonl", "qrels.tsv") if not (folder / name).exists()]
    if missing:
        raise DatasetError(
            f"'{folder}' is not a dataset: {' and '.join(missing)} missing; it needs documents/, queries.jsonl and "
            "qrels.tsv."
        )
    problems: list[str] = []
    queries = _queries(folder / "queries.jsonl", problems)
    qrels = _qrels(folder / "qrels.tsv", {query.id for query in queries}, problems)
    if problems:
        shown = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
        raise DatasetError(f"Dataset '{folder.name}' cannot be used: {shown}.")
    labelled = tuple(query for query in queries if any(grade > 0 for grade in qrels.get(query.id, {}).values()))
    if not labelled:
        raise DatasetError(f"Dataset '{folder.name}' has no question with a relevant page.")
    warnings = []
    if len(labelled) < len(queries):
        warnings.append(f"{len(queries) - len(labelled)} questions have no relevant page and are left out")
    return Dataset(folder.resolve().name, folder, labelled, qrels, tuple(warnings))


def _queries(path: Path, problems: list[str]) -> list[Query]:
    found: dict[str, Query] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            query = Query(str(row["query_id"]), str(row["text"]), str(row.get("document") or ""), flat_tags(row))
        except (ValueError, KeyError, TypeError) as error:
            problems.append(f"{path.name} line {number} is not a question ({type(error).__name__}: {error})")
            continue
        if query.id in found:
            problems.append(f"{path.name} line {number} repeats query id {query.id}")
        found[query.id] = query
    return list(found.values())


def flat_tags(row: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Tags of a query row as texts: a list keeps its members, a mapping its keys, anything else stands for itself."""
    tags = row.get("tags") or {}
    if isinstance(tags, list):
        return {"tag": tuple(map(str, tags))}
    return {
        str(key): tuple(map(str, value)) if isinstance(value, (list, tuple)) else (_text(value),)
        for key, value in tags.items()
    }


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _qrels(path: Path, known: set[str], problems: list[str]) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        header = next(rows, [])
        if header != HEADER:
            problems.append(f"{path.name} begins with {header}, not with {HEADER}")
            return qrels
        for row in rows:
            if not row:
                continue
            where = f"{path.name} line {rows.line_num}"
            try:
                query, page, grade = row[0], str(PageRef.parse(row[1])), int(row[2])
            except (IndexError, ValueError) as error:
                problems.append(f"{where}: {error}")
                continue
            if query not in known:
                problems.append(f"{where} names the unknown query {query}")
            elif page in qrels.setdefault(query, {}):
                problems.append(f"{where} repeats {query} {page}")
            else:
                qrels[query][page] = grade
    return qrels
