"""Vectors gathered around a few anchors of the page: spherical k-means, GLIE's anchoring, instance-token aggregation.

All start from the same anchors: first the vector nearest the page's mean, then always the one least like those taken
(`spread`), so that nothing depends on a random number. Ties go to the lowest number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.representations.base import (
    Chosen,
    Method,
    Option,
    State,
    Values,
    budget,
    budget_options,
    group_by,
    means,
    number,
    unit,
)
from workbench.representations.salience import SALIENCE, salience_of
from workbench.types import Float, PageEmbedding

SAME = 1e-6
"""Cosine distance under which a vector is taken for one that is already an anchor."""


def spread(vectors: Float, k: int) -> NDArray[np.int64]:
    """At most k anchors among unit ``vectors (n, d)``, farthest first; fewer where there are fewer distinct vectors."""
    near = vectors @ unit(vectors.mean(axis=0, dtype=np.float64), vectors[0])
    anchors = [int(near.argmax())]
    likeness = vectors @ vectors[anchors[0]]
    while len(anchors) < k:
        anchor = int(likeness.argmin())
        if 1 - likeness[anchor] < SAME:
            break
        anchors.append(anchor)
        np.maximum(likeness, vectors @ vectors[anchor], out=likeness)
    return np.asarray(anchors, np.int64)


def spherical_kmeans(vectors: Float, centres: Float, rounds: int, on_sphere: bool = True) -> tuple[Float, Float]:
    """Lloyd's rounds from given ``centres (k, d)``; returns the centres and each vector's label ``(n,)``.

    On the sphere a vector goes to the centre of highest cosine and centres are unit means; off it, to the centre at
    the least Euclidean distance, and centres are plain means. A centre that lost all its vectors takes the vector that
    is worst served. Ends early when no label changes.
    """
    labels = np.full(len(vectors), -1)
    for _ in range(rounds):
        scores = vectors @ centres.T
        if not on_sphere:
            scores -= (centres**2).sum(axis=1) / 2
        new = scores.argmax(axis=1)
        served = scores[np.arange(len(vectors)), new]
        for empty in np.setdiff1d(np.arange(len(centres)), new):
            if (np.bincount(new) <= 1).all():
                break
            worst = int(np.where(np.bincount(new)[new] > 1, served, np.inf).argmin())
            new[worst], served[worst] = empty, np.inf
        if (new == labels).all():
            break
        labels = new
        order = np.argsort(labels, kind="stable")
        present, first, counts = np.unique(labels[order], return_index=True, return_counts=True)
        plain = centres.astype(np.float64)
        plain[present] = np.add.reduceat(vectors[order], first, axis=0, dtype=np.float64) / counts[:, None]
        centres = unit(plain, centres) if on_sphere else plain.astype(np.float32)
    return centres, labels


def _kmeans(on_sphere: bool, embedding: PageEmbedding, values: Values) -> Chosen:
    vectors = np.asarray(embedding.vectors, np.float32)
    anchors = vectors[spread(vectors, budget(len(vectors), values))]
    _, labels = spherical_kmeans(vectors, anchors, number(values, "rounds"), on_sphere)
    groups = group_by(labels)
    return Chosen(means(vectors, groups), groups)


def _ita(embedding: PageEmbedding, _state: State, values: Values) -> Chosen:
    """``z_k = unit(seed_k + mean of the vectors that are most like seed_k)``; the seed is not among them."""
    vectors = np.asarray(embedding.vectors, np.float32)
    k, note = budget(len(vectors), values), "anchors by spread"
    if values["anchors"] == "spread":
        anchors = spread(vectors, k)
    else:
        salience, note = salience_of(embedding, str(values["salience"]))
        anchors = np.argsort(-salience, kind="stable")[:k]
    nearest = (vectors @ vectors[anchors].T).argmax(axis=1)
    nearest[anchors] = -1
    made, groups = [], []
    for i, anchor in enumerate(anchors):
        members = np.flatnonzero(nearest == i)
        seed = vectors[anchor].astype(np.float64)
        made.append(seed + vectors[members].mean(axis=0, dtype=np.float64) if len(members) else seed)
        groups.append(np.sort(np.append(members, anchor)).astype(np.int64))
    return Chosen(unit(np.stack(made), vectors[anchors]), tuple(groups), note)


_ROUNDS = Option("most rounds", 20, low=1, high=1000)

ANCHORS = (
    Method(
        "kmeans",
        "spherical k-means: vectors go to the centre of highest cosine, centres are unit means",
        "Dhillon and Modha 2001, doi 10.1023/A:1007612920971",
        lambda embedding, _state, values: _kmeans(True, embedding, values),
        budget,
        {**budget_options(1.0, 32), "rounds": _ROUNDS},
    ),
    Method(
        "glie",
        "plain k-means, its centres brought back to length 1 at the end",
        "the training-free stage of GLIE, arXiv 2609.11808",
        lambda embedding, _state, values: _kmeans(False, embedding, values),
        budget,
        {**budget_options(1.0, 32), "rounds": _ROUNDS},
    ),
    Method(
        "ita",
        "a few seeds, each added to the mean of the vectors most like it",
        "instance-token aggregation, CraterBench-R, arXiv 2604.06245",
        _ita,
        budget,
        {
            **budget_options(1.0, 32),
            "anchors": Option("seeds far apart, or the most salient", "spread", choices=("spread", "salient")),
            "salience": SALIENCE,
        },
    ),
)
