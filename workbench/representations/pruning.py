"""Vectors left out: the most salient kept, then perhaps merged; and two controls that look at nothing.

Published studies find that merging beats pruning, and that random pruning beats most of the clever kind (Light-ColPali,
arXiv 2506.04997). The controls are there so that anybody can see whether that holds on their own pages.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from workbench.representations.base import (
    Chosen,
    Groups,
    Method,
    Option,
    State,
    Values,
    budget,
    budget_options,
    group_by,
    means,
    number,
)
from workbench.representations.salience import SALIENCE, salience_of
from workbench.representations.trees import ward_labels
from workbench.representations.voronoi import least_missed
from workbench.types import Float, PageEmbedding

_SPREAD = Option("how many standard deviations above the page's mean salience a vector must lie", -0.25, low=-9, high=9)


def above(salience: Float, deviations: float) -> NDArray[np.int64]:
    """The vectors whose salience exceeds mean + ``deviations`` standard deviations of the page; at least the best."""
    wide = np.asarray(salience, np.float64)
    kept = np.flatnonzero(wide > wide.mean() + deviations * wide.std())
    return kept.astype(np.int64) if len(kept) else np.asarray([wide.argmax()], np.int64)


def _kept(embedding: PageEmbedding, kept: NDArray[np.int64], note: str = "") -> Chosen:
    return Chosen(np.ascontiguousarray(embedding.vectors[kept], np.float32), _alone(kept), note)


def _alone(kept: NDArray[np.int64]) -> Groups:
    return tuple(kept[:, None].astype(np.int64))


def _share(n: int, values: Values) -> int:
    return max(1, math.ceil(n * float(values["keep"]) / 100))


def _prune(embedding: PageEmbedding, _state: State, values: Values) -> Chosen:
    salience, note = salience_of(embedding, str(values["salience"]))
    kept = np.sort(np.argsort(-salience, kind="stable")[: _share(len(salience), values)])
    return _kept(embedding, kept, note)


def _docpruner(embedding: PageEmbedding, _state: State, values: Values) -> Chosen:
    salience, note = salience_of(embedding, str(values["salience"]))
    return _kept(embedding, above(salience, float(values["deviations"])), note)


def _prune_merge(embedding: PageEmbedding, _state: State, values: Values) -> Chosen:
    salience, note = salience_of(embedding, str(values["salience"]))
    kept = above(salience, float(values["deviations"]))
    within = group_by(ward_labels(embedding.vectors[kept], budget(len(kept), values)))
    groups = tuple(kept[group] for group in within)
    return Chosen(means(embedding.vectors, groups), groups, note)


def _voronoi(embedding: PageEmbedding, _state: State, values: Values) -> Chosen:
    k = budget(len(embedding.vectors), values)
    return _kept(embedding, least_missed(embedding.vectors, k, number(values, "samples"), number(values, "seed")))


def _random(embedding: PageEmbedding, _state: State, values: Values) -> Chosen:
    n = len(embedding.vectors)
    rng = np.random.default_rng((number(values, "seed"), n))
    return _kept(embedding, np.sort(rng.permutation(n)[: budget(n, values)]))


def _sequence(embedding: PageEmbedding, _state: State, values: Values) -> Chosen:
    n = len(embedding.vectors)
    k = budget(n, values)
    groups = group_by(np.arange(n) * k // n)
    return Chosen(means(embedding.vectors, groups), groups)


PRUNING = (
    Method(
        "prune",
        "the most salient vectors, so many in a hundred",
        "attention-guided pruning of HPC-ColPali, arXiv 2506.21601",
        _prune,
        _share,
        {"keep": Option("vectors kept, per cent", 60.0, high=100), "salience": SALIENCE},
    ),
    Method(
        "docpruner",
        "the vectors that stand out in salience on their page",
        "DocPruner, arXiv 2509.23883",
        _docpruner,
        lambda n, _values: n,
        {"deviations": _SPREAD, "salience": SALIENCE},
    ),
    Method(
        "prune-merge",
        "the vectors that stand out in salience, then clustered by Ward's criterion",
        "Prune-then-Merge, arXiv 2602.19549, its centroids renormalised",
        _prune_merge,
        budget,
        {
            **budget_options(2.0),
            "deviations": Option(_SPREAD.summary, -0.75, low=-9, high=9),
            "salience": SALIENCE,
        },
    ),
    Method(
        "voronoi",
        "the vectors that most directions of a query have as their best match, and by most",
        "Voronoi pruning, arXiv 2603.09933",
        _voronoi,
        budget,
        {
            **budget_options(2.0),
            "samples": Option("directions drawn", 1024, low=1, high=100_000),
            "seed": Option("of the draw", 0),
        },
    ),
    Method(
        "random",
        "vectors drawn by lot: a control",
        "the control of Light-ColPali, arXiv 2506.04997",
        _random,
        budget,
        {**budget_options(3.0), "seed": Option("of the lottery", 0)},
    ),
    Method(
        "sequence",
        "means of vectors that follow each other: a control",
        "1-D pooling of Light-ColPali, arXiv 2506.04997",
        _sequence,
        budget,
        budget_options(3.0),
    ),
)
