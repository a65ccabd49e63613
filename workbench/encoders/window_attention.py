"""Attention of vision models that look at pages stretch by stretch, all stretches of one length at a time.

Qwen's vision models keep the patches of a batch in one row and attend within stretches of it: a page each, in most
layers of Qwen2.5 windows of 8 x 8 patches. transformers hands such a row whole to flash attention, where that is
installed; for every other kind it calls once a stretch, layer after layer, which for a page of ColQwen2.5 is some 50
small calls in each of 28 layers. Here stretches of one length go through torch's own attention as one batch. It is the
same product in another order, and `attend_by_windows` tries that on the model's device before it is used.

Registered through transformers' `AttentionInterface`; that the name says *flash* is how a model is told to hand the row
over whole.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Hashable
from functools import cache
from itertools import pairwise
from typing import Any

log = logging.getLogger(__name__)

NAME = "flash_by_windows"
TOLERANCE = 2e-2
"""The most that an output of attention over unit normal numbers may differ, which bfloat16 does by half of that."""


def attend_by_windows(model: Any) -> str:
    """Let a model's vision attend by windows where it would take them one by one; the name of its attention then.

    Nothing changes where flash attention or the plain formula (eager) was chosen, or no module takes stretches.
    """
    parts: list[Any] = list(model.modules())
    there = [part.config for part in parts if hasattr(part, "config") and _by_stretches(part.__class__)]
    found = str(getattr(model.config, "_attn_implementation", None) or "eager")
    if not any(config._attn_implementation == "sdpa" for config in there):
        return found
    weight = next(model.parameters())
    if not _agrees(weight.device, weight.dtype):
        log.warning("attention by windows differs from the library's on %s; going on without it", weight.device)
        return found
    _register()
    for config in there:
        if config._attn_implementation == "sdpa":
            config._attn_implementation = NAME
    return f"{found}, windows batched"


@cache
def _by_stretches(module: Hashable) -> bool:
    """Whether a class is an attention that takes a row with the bounds of its stretches."""
    name, forward = getattr(module, "__name__", ""), getattr(module, "forward", None)
    return name.endswith("Attention") and "cu_seqlens" in inspect.signature(forward).parameters  # type: ignore[arg-type]


@cache
def _register() -> None:
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _forward)


def _forward(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any = None,
    scaling: float | None = None,
    cu_seq_lens_q: Any = None,
    **unused: Any,
) -> tuple[Any, None]:
    """Attention of rows ``(1, heads, n, dim)`` in stretches: ``(1, n, heads, dim)``, and no weights."""
    return by_windows(query[0], key[0], value[0], cu_seq_lens_q, scaling)[None], None


def by_windows(query: Any, key: Any, value: Any, bounds: Any, scale: float | None = None) -> Any:
    """Attention of rows ``(heads, n, dim)`` between ``bounds (stretches + 1,)``: ``(n, heads, dim)``."""
    import torch

    groups, order = _plan(bounds)
    found = []
    for places in groups:  # (stretches, length)
        q, k, v = (rows[:, places].transpose(0, 1) for rows in (query, key, value))
        made = torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=scale)
        found.append(made.transpose(1, 2).flatten(0, 1))
    return torch.cat(found)[order]


def _plan(bounds: Any) -> tuple[list[Any], Any]:
    """For each length the places ``(stretches, length)`` of its stretches; and where each place is among them all.

    A model hands the same bounds to layer after layer; to look at them makes a GPU's queue wait.
    """
    import torch

    plans = _plans()
    if bounds not in plans:
        ends = bounds.tolist()
        by_length: dict[int, list[int]] = {}
        for start, end in pairwise(ends):
            if end > start:
                by_length.setdefault(end - start, []).append(start)
        groups = [
            (torch.tensor(starts)[:, None] + torch.arange(length)).to(bounds.device)
            for length, starts in by_length.items()
        ]
        plans[bounds] = groups, torch.argsort(torch.cat([places.flatten() for places in groups]))
    return plans[bounds]  # type: ignore[no-any-return]


@cache
def _plans() -> Any:
    from torch.utils.weak import WeakTensorKeyDictionary

    return WeakTensorKeyDictionary()


def _agrees(device: Any, dtype: Any) -> bool:
    """Whether it comes to what attention one stretch after another does, on a device and in its numbers."""
    import torch

    lengths = (64, 64, 40, 64, 16, 40)
    bounds = torch.tensor([0, *torch.tensor(lengths).cumsum(0).tolist()], dtype=torch.int32, device=device)
    chance = torch.Generator().manual_seed(0)
    q, k, v = torch.randn(3, 2, sum(lengths), 16, generator=chance).to(device, dtype)
    try:
        made = by_windows(q, k, v, bounds)
        each = zip(*(rows.split(lengths, dim=1) for rows in (q, k, v)), strict=True)
        plain = torch.cat([torch.nn.functional.scaled_dot_product_attention(*one) for one in each], dim=1)
    except RuntimeError as error:
        log.warning("attention by windows cannot be used on %s (%s)", device, error)
        return False
    return bool((made - plain.transpose(0, 1)).abs().max() <= TOLERANCE)
