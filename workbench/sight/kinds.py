"""What kind of figure a picture is, by a logistic regression on the classifier's features.

`kinds.npz` holds its weights; `benchmarks/sight/figures.py` makes it, of pictures that it draws and of such as come
with Debian's packages.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from workbench.sight.shipped import arrays
from workbench.types import Float

FILE = "kinds.npz"
SHA256 = "a31ffd8082ccc88d4c826e97ac0e092838cd1e797b8ebbcc79b772f149e6a7af"
PHOTOGRAPH = "photograph"
TEXT = "text"
"""A picture of text alone, which is no figure."""
NONE = "none"
"""A picture of no one kind: a whole page of text with figures, a collage, an ornament."""
SURE = 0.35
"""Likelihood from which on a picture is of a kind: four times as likely as by chance. Of boxes that people drew around
charts and tables this says something of nearly all; at .5 of three in four."""
SURELY_NOT = 0.5
"""Likelihood of another kind from which on a picture is no photograph."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """The regression: ``names`` of k kinds, ``weight (k, FEATURES)``, ``bias (k,)``."""

    names: tuple[str, ...]
    weight: Float
    bias: Float

    def likelihoods(self, features: Float) -> Float:
        """How likely each picture is of each kind, ``(n, k)`` of ``features (n, FEATURES)``; rows sum to 1."""
        logits = features @ self.weight.T + self.bias
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)

    def kind(self, likely: Float) -> str:
        """The kind that likelihoods ``(k,)`` say, empty where none is sure or it is `NONE`."""
        best = int(likely.argmax())
        return self.names[best] if likely[best] >= SURE and self.names[best] != NONE else ""

    def may_be_photograph(self, likely: Float) -> bool:
        """Whether likelihoods ``(k,)`` do not surely say another kind."""
        return self.names[int(likely.argmax())] == PHOTOGRAPH or float(likely.max()) < SURELY_NOT


@cache
def kinds() -> Kinds:
    """The regression that comes with Pagelens; `EncoderError` where its file is another than what came."""
    held = arrays(FILE, SHA256, "the weights that tell kinds of figure")
    return Kinds(tuple(held["kinds"].tolist()), held["weight"].astype(np.float32), held["bias"])
