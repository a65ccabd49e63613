"""The values that pass between the parts of Pagelens.

Everything here is a frozen dataclass with no behaviour beyond reading itself; every stage is ``value -> value``.
Arrays are numpy. Boxes are ``(x0, y0, x1, y1)`` as fractions of the *original* page (0..1, origin top left, cropping
already undone), so one box means the same place whatever made it. What this package does not do: read files, load
models, or touch a store.
"""

from __future__ import annotations

from workbench.types.arrays import Box, Float, Int, Int64
from workbench.types.collections import (
    CollectionInfo,
    DocumentFields,
    DocumentInfo,
    IndexInfo,
    PageGap,
    Quarantined,
    SpaceInfo,
    Watch,
)
from workbench.types.deletion import Gone, Receipt
from workbench.types.documents import Drawn, Page, PageFailure, PageRef, ReadWords, SeenPicture, StoredPage, Words
from workbench.types.explanations import (
    Evidence,
    Explanation,
    Fix,
    LedgerRow,
    MissReport,
    Passage,
    PooledView,
    Region,
    SharedPoints,
    TokenGap,
    WordScore,
)
from workbench.types.ingestion import (
    DocumentOutcome,
    IngestPlan,
    IngestReport,
    Job,
    JobStage,
    PageFailureRecord,
    PageNotice,
    PlannedFile,
    Progress,
    ProgressCallback,
    bottleneck,
)
from workbench.types.models import ModelStatus
from workbench.types.queries import MarkPart, Part, PicturePart, Query, Reference, RegionPart, TextPart
from workbench.types.results import Hit, Lifted, ScoreKind, SearchResult, StageScore, StageTrace, Trace, Verdict
from workbench.types.vectors import POINT, SIGHT, SMALL, Figure, Geometry, PageEmbedding, QueryEmbedding, Ragged

__all__ = [
    "POINT",
    "SIGHT",
    "SMALL",
    "Box",
    "CollectionInfo",
    "DocumentFields",
    "DocumentInfo",
    "DocumentOutcome",
    "Drawn",
    "Evidence",
    "Explanation",
    "Figure",
    "Fix",
    "Float",
    "Geometry",
    "Gone",
    "Hit",
    "IndexInfo",
    "IngestPlan",
    "IngestReport",
    "Int",
    "Int64",
    "Job",
    "JobStage",
    "LedgerRow",
    "Lifted",
    "MarkPart",
    "MissReport",
    "ModelStatus",
    "Page",
    "PageEmbedding",
    "PageFailure",
    "PageFailureRecord",
    "PageGap",
    "PageNotice",
    "PageRef",
    "Part",
    "Passage",
    "PicturePart",
    "PlannedFile",
    "PooledView",
    "Progress",
    "ProgressCallback",
    "Quarantined",
    "Query",
    "QueryEmbedding",
    "Ragged",
    "ReadWords",
    "Receipt",
    "Reference",
    "Region",
    "RegionPart",
    "ScoreKind",
    "SearchResult",
    "SeenPicture",
    "SharedPoints",
    "SpaceInfo",
    "StageScore",
    "StageTrace",
    "StoredPage",
    "TextPart",
    "TokenGap",
    "Trace",
    "Verdict",
    "Watch",
    "WordScore",
    "Words",
    "bottleneck",
]
