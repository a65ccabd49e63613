"""CLIP models through open_clip: one vector a page, from the whole picture.

The plain baseline beside the late-interaction models. A page is squashed to the model's square, not cut to it (the
usual centre crop would lose the top and bottom of every upright page). CLIP reads at most 77 tokens of a query; what
stands beyond them is not searched. Radford et al. 2021 (arXiv:2103.00020). Patch vectors are left out: CLIP trains only
the pooled one against text.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.encoders.base import EncoderInfo, EncoderSpec, guarded, unit_rows
from workbench.encoders.checkpoints import Checkpoint, find
from workbench.encoders.late_interaction import brief, run_on, seen
from workbench.encoders.torchvision_cure import cure
from workbench.errors import EncoderError, QueryError
from workbench.types import Geometry, Page, PageEmbedding, PageFailure, QueryEmbedding

log = logging.getLogger(__name__)

POLICY = "sentence"


def load(spec: EncoderSpec) -> Clip:
    """Load a model from this machine; `EncoderError` when its weights are missing or do not fit."""
    checkpoint = find(spec)
    cure()
    import open_clip

    device, _ = run_on()
    source = f"local-dir:{checkpoint.folder}"
    try:
        model, prepare = open_clip.create_model_from_pretrained(source, device=device, image_resize_mode="squash")
        tokenizer = open_clip.get_tokenizer(source)
    except Exception as error:  # the library raises whatever its parts raise
        log.debug("loading %s", checkpoint.folder, exc_info=True)
        raise EncoderError(
            f"The '{spec.id}' model in {checkpoint.folder} cannot be loaded ({brief(error)})."
        ) from error
    return Clip(spec, checkpoint, model.eval(), prepare, tokenizer, device)


class Clip:
    """An open_clip model with its preprocessing and tokenizer. Safe to call from several threads."""

    def __init__(
        self, spec: EncoderSpec, checkpoint: Checkpoint, model: Any, prepare: Any, tokenizer: Any, device: str
    ) -> None:
        self.info = EncoderInfo(
            id=spec.id,
            name=spec.name,
            kind=spec.kind,
            dim=spec.dim,
            revision=checkpoint.revision,
            weights_hash=checkpoint.weights_hash,
            licence=spec.licence,
            policy=POLICY,
        )
        self._model, self._prepare, self._tokenizer, self._device = model, prepare, tokenizer, device

    def encode_pages(self, pages: Sequence[Page]) -> list[PageEmbedding | PageFailure]:
        """One vector a page, placed over what its crop leaves; see `Encoder.encode_pages`."""
        return [self._encode_page(page) for page in pages]

    def encode_query(self, text: str) -> QueryEmbedding:
        """One vector for the whole text; `QueryError` for an empty one."""
        import torch

        if not text.strip():
            raise QueryError("The query is empty; write what you are looking for.")
        with torch.inference_mode():
            found = self._model.encode_text(self._tokenizer([text]).to(self._device))
        unit = unit_rows(found.float().cpu().numpy())
        if unit is None:
            raise EncoderError(f"The '{self.info.id}' model gave no usable vector for this query.")
        return QueryEmbedding(text, unit, (text,), np.ones(1, np.float32), self.info.policy)

    def _encode_page(self, page: Page) -> PageEmbedding | PageFailure:
        import torch

        try:
            picture = self._prepare(seen(page))[None].to(self._device)
            with torch.inference_mode():
                vectors = self._model.encode_image(picture).float().cpu().numpy()
        except Exception as error:  # one bad page never fails a document
            log.warning("%s failed in %s", page.ref, self.info.id, exc_info=True)
            return PageFailure(page.ref, f"The '{self.info.id}' model failed on this page ({brief(error)}).")
        place = Geometry(np.array([page.crop], np.float32), None, np.array([-1], np.int32))
        return guarded(page.ref, vectors, place)
