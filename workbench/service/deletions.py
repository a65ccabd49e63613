"""Deleting: a document or a collection goes, and what is kept of it elsewhere in the home folder goes with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import Any

from workbench.errors import CollectionBusyError, NotFoundError
from workbench.ingestion import Jobs
from workbench.service.keeper import Keeper
from workbench.service.open_collections import OpenCollections
from workbench.store import Writer
from workbench.types import DocumentOutcome, Gone, IngestReport, Job, Progress, Receipt

log = logging.getLogger(__name__)

DELETE = "delete"


class Deletions:
    """Takes pages out of collections, and out of all that remembers them.

    Evaluations and datasets stay: they hold names, scores and questions, no text or picture of a page.
    """

    def __init__(self, opened: OpenCollections, jobs: Jobs, keepers: Sequence[Keeper]) -> None:
        self._opened = opened
        self._jobs = jobs
        self._keepers = keepers
        jobs.does(DELETE, self._run)

    def start(self, collection: str, document: str = "") -> Job:
        """Queue the deletion of a collection, or of a document of it, behind what is at work on it.

        `NotFoundError` when there is none of that name.
        """
        store = self._opened.get(collection)
        files = [DocumentOutcome(document, store.records.named(document)[0].pages, 0, 0)] if document else []
        return self._jobs.start(collection, {"collection": collection, "document": document}, DELETE, files=files)

    def _run(self, request: Mapping[str, Any], _report: Callable[[Progress], None], _stop: Event) -> IngestReport:
        """Delete; raises as long as somebody writes, in whatever process, and so waits for its turn again."""
        collection, document = request["collection"], request["document"]
        receipt = self.document(collection, document) if document else self.collection(collection)
        gone = f"{document} is deleted." if document else f"The collection {collection} is deleted."
        return IngestReport(collection, (), 0.0, notes=(gone, receipt.sentence, *receipt.notes))

    def collection(self, name: str) -> Receipt:
        """Delete a collection and everything in it; `CollectionBusyError` while somebody writes to it."""
        if any(job.kind != DELETE and job.state != "waiting" for job in self._jobs.active(name)):
            raise CollectionBusyError(f"A job is at work on collection '{name}'; stop it or wait for it, then delete.")
        with self._opened.lock:
            gone, pages, notes = self._all_of(name)
            self._opened.library.delete(name)
            self._opened.close(name)
        return self._forget(gone) + Receipt.of(gone, pages=pages, notes=notes)

    def document(self, collection: str, document: str) -> Receipt:
        """Delete one document; nothing of it is found any more. `NotFoundError` when there is none of that name."""
        store = self._opened.get(collection)
        with Writer(store) as writer:
            records = store.records.named(document)
            gone = Gone(collection, records[0].name, {record.content_hash: record.bytes for record in records})
            receipt = self._forget(gone)  # first: what is cut off here can be done again while the document is there
            pages = writer.delete_document(document)
            return receipt + Receipt.of(gone, pages=pages, notes=writer.upkeep.erase())

    def _all_of(self, name: str) -> tuple[Gone, int, tuple[str, ...]]:
        """A whole collection as what leaves, its pages, and what cannot be known of one that is damaged."""
        try:
            store = self._opened.get(name)
            contents = {record.content_hash: record.bytes for record in store.records.all()}
            return Gone(name, "", contents), len(store.directory()), ()
        except NotFoundError:
            raise
        except Exception:  # whatever is wrong with it, it can be deleted
            log.warning("collection '%s' cannot be read", name, exc_info=True)
            note = "What it held could not be read, so pictures to search with may be left that are pages of it."
            return Gone(name), 0, (note,)

    def _forget(self, gone: Gone) -> Receipt:
        """Remove what is kept of a document or collection beside its pages."""
        return sum((keeper.forget(gone) for keeper in self._keepers), Receipt.of(gone))
