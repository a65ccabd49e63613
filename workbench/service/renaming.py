"""Renaming: a collection gets another name, and what is kept of it elsewhere in the home folder goes by it too."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.errors import CollectionBusyError
from workbench.ingestion import Jobs
from workbench.service.keeper import Keeper
from workbench.service.open_collections import OpenCollections
from workbench.types import CollectionInfo


class Renaming:
    """Gives collections other names. Saved evaluations keep the one that they were made under."""

    def __init__(self, opened: OpenCollections, jobs: Jobs, keepers: Sequence[Keeper]) -> None:
        self._opened = opened
        self._jobs = jobs
        self._keepers = keepers

    def collection(self, name: str, to: str) -> CollectionInfo:
        """Give a collection another name.

        `StoreError` when that is taken, `CollectionBusyError` while somebody writes to it or a job waits to.
        """
        to, store = self._opened.nameable(to), self._opened.get(name)
        if to == name:
            return store.info()
        if self._jobs.active(name):
            raise CollectionBusyError(f"A job is at work on collection '{name}'; stop it or wait for it, then rename.")
        with self._opened.lock:
            self._opened.library.rename(name, to)
            self._opened.close(name)
        for keeper in self._keepers:
            keeper.rename_collection(name, to)
        return self._opened.get(to).info()
