"""What commands print with `--json`, but for reports of evaluations and what measures a machine or a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.analysis.recall import RecallReport
from workbench.answers import collections, comparisons, jobs, measurements, pictures, pipelines, upkeep
from workbench.answers.explanations import Explained, Quote
from workbench.answers.searches import AcrossSearch, Search
from workbench.evaluation import DatasetCheck
from workbench.evaluation.saved_runs import SavedRun
from workbench.types import CollectionInfo, MissReport, ModelStatus

PRINTED: Mapping[str, Any] = {
    "search": Search | AcrossSearch,
    "explain": Explained | comparisons.Contrasted,
    "why": MissReport,
    "evidence": list[Quote],
    "compare": comparisons.Compared | comparisons.ComparedAcross | comparisons.ComparedSet,
    "pipelines": pipelines.PipelineParts,
    "repair": pictures.Repaired,
    "calibrate": measurements.Calibrated,
    "doctor": upkeep.Checks,
    "ingest": jobs.Ingested,
    "collections list": list[CollectionInfo],
    "collections show": collections.Collection,
    "collections embed": jobs.Ingested,
    "collections words": jobs.Ingested,
    "collections reread": jobs.Ingested,
    "collections index": upkeep.AddedIndex,
    "collections rename": CollectionInfo,
    "collections delete": collections.Removed | upkeep.RemovedVectors,
    "collections tag": collections.Tagged,
    "collections verify": upkeep.Verified,
    "collections repair": upkeep.Verified,
    "collections audit": upkeep.AuditedWithQuarantine,
    "collections quarantine": upkeep.QuarantineChange,
    "collections recall": RecallReport,
    "collections compact": upkeep.Compacted,
    "collections export": upkeep.ExportedFiles,
    "models list": list[ModelStatus],
    "eval run": measurements.DatasetFigures | DatasetCheck,
    "eval list": list[SavedRun],
    "eval compare": measurements.ComparedPipelines,
    "eval diff": measurements.RecordsDiffer,
    "eval boxes": measurements.PointingFigures,
    "eval preset": measurements.PresetFigures,
}
"""By the words of the command."""
