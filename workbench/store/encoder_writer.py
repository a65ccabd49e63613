"""Writes one encoder's vectors: pooled first and the full ones last, so that a page with full vectors is whole."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import DiskFullError
from workbench.representations import FittedIndex
from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.files import is_disk_full
from workbench.store.manifest import FULL
from workbench.store.schema import full_table, vectors_table
from workbench.store.table_writer import NOW, TableWriter
from workbench.types import PageEmbedding

log = logging.getLogger(__name__)

Derive = Callable[[FittedIndex, PageEmbedding], NDArray[Any]]
"""Makes the rows of a page in an index of that form."""

VECTOR_FRAGMENTS = 200
"""Small files of a vectors table after which it is tidied; dear to do, and they are seldom read but through a copy."""
_UNIT = 1e-2


@dataclass(frozen=True, slots=True)
class Ready:
    """A page's vectors for every index of a space: ``pooled`` in the order of the space's indexes."""

    embedding: PageEmbedding
    pooled: tuple[NDArray[Any], ...]


class EncoderWriter:
    """The tables of one space, for the writer of its collection."""

    def __init__(self, space: EncoderVectors, tables: TableWriter, derive: Derive) -> None:
        self.space = space
        self._tables = tables
        self._derive = derive
        self._pooled = [index for index in space.record.indexes if index.name != FULL]

    @property
    def names(self) -> list[str]:
        """Names of its tables."""
        return [index.table for index in self.space.record.indexes]

    def prepare(self, embedding: PageEmbedding) -> Ready | str:
        """A page's vectors ready to be written, or why they cannot be stored."""
        reason = unfit(embedding, self.space.dim)
        if reason:
            return reason
        try:
            fitted_indexes = [self.space.fitted(index.name) for index in self._pooled]
            return Ready(embedding, tuple(self._derive(fitted, embedding) for fitted in fitted_indexes))
        except Exception as error:  # one page must not cost the batch, but a full disk is everybody's
            if isinstance(error, DiskFullError) or is_disk_full(error):
                raise
            log.exception("a page could not be pooled for %s", self.space.encoder)
            return f"The page could not be stored: {error}"

    def write(self, ids: Sequence[str], pages: Sequence[Ready]) -> None:
        """Write the vectors of these pages."""
        if not ids:
            return
        for i, index in enumerate(self._pooled):
            rows = vectors_table(index.dim, index.dtype, ids, [page.pooled[i] for page in pages])
            self._tables.write(index.table, rows)
        full = self.space.index(FULL)
        self._tables.write(full.table, full_table(full.dim, full.dtype, ids, [page.embedding for page in pages]))

    def delete(self, ids: Sequence[str]) -> None:
        """Delete the vectors of these pages."""
        for table in self.names:
            self._tables.delete(table, ids)

    def reconcile(self, committed: set[str]) -> None:
        """Drop the vectors of pages never committed and, of a later encoder, of pages that are there in part only."""
        stored = [self._tables.stored[table] for table in self.names]
        keep = committed if self.space.primary else committed.intersection(*stored)
        for table, ids in zip(self.names, stored, strict=True):
            self._tables.delete(table, sorted(ids - keep))

    def finish(self) -> None:
        """Tidy what was written and bring the memory-mapped copies up to date.

        What a tidying replaces goes at once: it is as large as what replaces it, and nobody would come by later to
        take it away. A read that is at it reads again (`tables.steadily`).
        """
        for index in self.space.record.indexes:
            if self._tables.fragments(index.table) > VECTOR_FRAGMENTS:
                self._tables.tidy(index.table, NOW)
            self.space.vectors(index.name)
            if self.space.approximated(index.name):
                self.space.ann(index.name, wait=True)


def unfit(embedding: PageEmbedding, dim: int) -> str:
    """Why an embedding cannot be stored, in one sentence; empty when it can."""
    vectors, places = embedding.vectors, embedding.geometry
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        return f"The encoder gave vectors of shape {vectors.shape}; this collection holds {dim} numbers a vector."
    n = len(vectors)
    if n == 0 or places.boxes.shape != (n, 4) or places.cell.shape != (n,) or len(embedding.labels) not in (0, n):
        return (
            f"The encoder gave {n} vectors, {len(places)} places and {len(embedding.labels)} labels, which do not fit."
        )
    if not np.isfinite(places.boxes).all():
        return "The encoder gave places that are not numbers."
    norms = np.linalg.norm(vectors.astype(np.float32), axis=1)
    if not np.isfinite(norms).all() or np.abs(norms - 1).max() > _UNIT:
        return "The encoder gave vectors that are not finite or not of length 1."
    return ""
