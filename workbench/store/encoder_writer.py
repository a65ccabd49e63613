"""The tables of one encoder's vectors, kept in step with the pages that are committed."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.table_writer import NOW, TableWriter

VECTOR_FRAGMENTS = 32
"""Small files of a vectors table after which it is tidied, where that is worth it: a rerank of 190 pages out of 134
took a processor 43 ms, out of one 21."""
PAGES_A_FRAGMENT = 64
"""Pages for each file more that is always borne: joining them rewrites the table, and needs its room a second time."""
GROWN = 8
"""A tidying is worth it once one page in so many came since the last. Of 100,000 pages in 1,340 files a rerank of 190
took 85 ms of a processor and finding all rows, as for the first search, 980; in one file 13 and 40. So a table is
written some eight times over while it grows, however large it gets, and not by the few pages of each day."""


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
        """Tidy what was written and bring the memory-mapped copies up to date, but any that has become too large.

        What a tidying replaces goes at once: it is as large as what replaces it, and nobody would come by later to
        take it away. A read that is at it reads again (`tables.steadily`).
        """
        self.space.drop_needless()
        for index in self.space.record.indexes:
            files, largest = self._tables.fragments(index.table)
            pages = len(self._tables.stored[index.table])
            grown = (pages - largest) * GROWN > pages
            if files > VECTOR_FRAGMENTS and (grown or files > pages // PAGES_A_FRAGMENT):
                self._tables.tidy(index.table, NOW, if_room=True)
            if self.space.searched(index.name):
                self.space.settle(index.name)
