"""Reranking by the cells that decide: what is kept has its whole score, and what decides is found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.retrieval.arrays import collection, order, run
from workbench.errors import PipelineError
from workbench.retrieval.bandit import reveal
from workbench.retrieval.pipeline import Pipeline


def of(table):
    return lambda token, some: table[some, token]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 12), st.integers(1, 12))
def test_what_is_drawn_to_the_end_has_its_sum_and_is_at_least_k(seed, candidates, tokens, k):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(candidates, tokens))
    found = reveal(candidates, rng.permutation(tokens), k, of(table))
    assert min(k, candidates) <= len(found.positions) == len(set(found.positions.tolist()))
    np.testing.assert_allclose(found.scores, table[found.positions].sum(axis=1), atol=1e-4)
    assert len(found.positions) * tokens <= found.cells <= candidates * tokens


def test_candidates_far_behind_are_left_after_two_tokens():
    table = np.linspace(0, 1, 20)[:, None] + np.zeros((1, 10))  # tokens agree, so that two tell all
    found = reveal(20, np.arange(10), 3, of(table))
    assert sorted(found.positions) == [17, 18, 19]
    assert found.cells == 20 * 2 + 3 * 8


def test_candidates_that_tokens_disagree_on_stay_in_question():
    table = np.asarray([[3.0, -1, 2, 0], [-1, 3, 0, 2], [1, 1, 1, 1]])
    assert sorted(reveal(3, np.arange(4), 1, of(table)).positions) == [0, 1, 2]


def test_a_cell_that_is_no_number_makes_its_page_the_last():
    table = np.ones((4, 5))
    table[2, 1] = np.nan
    found = reveal(4, np.arange(5), 3, of(table))
    assert sorted(found.positions) == [0, 1, 3]


def test_most_of_the_best_are_those_of_a_plain_rerank_and_scores_are_the_same():
    shared = cells = 0
    for seed in range(10):
        arrays = collection(seed, 40)
        plain, drawn = (run(arrays, f"rows:40 > full[prune={way}]:5", seed) for way in ("none", "bandit"))
        full = {hit.page_id: hit.score for hit in run(arrays, "full:40", seed).hits}
        assert [hit.score for hit in drawn.hits] == pytest.approx([full[page] for page in order(drawn)], abs=1e-5)
        shared += len(set(order(plain)) & set(order(drawn)))
        stage = drawn.trace.stages[-2]
        assert 5 <= stage.scored <= 40
        assert stage.vectors_compared <= plain.trace.stages[-2].vectors_compared + 40
        cells += any("pairs of a page and a query token" in note for note in drawn.notes)
    assert shared >= 45
    assert cells == 10


def test_it_does_not_go_with_another_reason_to_stop():
    with pytest.raises(PipelineError, match="exit and prune=bandit"):
        Pipeline.parse("rows:20 > full[prune=bandit,exit=3]:5")
