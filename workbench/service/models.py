"""Models: what there is to choose from, getting, loading and unloading them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from threading import Event
from typing import Any

from workbench import encoders
from workbench.encoders import Advice, Encoder, Loader, Offer
from workbench.errors import InputError
from workbench.ingestion import Jobs
from workbench.query import Embedder, PictureStore
from workbench.rates import Rates
from workbench.retrieval import QueryCache, QueryModels
from workbench.service.counted import Count, counted
from workbench.settings import Settings
from workbench.store import Collection, EncoderVectors
from workbench.types import IngestReport, Job, ModelStatus, Progress

GET = "get"


class Models:
    """The models of this process, loaded as its settings say."""

    def __init__(self, settings: Settings, jobs: Jobs, rates: Rates, pictures: PictureStore) -> None:
        self.loader = Loader.of(settings)
        self._embedder = Embedder(self.loader, pictures)
        self._queries = QueryCache(self._embedder)
        self._jobs = jobs
        self._rates = rates
        jobs.does(GET, self._run_get)

    def encoder(self, encoder_id: str, pages: str = "") -> Encoder:
        """An encoder, loaded if need be; ``pages`` is its policy for tokens of pages."""
        return self.loader.encoder(encoder_id, pages)

    def encoder_of(self, space: EncoderVectors) -> Encoder:
        """The encoder that made a collection's vectors; `MismatchError` when it is another by now."""
        return self._embedder.encoder_of(space)

    def using(self, encoder_id: str, pages: str = "") -> AbstractContextManager[Encoder]:
        """An encoder that stays loaded for as long as the context is open."""
        return self.loader.using(encoder_id, pages)

    def of(self, collection: Collection) -> QueryModels:
        """The models that searches of a collection use."""
        return QueryModels(collection, self._queries, self.loader)

    def all(self) -> list[ModelStatus]:
        """Every model: what it is, whether it can be used here, where it stands, and what a page takes."""
        return encoders.statuses(self._rates)

    def load(self, encoder_id: str) -> ModelStatus:
        """Load a model in the background; `all` tells how it goes. `EncoderError` for one that does not exist."""
        self.loader.start(encoder_id)
        return encoders.status(encoders.spec(encoder_id), self._rates)

    def unload(self, encoder_id: str) -> ModelStatus:
        """Free a model's memory, or forget that loading failed; `EncoderError` while a job is at work with it."""
        row = encoders.spec(encoder_id)
        encoders.unload(encoder_id)
        return encoders.status(row, self._rates)

    def allow(self, model_id: str, revision: str) -> None:
        """Let code that a model brings run at a revision; see `encoders.allow`."""
        encoders.allow(encoders.spec(model_id), revision, self.loader.offline)

    def disallow(self, model_id: str) -> bool:
        """Let a model's own code run no longer; False when it was not allowed."""
        encoders.spec(model_id)
        encoders.unload(model_id)
        return encoders.disallow(model_id)

    def advice(self) -> Advice:
        """The best model that this machine can run, and why."""
        return encoders.advice(self.all())

    def offer(self, encoder_id: str) -> Offer:
        """What getting a model takes: files, bytes and licences, as the hub says now. `EncoderError` says why not."""
        return encoders.offer(encoders.spec(encoder_id), self.loader.offline)

    def get(
        self, encoder_id: str, licence: str, progress: Callable[[int, int, str], None] = lambda done, total, file: None
    ) -> None:
        """Fetch a model, blocking; ``progress`` hears bytes done, of how many, and the file. See `start_get`."""
        encoders.fetch(encoders.spec(encoder_id), self._accepted(encoder_id, licence), progress)

    def start_get(self, encoder_id: str, licence: str) -> Job:
        """Fetch a model in the background; ``licence`` is that of its `offer`, which a person has accepted.

        `InputError` when it is another. Stopped or broken off, the job can be resumed; it goes on from there.
        """
        self._accepted(encoder_id, licence)
        return self._jobs.start("", {"model": encoder_id, "licence": licence}, GET, encoder_id)

    def _accepted(self, encoder_id: str, licence: str) -> Offer:
        wanted = self.offer(encoder_id)
        if licence != wanted.licence:
            raise InputError(f"To get '{encoder_id}' accept its licence first: {wanted.licence}")
        return wanted

    def _run_get(self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: Event) -> IngestReport:
        def work(count: Count) -> tuple[str, ...]:
            self.get(request["model"], request["licence"], count)
            return (f"'{request['model']}' is on this machine.",)

        return counted("bytes", "", report, stop, work)
