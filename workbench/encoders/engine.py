"""Loads a colpali-engine model with its processor, and runs it: pictures or text in, vectors out.

Everything that can be wrong with a checkpoint is said here, at load, rather than found out by pages that rank badly:
weights that the files lack (the library fills them with random numbers and goes on), in the model as in its adapter.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench import memory
from workbench.encoders import transformers_cure
from workbench.encoders.base import EncoderSpec
from workbench.encoders.checkpoints import Checkpoint, find
from workbench.encoders.device import Batches, Device, choose
from workbench.encoders.families import FAMILIES, Family
from workbench.encoders.foreign import REFUSED, never_asked, unloadable
from workbench.encoders.pictures import PreparingEncoder, pixels
from workbench.encoders.prepared import (
    PIXELS,
    Inputs,
    Placed,
    PreparedPage,
    Preparer,
    ProcessorPreparer,
    collated,
    rows,
)
from workbench.encoders.preprocessing import PREPROCESSORS, PreparedBatch
from workbench.encoders.stream import Stream
from workbench.encoders.tokens import OFFICIAL
from workbench.encoders.torchvision_cure import cure
from workbench.encoders.window_attention import attend_by_windows
from workbench.errors import EncoderError, brief
from workbench.types import Box, Float, Page, SeenPicture

log = logging.getLogger(__name__)


class Engine:
    """A loaded model. Safe to call from several threads; they take turns, at the processor and at the model.

    Where ``processes_there`` its processor works on the model's device, not on this one.
    """

    processes_there = False

    def __init__(self, family: Family, checkpoint: Checkpoint, device: Device, model: Any, processor: Any) -> None:
        self.family, self.checkpoint, self.device = family, checkpoint, device
        self.model, self.processor = model, processor
        self.cut = PREPROCESSORS[family.cut]
        self.dtype = str(device.dtype).removeprefix("torch.")
        self.preparer: Preparer = ProcessorPreparer(family.processor, str(checkpoint.folder), self.dtype)
        self.attention = attend_by_windows(model)
        # On a GPU the library's image processors take less time than the way of what they make would.
        self.processes_there = device.kind == "cuda" and _takes_tensors(processor)
        transformers_cure.cure()
        if device.kind == "cuda":
            memory.keep()  # pictures come and go by the hundred a second
        self._image_token = int(model.config.image_token_id)
        self._turn = threading.Lock()
        self._preparing = threading.Lock()  # a transformers tokenizer fails when two threads set its padding at once
        self._stream = Stream.to(device)

    @classmethod
    def load(cls, spec: EncoderSpec) -> Engine:
        """Load a model from this machine; `EncoderError` when its weights are missing, incomplete or do not fit."""
        checkpoint = find(spec)
        device = choose()
        cure()
        never_asked()
        import colpali_engine.models as models
        import transformers

        transformers.utils.logging.disable_progress_bar()
        family = FAMILIES[spec.family]
        try:
            processor = getattr(models, family.processor).from_pretrained(
                checkpoint.folder, local_files_only=True, **REFUSED
            )
            keys = (
                {**getattr(models, family.keys)._checkpoint_conversion_mapping, **family.names} if family.keys else None
            )
            model = _model(spec, model_class(family), checkpoint, device, keys)
        except EncoderError:
            raise
        except Exception as error:  # the libraries raise whatever their parts raise
            raise unloadable(spec, checkpoint.folder, error) from error
        _tie_head(model)
        return cls(family, checkpoint, device, model.to(device.name).eval(), processor)

    @property
    def parameters(self) -> int:
        """How many weights the model has."""
        return sum(weight.numel() for weight in self.model.parameters())

    @property
    def dim(self) -> int:
        """Numbers per vector of a late-interaction model."""
        return int(self.model.dim)

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer."""
        return self.processor.tokenizer

    @property
    def augmentation(self) -> int | None:
        """The id of the token that fills up queries, None where the processor's query form has none."""
        token = getattr(self.processor, "query_augmentation_token", None)
        return None if token is None else int(self.tokenizer.convert_tokens_to_ids(token))

    def batches(self) -> Batches:
        """Pages at a time that fit this model on its device."""
        return Batches.fitting(self.device, self.parameters)

    def prepare(self, picture: Image.Image) -> Inputs:
        """What the processor makes of a picture."""
        if self.processes_there:
            return {PIXELS: np.asarray(picture)}
        with self._preparing:
            return rows(self.processor.process_images([picture]), self.dtype)

    def prepared(self, inputs: Sequence[Inputs]) -> PreparedBatch:
        """Several pictures that were prepared as one batch."""
        if PIXELS in inputs[0]:
            return PreparedBatch(self.processor, self._processed([one[PIXELS] for one in inputs]), self._image_token)
        tokenizer = self.processor.tokenizer
        padding, left = tokenizer.pad_token_id or 0, tokenizer.padding_side == "left"
        pinned = self.device.kind == "cuda"
        return PreparedBatch(self.processor, collated(inputs, self.dtype, padding, left, pinned), self._image_token)

    def launch(self, batch: PreparedBatch) -> Callable[[], Float]:
        """Start the model on a batch; what is returned waits for its output, float32.

        That is ``(pictures, tokens, dim)``, or ``(pictures, dim)``.
        """
        with self._turn:
            return self._run(batch.inputs)

    def query(self, text: str) -> tuple[np.ndarray[Any, np.dtype[np.int64]], Float]:
        """The ids of the official query's tokens ``(tokens,)`` and the model's output, as of `launch`, for it."""
        with self._preparing:
            inputs = getattr(self.processor, self.family.queries)([text])
        with self._turn:
            waiting = self._run(inputs)
        states = waiting()[0]
        real = inputs["attention_mask"][0].bool().numpy()
        return inputs["input_ids"][0].numpy()[real], states[real] if states.ndim == 2 else states

    def _processed(self, pictures: Sequence[NDArray[np.uint8]]) -> dict[str, Any]:
        """What the processor makes of pictures on the device, which its pixels do not leave."""
        with self._preparing, self._stream.pictures(pictures) as placed:
            made = self.processor.process_images([Placed(picture) for picture in placed])
            dtype = self.device.dtype
            return {key: value.to(dtype) if value.is_floating_point() else value for key, value in made.items()}

    def _run(self, inputs: Any) -> Callable[[], Float]:
        import torch

        given = {key: value for key, value in inputs.items() if key != "labels"}
        with torch.inference_mode(), self._stream.placing(given) as placed:
            return self._stream.answer(self.model(**placed, **self.family.forward))


