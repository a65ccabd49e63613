"""Voronoi pruning against its definition: what MaxSim loses over the directions, recomputed for every vector."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.representations.voronoi import _directions, least_missed

DIM = 6


def missed(vectors, queries):
    """The mean of what each vector's going takes from MaxSim, as the sentence says it."""
    whole = (vectors @ queries).max(axis=0)
    return [(whole - (np.delete(vectors, i, axis=0) @ queries).max(axis=0)).mean() for i in range(len(vectors))]


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 14), st.data())
def test_what_goes_is_what_costs_least_of_those_left(n, data):
    kept = data.draw(st.integers(1, n))
    vectors = np.random.default_rng(data.draw(st.integers(0, 2**31))).normal(size=(n, DIM)).astype(np.float32)
    queries = _directions(DIM, 200, 3)
    left = list(range(n))
    while len(left) > kept:
        costs = np.asarray(missed(vectors[left].astype(np.float64), queries))
        after = least_missed(vectors, len(left) - 1, 200, 3).tolist()
        (gone,) = [i for i, number in enumerate(left) if number not in after]
        assert costs[gone] <= costs.min() + 1e-6  # float32 may take another of two that cost as much
        left = after


def test_of_twins_one_goes_at_once_and_the_cell_of_the_other_holds_both():
    vectors = np.eye(3, DIM, dtype=np.float32)[[0, 1, 1, 2]]
    assert least_missed(vectors, 3, 500, 0).tolist() == [0, 1, 3]
    assert len(least_missed(vectors, 1, 500, 0)) == 1


def test_directions_are_the_same_for_every_page_and_of_length_one():
    np.testing.assert_allclose(np.linalg.norm(_directions(DIM, 50, 1), axis=0), 1, atol=1e-6)
    np.testing.assert_array_equal(_directions(DIM, 50, 1), _directions(DIM, 50, 1))
    assert not np.array_equal(_directions(DIM, 50, 1), _directions(DIM, 50, 2))
