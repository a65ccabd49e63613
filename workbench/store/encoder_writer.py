"""The tables of one encoder's vectors, kept in step with the pages that are committed."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.table_writer import NOW, TableWriter

VECTOR_FRAGMENTS = 200
"""Small files of a vectors table after which it is tidied; dear to do, and they are seldom read but through a copy."""
PAGES_A_FRAGMENT = 64
"""Pages there are for each such file more: joining them rewrites the table, and needs its room a second time."""


class EncoderWriter:
    """The tables of one space, for the writer of its collection."""

    def __init__(self, space: EncoderVectors, tables: TableWriter) -> None:
        self.space = space
        self._tables = tables

    @property
    def names(self) -> list[str]:
        """Names of its tables."""
        return [index.table for index in self.space.record.indexes]

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
            most = max(VECTOR_FRAGMENTS, len(self._tables.stored[index.table]) // PAGES_A_FRAGMENT)
            if self._tables.fragments(index.table) > most:
                self._tables.tidy(index.table, NOW)
            self.space.vectors(index.name)
            if self.space.approximated(index.name):
                self.space.ann(index.name, wait=True)
        self.space.drop_needless()
