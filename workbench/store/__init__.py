"""The store: collections of pages on disk, LanceDB for the truth and memory-mapped copies for speed."""

from workbench.store.collection import Collection
from workbench.store.fields import FieldsChange
from workbench.store.flat import FlatVectors
from workbench.store.forms import fitted_form
from workbench.store.library import Library
from workbench.store.manifest import Manifest
from workbench.store.schema import DocumentRecord
from workbench.store.snapshot import Snapshot
from workbench.store.space import Space
from workbench.store.writer import Writer

__all__ = [
    "Collection",
    "DocumentRecord",
    "FieldsChange",
    "FlatVectors",
    "Library",
    "Manifest",
    "Snapshot",
    "Space",
    "Writer",
    "fitted_form",
]
