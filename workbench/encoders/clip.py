"""CLIP and SigLIP models through open_clip: one vector a page, from the whole picture.

The plain baseline beside the page models, and a fast first stage. A page is squashed to the model's square, not cut to
it: the centre crop that most of these models were trained with would lose the top and bottom of every upright page, and
half of a slide. That way every place on the page has its place in the square, linearly. A model reads a limited number
of a query's tokens (77 for CLIP, 64 for SigLIP); what stands beyond them is not searched.
Radford et al. 2021 (arXiv:2103.00020), Zhai et al. 2023 (arXiv:2303.15343).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.encoders import checkpoints
from workbench.encoders.base import EncoderSpec, unit_rows
from workbench.encoders.checkpoints import Checkpoint
from workbench.encoders.device import Batches, Device, choose
from workbench.encoders.foreign import REFUSED, never_asked, unloadable
from workbench.encoders.pictures import PictureVectors, PreparingEncoder, denormalised, whole
from workbench.encoders.prepared import Inputs, collated, rows
from workbench.encoders.torchvision_cure import cure
from workbench.errors import EncoderError, QueryError
from workbench.types import Box, QueryEmbedding, SeenPicture

log = logging.getLogger(__name__)

POLICY = "sentence"
PIXELS = "pixels"


def load(spec: EncoderSpec) -> Clip:
    """Load a model from this machine; `EncoderError` when its weights are missing or do not fit."""
    return Clip(spec, OpenClip.load(spec))


@dataclass(frozen=True, slots=True)
class OpenClip:
    """A loaded open_clip model with its preprocessing and tokenizer."""

    checkpoint: Checkpoint
    device: Device
    model: Any
    prepare: Any
    tokenizer: Any

    @classmethod
    def load(cls, spec: EncoderSpec) -> OpenClip:
        """Load a model from this machine; `EncoderError` when its weights are missing or do not fit."""
        cure()
        never_asked()
        import open_clip

        checkpoint, name, pretrained = _source(spec)
        device = choose()
        try:
            model, prepare = open_clip.create_model_from_pretrained(
                name,
                pretrained,
                device=device.name,
                precision=_precision(device),
                image_resize_mode="squash",
                weights_only=True,
            )
            tokenizer = open_clip.get_tokenizer(name, **_refusing(checkpoint.folder, name))
        except Exception as error:  # the library raises whatever its parts raise
            raise unloadable(spec, checkpoint.folder, error) from error
        return cls(checkpoint, device, model.eval(), prepare, tokenizer)

    @property
    def batches(self) -> Batches:
        """Pages at a time that fit this model on its device."""
        return Batches.fitting(self.device, sum(weight.numel() for weight in self.model.parameters()))

    def pixels(self, prepared: Sequence[Inputs]) -> Any:
        """``(pictures, 3, height, width)`` as the model takes them."""
        made = collated(prepared, _torch_name(self.device), 0, False)[PIXELS]
        return made.to(self.device.name, self.device.dtype)

    def text(self, text: str) -> NDArray[np.float32] | None:
        """The unit vector ``(1, dim)`` of a text, None when the model gives no usable one; `QueryError` if empty."""
        import torch

        if not text.strip():
            raise QueryError("The query is empty; write what you are looking for.")
        with torch.inference_mode():
            found = self.model.encode_text(self.tokenizer([text]).to(self.device.name))
        return unit_rows(found.float().cpu().numpy())

    @property
    def dim(self) -> int:
        """Numbers per vector, by asking the model."""
        import torch

        with torch.inference_mode():
            return int(self.model.encode_text(self.tokenizer(["a"]).to(self.device.name)).shape[-1])

    def view(self, picture: Image.Image) -> Image.Image:
        """The picture that the model gets."""
        normalise = next(step for step in self.prepare.transforms if hasattr(step, "mean") and hasattr(step, "std"))
        return denormalised(self.prepare(picture).numpy(), normalise.mean, normalise.std)


@dataclass(frozen=True, slots=True)
class ClipPreparer:
    """What open_clip does to a picture, its numbers as ``dtype``."""

    transform: Any
    dtype: str

    def __call__(self, picture: Image.Image) -> Inputs:
        """The picture's pixels ``(1, 3, height, width)``."""
        return rows({PIXELS: self.transform(picture)[None]}, self.dtype)


