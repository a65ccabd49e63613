"""The names of ImageNet's classes, and of the kinds of thing they are: WordNet's words and hypernyms.

`imagenet.tsv` is a part of WordNet 3.0, whose licence stands in `WORDNET.txt`; `benchmarks/sight/wordnet.py` makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

CLASSES = 1000


@dataclass(frozen=True, slots=True)
class Names:
    """What may be said of a picture: ``words[i]`` are the names of meaning i, the usual one first.

    The first `CLASSES` are the classes in the order of the classifier, the others what several of them are;
    ``covers (meanings, CLASSES) float32`` is 1 where a class is one of a meaning.
    """

    words: tuple[tuple[str, ...], ...]
    covers: NDArray[np.float32]


@cache
def names() -> Names:
    """The names that come with Pagelens."""
    text = resources.files(__package__).joinpath("imagenet.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    place = {row[0]: i for i, row in enumerate(rows)}
    covers = np.zeros((len(rows), CLASSES), np.float32)
    for own in range(CLASSES):
        waiting = [own]
        while waiting:
            meaning = waiting.pop()
            covers[meaning, own] = 1
            waiting += [place[parent] for parent in rows[meaning][2].split()]
    return Names(tuple(tuple(row[1].split("|")) for row in rows), covers)
