"""What kind of figure a picture is, by a logistic regression on the classifier's features.

`kinds.npz` holds its weights; `benchmarks/sight/figures.py` makes it, of pictures that it draws and of such as come
with Debian's packages.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from workbench.types import Float

FILE = "kinds.npz"
PHOTOGRAPH = "photograph"
TEXT = "text"
"""A picture of text alone, which is no figure."""
SURE = 0.5
"""Likelihood from which on a picture is of a kind."""


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
        """The kind that likelihoods ``(k,)`` say, empty where none is sure."""
        best = int(likely.argmax())
        return self.names[best] if likely[best] >= SURE else ""


@cache
def kinds() -> Kinds:
    """The regression that comes with Pagelens."""
    with resources.files(__package__).joinpath(FILE).open("rb") as file, np.load(file) as held:
        return Kinds(tuple(held["kinds"].tolist()), held["weight"].astype(np.float32), held["bias"])
