"""Which model to get: the best of those that this machine can run, by published figures, and what a page takes.

A model of pages has to fit the card with what a page needs beside it; without a card a model of texts is the one that
is quick enough. Quality is nDCG@10 on NanoViDoRe v3 (the table of sentence-transformers' makers in huggingface/blog
0e8ee7b, multi-vector-encoder.md); that of the model of texts is on ViDoRe v3 (NVIDIA NeMo-Retriever, retrieval-bench).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.encoders.device import choose
from workbench.encoders.registry import spec
from workbench.types import ModelStatus

QUALITY = {
    "evie-preview-4.5b": 0.64,
    "colqwen2.5-v0.2": 0.54,
    "colpali-v1.3": 0.48,
    "colqwen2-v1.0": 0.47,
    "colsmol-500m": 0.35,
    "colsmol-256m": 0.27,
}
"""Models of pages that need no code of their own, with their published nDCG@10 on NanoViDoRe v3."""
TEXT = "mxbai-edge-colbert-32m"
"""For a machine without a card: .44 nDCG@10 on ViDoRe v3 by the words of the pages, at 4 ms a query."""
PUBLISHED_SECONDS = {
    "colpali-v1.3": 1 / 72.9,
    "colqwen2.5-v0.2": 1 / 12.6,
    "colsmol-256m": 1 / 43.5,
}
"""Seconds a page in the model alone on an H100, as measured with random weights of the same sizes."""
BESIDE = 1.5e9
"""Bytes that a page, its activations and the library take beside the weights."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A model to get or use, and why. ``seconds_per_page`` None when nobody measured; ``measured`` says where."""

    model: str
    why: str
    seconds_per_page: float | None
    measured: str
    available: bool


def advice(models: Sequence[ModelStatus]) -> Advice:
    """The best model for this machine, of those that there are."""
    card, where = _card()
    fitting = [model for model in QUALITY if card and spec(model).parameters * 2e9 * 1.1 + BESIDE <= card]
    if fitting:
        best = max(fitting, key=lambda model: QUALITY[model])
        why = f"It is the best that fits {where}: nDCG@10 {QUALITY[best]:.2f} on NanoViDoRe v3."
    else:
        best = TEXT
        why = (
            f"On {where} a model that reads the words of a page is quick enough; this one stands at nDCG@10 .44 on "
            "ViDoRe v3 with 32 million weights."
        )
    status = next(model for model in models if model.id == best)
    if status.seconds_per_page is not None:
        return Advice(best, why, status.seconds_per_page, "measured here", status.available)
    published = PUBLISHED_SECONDS.get(best)
    return Advice(best, why, published, "on an H100, in the model alone" if published else "", status.available)


def _card() -> tuple[float, str]:
    """Bytes of memory that a model can have on the device that settings choose (0: a processor), and its name."""
    import torch

    device = choose()
    if device.kind == "cuda":
        card = torch.cuda.get_device_properties(device.name)
        return float(card.total_memory), f"the {card.name} ({card.total_memory / 1e9:.0f} GB)"
    if device.kind == "mps":
        import psutil

        memory = psutil.virtual_memory().total * 0.5  # shared with everything else
        return memory, f"this Mac ({memory * 2 / 1e9:.0f} GB, of which half)"
    return 0.0, "a processor"
