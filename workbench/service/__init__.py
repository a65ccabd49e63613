"""The one door to Pagelens: what the screen, the command line and the API can ask for, and nothing else.

`Workbench` makes the few things that live longer than a call (open collections, loaded models, remembered queries,
jobs) and hands each part what it needs: ``workbench.library``, ``.searches``, ``.jobs`` and so on, one module each.
They turn texts (collection names, pipelines, filters) into values. What this package does not do: retrieval, reading
or storing, which are the work of the packages below.
"""

from __future__ import annotations

from workbench.service.datasets import DatasetInfo
from workbench.service.evaluations import EvaluationJob
from workbench.service.exports import ExportedFile
from workbench.service.sample import SAMPLE
from workbench.service.saved_searches import SavedSearch
from workbench.service.workbench import Workbench

__all__ = ["SAMPLE", "DatasetInfo", "EvaluationJob", "ExportedFile", "SavedSearch", "Workbench"]
