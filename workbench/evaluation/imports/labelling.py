"""Writes a dataset that is about the pages of a collection: questions and labels in the folder form, no documents."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from workbench.evaluation.datasets import HEADER, SOURCE, Question
from workbench.evaluation.oddities import Oddity
from workbench.evaluation.runs import write_qrels


def write_dataset(
    folder: Path,
    queries: Iterable[Question],
    labels: Mapping[str, Mapping[str, int]],
    collection: str,
    oddities: Iterable[Oddity] = (),
) -> Path:
    """Write it whole or not at all, in place of what is there; returns the folder.

    Labels go in the TREC form where a name holds a tab or a line end, which no table can.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "documents").mkdir(parents=True)
    rows = [{"query_id": q.id, "text": q.text, **_more(q)} for q in queries]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (partial / "queries.jsonl").write_text(lines, encoding="utf-8", newline="\n")
    if any(set("\t\r\n").intersection(f"{query}{page}") for query, pages in labels.items() for page in pages):
        write_qrels(partial / "qrels.trec", labels)  # which is percent-encoded
    else:
        rows_of = (f"{query}\t{page}\t{grade}\n" for query, pages in labels.items() for page, grade in pages.items())
        table = "\t".join(HEADER) + "\n" + "".join(rows_of)
        (partial / "qrels.tsv").write_text(table, encoding="utf-8", newline="\n")
    source = {"collection": collection, "notes": [], "oddities": [asdict(oddity) for oddity in oddities]}
    (partial / SOURCE).write_text(json.dumps(source, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(partial, folder)
    return folder


def _more(query: Question) -> dict[str, object]:
    """What a question has besides its text."""
    tags = {key: list(values) for key, values in query.tags.items()}
    return {**({"document": query.document} if query.document else {}), **({"tags": tags} if tags else {})}
