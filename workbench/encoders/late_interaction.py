"""The late-interaction page models of colpali-engine: a vector per piece of the page's picture, one per query token.

Of the model's tokens for a page those that stand for a piece of the picture have their place, read from what the
processor says it did; padding is none of the page's. Whether those of the prompt are kept beside them, and which of a
query's tokens are, is a policy, see `tokens`.
Faysse et al. 2024 (arXiv:2407.01449). What this module does not do: fetch weights (see `checkpoints`), or pool.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from workbench.encoders import places
from workbench.encoders.base import EncoderSpec, unit_rows
from workbench.encoders.engine import Engine, EngineEncoder
from workbench.encoders.pictures import PictureVectors
from workbench.encoders.prepared import Inputs
from workbench.encoders.preprocessing import PreparedBatch
from workbench.encoders.tokens import OFFICIAL, kept, labels
from workbench.errors import EncoderError, QueryError
from workbench.types import Box, Float, QueryEmbedding


def load(spec: EncoderSpec) -> LateInteraction:
    """Load a model from this machine; `EncoderError` when its weights are missing, incomplete or do not fit."""
    return LateInteraction(spec, Engine.load(spec))


class LateInteraction(EngineEncoder):
    """A page model with a vector a token. Safe to call from several threads; they take turns."""

    def __init__(self, spec: EncoderSpec, engine: Engine) -> None:
        super().__init__(spec, engine, engine.dim)

    def encode_query(self, text: str) -> QueryEmbedding:
        """A vector per kept token of the model's own query form; `QueryError` for an empty text."""
        if not text.strip():
            raise QueryError("The query is empty; write what you are looking for.")
        ids, states = self.engine.query(text)
        tokenizer = self.engine.tokenizer
        keep = kept(self.info.policy, ids, tokenizer, self.engine.augmentation)
        unit = unit_rows(states[keep])
        if unit is None:
            raise EncoderError(f"The '{self.info.id}' model gave no usable vectors for this query.")
        names = np.array(labels(ids, tokenizer), dtype=object)[keep]
        return QueryEmbedding(text, unit, tuple(names), np.ones(len(unit), np.float32), self.info.policy)

    def _launched(
        self, inputs: Sequence[Inputs], crops: Sequence[Box], placed: Any = None
    ) -> Callable[[int], PictureVectors]:
        batch = placed or self.engine.prepared(inputs)
        waiting = cache(self.engine.launch(batch))
        found = self._whole if self.info.page_policy == OFFICIAL else self._visual
        return lambda row: found(batch, row, waiting()[row], crops[row])

    def _visual(self, batch: PreparedBatch, row: int, states: Float, crop: Box) -> PictureVectors:
        """The pieces of the picture alone."""
        return PictureVectors(states[batch.shown(row)], self.engine.cut.geometry(batch, row, crop))

    def _whole(self, batch: PreparedBatch, row: int, states: Float, crop: Box) -> PictureVectors:
        """The pieces of the picture among the tokens of the prompt, in the model's order; these are labelled."""
        real = batch.real(row)
        shown = batch.shown(row)[real]
        geometry = places.among(self.engine.cut.geometry(batch, row, crop), shown)
        names = labels(batch.ids(row)[real], self.engine.tokenizer)
        said = tuple("" if visual else name.strip() or "prompt" for name, visual in zip(names, shown, strict=True))
        return PictureVectors(states[real], geometry, said)
