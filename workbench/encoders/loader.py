"""How a process has its models loaded, as its settings say: one value that goes along instead of three."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.encoders import registry
from workbench.encoders.base import Encoder
from workbench.settings import Settings

if TYPE_CHECKING:
    from workbench.encoders.rerankers import Reranker


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads models: ``offline`` fetches nothing, ``threads`` of the processor for each (0: as many as serve), ``keep``
    so many at a time."""

    offline: bool
    threads: int
    keep: int

    @classmethod
    def of(cls, settings: Settings) -> Loader:
        """As settings say."""
        return cls(settings.offline, settings.threads, settings.models_loaded)

    def encoder(self, encoder_id: str, pages: str = "") -> Encoder:
        """An encoder, loaded if need be; ``pages`` is its policy for tokens of pages."""
        return registry.load(encoder_id, offline=self.offline, threads=self.threads, keep=self.keep, pages=pages)

    def using(self, encoder_id: str, pages: str = "") -> AbstractContextManager[Encoder]:
        """An encoder that stays loaded for as long as the context is open."""
        return registry.using(encoder_id, offline=self.offline, threads=self.threads, keep=self.keep, pages=pages)

    def reranker(self, model_id: str) -> tuple[Reranker, bool]:
        """A reranker, and whether it had to be loaded; `NoEncoderError` where there is none."""
        cold = not registry.is_loaded(model_id)
        return registry.reranker(model_id, self.offline, self.threads, self.keep), cold

    def start(self, encoder_id: str) -> None:
        """Load a model in the background; `EncoderError` for one that does not exist."""
        registry.start(encoder_id, offline=self.offline, threads=self.threads, keep=self.keep)

    def is_loaded(self, model_id: str) -> bool:
        """Whether a model answers without being loaded first."""
        return registry.is_loaded(model_id)
