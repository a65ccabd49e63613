"""Writes a dataset that is about the pages of a collection: questions and labels in the folder form, no documents."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from workbench.errors import DatasetError
from workbench.evaluation.datasets import HEADER, SOURCE, Query
from workbench.evaluation.oddities import Oddity


def write_dataset(
    folder: Path,
    queries: Iterable[Query],
    labels: Mapping[str, Mapping[str, int]],
    collection: str,
    notes: Iterable[str] = (),
    oddities: Iterable[Oddity] = (),
) -> Path:
    """Write it whole or not at all, in place of what is there; returns the folder.

    `DatasetError` for a page or an id that cannot stand in a table.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "documents").mkdir(parents=True)
    rows = [{"query_id": q.id, "text": q.text, **_more(q)} for q in queries]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (partial / "queries.jsonl").write_text(lines, encoding="utf-8", newline="\n")
    with (partial / "qrels.tsv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
        table.writerow(HEADER)
        for query, grades in labels.items():
            for page, grade in grades.items():
                try:
                    table.writerow((query, page, grade))
                except csv.Error:
                    shutil.rmtree(partial, ignore_errors=True)
                    raise DatasetError(f"{page!r} holds a tab or a line end, which no file of labels can.") from None
    source = {"collection": collection, "notes": list(notes), "oddities": [asdict(oddity) for oddity in oddities]}
    (partial / SOURCE).write_text(json.dumps(source, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(partial, folder)
    return folder


def _more(query: Query) -> dict[str, object]:
    """What a question has besides its text."""
    tags = {key: list(values) for key, values in query.tags.items()}
    return {**({"document": query.document} if query.document else {}), **({"tags": tags} if tags else {})}
