"""One loaded copy of each encoder per process, whoever asks and from whichever thread."""

from __future__ import annotations

import importlib
import os
import threading
from collections import defaultdict

from workbench.encoders.base import Encoder, EncoderSpec
from workbench.encoders.table import ENCODERS
from workbench.errors import EncoderError

_loaded: dict[str, Encoder] = {}
_lock = threading.Lock()
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def load(encoder_id: str, offline: bool = False, threads: int = 0) -> Encoder:
    """The encoder of that id, loaded at the first call and kept.

    Weights are only ever read from this machine; ``offline`` also tells the model libraries so, which then ask no hub
    for anything. ``threads`` is what torch may use in this process (0: its own choice). `EncoderError` says in one
    sentence what is missing and the command that gets it.
    """
    spec = _spec(encoder_id)
    with _lock:
        lock = _locks[encoder_id]
    with lock:  # a second caller waits for the first rather than loading twice; other encoders load meanwhile
        encoder = _loaded.get(encoder_id)
        if encoder is None:
            if offline:
                os.environ["HF_HUB_OFFLINE"] = "1"  # read by huggingface_hub at its import
            if threads:
                import torch

                torch.set_num_threads(threads)
            encoder = _loaded[encoder_id] = _load(spec)
        return encoder


def is_loaded(encoder_id: str) -> bool:
    """Whether `load` would return at once."""
    return encoder_id in _loaded


def unload(encoder_id: str) -> bool:
    """Forget a loaded encoder so that its memory can be freed; False when it was not loaded."""
    return _loaded.pop(encoder_id, None) is not None


def _spec(encoder_id: str) -> EncoderSpec:
    try:
        return ENCODERS[encoder_id]
    except KeyError:
        raise EncoderError(f"There is no encoder '{encoder_id}'; there are: {', '.join(ENCODERS)}.") from None


def _load(spec: EncoderSpec) -> Encoder:
    module, function = spec.loader.split(":")
    try:
        loader = getattr(importlib.import_module(module), function)
        encoder: Encoder = loader(spec)
    except ImportError as error:
        raise EncoderError(
            f"The encoder '{spec.id}' needs a library that cannot be imported ({error}); run: pagelens doctor"
        ) from error
    return encoder
