"""Weights that come with Pagelens, which are those that were measured or are not used."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import EncoderError


def arrays(file: str, sha256: str, what: str) -> Mapping[str, NDArray[Any]]:
    """The arrays of a file of this package; `EncoderError`, which says ``what`` it is, where it is another."""
    content = resources.files(__package__).joinpath(file).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise EncoderError(
            f"{file}, {what}, is not the file it should be (its sha256 is {digest[:12]}… and not {sha256[:12]}…); "
            "install Pagelens again."
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        return {name: held[name] for name in held.files}
