"""The store: collections of pages on disk, LanceDB for the truth and memory-mapped copies for speed."""

from workbench.store.collection import Collection
from workbench.store.corpus import CorpusPart
from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.fields import FieldsChange
from workbench.store.fragments import Fragments
from workbench.store.library import Library
from workbench.store.manifest import Manifest
from workbench.store.new_index import NewIndex
from workbench.store.remote_files import RemoteFiles
from workbench.store.schema import DocumentRecord
from workbench.store.snapshot import Snapshot
from workbench.store.staging import Staged, Stager
from workbench.store.tables import load_lancedb
from workbench.store.vector_cache import FlatVectors
from workbench.store.writer import Writer

__all__ = [
    "Collection",
    "CorpusPart",
    "DocumentRecord",
    "EncoderVectors",
    "FieldsChange",
    "FlatVectors",
    "Fragments",
    "Library",
    "Manifest",
    "NewIndex",
    "RemoteFiles",
    "Snapshot",
    "Staged",
    "Stager",
    "Writer",
    "load_lancedb",
]
