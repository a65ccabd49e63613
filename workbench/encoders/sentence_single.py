"""Single-vector models of pictures and texts through sentence-transformers: one vector a page and one a query.

What its `SentenceTransformer` reads: vision-language models with a pooling (Qwen3-VL-Embedding and others), and the
CLIP and SigLIP classes of transformers. Where a processor cuts a page to its centre, which loses the top and bottom of
every upright one, the page is squashed to the model's square instead, as in `clip`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from workbench.encoders.base import EncoderSpec, unit_rows
from workbench.encoders.device import Batches
from workbench.encoders.pictures import PictureEncoder, PictureVectors, whole
from workbench.encoders.sentence_models import Opened, open_model
from workbench.errors import EncoderError, QueryError
from workbench.types import Box, QueryEmbedding, SeenPicture

POLICY = "sentence"


def load(spec: EncoderSpec) -> SentenceSingle:
    """Load a model from this machine; `EncoderError` when its weights are missing, or it sees no pictures."""
    opened = open_model(spec, "SentenceTransformer")
    if "image" not in opened.model.modalities or "text" not in opened.model.modalities:
        raise EncoderError(
            f"The '{spec.id}' model takes {' and '.join(opened.model.modalities)}, not pictures and texts."
        )
    return SentenceSingle(spec, opened)


class SentenceSingle(PictureEncoder):
    """A `SentenceTransformer` of pictures and texts. Safe to call from several threads; they take turns."""

    def __init__(self, spec: EncoderSpec, opened: Opened) -> None:
        self.device, self.model = opened.device, opened.model
        _squashing(getattr(self.model[0].processor, "image_processor", None))
        dim = len(self.model.encode_query("a", show_progress_bar=False))
        super().__init__(spec, opened.checkpoint, dim, POLICY, Batches.fitting(opened.device, opened.parameters))
        self._turn = threading.Lock()

    def encode_query(self, text: str) -> QueryEmbedding:
        """One vector for the whole text, with the model's own prompt; `QueryError` for an empty one."""
        if not text.strip():
            raise QueryError("The query is empty; write what you are looking for.")
        with self._turn:
            unit = unit_rows(self._numbers(self.model.encode_query([text], show_progress_bar=False)))
        if unit is None:
            raise EncoderError(f"The '{self.info.id}' model gave no usable vector for this query.")
        return QueryEmbedding(text, unit, (text,), np.ones(1, np.float32), self.info.policy)

    def _vectors(self, pictures: Sequence[Image.Image], crops: Sequence[Box]) -> list[PictureVectors]:
        with self._turn:
            found = self.model.encode_document(list(pictures), batch_size=len(pictures), show_progress_bar=False)
        return [PictureVectors(row[None], whole(crop)) for row, crop in zip(self._numbers(found), crops, strict=True)]

    def _views(self, picture: Image.Image, crop: Box) -> tuple[SeenPicture, ...]:
        return (SeenPicture(picture, crop, "whole page"),)

    @staticmethod
    def _numbers(found: Any) -> Any:
        return np.asarray(found, np.float32)


def _squashing(processor: Any) -> None:
    """Have a processor that cuts pictures to a square squash them to it."""
    if getattr(processor, "do_center_crop", False):
        processor.do_center_crop = False
        processor.size = {"height": processor.crop_size["height"], "width": processor.crop_size["width"]}
