"""What every part of the service stands on: open collections, loaded encoders, remembered queries, jobs."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TypedDict

from workbench import encoders, permits
from workbench.documents import Limits, readers
from workbench.encoders import Encoder
from workbench.errors import NotFoundError
from workbench.ingestion import JobRun, Jobs
from workbench.latency import LatencyHistory
from workbench.metrics import Metrics
from workbench.query import Embedder, PictureStore, SemanticCache
from workbench.rates import Rates
from workbench.retrieval import QueryCache
from workbench.settings import Settings
from workbench.store import Collection, EncoderVectors, Library
from workbench.types import Gone, Receipt


class _Loading(TypedDict):
    offline: bool
    threads: int
    keep: int


class Core:
    """The few things that live longer than a call."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._library = Library.of(self.settings)
        self._open: dict[str, Collection] = {}
        self._readers = readers(Limits.of(self.settings))
        self._processors = readers(Limits.of_processors(self.settings))
        self._pictures = PictureStore(self.settings.home / "state" / "pictures", pool=self._readers)
        self._queries = QueryCache(Embedder(self._encoder_of, self._pictures), encoders.is_loaded)
        self._answers = SemanticCache(self.settings.semantic_cache) if self.settings.semantic_cache else None
        self._lock = threading.RLock()
        self._jobs = Jobs(self.settings.home / "jobs", self._job_runs())
        self._rates = Rates(self.settings.home)
        self._latency = LatencyHistory(self.settings.home)
        self._metrics = Metrics()

    def close(self, patience: float = 0) -> None:
        """End the processes that read files. They end with this process too; a later call starts new ones.

        With ``patience``, jobs stop after the batch they are at, for which so many seconds are waited.
        """
        if patience:
            self._jobs.stop_all(patience)
        self._readers.close()
        self._processors.close()

    def _collection(self, name: str) -> Collection:
        with self._lock:
            names = [known for known in self._library.names() if permits.sees(known)]
            if name not in names:
                if permits.sees(name):
                    self._open.pop(name, None)
                if name in self._library.lost() and permits.sees(name):
                    self._library.open(name)  # says what is wrong with it
                there = f"there are: {', '.join(names)}" if names else "there are none yet; 'pagelens ingest' makes one"
                raise NotFoundError(f"There is no collection '{name}' ({there}).")
            if name not in self._open:
                self._open[name] = self._library.open(name)
            return self._open[name]

    @property
    def _loading(self) -> _Loading:
        """How this process loads models."""
        return {
            "offline": self.settings.offline,
            "threads": self.settings.threads,
            "keep": self.settings.models_loaded,
        }

    def _encoder(self, encoder_id: str, pages: str = "") -> Encoder:
        return encoders.load(encoder_id, **self._loading, pages=pages)

    def _encoder_of(self, space: EncoderVectors) -> Encoder:
        encoder = self._encoder(space.encoder, space.info.page_policy)
        space.check(encoder.info)
        return encoder

    def _forget(self, gone: Gone) -> Receipt:
        """Remove what is kept of a document or collection beside its pages; each part adds what it keeps."""
        return Receipt(gone.collection, gone.document)

    def _rename(self, collection: str, name: str) -> None:
        """Let what is kept of a collection beside its pages go by its new name; each part renames what it keeps."""

    def _job_runs(self) -> Mapping[str, JobRun]:
        """What does the work of each kind of job; a part that has jobs adds its own to those of the parts below."""
        return {}
