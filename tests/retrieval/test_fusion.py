"""Fusion of lists: definitions and invariants."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.retrieval.stages.rrf import rrf
from workbench.retrieval.stages.sum import normalised, weighted_sum

SETTINGS = settings(max_examples=40, deadline=None)
finite = st.floats(-50, 50, allow_nan=False, width=32)


def test_rrf_by_hand():
    fused = rrf(np.arange(5, 9), [np.array([5, 6, 7]), np.array([7, 8])], [1, 2])
    assert fused == pytest.approx([1 / 61, 1 / 62, 1 / 63 + 2 / 61, 2 / 62])


columns = st.lists(finite | st.just(math.nan), min_size=6, max_size=6).map(
    lambda values: np.asarray(values, np.float32)
)


@SETTINGS
@given(columns, columns, st.sampled_from(["z", "minmax", "none"]))
def test_laws_of_weighted_sums(one, two, norm):
    both = weighted_sum([one, two], [1, 2], norm)
    assert both == pytest.approx(weighted_sum([two, one], [2, 1], norm), rel=1e-4, abs=1e-4)
    assert weighted_sum([one, two], [1, 0], norm) == pytest.approx(weighted_sum([one], [1], norm))
    alone = weighted_sum([one], [1], norm)
    assert np.isfinite(alone).all()
    assert (alone[np.isnan(one)] <= alone.min()).all()


@SETTINGS
@given(
    st.lists(st.integers(-50, 50), min_size=2, max_size=8),
    st.sampled_from(["z", "minmax"]),
    st.integers(1, 9),
    st.integers(-9, 9),
)
def test_normalised_scores_do_not_depend_on_scale_or_origin(scores, norm, scale, shift):
    column = np.asarray(scores, np.float32)
    assert normalised(scale * column + shift, norm) == pytest.approx(normalised(column, norm), abs=1e-5)


@SETTINGS
@given(columns, st.floats(0.1, 9))
def test_no_page_of_a_list_says_more_than_its_peak_and_their_order_stays(column, peak):
    known = column[~np.isnan(column)]
    plain, held = normalised(known, "z"), normalised(known, "z", peak)
    highest = plain.max(initial=0)
    assert held == pytest.approx(plain * (peak / highest if highest > peak else 1), rel=1e-4, abs=1e-5)
    assert held.max(initial=0) <= peak * (1 + 1e-6)


def test_a_page_with_a_rare_word_does_not_outvote_two_lists():
    """Of a hundred candidates only the first has the word; the other lists put it last."""
    words, vectors = np.zeros(100, np.float32), np.linspace(0, 1, 100, dtype=np.float32)
    words[0] = 1
    both = [words, vectors, vectors]
    assert weighted_sum(both, [1, 1, 1]).argmax() == 0
    assert weighted_sum(both, [1, 1, 1], peak=1).argmax() == 99


def test_normalisation_by_hand():
    assert normalised(np.float32([4, 2, 0]), "minmax").tolist() == [1, 0.5, 0]
    assert normalised(np.float32([1, -1]), "z").tolist() == [1, -1]
    assert normalised(np.float32([7, 7]), "z").tolist() == [0, 0]
    summed = weighted_sum([np.float32([4, 2, 0, np.nan]), np.float32([np.nan, 7, 9, 8])], [1, 2], "minmax")
    assert summed.tolist() == [1, 0.5, 2, 1]


@SETTINGS
@given(columns, columns, columns, st.lists(st.integers(0, 40), min_size=6, max_size=6), st.integers(1, 30))
def test_what_few_words_lack_is_filled_by_the_other_lists(words, rows, full, counts, few):
    lacking = np.float32(few) / (few + np.asarray(counts, np.float32))
    said = [weighted_sum([column], [1]) for column in (words, rows, full)]
    expected = 0.5 * said[1] + 2 * said[2]
    for page, share in enumerate(lacking.tolist()):
        others = (0.5 * said[1][page] + 2 * said[2][page]) / 2.5
        own = said[0][page]
        expected[page] += 3 * (max(own, (1 - share) * own + share * others) if len(set(said[0].tolist())) > 1 else own)
    mixed = weighted_sum([words, rows, full], [3, 0.5, 2], "z", [lacking, None, None])
    assert mixed == pytest.approx(expected, rel=1e-4, abs=1e-3)
    assert (mixed >= weighted_sum([words, rows, full], [3, 0.5, 2]) - 1e-3).all()  # no page loses by its few words


def test_without_another_list_nothing_is_filled():
    column, lacking = np.float32([4, 2, 0]), np.float32([0, 0.5, 1])
    assert weighted_sum([column], [1], "z", [lacking]).tolist() == weighted_sum([column], [1]).tolist()
    both = weighted_sum([column, column[::-1]], [1, 1], "z", [lacking, lacking])
    assert both.tolist() == weighted_sum([column, column[::-1]], [1, 1]).tolist()
