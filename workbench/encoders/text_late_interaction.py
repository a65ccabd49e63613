"""Late-interaction models of texts (ColBERT and its kin), as encoders that read the page: a vector per word piece.

Words come with the page (its text layer, or OCR), as for the `reader`; the model reads them as the documents it was
trained on, with its own prompt, length and mask, through sentence-transformers' `MultiVectorEncoder`. A page longer
than that length is read in overlapping windows. Each piece has the box of its word, so that heat, pooling and regions
are those of words. The model's marks around a text ([CLS], [D], [SEP]) have no place: they are left out, or with the
page policy ``official`` kept, as published figures were made, see `tokens`.
Khattab and Zaharia 2020 (arXiv:2004.12832), Santhanam et al. 2022 (arXiv:2112.01488).
"""

from __future__ import annotations

import logging
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.encoders.base import EncoderInfo, EncoderSpec, guarded, unit_rows
from workbench.encoders.device import Batches, Device
from workbench.encoders.multi_vector import (
    document_prompt,
    forward,
    official_pages,
    official_query,
    without_pooling,
)
from workbench.encoders.pictures import whole
from workbench.encoders.policies import Policies
from workbench.encoders.reader import visible
from workbench.encoders.sentence_models import Opened, open_model
from workbench.encoders.tokens import OFFICIAL, labels, special_ids
from workbench.encoders.windows import Window, cut
from workbench.errors import EncoderError, QueryError, brief
from workbench.types import Float, Geometry, Page, PageEmbedding, PageFailure, QueryEmbedding

log = logging.getLogger(__name__)

LONGEST_WINDOW = 512
"""Tokens read together where the model sets no length for documents: what most were trained on at most."""
OVERLAP = 48
"""Word pieces that neighbouring windows share, as for the `reader`; never more than a quarter of a window."""
MARGIN = 4
"""Tokens of a window left free: a text's first word may take a piece more than within its page."""
LONGEST_WORD = 32
"""Pieces of one word that are read; what a longer one (a data URI, a hash dump) has beyond is left out."""
BATCH_TOKENS = {"cpu": 4096, "cuda": 65_536, "mps": 8192}
"""Padded tokens in one forward pass, by kind of device, which bounds memory."""


def load(spec: EncoderSpec) -> TextLateInteraction:
    """Load a model from this machine; `EncoderError` when its weights are missing, incomplete or do not fit."""
    opened = open_model(spec, "MultiVectorEncoder")
    if not opened.model.tokenizer.is_fast:
        raise EncoderError(
            f"The '{spec.id}' model has no tokenizer.json, so that its pieces cannot be told to their words."
        )
    return TextLateInteraction(spec, opened)


MARK = -1
"""In place of a word's number: a token of the model's own around the text, or the space between two words alone."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text as read: a vector ``(n, dim)``, a word's number (or `MARK`) and an id for each token that is compared."""

    vectors: Float
    words: NDArray[np.int64]
    ids: NDArray[np.int64]

    def only(self, keep: NDArray[np.bool_]) -> _Reading:
        """Some of its tokens."""
        return _Reading(self.vectors[keep], self.words[keep], self.ids[keep])


