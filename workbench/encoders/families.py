"""The model families, as data: which classes or module read a checkpoint, and how it treats a page.

A checkpoint belongs to a family by what its own files say (the class that wrote it), never by its name; see `own`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from workbench.encoders.tokens import PAGE_POLICIES, POLICIES

_ONE_LOGIT: Mapping[str, Any] = MappingProxyType({"logits_to_keep": 1})
"""PaliGemma's forward computes a language-model head that nobody reads; for one position that costs nothing."""


_TOMORO: Mapping[str, str] = MappingProxyType({r"^vlm\.model\.": "", r"^embedding_proj_layer": "custom_text_proj"})
"""Tomoro's ColQwen3 checkpoints name their weights otherwise than the class of colpali-engine that reads them."""


@dataclass(frozen=True, slots=True)
class Family:
    """One pair of colpali-engine classes.

    ``model`` and ``processor`` name them; ``kind`` is ``patches`` (late interaction) or ``page`` (one vector);
    ``dim`` is 0 where the checkpoint decides; ``cut`` says what becomes of a page's picture (see
    `preprocessing.PREPROCESSORS`);
    ``queries`` the processor's method that makes the official query; ``forward`` what the model's call also takes;
    ``keys`` the class whose table of older weights' names it should go by, where its own way to ask for that fails
    under transformers 5 or the table wants more; ``names`` is that more (patterns to what they become).
    """

    id: str
    model: str
    processor: str
    cut: str
    dim: int = 0
    queries: str = "process_queries"
    forward: Mapping[str, Any] = field(default_factory=dict)
    keys: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """``patches`` for the late-interaction (Col) classes, ``page`` for the single-vector (Bi) ones."""
        return "patches" if self.model.startswith("Col") else "page"

    @property
    def loader(self) -> str:
        """What the registry calls."""
        module = "late_interaction" if self.kind == "patches" else "single_vector"
        return f"workbench.encoders.{module}:load"

    @property
    def policies(self) -> tuple[str, ...]:
        """Query token policies: a single vector has no tokens to choose from."""
        return POLICIES if self.kind == "patches" else ()

    @property
    def page_policies(self) -> tuple[str, ...]:
        """Page token policies: a single vector stands for all tokens."""
        return PAGE_POLICIES if self.kind == "patches" else ()


_ALL = (
    Family("colpali", "ColPali", "ColPaliProcessor", "square", 128, forward=_ONE_LOGIT),
    Family("colqwen2", "ColQwen2", "ColQwen2Processor", "dynamic", 128),
    Family("colqwen2.5", "ColQwen2_5", "ColQwen2_5_Processor", "dynamic", 128),
    Family("colqwen3", "ColQwen3", "ColQwen3Processor", "dynamic", 320, keys="ColQwen3", names=_TOMORO),
    Family("colqwen3.5", "ColQwen3_5", "ColQwen3_5Processor", "dynamic"),
    Family("colqwen-omni", "ColQwen2_5Omni", "ColQwen2_5OmniProcessor", "dynamic", 128),
    Family("colidefics3", "ColIdefics3", "ColIdefics3Processor", "tiles", 128),
    Family("colmodernvbert", "ColModernVBert", "ColModernVBertProcessor", "tiles", 128),
    Family("colgemma3", "ColGemma3", "ColGemmaProcessor3", "square", 128),
    # BiPaliProcessor, which adds nothing to this one, loses its tokenizer under transformers 5.
    Family("bipali", "BiPali", "ColPaliProcessor", "square", forward=_ONE_LOGIT),
    Family("bipali-proj", "BiPaliProj", "ColPaliProcessor", "square", 1024, forward=_ONE_LOGIT),
    Family("biqwen2", "BiQwen2", "BiQwen2Processor", "dynamic", keys="ColQwen2"),
    Family("biqwen2.5", "BiQwen2_5", "BiQwen2_5_Processor", "dynamic", keys="ColQwen2_5"),
    Family("biqwen3", "BiQwen3", "BiQwen3Processor", "dynamic"),
    Family("biqwen3.5", "BiQwen3_5", "BiQwen3_5Processor", "dynamic"),
    Family("biidefics3", "BiIdefics3", "BiIdefics3Processor", "tiles"),
    Family("bimodernvbert", "BiModernVBert", "BiModernVBertProcessor", "tiles"),
    # The Gemma 3 checkpoints were trained without augmentation tokens, and ColGemmaProcessor3 adds none either.
    Family("bigemma3", "BiGemma3", "BiGemmaProcessor3", "square", queries="process_texts", keys="ColGemma3"),
)

FAMILIES: dict[str, Family] = {family.id: family for family in _ALL}
"""By id, in the order a person should see them."""

BY_CLASS: dict[str, Family] = {family.model: family for family in _ALL}
"""By the class name that a checkpoint's ``architectures`` gives."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A family outside colpali-engine: the ``kind`` of its vectors (`SCORES`: none), what loads it, its policies."""

    kind: str
    module: str
    policies: tuple[str, ...] = ()
    page_policies: tuple[str, ...] = ()

    @property
    def loader(self) -> str:
        """What the registry calls."""
        return f"workbench.encoders.{self.module}:load"


SCORES = "score"
"""The kind of a model that makes no vectors, but scores a page for a query."""
RERANKER = "reranker"

OTHERS: dict[str, Reading] = {
    "multi-vector": Reading("patches", "multi_vector", POLICIES, PAGE_POLICIES),
    "multi-vector-text": Reading("words", "text_late_interaction", POLICIES, PAGE_POLICIES),
    "open-clip": Reading("page", "clip"),
    "open-clip-dense": Reading("patches", "clip_dense"),
    RERANKER: Reading(SCORES, "rerankers"),
}
"""By id: late interaction by sentence-transformers, over pictures and over texts, open_clip's ways, rerankers."""
