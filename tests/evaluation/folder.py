"""A small dataset on disk, whose parts a test can replace."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

QUERIES: Sequence[dict[str, Any]] = (
    {"query_id": 0, "text": "How large is a whale?", "document": "whales.pdf", "tags": {"evidence": ["Text", "Chart"]}},
    {"query_id": "b", "text": "How long does bread bake?", "document": "bread.pdf", "tags": {"evidence": ["Text"]}},
)
QRELS = (("0", "whales.pdf#page=1", "2"), ("0", "whales.pdf#page=2", "1"), ("b", "bread.pdf#page=2", "1"))


def write(
    folder: Path,
    queries: Sequence[dict[str, Any]] = QUERIES,
    qrels: Sequence[Sequence[str]] = QRELS,
    header: str = "query-id\tcorpus-id\tscore",
) -> Path:
    documents = folder / "documents"
    documents.mkdir(parents=True, exist_ok=True)
    for name in ("whales.pdf", "bread.pdf"):
        (documents / name).touch()
    lines = "\n".join(json.dumps(query, ensure_ascii=False) for query in queries)
    (folder / "queries.jsonl").write_text(lines + "\n", encoding="utf-8")
    rows = "\n".join((header, *("\t".join(row) for row in qrels)))
    (folder / "qrels.tsv").write_text(rows + "\n", encoding="utf-8")
    return folder