class TextLateInteraction(Policies):
    """A `MultiVectorEncoder` over the words of a page. Safe to call from several threads; they take turns."""

    def __init__(self, spec: EncoderSpec, opened: Opened) -> None:
        self.device: Device = opened.device
        self.model = opened.model
        without_pooling(self.model)
        self.info = EncoderInfo(
            id=spec.id,
            name=spec.name,
            kind=spec.kind,
            dim=int(self.model.get_embedding_dimension()),
            revision=opened.checkpoint.revision,
            weights_hash=opened.checkpoint.weights_hash,
            licence=spec.licence,
            policy=OFFICIAL,
        )
        self._policies, self._page_policies = spec.policies, spec.page_policies
        self._batches = Batches.fitting(opened.device, opened.parameters)
        self._turn = threading.Lock()  # a tokenizer fails when two threads set its padding at once
        self._prompt = document_prompt(self.model) or ""
        self._special = special_ids(self.model.tokenizer)
        self._spoken = sorted(filter(None, map(str.strip, self.model.tokenizer.added_tokens_encoder)), key=len)
        self._marks = int(official_pages(self.model, [""])["input_ids"].shape[1])
        longest = self.model[0].document_length or min(self.model.max_seq_length or LONGEST_WINDOW, LONGEST_WINDOW)
        self.length = max(int(longest) - self._marks - MARGIN, 1)
        """Word pieces that are read together, beside the model's own marks."""

    def encode_pages(self, pages: Sequence[Page]) -> list[PageEmbedding | PageFailure]:
        """A vector per piece of each word that the model compares, in reading order; see `Encoder.encode_pages`."""
        return self._batches.run(pages, self._embed, self._failure)

    def encode_query(self, text: str) -> QueryEmbedding:
        """A vector per token of the model's own query form, under the policy; `QueryError` for an empty text."""
        if not text.strip():
            raise QueryError("The query is empty; write what you are looking for.")
        with self._turn:
            inputs = official_query(self.model, self._plain(text))
            states, scored = forward(self, inputs, "query")
        ids, keep = np.asarray(inputs["input_ids"][0].numpy(), np.int64), scored[0]
        kept = keep & self._kept(ids, inputs.get("query_expansion_positions"))
        keep = kept if kept.any() else keep
        unit = unit_rows(states[0][keep])
        if unit is None:
            raise EncoderError(f"The '{self.info.id}' model gave no usable vectors for this query.")
        names = np.array(labels(ids, self.model.tokenizer), dtype=object)[keep]
        return QueryEmbedding(text, unit, tuple(names), np.ones(len(unit), np.float32), self.info.policy)

    def _kept(self, ids: NDArray[np.int64], filled: Any) -> NDArray[np.bool_]:
        """Which of a query's tokens the policy keeps; ``filled`` marks those that only fill it up, or None."""
        keep = np.ones(len(ids), np.bool_)
        if self.info.policy != OFFICIAL and filled is not None:
            keep &= ~np.asarray(filled[0].bool().numpy())
        if self.info.policy == "no_special":
            keep &= ~np.isin(ids, list(self._special))
        return keep

    # -- pages --------------------------------------------------------------------------------------------------------

    def _embed(self, pages: Sequence[Page]) -> list[PageEmbedding | PageFailure]:
        kept = [visible(page.words, page.crop) for page in pages]
        texts = [[self._plain(page.words.texts[i]) for i in keep] for page, keep in zip(pages, kept, strict=True)]
        with self._turn:
            cuts = [self._windows(words) for words in texts]
            windows = [(number, window) for number, (_, parts) in enumerate(cuts) for window in parts]
            read = self._read([cuts[number][0][window.start : window.stop] for number, window in windows])
        found: list[list[_Reading]] = [[] for _ in pages]
        for (number, window), reading in zip(windows, read, strict=True):
            found[number].append(self._spoken_for(reading, window))
        return [self._embedding(*one) for one in zip(pages, kept, found, strict=True)]

    def _embedding(
        self, page: Page, kept: NDArray[np.int64], readings: Sequence[_Reading]
    ) -> PageEmbedding | PageFailure:
        words = np.concatenate([reading.words for reading in readings] or [np.zeros(0, np.int64)])
        real = words >= 0
        if not real.any():
            return guarded(page.ref, self._empty(), whole(page.crop), ("",), self.info.dim)
        boxes = np.zeros((len(words), 4), np.float32)
        boxes[real] = page.words.boxes[kept[words[real]]]
        ids = np.concatenate([reading.ids for reading in readings])
        said = tuple(
            page.words.texts[kept[word]] if word >= 0 else self.model.tokenizer.decode([number]).strip() or "prompt"
            for word, number in zip(words, ids, strict=True)
        )
        geometry = Geometry(boxes, None, np.full(len(words), -1, np.int32))
        return guarded(
            page.ref, np.concatenate([reading.vectors for reading in readings]), geometry, said, self.info.dim
        )

    def _spoken_for(self, reading: _Reading, window: Window) -> _Reading:
        """Of a window's reading what counts, words by their numbers on the page: those it speaks for, and its marks."""
        words = np.where(reading.words >= 0, reading.words + window.start, MARK)
        keep = (words >= window.first) & (words < window.last)
        if self.info.page_policy == OFFICIAL:
            keep |= words == MARK
        return replace(reading, words=words).only(keep)

    def _empty(self) -> Float:
        """The model's reading of an empty text: ``(1, dim)``, the mean of its marks' vectors."""
        with self._turn:
            inputs = official_pages(self.model, [""])
            states, _ = forward(self, inputs, "document")
        return np.asarray(states[0].mean(axis=0, keepdims=True), np.float32)

    def _windows(self, words: Sequence[str]) -> tuple[list[str], tuple[Window, ...]]:
        """The words of a page as they are read (none too long), and the windows that the model can read."""
        most = min(LONGEST_WORD, self.length)
        pieces: list[list[int]] = [[] for _ in words]  # where each piece ends in its word
        text, starts = _joined(words)
        encoded = self.model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        for (_, end), word in zip(encoded["offset_mapping"], _told(encoded["offset_mapping"], starts), strict=True):
            if word >= 0:
                pieces[word].append(int(end - starts[word]))
        short = [word[: ends[most - 1]] if len(ends) > most else word for word, ends in zip(words, pieces, strict=True)]
        counts = np.array([min(max(len(ends), 1), most) for ends in pieces], np.int64)
        return short, cut(counts, self.length, min(OVERLAP, self.length // 4))

    def _read(self, texts: Sequence[Sequence[str]]) -> list[_Reading]:
        """What the model makes of texts given as words; read together, the longest first, so that little is padded."""
        order = sorted(range(len(texts)), key=lambda i: -sum(map(len, texts[i])))
        most = max(1, BATCH_TOKENS[self.device.kind] // (self.length + self._marks + MARGIN))
        found: dict[int, _Reading] = {}
        for start in range(0, len(order), most):
            batch = order[start : start + most]
            joined = [_joined(texts[i], len(self._prompt)) for i in batch]
            asked = {"text": {"return_offsets_mapping": True}}
            inputs = official_pages(self.model, [text for text, _ in joined], processing_kwargs=asked)
            offsets = inputs.pop("offset_mapping").numpy()
            states, scored = forward(self, inputs, "document")
            for row, i in enumerate(batch):
                words = _told(offsets[row], joined[row][1])
                ids = np.asarray(inputs["input_ids"][row].numpy(), np.int64)
                found[i] = _Reading(states[row], words, ids).only(scored[row])
        return [found[i] for i in range(len(texts))]

    def _plain(self, text: str) -> str:
        """A text as the model's vocabulary has it, in which nothing is a command: "[SEP]" on a page is a word.

        NFKC undoes what typesetting does to letters (the ligature in "finance", full-width digits).
        """
        plain = unicodedata.normalize("NFKC", text)
        for token in self._spoken:
            if token in plain:
                plain = plain.replace(token, f"{token[0]} {token[1:]}")
        return plain

    def _failure(self, page: Page, error: Exception) -> PageEmbedding | PageFailure:
        log.warning("%s failed in %s", page.ref, self.info.id, exc_info=error)
        return PageFailure(page.ref, f"The '{self.info.id}' model failed on this page ({brief(error)}).")


def _joined(words: Sequence[str], before: int = 0) -> tuple[str, NDArray[np.int64]]:
    """Words as one text, and where each starts in it, ``before`` characters later: ``(n + 1,)`` with the end."""
    return " ".join(words), before + np.concatenate([[0], np.cumsum([len(word) + 1 for word in words])]).astype(
        np.int64
    )


def _told(offsets: Any, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The word that each token ``offsets (n, 2)`` stands for, the one its last character is of; `MARK` for none.

    A token without characters is the model's own, as is one before the first word.
    """
    spans = np.asarray(offsets, np.int64).reshape(-1, 2)
    last = spans[:, 1] - 1
    words = np.searchsorted(starts, last, "right") - 1
    between = last == starts[np.minimum(words + 1, len(starts) - 1)] - 1  # the space after a word
    nobody = between | (words >= len(starts) - 1) | (spans[:, 0] == spans[:, 1]) | (last < starts[0])
    return np.asarray(np.where(nobody, MARK, words))
