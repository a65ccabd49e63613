"""Makes torchvision importable beside a torch it was not built for.

The trap: an index may pair a CPU-only torch with a torchvision built for CUDA. The compiled half of torchvision then
does not load, and ``import torchvision`` stops with *operator torchvision::nms does not exist*, because it gives shape
rules for operators that only the compiled half declares (which ones, differs by release). Every library that looks at
torchvision (transformers, open_clip, colpali_engine) falls with it.

The cure: import torchvision here first, and when it is about to give a rule for an operator that nobody has declared,
declare that one. Nothing that Pagelens uses calls them, and whoever did would still get torch's own "no
implementation" error rather than a wrong answer. A torchvision that fits its torch never asks, and is left alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
"""The operators that torchvision gives rules for at its import, by name; the other rules wait for its compiled half."""

_lock = threading.Lock()
_kept: list[Any] = []  # the declarations live as long as the library objects that made them


def cure() -> bool:
    """Import torchvision, if it is installed, declaring what that lacks; True when a declaration was needed.

    Call it before the first import of a library that imports torchvision. Calling it again costs nothing. `ImportError`
    with the reason when torchvision cannot be imported all the same.
    """
    with _lock:
        if "torchvision" not in sys.modules and importlib.util.find_spec("torchvision") is not None:
            with _declaring():
                try:
                    importlib.import_module("torchvision")
                except RuntimeError as error:  # what it raises when it does not fit its torch in other ways
                    raise ImportError(f"torchvision does not fit this torch: {error}") from error
        return bool(_kept)


@contextmanager
def _declaring() -> Iterator[None]:
    """Have operators of torchvision declared, where they are not, when a shape rule for one is given."""
    import torch

    register = torch.library.register_fake

    def declared_first(op: Any, *arguments: Any, **named: Any) -> Any:
        space, _, name = op.partition("::") if isinstance(op, str) else ("", "", "")
        if space == "torchvision" and name in SCHEMAS and not hasattr(torch.ops.torchvision, name):
            library: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
            library.define(SCHEMAS[name])
            _kept.append(library)
        return register(op, *arguments, **named)

    torch.library.register_fake = declared_first
    try:
        yield
    finally:
        torch.library.register_fake = register
