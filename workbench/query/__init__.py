"""Asking with more than words: parts of pages, marked pages and uploaded pictures as rows of a query."""

from workbench.query.embedding import Embedder
from workbench.query.part_words import with_words
from workbench.query.picture_store import PictureStore, RepairPreview
from workbench.query.semantic_cache import SemanticCache

__all__ = ["Embedder", "PictureStore", "RepairPreview", "SemanticCache", "with_words"]
