"""Deleting: a document or a collection goes, and what is kept of it elsewhere in the home folder goes with it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

from workbench.errors import CollectionBusyError, InputError, NotFoundError
from workbench.evaluation.judgements import Judgements
from workbench.ingestion import UPLOADS, Jobs, drop_uploads, uploads_of
from workbench.latency import LatencyHistory
from workbench.query import PictureStore, SemanticCache
from workbench.service.maintenance import Maintenance
from workbench.service.open_collections import OpenCollections
from workbench.service.saved_searches import SavedSearches
from workbench.service.watched_folders import WatchedFolders
from workbench.store import Writer
from workbench.types import DocumentOutcome, Gone, IngestReport, Job, Progress, Receipt

log = logging.getLogger(__name__)

DELETE = "delete"
_TICK = 1.0  # s; how often a deletion that waits looks whether it may begin


class Deletions:
    """Takes pages out of collections, and out of all that remembers them.

    Evaluations and datasets stay: they hold names, scores and questions, no text or picture of a page.
    """

    def __init__(
        self,
        home: Path,
        opened: OpenCollections,
        jobs: Jobs,
        pictures: PictureStore,
        answers: SemanticCache | None,
        searches: SavedSearches,
        judgements: Judgements,
        maintenance: Maintenance,
        latency: LatencyHistory,
        watched: WatchedFolders,
    ) -> None:
        self._home = home
        self._opened = opened
        self._jobs = jobs
        self._pictures = pictures
        self._answers = answers
        self._searches = searches
        self._judgements = judgements
        self._maintenance = maintenance
        self._latency = latency
        self._watched = watched
        jobs.does(DELETE, self._run)

    def start(self, collection: str, document: str = "") -> Job:
        """Queue the deletion of a collection, or of a document of it, behind what is at work on it.

        `NotFoundError` when there is none of that name.
        """
        store = self._opened.get(collection)
        files = [DocumentOutcome(document, store.records.named(document)[0].pages, 0, 0)] if document else []
        return self._jobs.start(collection, {"collection": collection, "document": document}, DELETE, files=files)

    def _run(self, request: Mapping[str, Any], _report: Callable[[Progress], None], stop: Event) -> IngestReport:
        """Delete once nobody writes any more, in whatever process."""
        collection, document = request["collection"], request["document"]
        while not stop.is_set():
            try:
                receipt = self.document(collection, document) if document else self.collection(collection)
            except CollectionBusyError:
                stop.wait(_TICK)
            else:
                gone = f"{document} is deleted." if document else f"The collection {collection} is deleted."
                return IngestReport(collection, (), 0.0, notes=(gone, receipt.sentence, *receipt.notes))
        return IngestReport(collection, (), 0.0, stopped=True)

    def collection(self, name: str) -> Receipt:
        """Delete a collection and everything in it; `CollectionBusyError` while somebody writes to it."""
        jobs = (job for job in self._jobs.all() if job.collection == name and job.kind != DELETE)
        if any(job.state in ("running", "stopping") for job in jobs):
            raise CollectionBusyError(f"A job is at work on collection '{name}'; stop it or wait for it, then delete.")
        with self._opened.lock:
            gone, pages, notes = self._all_of(name)
            self._opened.library.delete(name)
            self._opened.close(name)
        return _added(self._forget(gone), pages, notes)

    def document(self, collection: str, document: str) -> Receipt:
        """Delete one document; nothing of it is found any more. `NotFoundError` when there is none of that name."""
        store = self._opened.get(collection)
        with Writer(store) as writer:
            records = store.records.named(document)
            gone = Gone(collection, records[0].name, {record.content_hash: record.bytes for record in records})
            receipt = self._forget(gone)  # first: what is cut off here can be done again while the document is there
            pages = writer.delete_document(document)
            return _added(receipt, pages, writer.upkeep.erase())

    def _all_of(self, name: str) -> tuple[Gone, int, tuple[str, ...]]:
        """A whole collection as what leaves, its pages, and what cannot be known of one that is damaged."""
        try:
            store = self._opened.get(name)
            contents = {record.content_hash: record.bytes for record in store.records.all()}
            return Gone(name, "", contents), len(store.directory().refs), ()
        except NotFoundError:
            raise
        except Exception:  # whatever is wrong with it, it can be deleted
            log.warning("collection '%s' cannot be read", name, exc_info=True)
            note = "What it held could not be read, so pictures to search with may be left that are pages of it."
            return Gone(name), 0, (note,)

    def _forget(self, gone: Gone) -> Receipt:
        """Remove what is kept of a document or collection beside its pages."""
        uploads = self._sent(gone)
        if gone.document:
            self._jobs.forget_document(gone.collection, gone.document)
        else:
            self._jobs.forget(gone.collection)
            self._latency.forget(gone.collection)
            self._watched.forget(gone.collection)
        drop_uploads(self._home, uploads)
        self._maintenance.forget(gone.collection)
        if self._answers is not None:
            self._answers.clear()
        receipt = Receipt(
            gone.collection,
            gone.document,
            uploads=len(uploads),
            pictures=self._pictures.forget(gone.contents),
            searches=self._searches.forget_about(gone),
        )
        try:
            return replace(receipt, labels=self._judgements.forget(gone.collection, gone.document))
        except InputError as error:  # what cannot be read stays for a person to mend
            return replace(receipt, notes=(str(error),))

    def _sent(self, gone: Gone) -> list[Path]:
        """The files that were sent to be read into what leaves, but for those that were sent for another collection."""
        others = list(self._paths(own=False, collection=gone.collection))
        files = [
            path
            for path in uploads_of(self._home, gone.contents)
            if not any(path.is_relative_to(other) for other in others)
        ]
        if gone.document:
            return files
        sent = [path for path in self._paths(True, gone.collection) if path.is_relative_to(self._home / UPLOADS)]
        below = (file for path in sent for file in (path, *path.rglob("*")) if file.is_file())
        return list({*files, *below})

    def _paths(self, own: bool, collection: str) -> Iterator[Path]:
        """What jobs of this collection, or of all others, were given to read."""
        for name, request in self._jobs.requests():
            if (name == collection) == own:
                yield from map(Path, request.get("paths", ()))


def _added(receipt: Receipt, pages: int, notes: tuple[str, ...]) -> Receipt:
    return replace(receipt, pages=pages, notes=(*receipt.notes, *notes))
