"""Code that a checkpoint brings along: it is never run, and nobody is asked whether it should be.

transformers runs Python files beside the weights when told to trust them (``auto_map``), and asks on the terminal when
it was told nothing. Pagelens tells it no wherever it calls it; where other libraries call it, there is no time to ask.
Weights are read as numbers only (safetensors, or pickles restricted to tensors), which torch does unasked.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from workbench.encoders.base import EncoderSpec
from workbench.encoders.pictures import brief
from workbench.errors import EncoderError

log = logging.getLogger(__name__)

REFUSED: dict[str, Any] = {"trust_remote_code": False}
"""What every call that reads a checkpoint is given."""


def never_asked() -> None:
    """Let transformers refuse a checkpoint's own code at once where it was told nothing, rather than ask for it."""
    from transformers import dynamic_module_utils

    dynamic_module_utils.TIME_OUT_REMOTE_CODE = 0


def unloadable(spec: EncoderSpec, folder: Path, error: Exception) -> EncoderError:
    """The sentence on a checkpoint that a library could not load."""
    log.debug("loading %s", folder, exc_info=error)
    if "custom code" in str(error) or "trust_remote_code" in str(error):
        return EncoderError(
            f"The '{spec.id}' model in {folder} can only be loaded by running code of its own, which Pagelens never "
            "does; look for the same model in a form that needs none."
        )
    return EncoderError(f"The '{spec.id}' model in {folder} cannot be loaded ({brief(error)}).")
