"""Renaming: a collection gets another name, and what is kept of it elsewhere in the home folder goes by it too."""

from __future__ import annotations

from workbench import permits
from workbench.errors import CollectionBusyError
from workbench.evaluation.judgements import Judgements
from workbench.ingestion import Jobs
from workbench.latency import LatencyHistory
from workbench.query import SemanticCache
from workbench.service.datasets import Datasets
from workbench.service.maintenance import Maintenance
from workbench.service.open_collections import OpenCollections
from workbench.service.saved_searches import SavedSearches
from workbench.store.library import check_name
from workbench.types import CollectionInfo


class Renaming:
    """Gives collections other names. Saved evaluations keep the one that they were made under."""

    def __init__(
        self,
        opened: OpenCollections,
        jobs: Jobs,
        answers: SemanticCache | None,
        searches: SavedSearches,
        judgements: Judgements,
        datasets: Datasets,
        maintenance: Maintenance,
        latency: LatencyHistory,
    ) -> None:
        self._opened = opened
        self._jobs = jobs
        self._answers = answers
        self._keepers = (jobs, searches, judgements, datasets, maintenance, latency)

    def collection(self, name: str, to: str) -> CollectionInfo:
        """Give a collection another name.

        `StoreError` when that is taken, `CollectionBusyError` while somebody writes to it or a job waits to.
        """
        permits.check_name(to)
        to, store = check_name(to), self._opened.get(name)
        if to == name:
            return store.info()
        if any(job.active for job in self._jobs.all() if job.collection == name):
            raise CollectionBusyError(f"A job is at work on collection '{name}'; stop it or wait for it, then rename.")
        with self._opened.lock:
            self._opened.library.rename(name, to)
            self._opened.close(name)
        for keeper in self._keepers:
            keeper.rename_collection(name, to)
        if self._answers is not None:
            self._answers.clear()
        return self._opened.get(to).info()
