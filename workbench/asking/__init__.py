"""Asking with more than words: parts of pages, marked pages and uploaded pictures as rows of a query."""

from workbench.asking.embedding import Embedder
from workbench.asking.hearing import heard
from workbench.asking.pictures import Pictures, RepairPreview

__all__ = ["Embedder", "Pictures", "RepairPreview", "heard"]
