"""What each query token is worth to a stage: weights by how rare its word is, stop words, and leaving tokens out.

A page's score is ``sum_i w_i max_j q_i . d_j``; these change the ``w``. The weights of the words are scaled so that
they sum to what they summed to before, and scores keep their size. Published late-interaction models were trained with
equal weights, so anything else is a change to be measured. What this module does not do: look documents up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workbench.retrieval.step import Step
from workbench.types import Float, QueryEmbedding

_STOP = """
a an and any are as at be been being but by can could did do does for from had has have he her his how i if in into is
it its me my no not of on or our she should so such than that the their them then there these they this those to us was
we were what when where which while who whom whose why will with would you your
"""
STOP_WORDS = frozenset(_STOP.split())
"""English words that say nothing of a subject."""

SKIPPED = 3
"""Words without a token that may stand between two that have one."""

Frequencies = Callable[[Sequence[str]], Mapping[str, int]]
"""On how many pages of the collection each of these words stands."""


def prepared(step: Step, embedding: QueryEmbedding, text: str, frequencies: Frequencies, pages: int) -> QueryEmbedding:
    """The embedding with the weights that a stage gives its tokens; as it is where the stage says nothing of them.

    ``text`` are the words the tokens were made of, ``pages`` how many pages the collection has. A token that is no part
    of those words (a model's prefix, its augmentation, a vector of a picture) keeps its weight.
    """
    if not step.weighs:
        return embedding
    words = words_of(embedding.labels, text)
    top, way = step.count("top"), step.option("weights")
    told = np.asarray([bool(word) for word in words])
    rarity = np.ones(len(words))
    if way == "idf" or top:
        known = [word for word in dict.fromkeys(words) if word and says_something(word)]
        found = frequencies(known)
        worth = {word: float(idf([found[word]], pages)[0]) for word in known}
        rarity = np.asarray([worth.get(word, 0.0) if word else np.nan for word in words])
        rarity[~told] = rarity[told].mean() if told.any() else 1.0
    weights = np.asarray(embedding.weights, np.float64)
    if way == "idf":
        weights = _rescaled(weights, rarity, told)
    elif way == "stop":
        weights = _rescaled(weights, np.asarray([not word or says_something(word) for word in words], float), told)
    if top:
        weights = np.where(heaviest(np.abs(embedding.weights) * rarity, top), weights, 0.0)
    if not weights.any():
        return embedding
    return replace(embedding, weights=np.asarray(weights, np.float32))


def words_of(labels: Sequence[str], text: str) -> tuple[str, ...]:
    """The word of ``text`` that each token is, or is a piece of, in lower case; empty for one that is no part of it.

    Tokens come in the order of the text, which may have a few words between them that no token is of. Marks of sub-word
    tokenizers (``##``, ``▁``, ``Ġ``) are seen through.
    """
    low, at, found = text.lower(), 0, []
    for label in labels:
        piece = label.replace("▁", " ").replace("Ġ", " ").strip().removeprefix("##").lower()
        start = _place(low, piece, at) if piece else -1
        if start < 0:
            found.append("")
            continue
        at = start + len(piece)
        first, last = low.rfind(" ", 0, start + 1) + 1, low.find(" ", start)
        found.append(low[first : last if last >= 0 else len(low)].strip())
    return tuple(found)


def _place(text: str, piece: str, at: int) -> int:
    """Where a piece stands next: right here, or at the beginning of one of the next words; -1 if it does not."""
    start = text.find(piece, at)
    if start < 0 or not any(map(str.isalnum, text[at:start])):
        return start
    later = re.compile(rf"(?<!\w){re.escape(piece)}").search(text, at)
    return later.start() if later is not None and len(text[at : later.start()].split()) <= SKIPPED else -1


def says_something(word: str) -> bool:
    """Whether a word is no stop word and has a letter or digit."""
    bare = word.strip("\"'“”‘’()[]{}<>.,:;!?").lower()
    return bare not in STOP_WORDS and any(character.isalnum() for character in bare)


def idf(df: NDArray[np.int64] | Sequence[int], pages: int) -> NDArray[np.float64]:
    """``ln((1 + pages) / (1 + df))``: 0 for what every page has (ColBERT-PRF, arXiv 2106.11251)."""
    return np.asarray(np.log((1 + pages) / (1 + np.asarray(df, np.float64))), np.float64)


def heaviest(worth: NDArray[np.float64], keep: int) -> NDArray[np.bool_]:
    """Which tokens are the ``keep`` of greatest worth, ``(m,) bool``; ties to the first."""
    kept = np.zeros(len(worth), np.bool_)
    kept[np.argsort(-np.asarray(worth, np.float64), kind="stable")[:keep]] = True
    return kept


def changed(before: Float, after: Float) -> bool:
    """Whether weights are not what they were."""
    return not np.array_equal(before, after)


def _rescaled(
    weights: NDArray[np.float64], factors: NDArray[np.float64], told: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Weights times factors, where ``told``, scaled so that their sizes sum to what they did; as they were if to 0."""
    moved = weights * factors
    total = np.abs(moved[told]).sum()
    if total <= 1e-12:
        return weights
    return np.where(told, moved * (np.abs(weights[told]).sum() / total), weights)
