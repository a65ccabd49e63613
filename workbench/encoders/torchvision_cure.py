"""Makes torchvision importable beside a torch it was not built for.

The trap: an index may pair a CPU-only torch with a torchvision built for CUDA. The compiled half of torchvision then
does not load, and ``import torchvision`` stops with *operator torchvision::nms does not exist*, because it registers
shape rules for two operators (`nms`, `qnms`) that only the compiled half declares. Every library that looks at
torchvision (transformers, open_clip, colpali_engine) falls with it.

The cure: declare the schemas of those two operators before torchvision is first imported. Nothing that Pagelens uses
calls them, and whoever did would still get torch's own "no implementation" error rather than a wrong answer. A
torchvision that fits its torch is left alone: its compiled half is tried first, as torchvision itself will load it.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import sys
import threading
from typing import Any

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

_lock = threading.Lock()
_kept: list[Any] = []  # the declarations live as long as the library object that made them


def cure() -> bool:
    """Declare what torchvision's import needs, if this torchvision cannot; True when a declaration was needed.

    Call it before the first import of torchvision or of a library that imports it. Calling it again costs nothing.
    """
    with _lock:
        if _kept:
            return True
        import torch

        folder = _folder()
        if folder is None or _declared() or (_load_compiled(folder) and _declared()):
            return False
        library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for schema in SCHEMAS:
            library.define(schema)
        _kept.append(library)
        return True


def _folder() -> str | None:
    """Where torchvision is installed, found without importing it."""
    spec = importlib.util.find_spec("torchvision")
    locations = spec.submodule_search_locations if spec else None
    return next(iter(locations), None) if locations else None


def _declared() -> bool:
    import torch

    return hasattr(torch.ops.torchvision, "nms") and hasattr(torch.ops.torchvision, "qnms")


def _load_compiled(folder: str) -> bool:
    """Load torchvision's compiled operators; loading them twice is harmless, so torchvision may do it again."""
    import torch

    details = (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES)
    spec = importlib.machinery.FileFinder(folder, details).find_spec("_C")
    if spec is None or spec.origin is None:
        return False
    with contextlib.ExitStack() as stack:
        if sys.platform == "win32":  # which looks for a library's own libraries only in folders it is told of
            import os

            stack.enter_context(os.add_dll_directory(folder))
        try:
            torch.ops.load_library(spec.origin)  # type: ignore[no-untyped-call]
        except (ImportError, OSError):
            return False
    return True
