"""Encoders turn pages and queries into vectors: a table of them, and one loaded copy per process.

Importing this package is cheap; torch and the model libraries come with the first `load`.
"""

from __future__ import annotations

from workbench.encoders.advice import Advice, advice
from workbench.encoders.base import Encoder, EncoderInfo, EncoderSpec
from workbench.encoders.families import SCORES
from workbench.encoders.fetching import Offer, fetch, offer
from workbench.encoders.foreign import allow, code_files, code_folder, disallow, revision_of
from workbench.encoders.loader import Loader
from workbench.encoders.own import adopt
from workbench.encoders.own import specs as own_specs
from workbench.encoders.registry import (
    is_loaded,
    load,
    loaded,
    page_policy,
    reranker,
    spec,
    specs,
    start,
    state,
    unload,
    using,
)
from workbench.encoders.status import status, statuses
from workbench.encoders.table import ENCODERS, RERANKERS

__all__ = [
    "ENCODERS",
    "RERANKERS",
    "SCORES",
    "Advice",
    "Encoder",
    "EncoderInfo",
    "EncoderSpec",
    "Loader",
    "Offer",
    "adopt",
    "advice",
    "allow",
    "code_files",
    "code_folder",
    "disallow",
    "fetch",
    "is_loaded",
    "load",
    "loaded",
    "offer",
    "own_specs",
    "page_policy",
    "reranker",
    "revision_of",
    "spec",
    "specs",
    "start",
    "state",
    "status",
    "statuses",
    "unload",
    "using",
]
