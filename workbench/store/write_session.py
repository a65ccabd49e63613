"""What the parts of a collection's one writer share while it is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from workbench.representations import FittedIndex
from workbench.store.collection import Collection
from workbench.store.encoder_writer import Derive, EncoderWriter
from workbench.store.table_writer import TableWriter
from workbench.types import PageEmbedding

PAGES_AT_ONCE = 64
"""Pages whose vectors are in memory while an index is made of them, or whose ids are named in one condition."""
Stopped = Callable[[], bool]


def derive(fitted: FittedIndex, page: PageEmbedding) -> NDArray[Any]:
    """The rows of a page in an index of that form."""
    return fitted.derive(page).rows


class WriteSession:
    """A collection that is being written to: its tables and the vectors of each encoder.

    ``derive`` makes a page's rows in an index.
    """

    def __init__(self, collection: Collection, derive: Derive) -> None:
        self.collection = collection
        self.catalog = collection.catalog
        self.records = collection.records
        self.name = collection.name
        self.path = collection.path
        self.storage = collection.storage
        self.lock = collection.storage.write_lock()
        self.tables = TableWriter(collection.catalog, self.lock.check)
        self.derive = derive

    def encoder(self, encoder_id: str = "") -> EncoderWriter:
        """The vectors of one encoder, of the first without a name, to be written."""
        return EncoderWriter(self.collection.space(encoder_id), self.tables, self.derive)

    def encoders(self) -> list[EncoderWriter]:
        """The vectors of every encoder, to be written."""
        return [self.encoder(encoder) for encoder in self.collection.encoders]

    def drop_copies(self) -> None:
        """Delete the memory-mapped copies of all vectors, which are made anew when they are asked for."""
        for space in self.collection.spaces():
            space.drop_copies()
