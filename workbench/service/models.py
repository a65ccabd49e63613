"""Models: what there is to choose from, getting, loading and unloading, and whether this installation is whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import TYPE_CHECKING, Any

from workbench import encoders
from workbench.encoders import Advice, EncoderSpec, Offer
from workbench.errors import InputError
from workbench.ingestion import JobRun
from workbench.service.core import Core
from workbench.types import IngestReport, Job, JobStage, ModelStatus, Progress

if TYPE_CHECKING:
    from workbench.doctor import Check

GET = "get"


class _Stopped(Exception):
    """Ends a download at a person's wish."""


class Models(Core):
    """The encoders of this process."""

    def encoders(self) -> Sequence[EncoderSpec]:
        """Every encoder there is, whether its weights are here or not."""
        return list(encoders.ENCODERS.values())

    def models(self) -> list[ModelStatus]:
        """Every model: what it is, whether it can be used here, where it stands, and what a page takes."""
        return encoders.statuses(self._rates)

    def start_model(self, encoder_id: str) -> ModelStatus:
        """Load a model in the background; `models` tells how it goes. `EncoderError` for one that does not exist."""
        encoders.start(encoder_id, **self._loading)
        return encoders.status(encoders.spec(encoder_id), self._rates)

    def model_offer(self, encoder_id: str) -> Offer:
        """What getting a model takes: files, bytes and licences, as the hub says now. `EncoderError` says why not."""
        return encoders.offer(encoders.spec(encoder_id), self.settings.offline)

    def start_get(self, encoder_id: str, licence: str) -> Job:
        """Fetch a model in the background; ``licence`` is that of its `model_offer`, which a person has accepted.

        `InputError` when it is another. Stopped or broken off, the job can be resumed; it goes on from there.
        """
        wanted = self.model_offer(encoder_id)
        if licence != wanted.licence:
            raise InputError(f"To get '{encoder_id}' accept its licence first: {wanted.licence}")
        return self._jobs.start("", {"model": encoder_id, "licence": licence}, GET, encoder_id)

    def model_advice(self) -> Advice:
        """The best model that this machine can run, and why."""
        return encoders.advice(self.models())

    def _job_runs(self) -> Mapping[str, JobRun]:
        return {**super()._job_runs(), GET: self._run_get}

    def get_model(
        self, encoder_id: str, licence: str, progress: Callable[[int, int, str], None] = lambda done, total, file: None
    ) -> None:
        """Fetch a model, blocking; ``progress`` hears bytes done, of how many, and the file. See `start_get`."""
        wanted = self.model_offer(encoder_id)
        if licence != wanted.licence:
            raise InputError(f"To get '{encoder_id}' accept its licence first: {wanted.licence}")
        encoders.fetch(encoders.spec(encoder_id), wanted, progress)

    def _run_get(self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: Event) -> IngestReport:
        started, model = time.monotonic(), request["model"]

        def progress(done: int, total: int, file: str) -> None:
            if stop.is_set():
                raise _Stopped
            seconds = time.monotonic() - started
            report(Progress((JobStage("bytes", done, total, round(seconds, 3)),), done, total, seconds, file, ()))

        try:
            self.get_model(model, request["licence"], progress)
        except _Stopped:
            return IngestReport("", (), round(time.monotonic() - started, 3), True)
        return IngestReport("", (), round(time.monotonic() - started, 3), notes=(f"'{model}' is on this machine.",))

    def unload_model(self, encoder_id: str) -> ModelStatus:
        """Free a model's memory, or forget that loading failed; `EncoderError` while a job is at work with it."""
        row = encoders.spec(encoder_id)
        encoders.unload(encoder_id)
        return encoders.status(row, self._rates)

    def doctor(self) -> Sequence[Check]:
        """What is present, what is missing, and the cure."""
        from workbench import doctor

        return doctor.checks(self.settings)
