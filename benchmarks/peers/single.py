"""One pooled vector a page in faiss: what most vector search is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.corpus import Corpus, EncodedQuery


class Faiss:
    """``IndexFlatIP`` over the page means, asked with the mean of the query's vectors."""

    def __init__(self, corpus: Corpus, folder: Path) -> None:
        import faiss

        self._refs = corpus.refs
        self._index: Any = faiss.IndexFlatIP(corpus.dim)
        self._index.add(corpus.single)
        self.bytes = int(corpus.single.nbytes)

    def search(self, asked: EncodedQuery, k: int) -> Sequence[str]:
        """The k nearest pages."""
        _, found = self._index.search(asked.mean[None], min(k, len(self._refs)))
        return [self._refs[i] for i in found[0].tolist() if i >= 0]

    def close(self) -> None:
        """Drop the index."""
        self._index = None