class EngineEncoder(PreparingEncoder):
    """What the encoders of colpali-engine share: its processor, here and elsewhere, and what it shows the model."""

    def __init__(self, spec: EncoderSpec, engine: Engine, dim: int) -> None:
        super().__init__(spec, engine.checkpoint, dim, OFFICIAL, engine.batches())
        self.engine = engine
        self.preparer = engine.preparer
        self.accelerated = engine.device.kind != "cpu" and not engine.processes_there

    def prepare(self, page: Page) -> PreparedPage:
        """See `PreparingEncoder.prepare`."""
        if not self.engine.processes_there:
            return super().prepare(page)
        return PreparedPage(page.ref, page.crop, {PIXELS: pixels(page)})

    def place(self, pages: Sequence[PreparedPage]) -> Any:
        """See `PreparingEncoder.place`."""
        if self.engine.device.kind == "cpu":
            return None
        try:
            return self.engine.prepared([page.inputs for page in pages])
        except Exception as error:  # whoever begins with them finds out which page it is
            log.debug("%d pages could not be placed (%s)", len(pages), brief(error))
            return None

    def tokens(self, page: PreparedPage) -> int:
        """See `PreparingEncoder.tokens`; of a picture that is still to be processed without the prompt's."""
        if PIXELS not in page.inputs:
            return page.tokens
        height, width, _ = page.inputs[PIXELS].shape
        return self.engine.cut.tokens(self.engine.processor, width, height)

    def _inputs(self, picture: Image.Image) -> Inputs:
        return self.engine.prepare(picture)

    def _views(self, picture: Image.Image, crop: Box) -> tuple[SeenPicture, ...]:
        return self.engine.cut.views(self.engine.prepared([self.engine.prepare(picture)]), 0, crop)


