"""The late-interaction page models of colpali-engine: ColPali, ColQwen2, ColQwen2.5, ColSmol and ColModernVBERT.

A page is its picture: the model gives a vector per visual token, of which those are kept that stand for a piece of the
picture (prompt and padding are not), each with its place, read from what the processor says it did. A query is the
model's official one (policy ``official``): prefix, text and the augmentation tokens it was trained with, none dropped.

Pages go through the model one at a time, so that no page depends on another and memory does not grow with the batch.
Faysse et al. 2024 (arXiv:2407.01449). What this module does not do: fetch weights (see `checkpoints`), or pool.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from workbench.encoders import places
from workbench.encoders.base import EncoderInfo, EncoderSpec, guarded, unit_rows
from workbench.encoders.checkpoints import Checkpoint, find
from workbench.encoders.torchvision_cure import cure
from workbench.errors import EncoderError, QueryError
from workbench.types import Box, Geometry, Page, PageEmbedding, PageFailure, QueryEmbedding

log = logging.getLogger(__name__)

POLICY = "official"
_MARKER = re.compile(r"<row_(\d+)_col_(\d+)>")

Placer = Callable[[Any, Any, Box], Geometry]
"""``(processor, batch of one page, crop) -> Geometry`` of its image tokens, in order."""


def _square(processor: Any, batch: Any, crop: Box) -> Geometry:
    """ColPali: the picture is stretched to a fixed square of patches."""
    count = int(processor.get_image_mask(batch)[0].sum())
    side = round(count**0.5)
    if side * side != count:
        raise ValueError(f"{count} visual tokens do not form a square")
    return places.grid(side, side, crop)


def _dynamic(processor: Any, batch: Any, crop: Box) -> Geometry:
    """Qwen: ``image_grid_thw`` counts patches; merge_size x merge_size of them make one token."""
    _, rows, cols = (int(value) for value in batch["image_grid_thw"][0])
    merge = processor.image_processor.merge_size
    return places.grid(rows // merge, cols // merge, crop)


def _tiles(processor: Any, batch: Any, crop: Box) -> Geometry:
    """Idefics3: runs of image tokens, each introduced by ``<row_i_col_j>``, or by another tag for the whole picture."""
    ids = batch["input_ids"][0]
    places_of_images = np.flatnonzero(processor.get_image_mask(batch)[0].numpy())
    breaks = np.flatnonzero(np.diff(places_of_images) > 1) + 1
    bounds = [0, *breaks.tolist(), len(places_of_images)]
    tiles: list[tuple[int, int] | None] = []
    end = 0
    for first, last in pairwise(bounds):
        start = int(places_of_images[first])
        markers = _MARKER.findall(processor.tokenizer.decode(ids[end:start]))
        tiles.append((int(markers[-1][0]) - 1, int(markers[-1][1]) - 1) if markers else None)
        end = int(places_of_images[last - 1]) + 1
    side = round((len(places_of_images) / len(tiles)) ** 0.5)
    return places.tiled(tiles, side, crop)


PLACERS: dict[str, Placer] = {"square": _square, "dynamic": _dynamic, "tiles": _tiles}


def load(spec: EncoderSpec) -> LateInteraction:
    """Load a model from this machine; `EncoderError` when its weights are missing, incomplete or do not fit."""
    checkpoint = find(spec)
    cure()
    import colpali_engine.models as models
    import transformers

    transformers.utils.logging.disable_progress_bar()
    device, dtype = run_on()
    options = {"local_files_only": True}
    try:
        processor = getattr(models, spec.options["processor"]).from_pretrained(checkpoint.folder, **options)
        model, report = getattr(models, spec.options["model"]).from_pretrained(
            checkpoint.folder, dtype=dtype, output_loading_info=True, **options
        )
    except Exception as error:  # the libraries raise whatever their parts raise
        log.debug("loading %s", checkpoint.folder, exc_info=True)
        raise EncoderError(
            f"The '{spec.id}' model in {checkpoint.folder} cannot be loaded ({brief(error)})."
        ) from error
    # A weight that is not in the file is filled with random numbers, which would search, and find nothing.
    missing = sorted(key for key in report["missing_keys"] if "lm_head" not in key)
    if missing:
        raise EncoderError(
            f"The '{spec.id}' model in {checkpoint.folder} is incomplete: {len(missing)} weights are missing, "
            f"{missing[0]} for one; run: {spec.get}"
        )
    _tie_head(model)
    return LateInteraction(spec, checkpoint, model.to(device).eval(), processor)


def _tie_head(model: Any) -> None:
    """Give a language-model head without weights of its own (ColPali's) those of the word embeddings, as it is tied."""
    embeddings = model.get_input_embeddings().weight
    for name, parameter in list(model.named_parameters()):
        if parameter.is_meta and name.endswith("lm_head.weight"):
            model.get_submodule(name.rpartition(".")[0]).weight = embeddings


def run_on() -> tuple[str, Any]:
    """The device page models run on, and the precision: float32 on a CPU, bfloat16 on an accelerator."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    return device, torch.float32 if device == "cpu" else torch.bfloat16


class LateInteraction:
    """A colpali-engine model with its processor. Safe to call from several threads; they take turns."""

    def __init__(self, spec: EncoderSpec, checkpoint: Checkpoint, model: Any, processor: Any) -> None:
        self.info = EncoderInfo(
            id=spec.id,
            name=spec.name,
            kind=spec.kind,
            dim=int(model.dim),
            revision=checkpoint.revision,
            weights_hash=checkpoint.weights_hash,
            licence=spec.licence,
            policy=POLICY,
        )
        self._model = model
        self._processor = processor
        self._turn = threading.Lock()  # a transformers tokenizer fails when two threads set its padding at once
        self._place = PLACERS[spec.options["places"]]
        self._forward = dict(spec.options.get("forward", {}))

    def encode_pages(self, pages: Sequence[Page]) -> list[PageEmbedding | PageFailure]:
        """A vector per visual token of each page's picture; see `Encoder.encode_pages`."""
        return [self._encode_page(page) for page in pages]

    def encode_query(self, text: str) -> QueryEmbedding:
        """A vector per token of the model's own query form; `QueryError` for an empty text."""
        if not text.strip():
            raise QueryError("The query is empty; write what you are looking for.")
        with self._turn:
            batch = self._processor.process_queries([text])
            states = self._states(batch)
        keep = batch["attention_mask"][0].bool().numpy()
        unit = unit_rows(states[keep])
        if unit is None:
            raise EncoderError(f"The '{self.info.id}' model gave no usable vectors for this query.")
        labels = tuple(self._processor.tokenizer.decode([number]) for number in batch["input_ids"][0][keep].tolist())
        return QueryEmbedding(text, unit, labels, np.ones(len(unit), np.float32), self.info.policy)

    def _encode_page(self, page: Page) -> PageEmbedding | PageFailure:
        try:
            picture = seen(page)
            with self._turn:
                batch = self._processor.process_images([picture])
                geometry = self._place(self._processor, batch, page.crop)
                shown = self._processor.get_image_mask(batch)[0].numpy()
                vectors = self._states(batch)[shown]
        except Exception as error:  # one bad page never fails a document
            log.warning("%s failed in %s", page.ref, self.info.id, exc_info=True)
            return PageFailure(page.ref, f"The '{self.info.id}' model failed on this page ({brief(error)}).")
        if len(vectors) != len(geometry):
            return PageFailure(page.ref, f"The model gave {len(vectors)} vectors for a grid of {len(geometry)} places.")
        return guarded(page.ref, vectors, geometry)

    def _states(self, batch: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
        """``(tokens, dim) float32`` of a batch of one."""
        import torch

        with torch.inference_mode():
            inputs = {key: value for key, value in batch.to(self._model.device).items() if key != "labels"}
            found = self._model(**inputs, **self._forward)[0]
        return np.asarray(found.float().cpu().numpy(), np.float32)


def seen(page: Page) -> Any:
    """The part of the page's picture that the crop leaves, RGB."""
    image = page.image()
    width, height = image.size
    x0, y0, x1, y1 = page.crop
    box = (round(x0 * width), round(y0 * height), round(x1 * width), round(y1 * height))
    return (image if box == (0, 0, width, height) else image.crop(box)).convert("RGB")


def brief(error: Exception) -> str:
    """The first line of an error, at most 200 characters."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
