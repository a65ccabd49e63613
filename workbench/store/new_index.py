"""An index that comes to an encoder's vectors later: how the rows of pages in it are made of the full vectors."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from workbench.representations import FittedIndex
from workbench.store.collection import Collection
from workbench.store.encoder_rows import Derive, derive
from workbench.store.fragments import Fragments, joined, write_fragments
from workbench.store.manifest import IndexRecord
from workbench.store.schema import vectors_table

PAGES_AT_ONCE = 64
"""Pages whose vectors are in memory at a time."""


@dataclass(frozen=True, slots=True)
class NewIndex:
    """An index whose table is made and that no manifest names yet; ``fitted`` is its form."""

    collection: str
    encoder: str
    record: IndexRecord
    fitted: FittedIndex

    def rows(
        self, collection: Collection, ids: Sequence[str], derive: Derive = derive
    ) -> Generator[pa.Table, None, None]:
        """The rows of these pages, some at a time."""
        space = collection.space(self.encoder)
        for start in range(0, len(ids), PAGES_AT_ONCE):
            found = dict(space.embeddings(ids[start : start + PAGES_AT_ONCE]))
            arrays = [derive(self.fitted, embedding) for embedding in found.values()]
            yield vectors_table(self.record.dim, self.record.dtype, list(found), arrays)

    def written(self, collection: Collection, ids: Sequence[str]) -> Fragments:
        """The same in files of the table, for another process to commit."""
        return write_fragments(collection.storage, self.record.table, joined(list(self.rows(collection, ids))))


class Deriving(Protocol):
    """Others that make an index, in place of the process that commits it."""

    def __call__(self, new: NewIndex, ids: Sequence[str]) -> Generator[Fragments, None, None]:
        """The rows of these pages, in files of the index's table."""

    def indexed(self, place: Path, column: str, cells: int) -> None:
        """See `ann.Indexing`."""
