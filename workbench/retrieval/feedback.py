"""A query made better by the pages that it found: pseudo relevance feedback, and refinement among the found pages.

`moved` is Rocchio's formula (1971) as dense retrieval uses it (arXiv 2108.13454, pyserini), written as weighted rows of
one query, so that the same kernel scores it. `refined` looks only at how the found pages resemble each other
(SuperGlobal, arXiv 2308.06954). Blind feedback drifts when the first page is wrong, so nothing here happens unasked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from workbench.representations.anchors import spherical_kmeans, spread
from workbench.representations.base import unit
from workbench.types import Float, QueryEmbedding

CENTRES = 16
"""Vectors that stand for a page of many."""
_ROUNDS = 10


def moved(
    query: QueryEmbedding, pages: Sequence[Float], alpha: float, beta: float, single: bool = False
) -> QueryEmbedding:
    """``alpha`` times the query and ``beta`` times the mean of pages ``(n_f, d)``, as one query of weighted rows.

    ``single``: for pages of one vector, ``alpha q + beta mean(page means)`` of unit vectors, Rocchio's own formula
    without marks against. Otherwise its form for scores: ``alpha MaxSim(q, p) + beta mean_f MaxSim(page_f, p)``, the
    latter scaled to what the query weighs, and each page stood for by at most `CENTRES` of its spherical k-means. The
    query as it is without pages or ``beta``.
    """
    if not len(pages) or not beta:
        return query
    weights = np.asarray(query.weights, np.float64)
    if single:
        size = float(np.linalg.norm(weights @ np.asarray(query.vectors, np.float64)))
        found = [(_mean(page), np.ones(1, np.float32)) for page in pages]
    else:
        size = float(np.abs(weights).sum())
        found = [_condensed(np.asarray(page, np.float32)) for page in pages]
    rows = [centres for centres, _ in found]
    added = np.concatenate([share * (beta * size / len(pages)) for _, share in found])
    labels = [f"page {i}" for i, (_, share) in enumerate(found, 1) for _ in share]
    return replace(
        query,
        vectors=np.concatenate([query.vectors, *rows]),
        labels=(*query.labels, *labels),
        weights=np.concatenate([alpha * weights, added]).astype(np.float32),
    )


def averaged(pages: int) -> tuple[float, float]:
    """Alpha and beta with which `moved` gives the mean of the query and so many pages (average feedback)."""
    return 1 / (1 + pages), pages / (1 + pages)


def _mean(vectors: Float) -> Float:
    return unit(np.asarray(vectors, np.float64).mean(axis=0, keepdims=True), vectors[:1])


def _condensed(vectors: Float) -> tuple[Float, Float]:
    """At most `CENTRES` unit centres of a page's vectors, and the share of vectors that each stands for."""
    centres, labels = spherical_kmeans(vectors, vectors[spread(vectors, CENTRES)], _ROUNDS)
    counts = np.bincount(np.asarray(labels, np.int64), minlength=len(centres))
    there = counts > 0
    return centres[there], np.asarray(counts[there] / len(vectors), np.float32)


def refined(
    query: Float,
    found: Float,
    neighbours: int = 9,
    beta: float = 0.15,
    expand: Literal["none", "mean", "max"] = "mean",
    mix: float = 0.5,
) -> Float:
    """Scores of the found pages from their likeness to each other (SuperGlobal): ``(pages,) float32``.

    ``query (d,)`` and ``found (pages, d)`` are unit vectors. Each page becomes the mean of itself (weight 1) and its
    nearest ``neighbours`` (weight ``beta`` times similarity); S1 is the query's dot with it. The query is then replaced
    by the ``mean`` or, as published, the element-wise ``max`` of the first ``neighbours + 1`` of these by S1, and S2 is
    its dot with them; the result is ``(1 - mix) S1 + mix S2``. ``max`` is meant for vectors without negative numbers.
    With ``beta`` 0 and ``none`` scores are the query's own.
    """
    pages = np.asarray(found, np.float64)
    near = min(neighbours, len(pages) - 1)
    similarity = pages @ pages.T
    itself = np.arange(len(pages))
    others = similarity.copy()
    others[itself, itself] = np.inf
    nearest = np.argsort(-others, axis=1, kind="stable")[:, : near + 1]
    weights = beta * np.take_along_axis(similarity, nearest, axis=1)
    weights[:, 0] = 1
    changed = (weights[:, :, None] * pages[nearest]).sum(axis=1) / weights.sum(axis=1, keepdims=True)
    first = changed @ np.asarray(query, np.float64)
    if expand == "none":
        return np.asarray(first, np.float32)
    top = changed[np.argsort(-first, kind="stable")[: neighbours + 1]]
    second = changed @ (top.max(axis=0) if expand == "max" else top.mean(axis=0))
    return np.asarray((1 - mix) * first + mix * second, np.float32)
