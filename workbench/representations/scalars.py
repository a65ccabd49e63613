"""Encodings that write each vector down by itself: floats, bytes, and signs.

`int8` and `bits` keep a direction and not a length, which is what unit vectors are. Scores are asymmetric: the query
stays as it is, and only the page is rounded.
"""

from __future__ import annotations

import numpy as np

from workbench.representations.base import Encoding, Option, Rows, State, Values, number, unit
from workbench.types import Float

BITS_OF_BYTE = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
"""The eight bits of each byte, highest first: ``(256, 8)``."""


def _float(dtype: type[np.floating], bytes_each: int) -> Encoding:
    name = f"fp{8 * bytes_each}"
    return Encoding(
        name,
        f"{bytes_each} bytes a number",
        "IEEE 754",
        lambda vectors, _state, _values: np.ascontiguousarray(vectors, dtype),
        lambda rows, _state, _values: np.asarray(rows, np.float32),
        lambda k, d, _values: k * d * bytes_each,
        np.dtype(dtype).name,
        lossless=True,
    )


def encode_int8(vectors: Float, _state: State, _values: Values) -> Rows:
    """Each vector scaled until its largest number is 127, then rounded: ``(k, d) int8``."""
    wide = np.asarray(vectors, np.float32)
    largest = np.abs(wide).max(axis=1, keepdims=True)
    return np.asarray(np.rint(wide * (127 / np.maximum(largest, np.finfo(np.float32).tiny))), np.int8)


def decode_int8(rows: Rows, _state: State, _values: Values) -> Float:
    """The directions of the rounded vectors, of length 1."""
    wide = np.asarray(rows, np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    return np.asarray(wide / np.maximum(lengths, 1)[:, None], np.float32)


def fit_bits(sample: Float, values: Values) -> State:
    """The rotation that signs are taken after, drawn at random, or none."""
    if values["rotate"] == "no":
        return {}
    d = sample.shape[1]
    q, r = np.linalg.qr(np.random.default_rng(number(values, "seed")).standard_normal((d, d)))
    return {"rotation": np.asarray(q * np.sign(np.diag(r)), np.float32)}


def encode_bits(vectors: Float, state: State, values: Values) -> Rows:
    """The sign of each number, 1 for one that is positive: ``(k, ceil(d / 8)) uint8``, first number highest bit."""
    return np.packbits(turn(vectors, state, values) > 0, axis=1)


def decode_bits(rows: Rows, state: State, values: Values) -> Float:
    """``sign(d) / sqrt(d)``, of length 1, in the turned space where there is a rotation."""
    d = number(values, "dim")
    table = np.where(BITS_OF_BYTE, 1, -1).astype(np.float32) / np.float32(np.sqrt(d))
    return np.asarray(table.take(rows, axis=0).reshape(len(rows), -1)[:, :d], np.float32)


def turn(vectors: Float, state: State, _values: Values) -> Float:
    """Vectors as they are compared with decoded signs: turned, where there is a rotation."""
    return np.asarray(vectors @ state["rotation"] if "rotation" in state else vectors, np.float32)


NUMBERS = (
    _float(np.float32, 4),
    _float(np.float16, 2),
    Encoding(
        "int8",
        "one byte a number",
        "scalar quantisation, scaled vector by vector",
        encode_int8,
        decode_int8,
        lambda k, d, _values: k * d,
        "int8",
    ),
    Encoding(
        "bits",
        "one bit a number: its sign; the query keeps its numbers",
        "asymmetric sign codes; Charikar 2002, doi 10.1145/509907.509965",
        encode_bits,
        decode_bits,
        lambda k, d, _values: k * -(-d // 8),
        options={
            "rotate": Option(
                "turn the space at random first, so that all numbers say as much", "no", choices=("no", "yes")
            ),
            "seed": Option("of the rotation", 0),
        },
        fit=fit_bits,
        query=turn,
    ),
)


def truncate_fit(_sample: Float, _values: Values) -> State:
    """Keeping the first numbers needs nothing."""
    return {}


def pca_fit(sample: Float, values: Values) -> State:
    """The first ``dims`` principal directions of the sample about the origin: ``axes (d, dims) float32``.

    Not centred, so that all directions together are a rotation, which leaves every dot product as it is.
    """
    wide = np.asarray(sample, np.float64)
    _, axes = np.linalg.eigh(wide.T @ wide)
    return {"axes": np.ascontiguousarray(axes[:, ::-1][:, : number(values, "dims")], np.float32)}


def reduce(vectors: Float, state: State, dims: int) -> Float:
    """Vectors in fewer numbers, not scaled: their first ``dims``, or along the fitted axes."""
    return np.asarray(vectors @ state["axes"] if "axes" in state else vectors[:, :dims], np.float32)


def reduce_unit(vectors: Float, state: State, dims: int) -> Float:
    """`reduce`, then scaled to length 1; a vector with nothing left points along the first number."""
    small = reduce(vectors, state, dims)
    return unit(small, np.broadcast_to(np.eye(1, small.shape[1], dtype=np.float32), small.shape))
