"""Pagelens: a visual document search workbench.

What a program needs is here, ``from workbench import Workbench``, and comes when it is first named: importing the
package loads nothing else, so the command line starts at once and the set-up runs where no library is installed.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.errors import (
        ChangedError,
        CollectionBusyError,
        DatasetError,
        DiskFullError,
        DocumentError,
        EncoderError,
        FilterError,
        InputError,
        MismatchError,
        NoEncoderError,
        NotAllowedError,
        NotFoundError,
        OverstepError,
        PagelensError,
        PipelineError,
        QueryError,
        StateError,
        StoreError,
    )
    from workbench.retrieval import Pipeline
    from workbench.service import Workbench
    from workbench.settings import CollectionSettings, Settings
    from workbench.types import MarkPart, PageRef, PicturePart, Query, RegionPart, TextPart

    __version__: str

__all__ = [
    "ChangedError",
    "CollectionBusyError",
    "CollectionSettings",
    "DatasetError",
    "DiskFullError",
    "DocumentError",
    "EncoderError",
    "FilterError",
    "InputError",
    "MarkPart",
    "MismatchError",
    "NoEncoderError",
    "NotAllowedError",
    "NotFoundError",
    "OverstepError",
    "PageRef",
    "PagelensError",
    "PicturePart",
    "Pipeline",
    "PipelineError",
    "Query",
    "QueryError",
    "RegionPart",
    "Settings",
    "StateError",
    "StoreError",
    "TextPart",
    "Workbench",
    "__version__",
]

_HOMES = {
    "CollectionSettings": "settings",
    "MarkPart": "types",
    "PageRef": "types",
    "PicturePart": "types",
    "Pipeline": "retrieval",
    "Query": "types",
    "RegionPart": "types",
    "Settings": "settings",
    "TextPart": "types",
    "Workbench": "service",
}
"""The module that has a name; the errors are all in one."""


# Threads of torch that wait for work would spin, as OpenMP has it by default: beside the processes that read files, an
# ingest took 2.5 times the processor time for it, and 4 times as long. It is read when torch is imported, after this.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: Any
    if name == "__version__":
        value = importlib.import_module("workbench.settings").version()
    else:
        value = getattr(importlib.import_module(f"workbench.{_HOMES.get(name, 'errors')}"), name)
    globals()[name] = value  # asked once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
