"""The store: collections of pages on disk, LanceDB for the truth and memory-mapped copies for speed."""

from workbench.store.collection import Collection
from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.fields import FieldsChange
from workbench.store.library import Library
from workbench.store.manifest import Manifest
from workbench.store.schema import DocumentRecord
from workbench.store.snapshot import Snapshot
from workbench.store.vector_cache import FlatVectors
from workbench.store.writer import Writer

__all__ = [
    "Collection",
    "DocumentRecord",
    "EncoderVectors",
    "FieldsChange",
    "FlatVectors",
    "Library",
    "Manifest",
    "Snapshot",
    "Writer",
]
