"""Rerankers: models that read a query and a page together and say how well they fit, through sentence-transformers.

Its `CrossEncoder` reads what is published as one: classifiers of two texts (MiniLM, bge, gte) and language models that
answer yes or no (Qwen3-Reranker), of texts or, where the model sees, of pictures (Qwen3-VL-Reranker). The score is the
model's own, as its ``predict`` gives it. A page of more words than the model reads at once is read in overlapping
passages, and counts as its best one does (MaxP, Dai and Callan 2019, arXiv:1905.09217).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from workbench.encoders.base import EncoderSpec
from workbench.encoders.device import Batches
from workbench.encoders.sentence_models import Opened, open_model
from workbench.errors import EncoderError
from workbench.types import Float

LONGEST = 512
"""Tokens of query and passage that are read together: what most of these models were trained on, and quick."""
OVERLAP = 1 / 8
"""Share of a passage that the next one repeats, so that no sentence is only seen cut in two."""
PASSAGES = 16
"""Passages of a page that are read; what stands behind some 7,000 tokens is left out."""
MARGIN = 4
"""Tokens left free: a passage's first word may take more pieces than within its page."""
LEAST = 16
"""Tokens of a page that are read at once however long the query is."""


@dataclass(frozen=True, slots=True)
class RerankerInfo:
    """Which model scores: ``id`` and ``name`` as in the table, ``revision`` and ``weights_hash`` of its weights.

    ``reads`` says that it takes the words of a page, ``sees`` that it takes its picture.
    """

    id: str
    name: str
    revision: str
    weights_hash: str
    licence: str
    reads: bool
    sees: bool


def load(spec: EncoderSpec) -> Reranker:
    """Load a reranker from this machine; `EncoderError` when it is missing, incomplete or gives no one score a pair."""
    opened = open_model(spec, "CrossEncoder")
    if opened.model.num_labels != 1:
        raise EncoderError(
            f"The '{spec.id}' model tells pairs into {opened.model.num_labels} classes; a reranker gives one score."
        )
    if not opened.model.tokenizer.is_fast:
        raise EncoderError(f"The '{spec.id}' model has no tokenizer.json, so that pages cannot be cut into passages.")
    return Reranker(spec, opened)


class Reranker:
    """A `CrossEncoder` over pages. Safe to call from several threads; they take turns."""

    def __init__(self, spec: EncoderSpec, opened: Opened) -> None:
        self.model, self.device = opened.model, opened.device
        self.info = RerankerInfo(
            id=spec.id,
            name=spec.name,
            revision=opened.checkpoint.revision,
            weights_hash=opened.checkpoint.weights_hash,
            licence=spec.licence,
            reads="text" in self.model.modalities,
            sees="image" in self.model.modalities,
        )
        self.length = int(min(self.model.max_seq_length or LONGEST, LONGEST))
        self._marks = len(self.model.tokenizer("", "")["input_ids"])
        self._batches = Batches.fitting(opened.device, opened.parameters)
        self._turn = threading.Lock()

    def texts(self, query: str, texts: Sequence[str]) -> Float:
        """The score of each text for a query, that of its best passage: ``(texts,) float32``.

        NaN for one that has no words, or on a passage of which the model failed. Texts that are alike score alike.
        """
        with self._turn:
            passages = {text: self.passages(query, text) for text in dict.fromkeys(texts)}
            flat = [(query, passage) for found in passages.values() for passage in found]
            scores = iter(self._predicted(flat, self.length))
        # `max` of Python takes NaN or leaves it by where it stands.
        best = {text: np.max([next(scores) for _ in found] or [np.nan]) for text, found in passages.items()}
        return np.array([best[text] for text in texts], np.float32)

    def pictures(self, query: str, pictures: Sequence[Image.Image]) -> Float:
        """The score of each picture for a query: ``(pictures,) float32``, NaN where the model failed."""
        with self._turn:
            found = self._predicted([(query, picture) for picture in pictures], 0)
        return np.array(found, np.float32)

    def _predicted(self, pairs: Sequence[Any], tokens: int) -> list[float]:
        """The model's own scores of pairs of so many tokens (0: not known), as many at once as its device takes."""

        def work(batch: Sequence[Any]) -> list[float]:
            found = self.model.predict(list(batch), batch_size=len(batch), show_progress_bar=False)
            return [float(score) for score in np.asarray(found, np.float32).reshape(len(batch))]

        return self._batches.run(pairs, work, lambda pair, error: float("nan"), lambda pair: tokens)

    def passages(self, query: str, text: str) -> list[str]:
        """A text in pieces that fit the model beside the query, in order; none of one without words."""
        tokenizer = self.model.tokenizer
        plain = {"add_special_tokens": False, "verbose": False}
        asked = len(tokenizer(query, **plain)["input_ids"])
        room = max(self.length - self._marks - MARGIN - asked, LEAST)
        spans = [span for span in tokenizer(text, return_offsets_mapping=True, **plain)["offset_mapping"] if span[1]]
        step = max(room - int(room * OVERLAP), 1)
        found: list[str] = []
        for start in range(0, len(spans), step)[:PASSAGES]:
            part = spans[start : start + room]
            found.append(text[part[0][0] : part[-1][1]])
            if start + room >= len(spans):
                break
        return found
