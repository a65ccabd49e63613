"""The one door to Pagelens: what the screen, the command line and the API can ask for, and nothing else.

`Workbench` holds the few things that live longer than a call (open collections, the query cache, jobs) and turns texts
(collection names, pipelines, filters, page references) into values. It is made of parts, one a module, each standing on
`core`. What this package does not do: retrieval, reading or storing, which are the work of the packages below.
"""

from __future__ import annotations

from workbench.service.comparing import PipelineComparisons
from workbench.service.evaluation import DatasetInfo, EvaluationJob
from workbench.service.exports import ExportedFile, Exports
from workbench.service.ingestion import SAMPLE
from workbench.service.models import Models
from workbench.service.query_parts import QueryParts
from workbench.service.saved import Saved, SavedSearch
from workbench.service.system import System
from workbench.service.watching import Watching

__all__ = ["SAMPLE", "DatasetInfo", "EvaluationJob", "ExportedFile", "SavedSearch", "Workbench"]


class Workbench(QueryParts, PipelineComparisons, System, Exports, Saved, Models, Watching):
    """Everything Pagelens does, over one home folder. Safe to call from several threads."""
