"""The language of a page, one of 133, as py3langid tells it: naive Bayes over bytes, of 139 languages and what is none.

Four of them count as another here, two are left out.

A page of names and numbers, or of two languages, is of no language. What this module does not do: read, or choose what
OCR reads in; see `languages`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

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
    tag = max(likely, key=likely.__getitem__)
    if tag == _NONE or likely[tag] < SURE:
        return ""
    # Evidence adds up: of two languages the one with a little more is as good as certain, so the parts are asked too.
    cuts = [place * len(text) // PARTS for place in range(PARTS + 1)]
    parts = [_likely(text[start:end]) for start, end in pairwise(cuts)]
    others = sum(part[tag] < RULED_OUT and max(part.values()) >= SURE > part[_NONE] for part in parts)
    return tag if others <= OTHERS else ""


def _likely(text: str) -> Mapping[str, float]:
    """The probability of every language."""
    found: dict[str, float] = defaultdict(float)
    for tag, probability in _model().rank(text):
        found[_WITHIN.get(tag, tag)] += probability
    return found


@cache
def _model() -> LanguageIdentifier:
    """The model of py3langid's wheel: a second to load, and some 90 MB, which only pages with words cost."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages([tag for tag in model.labels if tag not in _LEFT_OUT])
    return model
