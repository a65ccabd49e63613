"""The language of a page, as py3langid tells it: naive Bayes over bytes, of 137 languages and of what is none.

A page of names and numbers, or of two languages, is of no language. What this module does not do: read, or choose what
OCR reads in; see `languages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.types import Float

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

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
    likely = _likely(text)
    best = int(likely.argmax())
    if _model().tags[best] == _NONE or likely[best] < SURE:
        return ""
    # Evidence adds up: of two languages the one with a little more is as good as certain, so the parts are asked too.
    cuts = [place * len(text) // PARTS for place in range(PARTS + 1)]
    parts = [_likely(text[start:end]) for start, end in pairwise(cuts)]
    none = _model().tags.index(_NONE)
    others = sum(bool(part[best] < RULED_OUT and part.max() >= SURE > part[none]) for part in parts)
    return _model().tags[best] if others <= OTHERS else ""


def _likely(text: str) -> Float:
    """The probability of every language, in the order of the model's ``tags``."""
    model = _model()
    return np.bincount(model.places, model.identifier._decide(text), len(model.tags))


@dataclass(frozen=True, slots=True)
class _Model:
    """What tells languages: ``places (classes,)`` gives the place among the ``tags`` of each of its classes."""

    identifier: LanguageIdentifier
    tags: tuple[str, ...]
    places: NDArray[np.int64]


@cache
def _model() -> _Model:
    """The model of py3langid's wheel: a second to load, and some 90 MB, which only pages with words cost."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    class AtOnce(LanguageIdentifier):  # type: ignore[misc]
        """One that reads all bytes of a text at once, where the library's loop has every other thread wait for 1 ms.

        Its automaton looks for runs of at most `LONGEST_RUN` bytes, so what it is in after a byte follows from the last
        so many.
        """

        def _raw_score(self, text: bytes) -> NDArray[np.float32]:
            letters, states = np.frombuffer(text, np.uint8).astype(np.intp), np.zeros(len(text), np.intp)
            for back in range(min(LONGEST_RUN, len(text)) - 1, -1, -1):
                states[back:] = moves[rows[states[back:]] + letters[: len(text) - back]]
            found = outputs[states]
            features, counts = np.unique(found[found >= 0], return_counts=True)
            if not len(features):
                return super()._raw_score(text)  # type: ignore[no-any-return]
            scores = np.log1p(counts.astype(np.float32)) @ self.nb_ptc[features] + self.nb_pc
            return np.asarray(scores, np.float32)

    model = AtOnce.from_model_file(MODEL_FILE, norm_probs=True)
    moves, outputs = np.asarray(model.tk_nextmove), np.asarray(model.tk_output)
    rows = np.asarray(model.tk_row, np.intp) << 8
    model.set_languages([tag for tag in model.labels if tag not in _LEFT_OUT])
    tags = [_WITHIN.get(tag, tag) for tag in model.nb_classes]
    known = tuple(dict.fromkeys(tags))
    return _Model(model, known, np.asarray([known.index(tag) for tag in tags]))
