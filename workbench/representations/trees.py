"""Hierarchical merging: the two most alike vectors or groups of a page become one, again and again.

`ward` follows colpali-engine's pooler, `merge` the merging of Light-ColPali without its fine-tuning, and `adamerge`
lets each page say when to stop. All need the distances of all pairs: a page of n vectors costs n * n.
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
)
from workbench.types import Float, PageEmbedding

Labels = NDArray[np.int64]


def ward_labels(vectors: Float, k: int, profiles: bool = False) -> Labels:
    """At most k clusters of unit ``vectors (n, d)`` by Ward's criterion: ``(n,)``.

    Ward on unit vectors minimises squared distances, ``2 - 2 cos``. With ``profiles`` a vector is described by its
    ``1 - cos`` to all others, which is what colpali-engine clusters. Equal vectors are never parted, so there can be
    fewer than k.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    n = len(vectors)
    if n <= k:
        return np.arange(n)
    observed = 1 - np.asarray(vectors, np.float32) @ np.asarray(vectors, np.float32).T if profiles else vectors
    tree = linkage(np.asarray(observed, np.float64), "ward")
    return np.asarray(fcluster(tree, k, "maxclust"), np.int64) - 1


def average_tree(vectors: Float) -> NDArray[np.float64]:
    """scipy's ``(n - 1, 4)`` merges of unit vectors by average cosine distance, most alike first; n is 2 or more."""
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    wide = np.asarray(vectors, np.float64)
    distances = np.clip(1 - wide @ wide.T, 0, 2)
    np.fill_diagonal(distances, 0)
    return np.asarray(linkage(squareform(distances, checks=False), "average"), np.float64)


def cut(tree: NDArray[np.float64], k: int) -> Labels:
    """The clusters that are left when merging stops at k of them, numbered by their first member: ``(n,)``.

    Unlike scipy's ``maxclust`` it parts equal vectors where k says so, so there are exactly k.
    """
    n = len(tree) + 1
    parent = np.arange(2 * n - 1)
    for i in range(n - k):
        parent[tree[i, :2].astype(np.int64)] = n + i
    for node in range(2 * n - 2, -1, -1):
        parent[node] = parent[parent[node]]
    _, first, labels = np.unique(parent[:n], return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[labels], np.int64)


def _ward(embedding: PageEmbedding, _state: State, values: Values) -> Chosen:
    vectors = embedding.vectors
    groups = group_by(ward_labels(vectors, budget(len(vectors), values), values["space"] == "profiles"))
    return Chosen(means(vectors, groups), groups)


def _merge(embedding: PageEmbedding, _state: State, values: Values) -> Chosen:
    vectors = embedding.vectors
    n = len(vectors)
    groups = group_by(cut(average_tree(vectors), budget(n, values)) if n > 1 else np.zeros(1, np.int64))
    return Chosen(means(vectors, groups), groups)


def _adamerge(embedding: PageEmbedding, _state: State, values: Values) -> Chosen:
    vectors, n = embedding.vectors, len(embedding.vectors)
    salience = embedding.salience
    note = "plain means: the encoder gives no salience" if salience is None else "means weighted by salience"
    if n == 1:
        return Chosen(means(vectors, group_by(np.zeros(1))), group_by(np.zeros(1)), note)
    tree = average_tree(vectors)
    alike = int(np.searchsorted(tree[:, 2], 1 - float(values["alike"]), side="right"))
    low, high = number(values, "low"), number(values, "high")
    k = min(max(n - alike, low), max(high, low), n)
    groups = group_by(cut(tree, k))
    return Chosen(means(vectors, groups, salience), groups, note)


TREES = (
    Method(
        "ward",
        "clusters of like vectors by Ward's criterion",
        "hierarchical token pooling of colpali-engine; ColPali, arXiv 2407.01449",
        _ward,
        budget,
        {
            **budget_options(3.0),
            "space": Option(
                "cluster the vectors, or, as colpali-engine, their profiles of distances to all others",
                "vectors",
                choices=("vectors", "profiles"),
            ),
        },
    ),
    Method(
        "merge",
        "the most alike vectors merged by average cosine",
        "Light-ColPali without its fine-tuning, arXiv 2506.04997",
        _merge,
        budget,
        budget_options(9.0),
    ),
    Method(
        "adamerge",
        "merged by average cosine until the next merge would join vectors that are too unlike, page by page",
        "AdaMerge, arXiv 2609.22562, with a fixed threshold for its gap rule",
        _adamerge,
        lambda n, values: min(n, max(number(values, "high"), number(values, "low"))),
        {
            "alike": Option("least average cosine of two groups that are merged", 0.85, low=-1, high=1),
            "low": Option("fewest vectors of a page", 8, low=1),
            "high": Option("most vectors of a page", 256, low=1),
        },
    ),
)
