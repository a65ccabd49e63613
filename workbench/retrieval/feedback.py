"""A query made better by pages: those a first search found, or those the person marked good or bad.

One vector: `average` and `rocchio` (arXiv 2108.13454; Rocchio 1971). Many vectors: `expand` adds what is typical of the
pages and rare elsewhere, after ColBERT-PRF (arXiv 2106.11251), and subtracts what is typical of bad ones; `blend` moves
scores instead. `refine` looks only at how the found pages resemble each other (SuperGlobal, arXiv 2308.06954).

Blind feedback drifts when the first page is wrong, so it is off unless asked for; marks by a person are safer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from workbench.representations.anchors import spherical_kmeans, spread
from workbench.representations.base import unit
from workbench.retrieval.tokens import best_matches, idf
from workbench.types import Float, Ragged

ALPHA, BETA = 0.9, 0.1
"""Rocchio's weights of the query and of the good pages, as pyserini has them."""


def average(query: Float, good: Float) -> Float:
    """The unit mean of the query ``(d,)`` and the pages ``(f, d)``: ``(d,) float32``."""
    return rocchio(query, good, alpha=1 / (1 + len(good)), beta=len(good) / (1 + len(good)))


def rocchio(
    query: Float, good: Float, bad: Float | None = None, alpha: float = ALPHA, beta: float = BETA, gamma: float = 0.0
) -> Float:
    """``alpha query + beta mean(good) - gamma mean(bad)``, of length 1: ``(d,) float32``.

    ``good (f, d)`` and ``bad (g, d)`` may be empty. Where all cancel out the query is left as it is.
    """
    moved = alpha * np.asarray(query, np.float64)
    if len(good):
        moved += beta * good.mean(axis=0, dtype=np.float64)
    if bad is not None and len(bad):
        moved -= gamma * bad.mean(axis=0, dtype=np.float64)
    return np.asarray(unit(moved[None], query[None])[0])


def expand(
    query: Float,
    weights: Float,
    good: Sequence[Float],
    pages: Ragged,
    bad: Sequence[Float] = (),
    clusters: int = 16,
    add: int = 6,
    beta: float = 0.3,
    gamma: float = 0.3,
    alike: float | None = None,
) -> tuple[Float, Float]:
    """A query of many vectors with those typical of good pages added: vectors ``(m + a, d)`` and weights ``(m + a,)``.

    The vectors of the good pages are clustered; of the unit centres the ``add`` rarest are kept, where rarity is
    ``ln((1 + N) / (1 + df))`` and df the ``pages`` (best pooled) with a match of at least ``alike``: by default the
    95th percentile of the centres' best matches. The added weights share ``beta`` times the query's own in proportion
    to rarity, so that a few rare centres cannot drown it; those of bad pages likewise with ``-gamma``.
    """
    vectors, shares = [np.asarray(query, np.float32)], [np.asarray(weights, np.float32)]
    for sources, sign in ((good, beta), (bad, -gamma)):
        if not len(sources) or not sign:
            continue
        found = np.concatenate([np.asarray(source, np.float32) for source in sources])
        centres, _ = spherical_kmeans(found, found[spread(found, clusters)], 20)
        best = best_matches(centres, pages)
        bar = float(np.quantile(best, 0.95)) if alike is None else alike
        rarity = idf((best >= bar).sum(axis=1), len(pages))
        kept = np.sort(np.argsort(-rarity, kind="stable")[:add])
        kept = kept[rarity[kept] > 0]
        if len(kept):
            vectors.append(centres[kept])
            total = sign * float(np.abs(weights).sum())
            shares.append(np.asarray(total * rarity[kept] / rarity[kept].sum(), np.float32))
    return np.concatenate(vectors), np.concatenate(shares)


def blend(scores: Float, similarities: Float, alpha: float = 1.0, beta: float = 0.3) -> Float:
    """``alpha score + beta mean over feedback pages of similarity``: ``(pages,) float32``.

    ``similarities (f, pages)`` of each feedback page with every page, on the scale of the scores. No feedback pages, or
    ``beta`` 0, leave the order as it is.
    """
    moved = alpha * np.asarray(scores, np.float64)
    if len(similarities):
        moved = moved + beta * similarities.mean(axis=0, dtype=np.float64)
    return np.asarray(moved, np.float32)


def refine(
    query: Float,
    found: Float,
    neighbours: int = 9,
    beta: float = 0.15,
    expand: Literal["none", "mean", "max"] = "mean",
    mix: float = 0.5,
) -> Float:
    """New scores for the pages a search found, ``found (M, d)`` unit vectors best first: ``(M,) float32``.

    Each page becomes the weighted mean of itself (weight 1) and its most similar pages of the list (weight ``beta``
    times similarity); S1 is the query's dot with it. The query is then replaced by the ``mean`` or, as published, the
    element-wise ``max`` of the first ``neighbours + 1`` of these by S1, and S2 is its dot with them; the result is
    ``(1 - mix) S1 + mix S2``. ``max`` is meant for vectors without negative numbers. With ``beta`` 0 and ``none``
    scores are the query's own.
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
    refined = (weights[:, :, None] * pages[nearest]).sum(axis=1) / weights.sum(axis=1, keepdims=True)
    first = refined @ np.asarray(query, np.float64)
    if expand == "none":
        return np.asarray(first, np.float32)
    top = refined[np.argsort(-first, kind="stable")[: neighbours + 1]]
    second = refined @ (top.max(axis=0) if expand == "max" else top.mean(axis=0))
    return np.asarray((1 - mix) * first + mix * second, np.float32)
