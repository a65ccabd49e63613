"""Datasets in other forms, brought into the folder form once: BEIR folders, and the tables of ViDoRe and MTEB."""

from workbench.evaluation.imports.bringing import bring
from workbench.evaluation.imports.names import TASKS, BenchmarkTask

__all__ = ["TASKS", "BenchmarkTask", "bring"]
