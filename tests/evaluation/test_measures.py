"""Measures against numbers worked out by hand, and against their definitions written out here, for any run.

ir-measures computes them by pytrec_eval; what ranx, another library, makes of some rankings is in `test_ranx.py`.
"""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.evaluation import DEFAULT, parsed, per_query
from workbench.evaluation.measures import depth

PAGES = [f"a.pdf#page={n}" for n in range(1, 9)]


def test_golden_values_of_a_graded_run() -> None:
    names = ("nDCG@1", "nDCG@3", "nDCG@5", "RR@10", "R@1", "R@3", "R@5")
    found = per_query({"q": {"a": 2, "b": 1, "c": 1}}, {"q": ["b", "x", "a", "c"]}, names)["q"]
    expected = (0.5, 0.638788, 0.776343, 1.0, 1 / 3, 2 / 3, 1.0)
    assert [found[name] for name in names] == pytest.approx(expected, abs=1e-6)


def test_the_exponential_gain_is_asked_for_by_its_name() -> None:
    names = ("nDCG(dcg='exp-log2')@1", "nDCG(dcg='exp-log2')@3", "nDCG(dcg='exp-log2')@5", "nDCG@5")
    found = per_query({"q": {"a": 2, "b": 1, "c": 1}}, {"q": ["b", "x", "a", "c"]}, names)["q"]
    assert [found[name] for name in names] == pytest.approx((0.333333, 0.605191, 0.709447, 0.776343), abs=1e-6)
    whole = per_query({"q": {"a": 1, "b": -1}}, {"q": ["b", "a"]}, ["nDCG(dcg='exp-log2')", "nDCG"])["q"]
    assert whole["nDCG(dcg='exp-log2')"] == pytest.approx(whole["nDCG"])


def test_questions_without_results_count_nothing_and_do_not_vanish() -> None:
    found = per_query({"0": {"a": 1}, "1": {"a": 1}, "2": {"a": 1}}, {"0": ["a"], "1": []}, DEFAULT)
    assert found["0"] == dict.fromkeys(DEFAULT, 1.0)
    assert found["1"] == found["2"] == dict.fromkeys(DEFAULT, 0.0)


def test_a_page_ranked_twice_is_refused() -> None:
    with pytest.raises(InputError, match="ranks a page twice for query q"):
        per_query({"q": {"a": 1}}, {"q": ["a", "a", "a"]})


def test_unknown_measures_are_all_named() -> None:
    with pytest.raises(InputError, match="Unknown measure foo, nDCG@;"):
        parsed(["foo", "R@5", "nDCG@"])
    with pytest.raises(InputError, match="named twice"):
        parsed(["R@5", "R@5"])
    with pytest.raises(InputError, match="alpha_nDCG"):
        per_query({"q": {"a": 1}}, {"q": ["a"]}, ["alpha_nDCG@10"])


def test_runs_are_as_deep_as_the_deepest_measure() -> None:
    assert depth(["R@1", "nDCG@5"]) == 10
    assert depth(["R@1", "R@50"]) == 50
    assert depth(["AP"]) == 100


@settings(deadline=None)
@given(st.permutations(PAGES), st.dictionaries(st.sampled_from(PAGES), st.integers(1, 3), min_size=1))
def test_ndcg_and_reciprocal_rank_follow_their_definitions(run: list[str], grades: dict[str, int]) -> None:
    found = per_query({"q": grades}, {"q": run}, ["nDCG@5", "nDCG(dcg='exp-log2')@5", "RR@10", "R@5"])["q"]
    for name, gain in (("nDCG@5", lambda g: g), ("nDCG(dcg='exp-log2')@5", lambda g: 2**g - 1)):
        ours = sum(gain(grades.get(page, 0)) / math.log2(rank + 1) for rank, page in enumerate(run[:5], 1))
        best = sorted(grades.values(), reverse=True)[:5]
        assert found[name] == pytest.approx(
            ours / sum(gain(g) / math.log2(rank + 1) for rank, g in enumerate(best, 1)), abs=1e-6
        )
    assert found["RR@10"] == pytest.approx(1 / min(run.index(page) + 1 for page in grades), abs=1e-6)
    assert found["R@5"] == pytest.approx(len(set(run[:5]) & set(grades)) / len(grades), abs=1e-6)
