"""Pages for the tests of representations: grids and words, with duplicates and blanks among them."""

import numpy as np
from hypothesis import strategies as st

from workbench.types import Geometry, PageEmbedding

DIM = 16


def unit(rng, n, dim=DIM):
    vectors = rng.normal(size=(n, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def grid(rows, columns):
    row, column = np.divmod(np.arange(rows * columns), columns)
    boxes = np.stack([column / columns, row / rows, (column + 1) / columns, (row + 1) / rows], axis=1)
    return Geometry(boxes.astype(np.float32), (rows, columns), np.arange(rows * columns, dtype=np.int32))


def words(rng, n):
    corner, size = rng.uniform(0, 0.9, (n, 2)), rng.uniform(0, 0.1, (n, 2))
    boxes = np.concatenate([corner, corner + size], axis=1).astype(np.float32)
    return Geometry(boxes, None, np.full(n, -1, np.int32))


def page(vectors, salience=None):
    n = len(vectors)
    return PageEmbedding(
        np.asarray(vectors, np.float32), grid(n, 1), salience=None if salience is None else np.asarray(salience, "f4")
    )


def random_page(seed, n=40, dim=DIM, kind="words", repeats=1, salient=False):
    """``n`` vectors, of which only one in ``repeats`` is new."""
    rng = np.random.default_rng(seed)
    vectors = (
        unit(rng, -(-n // repeats), dim)[rng.integers(0, -(-n // repeats), n)] if repeats > 1 else unit(rng, n, dim)
    )
    geometry = words(rng, n) if kind == "words" else grid(n, 1)
    return PageEmbedding(vectors, geometry, salience=rng.random(n).astype(np.float32) if salient else None)


pages = st.builds(
    random_page,
    st.integers(0, 2**31),
    st.integers(1, 60),
    kind=st.sampled_from(["words", "grid"]),
    repeats=st.sampled_from([1, 1, 3, 60]),
    salient=st.booleans(),
)


def stored(representation, embeddings, state):
    """All pages' rows in one array, with starts and lengths."""
    rows = [representation.derive(embedding, state).rows for embedding in embeddings]
    lengths = np.asarray([len(part) for part in rows])
    return np.concatenate(rows), np.cumsum(lengths) - lengths, lengths


def maxsim_by_hand(query, weights, vectors):
    return float(sum(w * max(float(np.dot(q, d)) for d in vectors) for q, w in zip(query, weights, strict=True)))
