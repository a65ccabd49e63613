"""Statistics against scipy, against what is known by hand, and on planted differences and planted nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from workbench.evaluation.statistics import EXACT, compare, effect, flips, holm, interval, paired, resampled, winner

RNG = np.random.default_rng(7)
SKEWED = RNG.beta(0.4, 1.2, 60)  # many questions near 0, a few at 1, as measures are


def test_intervals_agree_with_scipy() -> None:
    for method, name in (("BCa", "BCa"), ("percentile", "percentile")):
        theirs = stats.bootstrap(
            (SKEWED,), np.mean, n_resamples=9_999, method=name, rng=np.random.default_rng(1)
        ).confidence_interval
        ours = interval(SKEWED, method)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.004)
        assert ours.low < SKEWED.mean() < ours.high
    assert interval(SKEWED).low > interval(SKEWED, "percentile").low  # a long tail above moves the interval up


def test_the_interval_of_values_that_do_not_vary_has_no_width() -> None:
    assert interval(np.full(9, 0.3)) == interval(np.asarray([0.3]))
    assert interval(np.full(9, 0.3)).low == interval(np.full(9, 0.3)).high == pytest.approx(0.3)


def test_the_exact_test_agrees_with_scipy() -> None:
    for n in (3, 8, EXACT):
        column = RNG.normal(0.3, 1.0, n).round(1)
        theirs = stats.permutation_test((column,), np.mean, permutation_type="samples", n_resamples=2**n).pvalue
        assert flips(column[:, None])[0] == pytest.approx(theirs, abs=1e-9)


def test_the_random_test_agrees_with_scipy() -> None:
    columns = np.stack([RNG.normal(shift, 1.0, 60) for shift in (0.0, 0.2, 0.4)], 1)
    for column, ours in zip(columns.T, flips(columns), strict=True):
        theirs = stats.permutation_test(
            (column,), np.mean, permutation_type="samples", n_resamples=9_999, rng=np.random.default_rng(1)
        ).pvalue
        assert ours == pytest.approx(theirs, abs=0.015)


def test_a_test_worked_out_by_hand() -> None:
    # Sums of three signs are +-3 in 2 of 8 patterns, so three wins of one size have p = 1/4; no difference has p = 1.
    assert flips(np.asarray([[0.5, 0.0], [0.5, 0.0], [0.5, 0.0]])).tolist() == [0.25, 1.0]


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_its_definition(p: list[float]) -> None:
    found = holm(p)
    order = np.argsort(p, kind="stable")
    expected = np.minimum(1, np.maximum.accumulate(np.asarray(p)[order] * np.arange(len(p), 0, -1)))
    assert np.asarray(found)[order] == pytest.approx(expected)
    assert all(a >= b for a, b in zip(found, p, strict=True))


def test_a_planted_regression_is_found_and_its_size_told() -> None:
    before = SKEWED
    after = before.copy()
    after[::4] = np.maximum(after[::4] - 0.3, 0.0)
    (found,) = compare({"before": before, "after": after})
    assert found.significant
    assert found.difference.high < 0
    assert (found.wins, found.ties, found.losses) == (0, 45, 15)
    assert found.effect == pytest.approx((after - before).mean() / (after - before).std(ddof=1))
    assert winner({"before": before, "after": after}) == "before"


def test_no_change_is_no_finding() -> None:
    (same,) = compare({"a": SKEWED, "b": SKEWED})
    assert (same.p, same.ties, same.effect, same.significant) == (1.0, 60, 0.0, False)
    assert winner({"a": SKEWED, "b": SKEWED}) is None
    assert winner({"alone": SKEWED}) is None


def test_noise_is_found_about_as_rarely_as_promised() -> None:
    rng = np.random.default_rng(3)
    p = flips(rng.normal(0, 1, (40, 400)))
    assert 0.02 < (p < 0.05).mean() < 0.09  # 400 null comparisons: 5 % give or take 2.2 standard errors
    assert sum(adjusted < 0.05 for adjusted in holm(p.tolist())) == 0


def test_a_winner_has_to_beat_everyone() -> None:
    base = SKEWED * 0.5
    values = {"base": base, "good": base + 0.2 + RNG.normal(0, 0.05, 60), "best": base + 0.4}
    assert winner(values) == "best"
    assert winner({**values, "near": values["best"] + RNG.normal(0, 0.05, 60)}) is None
    assert [(pair.a, pair.b) for pair in compare(values, "base")] == [("base", "good"), ("base", "best")]


def test_effects_of_differences_without_spread() -> None:
    assert effect(np.full(5, 0.5)) == np.inf
    assert effect(np.zeros(5)) == 0.0
    assert effect(np.asarray([0.5])) == 0.0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=2, max_size=30))
def test_comparing_the_other_way_round_says_the_opposite(differences: list[float]) -> None:
    column = np.asarray(differences)
    (one,), (other,) = compare({"a": column, "b": column * 0}), compare({"b": column * 0, "a": column})
    assert one.p == other.p
    assert one.difference.mean == pytest.approx(-other.difference.mean)
    assert (one.wins, one.losses) == (other.losses, other.wins)


def plainly(values: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """The bootstrap as its definition has it: questions drawn one by one."""
    return values[np.random.default_rng(seed).integers(0, len(values), (resamples, len(values)))].mean(axis=1)


@pytest.mark.parametrize("values", [np.repeat([0.0, 0.3, 0.5, 1.0], [90, 20, 10, 40]), RNG.beta(0.4, 1.2, 700), SKEWED])
def test_means_are_resampled_as_the_definition_says(values: np.ndarray) -> None:
    ours, theirs = resampled(values), plainly(values, 9_999, 1)
    spread = values.std() / np.sqrt(len(values))
    assert len(ours) == 9_999
    assert abs(ours.mean() - values.mean()) < 4 * spread / 100
    assert ours.std() == pytest.approx(spread, rel=0.03)
    assert np.quantile(ours, [0.025, 0.5, 0.975]) == pytest.approx(
        np.quantile(theirs, [0.025, 0.5, 0.975]), abs=0.12 * spread
    )
    assert stats.ks_2samp(ours, theirs).pvalue > 0.001
    assert (resampled(values) == ours).all()


def test_equal_values_are_drawn_by_how_many_there_are() -> None:
    """The quick way and the plain one are the same distribution: 60 of 160 questions answered is a binomial mean."""
    values = np.repeat([0.0, 1.0], [100, 60])
    found = np.round(resampled(values) * 160).astype(int)
    expected = stats.binom(160, 60 / 160)
    assert (
        stats.kstest(
            found + np.random.default_rng(2).random(len(found)),
            lambda x: np.interp(x, np.arange(162), np.concatenate([[0], expected.cdf(np.arange(161))])),
        ).pvalue
        > 0.001
    )


def test_pairs_are_corrected_for_those_asked_for_alone() -> None:
    values = {name: RNG.normal(shift, 1, 40) for name, shift in (("a", 0.0), ("b", 0.4), ("c", 0.8))}
    both = paired(values, [("a", "c"), ("b", "c")])
    assert [(pair.a, pair.b) for pair in both] == [("a", "c"), ("b", "c")]
    assert [pair.adjusted for pair in both] == holm([pair.p for pair in both])
    assert paired(values, []) == []
