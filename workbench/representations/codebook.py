"""A codebook of at most 256 centroids, and the two ways to write a page down with it.

`codes`: a vector is the number of its nearest centroid, one byte. MaxSim asks only which centroids a page has, not how
often, so a page is a *set* of codes: a row of bits, 32 bytes for 256 centroids. Its score is a table looked up:
``sum_i w_i max_{k in page} q_i . c_k``.

`residual`: the byte of the centroid and, for each number, which of a few buckets its rest falls into (ColBERTv2).

Left out: comparing the *numbers* of centroids by Hamming distance, as HPC-ColPali describes. How centroids are numbered
is arbitrary, so the bits that two numbers share say nothing of how near the centroids are (see `table.LEFT_OUT`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.representations.anchors import spherical_kmeans
from workbench.representations.base import Encoding, Groups, Option, Rows, State, Values, group_by, number, unit
from workbench.representations.scalars import BITS_OF_BYTE
from workbench.types import Float

ROUNDS = 12
"""Rounds of k-means; more move the centroids little."""
BLOCK = 1 << 20
"""Most set members of one step of the lookup."""


def fit_codebook(sample: Float, values: Values) -> State:
    """Spherical k-means of the sample: ``centroids (K, d) float32``, fewer where it has fewer distinct vectors.

    Starts from vectors drawn by lot, of a fixed seed: at this size the far-apart ones are all oddities.
    """
    distinct = np.unique(np.asarray(sample, np.float32), axis=0)
    size = min(number(values, "centroids"), len(distinct))
    start = np.random.default_rng(number(values, "seed")).permutation(len(distinct))[:size]
    if size == len(distinct):
        return {"centroids": unit(distinct)}
    return {"centroids": spherical_kmeans(unit(sample), unit(distinct[start]), ROUNDS)[0]}


def nearest(vectors: Float, state: State) -> NDArray[np.uint8]:
    """The number of the centroid nearest to each vector: ``(k,) uint8``."""
    return np.asarray((np.asarray(vectors, np.float32) @ state["centroids"].T).argmax(axis=1), np.uint8)


# -- a page as the set of its codes -----------------------------------------------------------------------------------


def encode_set(vectors: Float, state: State, values: Values) -> Rows:
    """Which centroids the vectors have: ``(1, K / 8) uint8``, centroid 0 the highest bit."""
    present = np.zeros(-(-number(values, "centroids") // 8) * 8, np.bool_)
    present[nearest(vectors, state)] = True
    return np.packbits(present)[None]


def decode_set(rows: Rows, state: State, _values: Values) -> Float:
    """The centroids of a page's set in ascending order of number: ``(members, d) float32``."""
    (row,) = rows
    return np.asarray(state["centroids"][np.flatnonzero(np.unpackbits(row))], np.float32)


def regroup_set(vectors: Float, state: State, _values: Values) -> Groups:
    """The vectors behind each centroid of the set, as `decode_set` orders them."""
    return group_by(nearest(vectors, state).astype(np.int64))


def score_sets(
    query: Float,
    weights: Float,
    flat: Rows,
    starts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    state: State,
    _values: Values,
) -> Float:
    """The score of each page, a row of ``flat``, by one table of all query vectors and centroids: ``(pages,)``."""
    if (lengths != 1).any():
        raise ValueError("a page stored as a set of codes is one row")
    table = np.asarray(query, np.float32) @ state["centroids"].T
    size, scores = table.shape[1], np.zeros(len(starts), np.float32)
    for first in range(0, len(starts), max(1, BLOCK // size)):
        block = slice(first, first + max(1, BLOCK // size))
        present = np.unpackbits(flat[starts[block]], axis=1, count=size).astype(np.bool_)
        total = np.zeros(len(present), np.float64)
        for similarities, weight in zip(table, weights, strict=True):
            order = np.argsort(-similarities, kind="stable")
            total += float(weight) * similarities[order[present[:, order].argmax(axis=1)]]
        scores[block] = total
    return scores


# -- a centroid and the rest ------------------------------------------------------------------------------------------


def fit_residual(sample: Float, values: Values) -> State:
    """The codebook, the cuts between buckets ``(2^bits - 1,)``, and the number each bucket stands for ``(2^bits,)``.

    Buckets hold equally many of the sample's rests and stand for the middle one of them, as in ColBERTv2.
    """
    state = fit_codebook(sample, values)
    rest = np.asarray(sample, np.float32) - state["centroids"][nearest(sample, state)]
    buckets = 1 << int(values["bits"])
    cuts = np.quantile(rest, np.arange(1, buckets) / buckets)
    middles = np.quantile(rest, (np.arange(buckets) + 0.5) / buckets)
    return {**state, "cuts": cuts.astype(np.float32), "middles": middles.astype(np.float32)}


def encode_residual(vectors: Float, state: State, values: Values) -> Rows:
    """``(k, 1 + ceil(d * bits / 8)) uint8``: the centroid's number, then each number's bucket, highest bit first."""
    codes = nearest(vectors, state)
    rest = np.asarray(vectors, np.float32) - state["centroids"][codes]
    bucket = np.searchsorted(state["cuts"], rest, side="right").astype(np.uint8)
    width = int(values["bits"])
    bits = (bucket[:, :, None] >> np.arange(width - 1, -1, -1, dtype=np.uint8)) & 1
    return np.concatenate([codes[:, None], np.packbits(bits.reshape(len(bucket), -1), axis=1)], axis=1)


def decode_residual(rows: Rows, state: State, values: Values) -> Float:
    """Centroid plus rest, scaled to length 1: ``(k, d) float32``."""
    width, d = int(values["bits"]), state["centroids"].shape[1]
    places = (1 << np.arange(width - 1, -1, -1)).astype(np.uint8)
    rests = state["middles"][(BITS_OF_BYTE.reshape(256, -1, width) * places).sum(axis=2)]
    decoded = rests.take(rows[:, 1:], axis=0).reshape(len(rows), -1)[:, :d]
    decoded += state["centroids"].take(rows[:, 0], axis=0)
    lengths = np.sqrt(np.einsum("ij,ij->i", decoded, decoded))
    decoded /= np.maximum(lengths, np.finfo(np.float32).tiny)[:, None]
    return np.asarray(decoded, np.float32)


_CENTROIDS = Option("centroids of the codebook", 256, low=1, high=256)
_SEED = Option("of the vectors that k-means starts from", 0)

CODEBOOK = (
    Encoding(
        "codes",
        "the page as the set of its nearest centroids, a bit for each",
        "HPC-ColPali, arXiv 2506.21601, scored by table in place of Hamming distance",
        encode_set,
        decode_set,
        lambda _k, _d, values: -(-number(values, "centroids") // 8),
        options={"centroids": _CENTROIDS, "seed": _SEED},
        fit=fit_codebook,
        needs_fit=True,
        regroup=regroup_set,
        score=score_sets,
    ),
    Encoding(
        "residual",
        "one byte for the nearest centroid, and 1, 2 or 4 bits a number for the rest",
        "ColBERTv2, arXiv 2112.01488",
        encode_residual,
        decode_residual,
        lambda k, d, values: k * (1 + -(-d * int(values["bits"]) // 8)),
        options={"centroids": _CENTROIDS, "bits": Option("bits a number", "1", choices=("1", "2", "4")), "seed": _SEED},
        fit=fit_residual,
        needs_fit=True,
    ),
)
