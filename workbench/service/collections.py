"""Collections: what there is, what it holds, and what can be added to it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from workbench import encoders, permits
from workbench.documents import ReadSettings
from workbench.errors import InputError, PagelensError
from workbench.ingestion.deriving import DerivedByRay
from workbench.ingestion.workers import check_workers
from workbench.service.models import Models
from workbench.service.open_collections import OpenCollections
from workbench.settings import CollectionSettings, Settings
from workbench.store import Collection, FieldsChange, Writer
from workbench.store.exporting import Exported, export
from workbench.types import (
    CollectionInfo,
    DocumentFields,
    DocumentInfo,
    PageRef,
    ProgressCallback,
    SpaceInfo,
    StoredPage,
)
from workbench.types.documents import WORDS, WORDS_LATER, WORDS_NONE, WORDS_NOW, WORDS_TEXT

log = logging.getLogger(__name__)


class Collections:
    """Making, listing and changing collections."""

    def __init__(self, settings: Settings, opened: OpenCollections, models: Models) -> None:
        self._settings = settings
        self._opened = opened
        self._models = models

    def all(self) -> list[CollectionInfo]:
        """All collections that can be opened, by name; one that cannot is logged, and says why when asked for."""
        found = []
        for name in self.names():
            try:
                found.append(self._opened.get(name).info())
            except PagelensError as error:
                log.warning("%s", error)
        for name in self._opened.library.lost():
            log.warning("The folder of collection '%s' holds pages but no manifest: collections repair %s", name, name)
        return found

    def names(self) -> list[str]:
        """The names alone, which is quick."""
        return self._opened.names()

    def info(self, name: str) -> CollectionInfo:
        """One collection; `NotFoundError` names those that exist."""
        return self._opened.get(name).info()

    def documents(self, name: str) -> list[DocumentInfo]:
        """The documents of a collection, by name."""
        return self._opened.get(name).documents()

    def create(self, name: str, settings: CollectionSettings | None = None, also: Sequence[str] = ()) -> CollectionInfo:
        """Create an empty collection; ``also`` are ids of further encoders whose vectors its pages get.

        `StoreError` when the name is taken, `InputError` for settings that no page can be made with.
        """
        permits.check_name(name)
        wanted = settings or CollectionSettings()
        ReadSettings.of(wanted)  # refuses what no page is made with
        wanted = with_words(wanted, also)
        first = self._models.encoder(wanted.encoder, wanted.page_tokens).info
        later = [
            self._models.encoder(encoder, encoders.page_policy(encoder, wanted.page_tokens)).info for encoder in also
        ]
        store = self._opened.create(name, wanted, first)
        if later:
            with Writer(store) as writer:
                for info in later:
                    writer.indexes.add_space(info, wanted.indexes)
        return store.info()

    def change_fields(self, collection: str, documents: Sequence[str], change: FieldsChange) -> list[DocumentFields]:
        """Change tags and fields of documents; what each bears then, in the order given.

        Nothing is read or embedded again, and filters find the pages by it at once. `NotFoundError` before any is
        changed, when one of the documents is not there.
        """
        store = self._opened.get(collection)
        with Writer(store) as writer:
            changed = writer.change_fields(writer.documents(documents), change)
            writer.finish()
        return [DocumentFields(record.name, record.tags, record.meta) for record in changed]

    def remove_encoder(self, collection: str, encoder_id: str) -> None:
        """Take an encoder's vectors out of a collection; `InputError` for its first one."""
        store = self._opened.get(collection)
        with Writer(store) as writer:
            writer.indexes.remove_space(encoder_id)

    def add_index(
        self,
        collection: str,
        index: str,
        encoder: str = "",
        progress: Callable[[int], None] | None = None,
        stop: threading.Event | None = None,
        workers: str = "",
    ) -> SpaceInfo:
        """Add a pooled index to an encoder of a collection (its first without a name), from the stored full vectors.

        Nothing is encoded again; ``progress`` hears how many pages are done. Told to ``stop``, it leaves nothing
        behind. ``workers`` as in `ingest`. `InputError` when it is there already or the encoder's kind of vectors
        cannot have it.
        """
        if workers:
            check_workers(workers)
        store = self._opened.get(collection)
        by = DerivedByRay(workers, self._settings) if workers else None
        stopped = stop.is_set if stop is not None else lambda: False
        with Writer(store) as writer:
            writer.indexes.add_index(encoder, index, progress, stopped, by)
        return self._space(store, encoder)

    def page(self, ref: PageRef, collection: str) -> StoredPage:
        """A page's size, words and neighbours; `NotFoundError` when it is not there."""
        return self._opened.get(collection).page(ref)

    def page_image(self, collection: str, ref: PageRef, size: str = "page") -> Path:
        """The stored picture of a page, ``page`` or ``thumb`` (WebP)."""
        store = self._opened.get(collection)
        return store.image_path(store.page_id(ref), size)

    def export(
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
        return export(self._opened.get(collection), folder, formats, overwrite, progress)

    def _space(self, store: Collection, encoder_id: str) -> SpaceInfo:
        wanted = store.space(encoder_id).encoder
        return next(space for space in store.info().spaces if space.encoder == wanted)


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