def _takes_tensors(processor: Any) -> bool:
    """Whether the image processor works wherever its pictures are; others work on pictures of PIL."""
    return getattr(processor.image_processor, "backend", "") == "torchvision"


def model_class(family: Family) -> Any:
    """The class that reads a family's checkpoints, mended where transformers 5 has outrun colpali-engine.

    ColQwen2_5Omni declares a property where its parent now sets an attribute before the property's source is there,
    and asks the whole model's configuration for the language model's width.
    """
    import colpali_engine.models as models

    found = getattr(models, family.model)
    if found is not models.ColQwen2_5Omni:
        return found

    class ColQwen2_5Omni(found):  # type: ignore[misc, valid-type]
        spatial_merge_size = 0

        def __init__(self, config: Any, *arguments: Any, **named: Any) -> None:
            config.hidden_size = config.get_text_config().hidden_size
            super().__init__(config, *arguments, **named)

    return ColQwen2_5Omni


def _model(spec: EncoderSpec, model_class: Any, checkpoint: Checkpoint, device: Device, keys: Any) -> Any:
    """The model, adapter included, with every weight from its files; ``keys`` rename older files' weights."""
    options: dict[str, Any] = {
        "local_files_only": True, "output_loading_info": True, "dtype": device.dtype, **REFUSED
    }  # fmt: skip
    if keys is not None:
        options["key_mapping"] = dict(keys)
    if device.attention:
        options["attn_implementation"] = device.attention
    if checkpoint.base is None:
        model, report = _with_attention(model_class, checkpoint.folder, options)
        _complete(spec, checkpoint, report)
        return model
    # With an adapter the library reports on the adapter alone; what the base lacks is asked without reading it.
    _, report = model_class.from_pretrained(checkpoint.base, **{**options, "device_map": "meta"})
    _complete(spec, checkpoint, report)
    options["adapter_kwargs"] = {"_adapter_model_path": str(checkpoint.folder)}
    model, report = _with_attention(model_class, checkpoint.base, options)
    _complete(spec, checkpoint, report)
    return model


def _with_attention(model_class: Any, folder: Any, options: dict[str, Any]) -> Any:
    """`from_pretrained`, with the library's own choice of attention where the model lacks the one asked for."""
    try:
        return model_class.from_pretrained(folder, **options)
    except (ValueError, ImportError) as error:
        wanted = options.pop("attn_implementation", None)
        if wanted is None:
            raise
        log.warning("attention %s is not to be had (%s); going on with another", wanted, brief(error))
        return model_class.from_pretrained(folder, **options)


def _complete(spec: EncoderSpec, checkpoint: Checkpoint, report: Any) -> None:
    missing = sorted(key for key in report["missing_keys"] if "lm_head" not in key)
    if missing:
        raise EncoderError(
            f"The '{spec.id}' model in {checkpoint.folder} is incomplete: {len(missing)} weights are missing, "
            f"{missing[0]} for one; run: {spec.get}"
        )


def _tie_head(model: Any) -> None:
    """Give a language-model head without weights of its own (ColPali's) those of the word embeddings, as it is tied."""
    embeddings = model.get_input_embeddings().weight
    for name, parameter in list(model.named_parameters()):
        if parameter.is_meta and name.endswith("lm_head.weight"):
            model.get_submodule(name.rpartition(".")[0]).weight = embeddings
