"""Ingestion: a run over files, a run that adds an encoder, and the background jobs that hold such runs."""

from workbench.ingestion.embed import embed
from workbench.ingestion.filefields import FileFields, read_fields
from workbench.ingestion.jobs import JobRun, Jobs
from workbench.ingestion.run import UPLOADS, ingest, plan_sources

__all__ = ["UPLOADS", "FileFields", "JobRun", "Jobs", "embed", "ingest", "plan_sources", "read_fields"]
