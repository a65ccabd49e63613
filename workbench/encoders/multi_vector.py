"""Late-interaction page models that sentence-transformers runs: ColVec1, EVIE, tomoro, the ``-hf`` classes and others.

They differ from those of colpali-engine in who calls the model (`MultiVectorEncoder`, by what the checkpoint says of
itself: prompts, mask, projection), not in what comes of it: a vector a token, whose places are read from the same
processors. Models of texts are in `text_late_interaction`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.encoders.base import EncoderSpec
from workbench.encoders.engine import Engine
from workbench.encoders.late_interaction import LateInteraction
from workbench.encoders.prepared import Inputs, collated, rows
from workbench.encoders.preprocessing import PREPROCESSORS, PreparedBatch, cut_of
from workbench.encoders.sentence_models import Opened, open_model
from workbench.encoders.stream import Stream
from workbench.errors import EncoderError
from workbench.types import Float


def load(spec: EncoderSpec) -> LateInteraction:
    """Load a model from this machine; `EncoderError` when its weights are missing, incomplete or do not fit."""
    opened = open_model(spec, "MultiVectorEncoder")
    if "image" not in opened.model.modalities:
        raise EncoderError(
            f"The '{spec.id}' model reads texts, not pictures; its pagelens.json should say family multi-vector-text."
        )
    encoder = LateInteraction(spec, MultiVectorEngine(opened))
    encoder.accelerated = False  # its processor is part of the model, and works in this process alone
    return encoder


class MultiVectorEngine(Engine):
    """A `MultiVectorEncoder` of pictures. Safe to call from several threads; they take turns."""

    def __init__(self, opened: Opened) -> None:
        self.checkpoint, self.device, self.model = opened.checkpoint, opened.device, opened.model
        without_pooling(self.model)
        self.processor = self.model.processor
        self.cut = PREPROCESSORS[cut_of(self.processor)]
        self.dtype = str(opened.device.dtype).removeprefix("torch.")
        self.preparer = self.prepare
        self.attention = ""
        self._image_token = _image_token(self.processor, self.tokenizer)
        self._turn, self._preparing = threading.Lock(), threading.Lock()
        self._stream = Stream.to(opened.device)

    @property
    def dim(self) -> int:
        """Numbers per vector."""
        return int(self.model.get_embedding_dimension())

    def query(self, text: str) -> tuple[NDArray[np.int64], Float]:
        """The ids of the tokens that the library compares ``(tokens,)``, and their vectors ``(tokens, dim)``."""
        with self._preparing:
            inputs = official_query(self.model, text)
        with self._turn:
            states, compared = forward(self, inputs, "query")
        keep = compared[0]
        return np.asarray(inputs["input_ids"][0].numpy(), np.int64)[keep], states[0][keep]

    def prepare(self, picture: Image.Image) -> Inputs:
        """What the processor makes of a picture."""
        with self._preparing:
            inputs = official_pages(self.model, [picture])
        return rows({name: value for name, value in inputs.items() if hasattr(value, "is_floating_point")}, self.dtype)

    def prepared(self, inputs: Sequence[Inputs]) -> PreparedBatch:
        """Several pictures that were prepared as one batch."""
        padding, left = self.tokenizer.pad_token_id or 0, self.tokenizer.padding_side == "left"
        made = collated(inputs, self.dtype, padding, left)
        return PreparedBatch(self.processor, made, self._image_token, scored(self.model, made))

    def _run(self, inputs: Any) -> Callable[[], Float]:
        import torch

        seen = "message" if "message" in self.model[0].modality_config else "image"
        with torch.inference_mode(), self._stream.placing(inputs) as placed:
            found = self.model({**placed, "modality": seen}, task="document")
            return self._stream.answer(found["token_embeddings"])


def without_pooling(model: Any) -> None:
    """Take token pooling out of a model: pooled vectors have lost their places, and Pagelens pools itself."""
    from sentence_transformers.multi_vector_encoder.modules import BaseTokenPooling

    for name, module in list(model.named_children()):
        if isinstance(module, BaseTokenPooling):
            delattr(model, name)


def official_query(model: Any, text: str) -> Any:
    """A query as the library prepares it. transformers' own retrieval classes have a method for that alone."""
    if model[0].transformer_task == "retrieval":
        return {**model.processor.process_queries([text]), "modality": "text"}
    return model.preprocess([text], prompt=model.prompts.get("query"), task="query")


def official_pages(model: Any, inputs: list[Any], **more: Any) -> Any:
    """Pages, pictures or texts, as the library prepares documents."""
    if model[0].transformer_task == "retrieval":
        return {**model.processor.process_images(inputs), "modality": "image"}
    return model.preprocess(inputs, prompt=document_prompt(model), task="document", **more)


def document_prompt(model: Any) -> str | None:
    """What the library puts before a document: the first prompt of a name it knows, else the model's default."""
    names = [name for name in ("document", "passage", "corpus", model.default_prompt_name) if name in model.prompts]
    return model.prompts[names[0]] if names else None


def scored(model: Any, inputs: Any, task: str = "document") -> Any:
    """The tokens that the model's own mask compares, ``(rows, tokens) bool``."""
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    masks = [part for part in model if isinstance(part, MultiVectorMask)]
    features = {"input_ids": inputs["input_ids"], "attention_mask": inputs["attention_mask"]}
    if (filled := inputs.get("query_expansion_positions")) is not None:
        features["query_expansion_positions"] = filled
    return masks[-1](features, task=task)["attention_mask"].bool() if masks else features["attention_mask"].bool()


def forward(at: Any, inputs: Any, task: str) -> tuple[Float, NDArray[np.bool_]]:
    """Vectors ``(rows, tokens, dim) float32`` of prepared inputs, and which of them the library compares.

    ``at`` has the model and its device.
    """
    import torch

    features = {
        key: value.to(at.device.name, at.device.dtype if value.is_floating_point() else None)
        if isinstance(value, torch.Tensor)
        else value
        for key, value in inputs.items()
        if key != "labels"
    }
    with torch.inference_mode():
        found = at.model(features, task=task)
    vectors = found["token_embeddings"].float().cpu().numpy()
    return np.asarray(vectors, np.float32), np.asarray(found["attention_mask"].bool().cpu().numpy())


def _image_token(processor: Any, tokenizer: Any) -> int:
    """The id of the token that stands for a piece of a picture."""
    number = getattr(processor, "image_token_id", None)
    return int(number if number is not None else tokenizer.convert_tokens_to_ids(processor.image_token))
