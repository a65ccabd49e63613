"""What the parts of a collection's one writer share while it is open."""

from __future__ import annotations

from collections.abc import Callable

from workbench.store.collection import Collection
from workbench.store.encoder_rows import Derive
from workbench.store.encoder_writer import EncoderWriter
from workbench.store.table_writer import TableWriter

Stopped = Callable[[], bool]


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
        """The tables of one encoder, of the first without a name."""
        return EncoderWriter(self.collection.space(encoder_id), self.tables)

    def encoders(self) -> list[EncoderWriter]:
        """The tables of every encoder."""
        return [self.encoder(encoder) for encoder in self.collection.encoders]

    def drop_copies(self) -> None:
        """Delete the memory-mapped copies of all vectors, which are made anew when they are asked for."""
        for space in self.collection.spaces():
            space.drop_copies()
