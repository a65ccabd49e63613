"""BM25 over the pages' words with bm25s, as its README has it: English stop words, no stemming."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.corpus import Corpus, EncodedQuery


class Bm25s:
    """An index of all pages' words."""

    def __init__(self, corpus: Corpus, folder: Path) -> None:
        import bm25s

        self._refs = corpus.refs
        self._index = bm25s.BM25()
        self._index.index(bm25s.tokenize(list(corpus.texts), stopwords="en", show_progress=False), show_progress=False)
        self._index.save(folder)
        self.bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    def search(self, asked: EncodedQuery, k: int) -> Sequence[str]:
        """The k best pages; those that share no word with the question are not found."""
        import bm25s

        tokens = bm25s.tokenize([asked.text], stopwords="en", show_progress=False)
        found, scores = self._index.retrieve(tokens, k=min(k, len(self._refs)), show_progress=False)
        return [self._refs[int(i)] for i, score in zip(found[0], scores[0], strict=True) if score > 0]

    def close(self) -> None:
        """Drop the index."""
        self._index = None
