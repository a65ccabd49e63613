"""Asking with more than words: parts of pages, marked pages and uploaded pictures as rows of a query."""

from workbench.asking.answers import Answers
from workbench.asking.embedding import Embedder
from workbench.asking.hearing import heard
from workbench.asking.pictures import Pictures, RepairPreview

__all__ = ["Answers", "Embedder", "Pictures", "RepairPreview", "heard"]
