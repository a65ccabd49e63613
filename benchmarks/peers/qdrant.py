"""Qdrant in the form Visual RAG Toolkit uses it (arXiv 2602.12510): pooled vectors prefetch, all vectors rerank.

The client's local mode, which searches in this process with numpy; a Qdrant server is native code and faster.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from benchmarks.corpus import Corpus, EncodedQuery

PREFETCH = 256
"""Pages that the first stage hands on, as in the toolkit's published runs."""
BATCH = 64


class Qdrant:
    """Two named multivectors a page, compared by dot product, in memory; ``staged`` is the two-stage query."""

    def __init__(self, corpus: Corpus, folder: Path, staged: bool = True) -> None:
        from qdrant_client import QdrantClient, models

        self._refs = corpus.refs
        self._staged = staged
        self._client = QdrantClient(":memory:")
        kind = models.VectorParams(
            size=corpus.dim,
            distance=models.Distance.DOT,
            multivector_config=models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM),
        )
        names = {"full": corpus.full, **({"rows": corpus.rows} if staged else {})}
        self._client.create_collection("pages", vectors_config=dict.fromkeys(names, kind))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that local mode is not meant for so many points
            for start in range(0, len(corpus), BATCH):
                pages = range(start, min(start + BATCH, len(corpus)))
                points = [
                    models.PointStruct(id=i, vector={name: held[i].tolist() for name, held in names.items()})
                    for i in pages
                ]
                self._client.upsert("pages", points)
        self.bytes = sum(int(held.flat.nbytes) for held in names.values())

    def search(self, asked: EncodedQuery, k: int) -> Sequence[str]:
        """One query with a prefetch, or without."""
        from qdrant_client import models

        tokens = asked.weighted.tolist()
        prefetch = [models.Prefetch(query=tokens, using="rows", limit=PREFETCH)] if self._staged else None
        found = self._client.query_points("pages", query=tokens, using="full", prefetch=prefetch, limit=k)
        return [self._refs[int(point.id)] for point in found.points]

    def close(self) -> None:
        """Drop the collection."""
        self._client.close()


def one_stage(corpus: Corpus, folder: Path) -> Qdrant:
    """All vectors of all pages, without a prefetch."""
    return Qdrant(corpus, folder, staged=False)
