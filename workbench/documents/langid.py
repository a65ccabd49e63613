"""The language of a page, one of 133, as py3langid tells it: naive Bayes over bytes, of 139 languages and what is none.

Four of them count as another here, two are left out.

A page of names and numbers, or of two languages, is of no language. What this module does not do: read, or choose what
OCR reads in; see `languages`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

MOST = 600
"""Words of a page that are looked at."""
LONGEST = 1000
"""Letters of a word that are looked at: a hostile file has words of megabytes, and each takes a third of a second."""
FEW = 10
"""Letters that a text has at least; fewer are in any language."""
SURE = 0.5
"""Probability of a language from which on it is told: likelier than all others together."""
PARTS, OTHERS = 4, 1
"""A text is of the language that it is in as a whole, where no more of its quarters are in others: a quotation is."""
RULED_OUT = 0.05
"""Probability below which a quarter that is surely in some language is in another than the whole, and one unlike it."""
LONGEST_RUN = 6
"""Bytes of the longest runs that the model knows."""
_NONE = "zxx"
_WITHIN = {"yue": "zh", "wuu": "zh", "ary": "ar", "arz": "ar"}
"""What BCP 47 has within another language, which is the one that pages are asked for by."""
_LEFT_OUT = {"bs", "pcm"}
"""Bosnian and Nigerian Pidgin: so close to Croatian and English that many pages in those were told to be these."""


def language(words: Sequence[str]) -> str:
    """The language of a page's words, as a tag of BCP 47 (``de``, ``zh``); empty where they do not tell."""
    # Numbers are in every language; left in, a page of them is surely in some.
    text = " ".join(word for word in (each[:LONGEST] for each in words[:MOST]) if any(map(str.isalpha, word)))
    if sum(map(str.isalpha, text)) < FEW:
        return ""
    # Evidence adds up: of two languages the one with a little more is as good as certain, so the parts are asked too.
    cuts = [place * len(text) // PARTS for place in range(PARTS + 1)]
    likely, *parts = _likely([text, *(text[start:end] for start, end in pairwise(cuts))])
    tags = _model().tags
    best, none = int(likely.argmax()), tags.index(_NONE)
    if best == none or likely[best] < SURE:
        return ""
    others = sum(bool(part[best] < RULED_OUT and part.max() >= SURE > part[none]) for part in parts)
    return tags[best] if others <= OTHERS else ""


def _likely(texts: Sequence[str]) -> NDArray[np.float64]:
    """The probability of every language for each of some texts, ``(texts, tags)``.

    It is what the library's ``rank`` gives, whose loop over bytes has every other thread wait: its automaton looks for
    runs of at most `LONGEST_RUN` bytes, so what it is in after a byte follows from the last so many, for all at once.
    """
    model = _model()
    encoded = [model.encode(text) for text in texts]
    lengths = np.asarray([len(letters) for letters in encoded])
    letters = np.frombuffer(b"".join(encoded), np.uint8).astype(np.intp)
    owner, ends = np.repeat(np.arange(len(texts)), lengths), np.cumsum(lengths)
    place, states = np.arange(len(letters)) - (ends - lengths)[owner], np.zeros(len(letters), np.intp)
    for back in range(LONGEST_RUN - 1, -1, -1):
        at = np.flatnonzero(place >= back)
        states[at] = model.moves[model.rows[states[at]] + letters[at - back]]
    found = model.outputs[states]
    features, which = np.unique(found[found >= 0], return_inverse=True)
    cells, counts = np.unique(owner[found >= 0] * len(features) + which, return_counts=True)
    rows, columns = np.divmod(cells, max(1, len(features)))
    ends = np.searchsorted(rows, np.arange(len(texts) + 1))
    # Not by BLAS, which would set every core on it, see `pooling`.
    counted = csr_array((np.log1p(counts.astype(np.float32)), columns, ends), (len(texts), len(features)))
    scores = counted @ model.weights.take(features, axis=0).astype(np.float32)
    scores = np.where(np.diff(ends)[:, None], scores + model.priors, 0.0) / np.sqrt(np.maximum(lengths, 1))[:, None]
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    return np.stack([np.bincount(model.labels, one, len(model.tags)) for one in likely])


@dataclass(frozen=True, slots=True)
class _Model:
    """What tells languages.

    An automaton over bytes: in a state whose row begins at ``rows``, ``moves`` has the next for each byte, and
    ``outputs`` the feature it stands for, if any. ``weights (features, classes)`` and ``priors (classes,)`` score
    classes; ``labels (classes,)`` are their places among the ``tags``. ``encode`` gives a text's bytes.
    """

    encode: Callable[[str], bytes]
    rows: NDArray[np.intp]
    moves: NDArray[np.uint32]
    outputs: NDArray[np.int64]
    weights: NDArray[np.float16]
    priors: NDArray[np.float32]
    labels: NDArray[np.int64]
    tags: tuple[str, ...]


@cache
def _model() -> _Model:
    """The model of py3langid's wheel: a second to load, and some 90 MB, which only pages with words cost."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    model.set_languages([tag for tag in model.labels if tag not in _LEFT_OUT])
    classes = [_WITHIN.get(tag, tag) for tag in model.nb_classes]
    tags = tuple(dict.fromkeys(classes))
    return _Model(
        model._encode,
        np.asarray(model.tk_row, np.intp) << 8,
        np.asarray(model.tk_nextmove),
        np.asarray(model.tk_output, np.int64),
        np.ascontiguousarray(model.nb_ptc),
        model.nb_pc,
        np.asarray([tags.index(tag) for tag in classes]),
        tags,
    )
