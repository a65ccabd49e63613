"""The sample documents: the collection they go into, and the questions to begin with."""

from __future__ import annotations

import json

from workbench import resources

SAMPLE = "sample"


def examples(collection: str) -> list[str]:
    """Example questions for the collection of sample data; none for others, since they would find nothing."""
    if collection != SAMPLE:
        return []
    path = resources.sample_data() / "queries.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [row["text"] for row in rows if row.get("example")]
