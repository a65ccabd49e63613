"""Ingestion: a run over files, a run that adds an encoder, and the background jobs that hold such runs."""

from workbench.ingestion.embed import embed
from workbench.ingestion.filefields import FileFields, read_fields
from workbench.ingestion.jobs import JobRun, Jobs
from workbench.ingestion.plan import plan_sources
from workbench.ingestion.run import Here, ingest
from workbench.ingestion.uploads import UPLOADS, SentFiles, drop_uploads
from workbench.ingestion.words import read_again, read_words

__all__ = [
    "UPLOADS",
    "FileFields",
    "Here",
    "JobRun",
    "Jobs",
    "SentFiles",
    "drop_uploads",
    "embed",
    "ingest",
    "plan_sources",
    "read_again",
    "read_fields",
    "read_words",
]
