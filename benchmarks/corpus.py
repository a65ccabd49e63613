"""A collection's pages as plain arrays: what other systems are given, so that all search the same vectors and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.service import Workbench
from workbench.store import Collection, Library
from workbench.store.tables import FOLDER
from workbench.types import Float, QueryEmbedding, Ragged


@dataclass(frozen=True, slots=True)
class Corpus:
    """Pages in order of their refs: ``full`` and ``rows`` vectors float32, one ``single`` vector each, and words.

    ``refs`` are page refs as texts; ``single (pages, dim) float32`` is the index ``global``.
    """

    refs: tuple[str, ...]
    full: Ragged
    rows: Ragged
    single: Float
    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.refs)

    @property
    def dim(self) -> int:
        """Numbers per vector."""
        return int(self.full.flat.shape[1])


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A question as every system gets it: its text, and its vectors, encoded once."""

    text: str
    embedding: QueryEmbedding

    @property
    def weighted(self) -> Float:
        """Query vectors times their weights ``(m, dim) float32``: MaxSim by dot product is then everywhere the same."""
        return np.ascontiguousarray(self.embedding.vectors * self.embedding.weights[:, None], np.float32)

    @property
    def mean(self) -> Float:
        """The mean query vector, of length 1: ``(dim,) float32``."""
        mean = self.weighted.sum(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)


def read_corpus(workbench: Workbench, name: str) -> Corpus:
    """All pages of a collection with its first encoder's indexes ``full``, ``rows`` and ``global``, in memory."""
    collection = Library.of(workbench.settings).open(name)
    try:
        ids = collection.page_ids(None)
        refs = collection.refs(ids)
        return Corpus(
            tuple(str(refs[page]) for page in ids),
            _ragged(collection, "full", ids),
            _ragged(collection, "rows", ids),
            np.ascontiguousarray(_ragged(collection, "global", ids).flat, np.float32),
            tuple(workbench.library.page(refs[page], name).words.text for page in ids),
        )
    finally:
        collection.close()


def text_index_bytes(workbench: Workbench, name: str) -> int:
    """Bytes on disk of a collection's text index, which BM25 searches."""
    collection = Library.of(workbench.settings).open(name)
    folder = collection.path / FOLDER / "pages.lance" / "_indices"
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _ragged(collection: Collection, index: str, ids: Sequence[str]) -> Ragged:
    """The vectors of these pages one after the other, float32, out of the memory-mapped copy."""
    held = collection.space().mapped(index)
    rows = held.page_ids.places(ids)
    lengths = held.lengths[rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    flat = np.empty((int(offsets[-1]), held.flat.shape[1]), np.float32)
    for i, row in enumerate(rows):
        flat[offsets[i] : offsets[i + 1]] = held.flat[held.starts[row] : held.starts[row] + held.lengths[row]]
    return Ragged(flat, offsets)
