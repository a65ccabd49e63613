"""Every stage that a pipeline can name, a module each: what it does, its options, its cost, its source, how it runs.

The text form, the engine, ``pagelens pipelines`` and the tests all read this one table, `STAGES`. A new stage is a new
module in this folder that calls `register`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType

from workbench.retrieval.step import Stage, registered

for _module in sorted(module.name for module in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")

STAGES: Mapping[str, Stage] = MappingProxyType(registered())
ALIASES: Mapping[str, str] = {"exact": "full"}

__all__ = ["ALIASES", "STAGES"]
