"""A BEIR folder (``corpus.jsonl``, ``queries.jsonl``, ``qrels/test.tsv``) into the folder form.

A row of the corpus with an ``image`` (a path inside the folder) is that picture; any other is its title and text, set
in type on a page of its own. What is odd about a row is told, and costs no other row.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.errors import DatasetError
from workbench.evaluation.imports.making import Making
from workbench.evaluation.rows import identifier, label_rows, objects
from workbench.folders import inside

SPLITS = ("test", "dev", "train")


def convert(folder: Path, making: Making) -> None:
    """Read the folder; `DatasetError` when it has no labels."""
    for _, row in objects(folder / "corpus.jsonl", making.odd):
        page = _id(row)
        if row.get("image"):
            path = folder / str(row["image"])
            making.picture(page, path.read_bytes() if inside(path, folder) and path.is_file() else None)
        else:
            making.text(page, identifier(row, "title"), identifier(row, "text"))
    for _, row in objects(folder / "queries.jsonl", making.odd):
        tags = row.get("tags") if isinstance(row.get("tags"), dict) else {}
        language = {"language": row["language"]} if row.get("language") else {}
        making.query(_id(row), identifier(row, "text"), {**(tags or {}), **language})
    found = [folder / "qrels" / f"{split}.tsv" for split in SPLITS if (folder / "qrels" / f"{split}.tsv").is_file()]
    if not found:
        raise DatasetError(f"'{folder}' has no labels; a BEIR folder has them in qrels/test.tsv.")
    for _, query, page, grade in label_rows(found[0], making.odd):
        making.label(query, page, grade)


def _id(row: Mapping[str, Any]) -> str:
    return identifier(row, "_id", "id")
