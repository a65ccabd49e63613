"""Which vectors of a page matter, where the encoder says so, and a stated stand-in where it does not."""

from __future__ import annotations

import numpy as np

from workbench.representations.base import Option, unit
from workbench.types import Float, PageEmbedding

SALIENCE = Option(
    "the encoder's, or how unlike the page's mean a vector is; auto: the encoder's where it gives one",
    "auto",
    choices=("auto", "encoder", "unlike-mean"),
)


def salience_of(embedding: PageEmbedding, wanted: str) -> tuple[Float, str]:
    """Salience of each vector ``(n,) float32`` and what it is, in words.

    ``wanted`` is a value of `SALIENCE`. The stand-in is ``1 - cos`` to the page's mean: what sets a vector apart from
    blank paper and running text. `ValueError` when the encoder's is wanted and it gives none.
    """
    if wanted != "unlike-mean" and embedding.salience is not None:
        return np.asarray(embedding.salience, np.float32), "salience given by the encoder"
    if wanted == "encoder":
        raise ValueError("this encoder gives no salience; use salience=unlike-mean")
    vectors = np.asarray(embedding.vectors, np.float32)
    mean = unit(vectors.mean(axis=0, dtype=np.float64), vectors[0])
    return 1 - vectors @ mean, "salience is 1 - cosine to the page's mean, for want of the encoder's"
