"""A BEIR folder (``corpus.jsonl``, ``queries.jsonl``, ``qrels/test.tsv``) into the folder form.

A row of the corpus with an ``image`` (a path inside the folder) is that picture; any other is its title and text, set
in type on a page of its own.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.errors import DatasetError
from workbench.evaluation.imports.making import Making

SPLITS = ("test", "dev", "train")


def convert(folder: Path, making: Making) -> None:
    """Read the folder; `DatasetError` names the line that is wrong."""
    for where, row in _rows(folder / "corpus.jsonl"):
        page = _id(where, row)
        if row.get("image"):
            path = folder / str(row["image"])
            inside = path.resolve().is_relative_to(folder.resolve())
            making.picture(page, path.read_bytes() if inside and path.is_file() else None)
        else:
            making.text(page, str(row.get("title") or ""), str(row.get("text") or ""))
    for where, row in _rows(folder / "queries.jsonl"):
        tags = row.get("tags") if isinstance(row.get("tags"), dict) else {}
        language = {"language": row["language"]} if row.get("language") else {}
        making.query(_id(where, row), str(row.get("text") or ""), {**(tags or {}), **language})
    found = [folder / "qrels" / f"{split}.tsv" for split in SPLITS if (folder / "qrels" / f"{split}.tsv").is_file()]
    if not found:
        raise DatasetError(f"'{folder}' has no labels; a BEIR folder has them in qrels/test.tsv.")
    path = found[0]
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, fields in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), 1):
            if number == 1 and fields[-1:] == ["score"]:
                continue
            try:
                query, page, grade = fields
                making.label(query, page, int(grade))
            except ValueError:
                raise DatasetError(f"{path.name} line {number} is not a question, a page and a grade.") from None


def _id(where: str, row: Mapping[str, Any]) -> str:
    value = row.get("_id", row.get("id"))
    if value is None or value == "":
        raise DatasetError(f"{where} has no _id.")
    return str(value)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"'{path.name}' cannot be read ({error}).") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise DatasetError(f"{path.name} line {number} is not JSON ({error}).") from None
            if not isinstance(row, dict):
                raise DatasetError(f"{path.name} line {number} is not a JSON object.")
            yield f"{path.name} line {number}", row
