"""Collections: what there is, what it holds, and what can be added to it or taken out."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench import encoders, permits
from workbench.documents import ReadSettings
from workbench.errors import CollectionBusyError, InputError, NotFoundError, PagelensError, StoreError
from workbench.ingestion import UPLOADS, JobRun, drop_uploads, uploads_of
from workbench.representations import METHODS
from workbench.retrieval import FIELDS
from workbench.service.core import Core
from workbench.settings import CollectionSettings
from workbench.store import Collection, FieldsChange, Writer
from workbench.store.checks import problems
from workbench.store.exporting import Exported, export
from workbench.store.library import check_name
from workbench.store.recovery import Given
from workbench.types import (
    CollectionInfo,
    DocumentFields,
    DocumentInfo,
    DocumentOutcome,
    Gone,
    IngestReport,
    Job,
    PageRef,
    Progress,
    ProgressCallback,
    Receipt,
    SpaceInfo,
    StoredPage,
)
from workbench.types.documents import WORDS, WORDS_LATER, WORDS_NONE, WORDS_NOW, WORDS_TEXT

log = logging.getLogger(__name__)

DELETE = "delete"
_TICK = 1.0  # s; how often a deletion that waits looks whether it may begin


class Collections(Core):
    """Making, listing, changing and deleting collections."""

    def collections(self) -> list[CollectionInfo]:
        """All collections that can be opened, by name; one that cannot is logged, and says why when asked for."""
        found = []
        for name in self.collection_names():
            try:
                found.append(self._collection(name).info())
            except PagelensError as error:
                log.warning("%s", error)
        for name in self._library.lost():
            log.warning("The folder of collection '%s' holds pages but no manifest: collections repair %s", name, name)
        return found

    def collection_names(self) -> list[str]:
        """The names alone, which is quick."""
        return [name for name in self._library.names() if permits.sees(name)]

    def collection(self, name: str) -> CollectionInfo:
        """One collection; `NotFoundError` names those that exist."""
        return self._collection(name).info()

    def documents(self, name: str) -> list[DocumentInfo]:
        """The documents of a collection, by name."""
        return self._collection(name).documents()

    def create_collection(
        self, name: str, settings: CollectionSettings | None = None, also: Sequence[str] = ()
    ) -> CollectionInfo:
        """Create an empty collection; ``also`` are ids of further encoders whose vectors its pages get.

        `StoreError` when the name is taken, `InputError` for settings that no page can be made with.
        """
        permits.check_name(name)
        wanted = settings or CollectionSettings()
        ReadSettings.of(wanted)  # refuses what no page is made with
        wanted = with_words(wanted, also)
        first = self._encoder(wanted.encoder, wanted.page_tokens).info
        later = [self._encoder(encoder, encoders.page_policy(encoder, wanted.page_tokens)).info for encoder in also]
        with self._lock:
            store = self._open[name] = self._library.create(name, wanted, first)
        if later:
            with Writer(store) as writer:
                for info in later:
                    writer.indexes.add_space(info, wanted.indexes)
        return store.info()

    def delete_collection(self, name: str) -> Receipt:
        """Delete a collection and everything in it, and what is kept of it elsewhere in the home folder.

        Evaluations and datasets stay: they hold names, scores and questions, no text or picture of a page.
        `CollectionBusyError` while somebody writes to it.
        """
        self._check_idle(name, "delete")
        with self._lock:
            gone, pages, notes = self._all_of(name)
            self._library.delete(name)
            self._open.pop(name, None)
        return _added(self._forget(gone), pages, notes)

    def delete_document(self, collection: str, document: str) -> Receipt:
        """Delete one document, and what is kept of it elsewhere in the home folder; nothing of it is found any more.

        `NotFoundError` when there is none of that name.
        """
        store = self._collection(collection)
        with Writer(store) as writer:
            records = store.records.named(document)
            gone = Gone(collection, records[0].name, {record.content_hash: record.bytes for record in records})
            receipt = self._forget(gone)  # first: what is cut off here can be done again while the document is there
            pages = writer.delete_document(document)
            return _added(receipt, pages, writer.upkeep.erase())

    def start_delete(self, collection: str, document: str = "") -> Job:
        """Queue `delete_collection`, or `delete_document`, behind what is at work on the collection.

        `NotFoundError` when there is none of that name.
        """
        store = self._collection(collection)
        files = [DocumentOutcome(document, store.records.named(document)[0].pages, 0, 0)] if document else []
        return self._jobs.start(collection, {"collection": collection, "document": document}, DELETE, files=files)

    def rename_collection(self, collection: str, name: str) -> CollectionInfo:
        """Give a collection another name, and what is kept of it: judgements, searches, datasets, jobs, times.

        Saved evaluations keep the name that they were made under. `StoreError` when the name is taken,
        `CollectionBusyError` while somebody writes to it or a job waits.
        """
        permits.check_name(name)
        name = check_name(name)
        self._collection(collection)  # which may be none that whoever asks sees
        if name == collection:
            return self.collection(name)
        self._check_idle(collection, "rename", ("waiting", "running", "stopping"))
        with self._lock:
            self._library.rename(collection, name)
            self._open.pop(collection, None)
        self._rename(collection, name)
        return self.collection(name)

    def _check_idle(self, name: str, to: str, states: Sequence[str] = ("running", "stopping")) -> None:
        jobs = (job for job in self._jobs.all() if job.collection == name and job.kind != DELETE)
        if any(job.state in states for job in jobs):
            raise CollectionBusyError(f"A job is at work on collection '{name}'; stop it or wait for it, then {to}.")

    def _rename(self, collection: str, name: str) -> None:
        super()._rename(collection, name)
        if self._answers is not None:
            self._answers.clear()
        self._jobs.rename(collection, name)

    def _job_runs(self) -> Mapping[str, JobRun]:
        return {**super()._job_runs(), DELETE: self._run_delete}

    def _run_delete(
        self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: threading.Event
    ) -> IngestReport:
        """Delete once nobody writes any more, in whatever process."""
        collection, document = request["collection"], request["document"]
        while not stop.is_set():
            try:
                receipt = self.delete_document(collection, document) if document else self.delete_collection(collection)
            except CollectionBusyError:
                stop.wait(_TICK)
            else:
                gone = f"{document} is deleted." if document else f"The collection {collection} is deleted."
                return IngestReport(collection, (), 0.0, notes=(gone, receipt.sentence, *receipt.notes))
        return IngestReport(collection, (), 0.0, stopped=True)

    def _all_of(self, name: str) -> tuple[Gone, int, tuple[str, ...]]:
        """A whole collection as what leaves, its pages, and what cannot be known of one that is damaged."""
        try:
            store = self._collection(name)
            contents = {record.content_hash: record.bytes for record in store.records.all()}
            return Gone(name, "", contents), len(store.directory().refs), ()
        except NotFoundError:
            raise
        except Exception:  # whatever is wrong with it, it can be deleted
            log.warning("collection '%s' cannot be read", name, exc_info=True)
            note = "What it held could not be read, so pictures to search with may be left that are pages of it."
            return Gone(name), 0, (note,)

    def _forget(self, gone: Gone) -> Receipt:
        receipt, home = super()._forget(gone), self.settings.home
        if self._answers is not None:
            self._answers.clear()
        others = [path for job in self._jobs.all() if job.collection != gone.collection for path in self._paths(job.id)]
        files = [
            path
            for path in uploads_of(home, gone.contents)
            if not any(path.is_relative_to(other) for other in others)  # sent for another collection
        ]
        if gone.document:
            self._jobs.forget_document(gone.collection, gone.document)
        else:
            jobs = (job for job in self._jobs.all() if job.collection == gone.collection)
            sent = [path for job in jobs for path in self._paths(job.id) if path.is_relative_to(home / UPLOADS)]
            below = (file for path in sent for file in (path, *path.rglob("*")) if file.is_file())
            files = list({*files, *below})
            self._jobs.forget(gone.collection)
        drop_uploads(home, files)
        pictures = self._pictures.forget(gone.contents)
        return replace(receipt, uploads=len(files), pictures=pictures)

    def _paths(self, job_id: str) -> list[Path]:
        return [Path(path) for path in self._jobs.request(job_id).get("paths", ())]

    def change_fields(self, collection: str, documents: Sequence[str], change: FieldsChange) -> list[DocumentFields]:
        """Change tags and fields of documents; what each bears then, in the order given.

        Nothing is read or embedded again, and filters find the pages by it at once. `NotFoundError` before any is
        changed, when one of the documents is not there.
        """
        store = self._collection(collection)
        with Writer(store) as writer:
            changed = writer.change_fields(writer.documents(documents), change)
            writer.finish()
        return [DocumentFields(record.name, record.tags, record.meta) for record in changed]

    def add_encoder(self, collection: str, encoder_id: str) -> SpaceInfo:
        """Make an encoder one of a collection's, so that pages ingested from now on get its vectors too.

        Pages that are there already wait for `embed`. `MismatchError` when it is there in another version.
        """
        store = self._collection(collection)
        info = self._encoder(encoder_id).info
        with Writer(store) as writer:
            writer.indexes.add_space(info, store.settings.indexes)
        return self._space(store, encoder_id)

    def remove_encoder(self, collection: str, encoder_id: str) -> None:
        """Take an encoder's vectors out of a collection; `InputError` for its first one."""
        store = self._collection(collection)
        with Writer(store) as writer:
            writer.indexes.remove_space(encoder_id)

    def add_index(
        self,
        collection: str,
        index: str,
        encoder: str = "",
        progress: Callable[[int], None] | None = None,
        stop: threading.Event | None = None,
    ) -> SpaceInfo:
        """Add a pooled index to an encoder of a collection (its first without a name), from the stored full vectors.

        Nothing is encoded again; ``progress`` hears how many pages are done. Told to ``stop``, it leaves nothing
        behind. `InputError` when it is there already or the encoder's kind of vectors cannot have it.
        """
        store = self._collection(collection)
        with Writer(store) as writer:
            writer.indexes.add_index(encoder, index, progress, stop.is_set if stop is not None else lambda: False)
        return self._space(store, encoder)

    def index_kinds(self) -> Mapping[str, str]:
        """Names of the indexes an encoder's vectors can have, and what each is."""
        return {name: method.summary for name, method in METHODS.items()}

    def filter_fields(self) -> Mapping[str, str]:
        """Fields a filter can test, and what they hold."""
        return {name: spec.summary for name, spec in FIELDS.items()}

    def page(self, ref: PageRef, collection: str) -> StoredPage:
        """A page's size, words and neighbours; `NotFoundError` when it is not there."""
        return self._collection(collection).page(ref)

    def page_image(self, collection: str, ref: PageRef, size: str = "page") -> Path:
        """The stored picture of a page, ``page`` or ``thumb`` (WebP)."""
        store = self._collection(collection)
        return store.image_path(store.page_id(ref), size)

    def verify(self, collection: str) -> list[str]:
        """Inconsistencies of a collection on disk, in words; an empty list is good news. Every picture is looked at."""
        try:
            store = self._collection(collection)
        except StoreError as error:
            return [str(error)]
        return problems(store)

    def repair_collection(self, collection: str, encoders: Sequence[str] = (), dpi: int | None = None) -> list[str]:
        """Make anew what can be of a damaged collection; sentences on what was done. `verify` says what is left.

        ``encoders`` and ``dpi`` say of a collection without a manifest what its tables do not. `NotFoundError` without
        such a collection, `StoreError` when what is left does not make a collection.
        """
        permits.check_name(collection)
        with self._lock:
            self._open.pop(collection, None)
        return self._library.repair(collection, lambda encoder: self._encoder(encoder).info, Given(encoders, dpi))

    def export_collection(
        self,
        collection: str,
        folder: Path,
        formats: Sequence[str] = ("parquet",),
        overwrite: bool = False,
        progress: ProgressCallback = lambda done, total: None,
    ) -> Exported:
        """Write pages, words, vectors and pictures of a collection as files for other programs; see `store.exchange`.

        `InputError` for a folder that is there already, unless it is an export and ``overwrite``.
        """
        return export(self._collection(collection), folder, formats, overwrite, progress)

    def compact(self, collection: str) -> tuple[int, int]:
        """Rewrite a collection without its dead bytes: (bytes before, bytes after)."""
        store = self._collection(collection)
        before = store.info().bytes
        with Writer(store) as writer:
            writer.upkeep.compact()
        return before, store.info().bytes

    def _space(self, store: Collection, encoder_id: str) -> SpaceInfo:
        wanted = store.space(encoder_id).encoder
        return next(space for space in store.info().spaces if space.encoder == wanted)


def _added(receipt: Receipt, pages: int, notes: tuple[str, ...]) -> Receipt:
    return replace(receipt, pages=pages, notes=(*receipt.notes, *notes))


def with_words(settings: CollectionSettings, also: Sequence[str] = ()) -> CollectionSettings:
    """Settings that say which words are read: at once where an encoder reads them, else behind the vectors.

    ``also`` are the ids of further encoders. `InputError` for a choice that leaves such an encoder without.
    """
    words = settings.words
    reading = [encoder for encoder in (settings.encoder, *also) if encoders.spec(encoder).kind == "words"]
    if not words:
        words = WORDS_TEXT if not settings.ocr else WORDS_NOW if reading else WORDS_LATER
    if words not in WORDS:
        raise InputError(f"Words are read '{words}' nowhere; there are: {', '.join(WORDS)}.")
    if reading and words in (WORDS_NONE, WORDS_LATER):
        raise InputError(f"The encoder '{reading[0]}' reads words, so they are read 'now' or by 'text', not '{words}'.")
    return replace(settings, words=words, ocr=words in (WORDS_LATER, WORDS_NOW))
