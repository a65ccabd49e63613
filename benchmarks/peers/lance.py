"""LanceDB's own multivector search, as its documentation has it: a column of vector lists, scanned or indexed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.corpus import Corpus, EncodedQuery

BATCH = 256
"""Pages written at a time."""


class Lance:
    """A table of its own, float32. ``indexed`` builds IVF_PQ with LanceDB's defaults, which knows only cosine."""

    def __init__(self, corpus: Corpus, folder: Path, indexed: bool = False) -> None:
        import lancedb
        import pyarrow as pa

        vectors = pa.list_(pa.list_(pa.float32(), corpus.dim))
        schema = pa.schema([("ref", pa.string()), ("vectors", vectors)])
        self._distance = "cosine" if indexed else "dot"
        self._table: Any = lancedb.connect(str(folder)).create_table("pages", _batches(corpus, schema), schema=schema)
        if indexed:
            self._table.create_index(metric="cosine", vector_column_name="vectors")
        self.bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    def search(self, asked: EncodedQuery, k: int) -> Sequence[str]:
        """One query of the table."""
        search = self._table.search(asked.weighted, vector_column_name="vectors").distance_type(self._distance)
        found = search.limit(k).select(["ref", "_distance"]).to_arrow()
        refs: list[str] = found["ref"].to_pylist()
        return refs

    def close(self) -> None:
        """Drop the table's handle; its files go with the folder."""
        self._table = None


def indexed(corpus: Corpus, folder: Path) -> Lance:
    """The same with an IVF_PQ index."""
    return Lance(corpus, folder, indexed=True)


def _batches(corpus: Corpus, schema: Any) -> Iterator[Any]:
    import pyarrow as pa

    for start in range(0, len(corpus), BATCH):
        pages = range(start, min(start + BATCH, len(corpus)))
        rows = [list(corpus.full[i]) for i in pages]
        yield pa.record_batch([pa.array([corpus.refs[i] for i in pages]), pa.array(rows, schema.types[1])], schema)
