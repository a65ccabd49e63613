"""A benchmark from real manuals: their printed indexes are the questions and labels. Nothing of them is in Pagelens."""

from benchmarks.manuals.dataset import MAX_QUESTIONS, PACKAGES, Manuals, build, macro
from benchmarks.manuals.labels import Manual, read_manual

__all__ = ["MAX_QUESTIONS", "PACKAGES", "Manual", "Manuals", "build", "macro", "read_manual"]
