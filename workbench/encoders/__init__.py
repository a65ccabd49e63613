"""Encoders turn pages and queries into vectors: a table of them, and one loaded copy per process.

Importing this package is cheap; torch and the model libraries come with the first `load`.
"""

from __future__ import annotations

from workbench.encoders.base import Encoder, EncoderInfo, EncoderSpec
from workbench.encoders.registry import is_loaded, load, loaded, start, state, unload, using
from workbench.encoders.table import ENCODERS

__all__ = [
    "ENCODERS",
    "Encoder",
    "EncoderInfo",
    "EncoderSpec",
    "is_loaded",
    "load",
    "loaded",
    "start",
    "state",
    "unload",
    "using",
]
