"""Screening: no bound is below a score, and what is left out is never among the best."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import screening
from workbench.maxsim import maxsim_of_ranges
from workbench.screening import Screen, best_of, estimates, rounded

pytestmark = pytest.mark.skipif(not screening.is_fast(), reason="this processor does not multiply bytes quickly")

SETTINGS = settings(max_examples=80, deadline=None)
seeds = st.integers(0, 2**31)
sizes = st.lists(st.integers(1, 40), min_size=1, max_size=60)
shapes = st.sampled_from(["unit", "equal", "sparse", "zero", "long", "tiny", "next to 0"])


def vectors_of(rng, shape, n, dim):
    """Vectors as encoders make them, and as none should."""
    made = rng.standard_normal((n, dim)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    if shape == "equal":
        made[:] = made[0]
    elif shape == "sparse":
        made[np.arange(n), rng.integers(dim, size=n)] += 8
    elif shape == "zero":
        made[rng.random(n) < 0.5] = 0
    elif shape == "long":
        made *= rng.uniform(0.001, 300, (n, 1)).astype(np.float32)
    elif shape == "tiny":
        made *= np.float32(1e-6)
    elif shape == "next to 0":
        made *= np.float32(10.0 ** rng.uniform(-26, -12))
    return made


def case(seed, lengths, dim, shape, dtype, tokens):
    rng = np.random.default_rng(seed)
    lengths = np.asarray(lengths)
    flat = vectors_of(rng, shape, int(lengths.sum()), dim).astype(dtype)
    query = vectors_of(rng, rng.choice(["unit", "long", "sparse", "zero"]), tokens, dim)
    weights = rng.uniform(-1, 2, tokens).astype(np.float32)
    codes, bounds = rounded(flat, lengths)
    return query, weights, flat, np.cumsum(lengths) - lengths, lengths, Screen(codes, bounds)


@SETTINGS
@given(seeds, sizes, st.sampled_from([screening.DIM, 7, 16, 128]), shapes, st.sampled_from([np.float32, np.float16]),
       st.integers(1, 12), st.sampled_from([1, 1 << 12, 3 << 20]))  # fmt: skip
def test_no_page_scores_more_than_what_it_may(seed, lengths, dim, shape, dtype, tokens, block_bytes):
    query, weights, flat, starts, lengths, screen = case(seed, lengths, dim, shape, dtype, tokens)
    order = np.random.default_rng(seed).permutation(len(starts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(screening, "BLOCK_BYTES", block_bytes)
        about, most = estimates(query, weights, screen, order, starts[order], lengths[order])
    exact = maxsim_of_ranges(query, flat, starts, lengths, weights)[order].astype(np.float64)
    assert (exact <= most).all()
    assert (about - (most - about) <= exact + 1e-6 * np.abs(exact)).all(), "nor less, by as much"


@SETTINGS
@given(seeds, sizes, shapes, st.integers(1, 8), st.integers(1, 30))
def test_the_best_are_those_of_a_full_comparison(seed, lengths, shape, tokens, k):
    query, weights, flat, starts, lengths, screen = case(seed, lengths, 16, shape, np.float16, tokens)
    exact = maxsim_of_ranges(query, flat, starts, lengths, weights)
    k = min(k, len(exact))
    chosen, scores = best_of(
        *estimates(query, weights, screen, np.arange(len(starts)), starts, lengths), k, exact.__getitem__
    )
    assert len(set(chosen.tolist())) == len(chosen) >= k
    np.testing.assert_array_equal(scores, exact[chosen])
    assert set(np.flatnonzero(exact >= np.sort(exact)[-k])) <= set(chosen.tolist()), "ties of the last one too"


@pytest.mark.parametrize("harm", [np.nan, np.inf, -np.inf])
def test_a_damaged_page_is_always_compared(harm):
    query, weights, flat, starts, lengths, _ = case(1, [3] * 40, 16, "unit", np.float32, 4)
    flat[starts[7] + 1, 3] = harm
    screen = Screen(*rounded(flat, lengths))
    about, most = estimates(query, weights, screen, np.arange(len(starts)), starts, lengths)
    assert (about[7], most[7]) == (0, np.inf)
    assert np.isfinite(np.delete(most, 7)).all()
    with np.errstate(invalid="ignore"):
        exact = maxsim_of_ranges(query, flat, starts, lengths, weights)
    assert 7 in best_of(about, most, 2, exact.__getitem__)[0]


def test_few_are_compared_where_scores_lie_apart():
    rng = np.random.default_rng(0)
    flat = vectors_of(rng, "unit", 2000, 384).astype(np.float16)
    lengths = np.ones(2000, np.int64)
    screen, starts = Screen(*rounded(flat, lengths)), np.arange(2000)
    query, weights = flat[:1].astype(np.float32), np.ones(1, np.float32)
    compared = []

    def score(some):
        compared.extend(some.tolist())
        return maxsim_of_ranges(query, flat, starts[some], lengths[some], weights)

    found, scores = best_of(*estimates(query, weights, screen, np.arange(len(starts)), starts, lengths), 1, score)
    assert (found.tolist(), compared) == ([0], [0])
    assert scores[0] == pytest.approx(1, abs=1e-3)
