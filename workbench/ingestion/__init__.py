"""Ingestion: a run over files, a run that adds an encoder, and the background jobs that hold such runs."""

from workbench.ingestion.embed import embed
from workbench.ingestion.filefields import FileFields, read_fields
from workbench.ingestion.jobs import JobRun, Jobs
from workbench.ingestion.run import ingest, plan_sources
from workbench.ingestion.uploads import UPLOADS, drop_uploads, uploads_of

__all__ = [
    "UPLOADS",
    "FileFields",
    "JobRun",
    "Jobs",
    "drop_uploads",
    "embed",
    "ingest",
    "plan_sources",
    "read_fields",
    "uploads_of",
]
