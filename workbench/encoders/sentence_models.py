"""Opens checkpoints with sentence-transformers: from this machine, whole, and under the rules of the other loaders.

Its four classes read what its own files describe (``modules.json``), the layouts that PyLate and the authors of ColBERT
published in, and the late-interaction classes of transformers themselves (``...ForRetrieval``).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from workbench.encoders.base import EncoderSpec
from workbench.encoders.checkpoints import Checkpoint, find
from workbench.encoders.device import Device, choose
from workbench.encoders.foreign import never_asked, trust, unloadable
from workbench.encoders.torchvision_cure import cure
from workbench.errors import EncoderError, brief

log = logging.getLogger(__name__)

Kind = Literal["MultiVectorEncoder", "SentenceTransformer", "CrossEncoder"]
_UNUSED: dict[Kind, tuple[str, ...]] = {
    "MultiVectorEncoder": ("lm_head", "pooler"),
    "SentenceTransformer": ("lm_head",),
    "CrossEncoder": (),
}
"""Parts of a weight's name that say that nothing of what is asked of such a model goes through it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A model of sentence-transformers on its device, ready to be asked."""

    checkpoint: Checkpoint
    device: Device
    model: Any

    @property
    def parameters(self) -> int:
        """How many weights the model has."""
        return sum(weight.numel() for weight in self.model.parameters())


def open_model(spec: EncoderSpec, kind: Kind) -> Opened:
    """Load a checkpoint from this machine; `EncoderError` when it is missing, incomplete or of another kind."""
    checkpoint = find(spec, parts=True)
    device = choose()
    cure()
    never_asked()
    import sentence_transformers
    import transformers

    transformers.utils.logging.disable_progress_bar()
    options: dict[str, Any] = {"device": device.name, "local_files_only": True}
    options |= trust(spec, checkpoint.folder, checkpoint.base)
    try:
        with _missing() as missing:
            model = _with_attention(getattr(sentence_transformers, kind), str(checkpoint.folder), options, device)
    except Exception as error:  # the library raises whatever its parts raise
        raise unloadable(spec, checkpoint.folder, error, allowable=True) from error
    if lacking := sorted(name for name in missing if not any(part in name for part in _UNUSED.get(kind, ()))):
        raise EncoderError(
            f"The '{spec.id}' model in {checkpoint.folder} is incomplete: {len(lacking)} weights are missing, "
            f"{lacking[0]} for one; run: {spec.get}"
        )
    return Opened(checkpoint, device, model.to(device.name, device.dtype).eval())


def _with_attention(made_by: Any, folder: str, options: dict[str, Any], device: Device) -> Any:
    """The model, with the library's own choice of attention where it lacks the one asked for."""
    said: dict[str, Any] = {"dtype": device.dtype}
    if not device.attention:
        return made_by(folder, model_kwargs=said, **options)
    try:
        return made_by(folder, model_kwargs={**said, "attn_implementation": device.attention}, **options)
    except (ValueError, ImportError) as error:
        log.warning("attention %s is not to be had (%s); going on with another", device.attention, brief(error))
        return made_by(folder, model_kwargs=said, **options)


_lock = threading.Lock()


@contextmanager
def _missing() -> Iterator[set[str]]:
    """Names of the weights that files lacked while models of this thread were read in the block.

    sentence-transformers asks transformers for a model alone and goes on with random numbers for what is missing; here
    transformers' own report is asked for on its behalf.
    """
    from transformers import PreTrainedModel

    found: set[str] = set()
    thread = threading.get_ident()
    original = PreTrainedModel.__dict__["from_pretrained"]

    def reporting(cls: Any, *arguments: Any, **named: Any) -> Any:
        read = original.__get__(None, cls)
        if threading.get_ident() != thread or named.get("output_loading_info"):
            return read(*arguments, **named)
        model, report = read(*arguments, **{**named, "output_loading_info": True})
        found.update(report["missing_keys"])
        return model

    with _lock:  # one at a time, so that what is put back is the original
        PreTrainedModel.from_pretrained = classmethod(reporting)
        try:
            yield found
        finally:
            PreTrainedModel.from_pretrained = original
