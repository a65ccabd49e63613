"""Ingestion: one run over files, and the background jobs that hold such runs."""

from workbench.ingestion.jobs import Jobs
from workbench.ingestion.run import UPLOADS, ingest, plan_sources

__all__ = ["UPLOADS", "Jobs", "ingest", "plan_sources"]
