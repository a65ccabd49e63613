"""Models: what there is to choose from, loading and unloading, and whether this installation is whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench import encoders
from workbench.encoders import EncoderSpec
from workbench.service.core import Core
from workbench.types import ModelStatus

if TYPE_CHECKING:
    from workbench.doctor import Check


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

    def unload_model(self, encoder_id: str) -> ModelStatus:
        """Free a model's memory, or forget that loading failed; `EncoderError` while a job is at work with it."""
        row = encoders.spec(encoder_id)
        encoders.unload(encoder_id)
        return encoders.status(row, self._rates)

    def doctor(self) -> Sequence[Check]:
        """What is present, what is missing, and the cure."""
        from workbench import doctor

        return doctor.checks(self.settings)