class ClipEncoder(PreparingEncoder):
    """What the two ways to use an open_clip model share. Safe to call from several threads."""

    def __init__(self, spec: EncoderSpec, clip: OpenClip) -> None:
        super().__init__(spec, clip.checkpoint, clip.dim, POLICY, clip.batches)
        self.clip = clip
        self.preparer = ClipPreparer(clip.prepare, _torch_name(clip.device))
        self.accelerated = clip.device.kind != "cpu"

    def _inputs(self, picture: Image.Image) -> Inputs:
        return self.preparer(picture)

    def encode_query(self, text: str) -> QueryEmbedding:
        """One vector for the whole text; `QueryError` for an empty one."""
        unit = self.clip.text(text)
        if unit is None:
            raise EncoderError(f"The '{self.info.id}' model gave no usable vector for this query.")
        return QueryEmbedding(text, unit, (text,), np.ones(1, np.float32), self.info.policy)

    def _views(self, picture: Image.Image, crop: Box) -> tuple[SeenPicture, ...]:
        return (SeenPicture(self.clip.view(picture), crop, "whole page"),)


class Clip(ClipEncoder):
    """One vector a page."""

    def _launched(
        self, inputs: Sequence[Inputs], crops: Sequence[Box], placed: Any = None
    ) -> Callable[[int], PictureVectors]:
        import torch

        with torch.inference_mode():
            found = self.clip.model.encode_image(self.clip.pixels(inputs)).float().cpu().numpy()
        return lambda row: PictureVectors(found[row : row + 1], whole(crops[row]))


def _refusing(folder: Path, name: str) -> dict[str, Any]:
    """What keeps a checkpoint's configuration from saying that its tokenizer's code is to be trusted.

    open_clip hands the configuration's own ``tokenizer_kwargs`` on to transformers; only a tokenizer of that library
    knows what is said here.
    """
    config = folder / "open_clip_config.json"
    if not name.startswith("local-dir:") or not config.is_file():
        return {}
    said = checkpoints.read(config)
    return REFUSED if said.get("model_cfg", said).get("text_cfg", {}).get("hf_tokenizer_name") else {}


def _torch_name(device: Device) -> str:
    return str(device.dtype).rpartition(".")[2]


def _precision(device: Device) -> str:
    """open_clip's name for a dtype: "pure" weights, so that pictures are given in the same."""
    return {"float32": "fp32", "float16": "pure_fp16", "bfloat16": "pure_bf16"}[_torch_name(device)]


def _source(spec: EncoderSpec) -> tuple[Checkpoint, str, str | None]:
    """The files of a model, and what open_clip calls it and its weights."""
    architecture, pretrained = spec.options.get("architecture"), str(spec.options.get("pretrained", ""))
    if not architecture:
        checkpoint = checkpoints.find(spec)
        return checkpoint, f"local-dir:{checkpoint.folder}", None
    file = weights_file(spec)
    revision = "local" if str(file) == pretrained else pretrained
    checkpoint = Checkpoint(file.parent, None, revision, checkpoints.weights_hash([file]))
    return checkpoint, str(architecture), str(file) if revision == "local" else pretrained


def weights_file(spec: EncoderSpec) -> Path:
    """The weights of a model named by architecture; `EncoderError` when they are not on this machine."""
    architecture, pretrained = str(spec.options["architecture"]), str(spec.options.get("pretrained", ""))
    file = Path(pretrained) if Path(pretrained).suffix else _tagged(spec, architecture, pretrained)
    if not file.is_file():
        raise EncoderError(f"The weights of the '{spec.id}' encoder, {file}, are not there.")
    return file


def _tagged(spec: EncoderSpec, architecture: str, tag: str) -> Path:
    """The file that open_clip would take for a tag, from where it keeps its downloads; it is never fetched here."""
    import open_clip
    from huggingface_hub import try_to_load_from_cache

    known = open_clip.get_pretrained_cfg(architecture, tag)
    if not known:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(architecture))
        raise EncoderError(
            f"open_clip has no weights '{tag}' for {architecture}; it has: {tags}."
            if tags
            else f"open_clip has no architecture '{architecture}' with weights of its own; name a file as pretrained."
        )
    if hub := known.get("hf_hub", ""):
        repository, name = os.path.split(hub)
        for candidate in (name, "open_clip_model.safetensors", "open_clip_pytorch_model.bin"):
            found = try_to_load_from_cache(repository, candidate) if candidate else None
            if isinstance(found, str):
                return Path(found)
    elif url := known.get("url", ""):
        file = Path("~/.cache/clip").expanduser() / str(url).rpartition("/")[2]
        if file.is_file():
            return file
    raise EncoderError(f"The weights of the '{spec.id}' encoder are not on this machine; run: {spec.get}")
