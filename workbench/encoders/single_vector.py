"""The single-vector page models of colpali-engine: one vector a page and one a query, pooled as the library does it.

They stand beside the late-interaction models as fast first stages. How a model pools (last token, mean over what is not
padding) is its class's own default, and its output is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from workbench.encoders.base import EncoderSpec, unit_rows
from workbench.encoders.engine import Engine, EngineEncoder
from workbench.encoders.pictures import PictureVectors, whole
from workbench.encoders.prepared import Inputs
from workbench.errors import EncoderError, QueryError
from workbench.types import Box, QueryEmbedding


def load(spec: EncoderSpec) -> SingleVector:
    """Load a model from this machine; `EncoderError` when its weights are missing, incomplete or do not fit."""
    return SingleVector(spec, Engine.load(spec))


class SingleVector(EngineEncoder):
    """A Bi* model of colpali-engine. Safe to call from several threads; they take turns."""

    def __init__(self, spec: EncoderSpec, engine: Engine) -> None:
        # Projected models say their dim; of the others, the vector is a state of the language model.
        dim = getattr(engine.model, "dim", None) or engine.model.config.get_text_config().hidden_size
        super().__init__(spec, engine, int(dim))

    def encode_query(self, text: str) -> QueryEmbedding:
        """One vector for the whole text; `QueryError` for an empty one."""
        if not text.strip():
            raise QueryError("The query is empty; write what you are looking for.")
        _, vector = self.engine.query(text)
        unit = unit_rows(vector[None])
        if unit is None:
            raise EncoderError(f"The '{self.info.id}' model gave no usable vector for this query.")
        return QueryEmbedding(text, unit, (text,), np.ones(1, np.float32), self.info.policy)

    def _launched(
        self, inputs: Sequence[Inputs], crops: Sequence[Box], placed: Any = None
    ) -> Callable[[int], PictureVectors]:
        waiting = cache(self.engine.launch(placed or self.engine.prepared(inputs)))
        return lambda row: PictureVectors(waiting()[row][None], whole(crops[row]))
