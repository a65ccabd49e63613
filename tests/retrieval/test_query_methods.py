"""Fusion, pruning, token weights, token retrieval, feedback and the verdict: definitions, identities, invariants."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.maxsim import maxsim
from workbench.retrieval import feedback, fusion, tokens, verdict
from workbench.retrieval.pruning import prune, rerank, upper_bounds
from workbench.retrieval.verdict import Calibration, Signals
from workbench.retrieval.xtr import token_retrieval
from workbench.types import Ragged

DIM = 12
SETTINGS = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 2**31)
finite = st.floats(-50, 50, allow_nan=False, width=32)


def unit(rng, n, dim=DIM):
    vectors = rng.normal(size=(n, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def ragged(rng, pages=12, dim=DIM):
    lengths = rng.integers(1, 15, pages)
    return Ragged(unit(rng, int(lengths.sum()), dim), np.r_[0, np.cumsum(lengths)].astype(np.int64))


# -- fusion -----------------------------------------------------------------------------------------------------------


def test_rrf_by_hand():
    fused = fusion.rrf(["abc", "cd"], [1, 2])
    assert fused == pytest.approx({"a": 1 / 61, "b": 1 / 62, "c": 1 / 63 + 2 / 61, "d": 2 / 62})


columns = st.lists(finite | st.just(math.nan), min_size=6, max_size=6).map(
    lambda values: np.asarray(values, np.float32)
)


@SETTINGS
@given(columns, columns, st.sampled_from(["z", "minmax", "none"]))
def test_laws_of_weighted_sums(one, two, norm):
    both = fusion.weighted_sum([one, two], [1, 2], norm)
    assert both == pytest.approx(fusion.weighted_sum([two, one], [2, 1], norm), rel=1e-4, abs=1e-4)
    assert fusion.weighted_sum([one, two], [1, 0], norm) == pytest.approx(fusion.weighted_sum([one], [1], norm))
    alone = fusion.weighted_sum([one], [1], norm)
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
    assert fusion.normalised(scale * column + shift, norm) == pytest.approx(fusion.normalised(column, norm), abs=1e-5)


def test_normalisation_by_hand():
    assert fusion.normalised(np.float32([4, 2, 0]), "minmax").tolist() == [1, 0.5, 0]
    assert fusion.normalised(np.float32([1, -1]), "z").tolist() == [1, -1]
    assert fusion.normalised(np.float32([7, 7]), "z").tolist() == [0, 0]
    summed = fusion.weighted_sum([np.float32([4, 2, 0, np.nan]), np.float32([np.nan, 7, 9, 8])], [1, 2], "minmax")
    assert summed.tolist() == [1, 0.5, 2, 1]


# -- candidate pruning and early exit ---------------------------------------------------------------------------------

descending = st.lists(finite, min_size=1, max_size=40).map(lambda x: np.asarray(sorted(x, reverse=True), np.float32))


@SETTINGS
@given(descending, st.integers(1, 12), st.floats(0, 3), st.floats(0, 3), st.sampled_from(["relative", "gap"]))
def test_candidate_pruning_keeps_a_prefix_that_grows_with_alpha(scores, k, low, high, mode):
    low, high = sorted((low, high))
    kept = prune(scores, k, low, mode)
    assert min(k, len(scores)) <= kept <= prune(scores, k, high, mode) <= len(scores)
    assert prune(scores, k, None, mode) == len(scores)
    if scores.min() >= 0 or mode == "gap":
        assert prune(scores, k, 1.0 if mode == "relative" else 1e6, mode) == len(scores)


def test_candidate_pruning_by_hand():
    scores = np.asarray([10, 8, 7.5, 7.5, 4, 1], np.float32)
    assert prune(scores, 2, 0.0) == 2
    assert prune(scores, 3, 0.0) == 4  # ties at the threshold stay
    assert prune(scores, 2, 0.5) == 5  # 8 * 0.5 = 4
    assert prune(scores, 2, 0.2, "gap") == 4  # 8 - 0.2 * 9 = 6.2
    assert prune(scores, 2, 0.05, "gap") == 2  # 8 - 0.05 * 9 = 7.55
    assert prune(-scores[::-1], 2, 0.1) == 6  # nothing to be had of a score below 0


def counted(exact):
    calls = []

    def score(positions):
        calls.extend(positions.tolist())
        return exact[positions]

    return score, calls


@SETTINGS
@given(st.lists(finite, min_size=1, max_size=60), st.integers(1, 10), st.integers(1, 20))
def test_without_leave_to_stop_all_are_scored(values, k, block):
    exact = np.asarray(values, np.float32)
    score, calls = counted(exact)
    found = rerank(len(exact), k, score, block=block)
    expected = sorted(range(len(exact)), key=lambda i: (-exact[i], i))[:k]
    assert found.positions.tolist() == expected
    np.testing.assert_array_equal(found.scores, exact[expected])
    assert found.scored == len(calls) == len(exact)
    assert rerank(len(exact), k, score, beta=len(exact) + 1, block=block).positions.tolist() == expected


@SETTINGS
@given(st.lists(finite, min_size=12, max_size=60), st.integers(1, 6))
def test_more_patience_never_ends_worse(values, k):
    exact = np.asarray(values, np.float32)
    previous = None
    for beta in (1, 2, 3, 5, 100):
        found = rerank(len(exact), k, counted(exact)[0], beta=beta, block=4)
        if previous is not None:
            assert found.scored >= previous.scored
            assert found.scores[-1] >= previous.scores[-1]
        previous = found


def test_early_exit_is_the_published_rule_one_candidate_at_a_time():
    exact = np.asarray([5, 4, 3, 6, 1, 2, 9], np.float32)
    found = rerank(7, 2, counted(exact)[0], beta=2, block=1)
    # 5 and 4 are in; 3 stalls, 6 comes in, 1 and 2 stall: it stops before the 9
    assert (found.scored, found.positions.tolist()) == (6, [3, 0])
    best = rerank(7, 2, counted(np.sort(exact)[::-1])[0], beta=1, block=1)
    assert (best.scored, best.scores.tolist()) == (3, [9, 6])


@SETTINGS
@given(seeds, st.integers(1, 8))
def test_stopping_at_a_bound_gives_what_scoring_all_gives(seed, k):
    rng = np.random.default_rng(seed)
    pages, query, weights = ragged(rng, 30), unit(rng, 4), rng.random(4).astype(np.float32)
    means, radii, lengths = [], [], []
    for i in range(30):
        halves = np.array_split(pages[i], 2) if len(pages[i]) > 1 else [pages[i]]
        means += [half.mean(axis=0) for half in halves]
        radii += [float(np.linalg.norm(half - half.mean(axis=0), axis=1).max()) for half in halves]
        lengths.append(len(halves))
    starts = np.cumsum(lengths) - lengths
    bounds = upper_bounds(query, weights, np.stack(means), np.asarray(radii, np.float32), starts, np.asarray(lengths))
    exact = maxsim(query, pages, weights)
    assert (bounds >= exact - 1e-5).all()
    score, calls = counted(exact)
    found = rerank(30, k, score, bounds=bounds, block=2)
    everything = rerank(30, k, score)
    assert found.positions.tolist() == everything.positions.tolist()
    assert found.scored <= 30
    tight = rerank(30, k, score, bounds=exact, block=1)
    assert tight.positions.tolist() == everything.positions.tolist()
    assert tight.scored <= max(k, 1) + (exact == np.sort(exact)[-k]).sum() + 1
    assert len(calls) == found.scored + everything.scored + tight.scored


def test_a_negative_weight_has_no_bound():
    with pytest.raises(ValueError, match="no bound"):
        upper_bounds(np.eye(2, dtype="f4"), np.asarray([1, -1]), np.eye(2, dtype="f4"), np.zeros(2), [0], [2])


# -- tokens -----------------------------------------------------------------------------------------------------------


@SETTINGS
@given(seeds)
def test_best_matches_sum_to_maxsim(seed):
    rng = np.random.default_rng(seed)
    pages, query, weights = ragged(rng), unit(rng, 5), rng.random(5).astype(np.float32)
    best = tokens.best_matches(query, pages)
    np.testing.assert_allclose(weights @ best, maxsim(query, pages, weights), atol=1e-5)


def test_best_matches_do_not_depend_on_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    pages, query = ragged(rng), unit(rng, 3)
    whole = tokens.best_matches(query, pages)
    monkeypatch.setattr(tokens, "BLOCK", 7)
    np.testing.assert_allclose(tokens.best_matches(query, pages), whole, atol=1e-6)
    with pytest.raises(ValueError, match="page 1 has no vectors"):
        tokens.best_matches(query, Ragged(pages.flat, np.asarray([0, 2, 2, 4])))


def test_token_weights_by_hand():
    best = np.asarray([[0.9, 0.9, 0.9, 0.9], [0.9, 0.1, 0.1, 0.1]], np.float32)
    assert tokens.matching_pages(best, 0.5).tolist() == [4, 1]
    np.testing.assert_allclose(tokens.idf([4, 1], 4), [0, math.log(5 / 2)])
    np.testing.assert_allclose(tokens.idf_weights(best, 0.5), [0, 2])
    np.testing.assert_allclose(tokens.spread_weights(best), [0, 2], atol=1e-6)
    np.testing.assert_allclose(tokens.idf_weights(best, -1), [1, 1])
    assert tokens.stop_word_weights(("What", "▁is", "Ġrevenue", "##s")).tolist() == [0, 0, 1, 1]
    assert tokens.stop_word_weights(("What", "is")).tolist() == [1, 1]
    assert tokens.keep_heaviest(np.asarray([3, 1, 2, 2], np.float32), 50).tolist() == [0, 2]
    assert tokens.keep_heaviest(np.asarray([3, 1], np.float32), 0).tolist() == [0]
    assert len(tokens.keep_heaviest(np.zeros(0, np.float32), 50)) == 0


# -- token retrieval --------------------------------------------------------------------------------------------------


@SETTINGS
@given(seeds)
def test_an_imputed_score_is_never_below_maxsim_and_comes_nearer_with_k(seed):
    rng = np.random.default_rng(seed)
    pages, query, weights = ragged(rng), unit(rng, 4), rng.random(4).astype(np.float32)
    exact = maxsim(query, pages, weights)
    before, worst, imputed = set(), np.inf, np.full(4, np.inf)
    for k in (1, 3, 10, len(pages.flat), 10_000):
        found = token_retrieval(query, weights, pages, k)
        assert (found.scores >= exact[found.pages] - 1e-5).all()
        gap = float((found.scores - exact[found.pages]).max())
        assert (found.imputed <= imputed).all()
        assert before <= set(found.pages)
        before, worst, imputed = set(found.pages), min(worst, gap), found.imputed
        covered = found.fetched.all(axis=0)
        np.testing.assert_allclose(found.scores[covered], exact[found.pages[covered]], atol=1e-5)
    assert found.pages.tolist() == list(range(len(pages)))
    np.testing.assert_allclose(found.scores, exact, atol=1e-5)
    assert found.coverage.tolist() == [1.0] * len(pages)


def test_token_retrieval_by_hand():
    pages = Ragged(np.asarray([[1, 0], [0.6, 0.8], [0, 1]], np.float32), np.asarray([0, 1, 3]))
    query = np.eye(2, dtype=np.float32)
    found = token_retrieval(query, np.ones(2, np.float32), pages, 1)
    # the first token fetches page 0, the second page 1; each page gets 1 for what it was fetched by, 1 for the other
    assert found.pages.tolist() == [0, 1]
    assert found.scores.tolist() == [2, 2]
    assert found.fetched.tolist() == [[True, False], [False, True]]
    two = token_retrieval(query, np.ones(2, np.float32), pages, 2)
    np.testing.assert_allclose(two.scores, [1 + 0.8, 0.6 + 1])
    for k, weight, message in ((0, 1, "at least one"), (1, -1, "not negative")):
        with pytest.raises(ValueError, match=message):
            token_retrieval(query, np.asarray([weight, 1]), pages, k)


# -- feedback ---------------------------------------------------------------------------------------------------------


@SETTINGS
@given(seeds)
def test_rocchio_with_nothing_to_learn_from_is_the_query(seed):
    rng = np.random.default_rng(seed)
    query, good = unit(rng, 1)[0], unit(rng, 3)
    nothing = np.zeros((0, DIM), np.float32)
    for moved in (
        feedback.rocchio(query, nothing),
        feedback.rocchio(query, good, beta=0),
        feedback.rocchio(query, query[None]),
        feedback.average(query, nothing),
    ):
        np.testing.assert_allclose(moved, query, atol=1e-6)
    mean = np.concatenate([query[None], good]).mean(axis=0)
    np.testing.assert_allclose(feedback.average(query, good), mean / np.linalg.norm(mean), atol=1e-5)
    moved = 0.9 * query + 0.1 * good.mean(axis=0) - 0.2 * good[0]
    expected = moved / np.linalg.norm(moved)
    np.testing.assert_allclose(feedback.rocchio(query, good, good[:1], gamma=0.2), expected, atol=1e-5)


@SETTINGS
@given(seeds)
def test_expansion_adds_a_share_of_the_querys_weight(seed):
    rng = np.random.default_rng(seed)
    pages, query, weights = ragged(rng), unit(rng, 5), rng.random(5).astype(np.float32)
    vectors, shares = feedback.expand(query, weights, [pages[0], pages[1]], pages, bad=[pages[2]], clusters=4, add=3)
    np.testing.assert_array_equal(vectors[:5], query)
    np.testing.assert_array_equal(shares[:5], weights)
    added = shares[5:]
    assert (added > 0).sum() <= 3 >= (added < 0).sum()
    assert added[added > 0].sum() == pytest.approx(0.3 * weights.sum(), rel=1e-4)
    assert added[added < 0].sum() == pytest.approx(-0.3 * weights.sum(), rel=1e-4)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    same, untouched = feedback.expand(query, weights, [pages[0]], pages, beta=0)
    assert len(same) == len(untouched) == 5


def test_expansion_leaves_out_what_every_page_has():
    common, rare = np.eye(2, DIM, dtype=np.float32)
    pages = Ragged(np.stack([common, rare, common, common]), np.asarray([0, 2, 3, 4]))
    vectors, shares = feedback.expand(common[None], np.ones(1, np.float32), [pages[0]], pages, clusters=2, alike=0.5)
    np.testing.assert_allclose(vectors, [common, rare], atol=1e-6)
    np.testing.assert_allclose(shares, [1, 0.3])


def test_marks_move_pages():
    rng = np.random.default_rng(3)
    pages, query = ragged(rng, 20), unit(rng, 3)
    ones = np.ones(3, np.float32)
    order = np.argsort(-maxsim(query, pages, ones))
    good, bad = int(order[10]), int(order[0])
    vectors, shares = feedback.expand(query, ones, [pages[good]], pages, [pages[bad]], beta=1, gamma=1)
    again = np.argsort(-maxsim(vectors, pages, shares)).tolist()
    assert again.index(good) < 10
    assert again.index(bad) > 0


def test_blending_scores():
    scores, near = np.asarray([3.0, 1.0], np.float32), np.asarray([[0.0, 10.0], [0.0, 20.0]], np.float32)
    assert feedback.blend(scores, near, 1, 0.2).tolist() == [3, 4]
    assert feedback.blend(scores, near, 1, 0).tolist() == [3, 1]
    assert feedback.blend(scores, near[:0]).tolist() == [3, 1]


@SETTINGS
@given(seeds, st.integers(1, 30), st.sampled_from(["none", "mean", "max"]))
def test_refinement_without_neighbours_or_among_equals_changes_nothing(seed, found, expand):
    rng = np.random.default_rng(seed)
    query, pages = unit(rng, 1)[0], unit(rng, found)
    np.testing.assert_allclose(feedback.refine(query, pages, beta=0, expand="none"), pages @ query, atol=1e-5)
    same = feedback.refine(query, np.repeat(pages[:1], found, axis=0), expand=expand)
    np.testing.assert_allclose(same, same[0], atol=1e-5)
    order = rng.permutation(found)
    np.testing.assert_allclose(
        feedback.refine(query, pages[order], expand=expand), feedback.refine(query, pages, expand=expand)[order],
        atol=1e-5,
    )  # fmt: skip


def test_refinement_is_its_formula():
    rng = np.random.default_rng(0)
    query, pages = unit(rng, 1)[0], unit(rng, 6)
    refined = []
    for i in range(6):
        near = sorted((j for j in range(6) if j != i), key=lambda j: -float(pages[i] @ pages[j]))[:2]
        weights = [0.15 * float(pages[i] @ pages[j]) for j in near]
        total = pages[i] + sum(w * pages[j] for w, j in zip(weights, near, strict=True))
        refined.append(total / (1 + sum(weights)))
    refined = np.stack(refined)
    first = refined @ query
    top = refined[np.argsort(-first)[:3]].max(axis=0)
    expected = (first + refined @ top) / 2
    np.testing.assert_allclose(feedback.refine(query, pages, 2, 0.15, "max"), expected, atol=1e-5)


# -- verdict ----------------------------------------------------------------------------------------------------------


def test_the_bar_is_the_split_conformal_quantile():
    negatives = list(range(1, 100))
    assert verdict.bar(negatives, 0.01) == 99
    assert verdict.bar(negatives, 0.10) == 90
    assert verdict.bar(negatives[:98], 0.01) is None
    assert verdict.bar(list(range(19)), 0.05) == 18
    assert verdict.bar([], 0) == math.inf
    assert verdict.bar([], 1) == -math.inf


def test_fresh_negatives_pass_no_more_often_than_promised():
    rng = np.random.default_rng(0)
    passed = [rng.exponential() > verdict.bar(rng.exponential(size=30), 0.1) for _ in range(4000)]
    assert np.mean(passed) < 0.1 + 3 * math.sqrt(0.1 * 0.9 / 4000)
    assert np.mean(passed) > 0.07  # and not much less often: the bar is not idle


@SETTINGS
@given(st.lists(st.floats(0, 1), min_size=0, max_size=150), st.floats(-1, 2), st.floats(-1, 2))
def test_the_verdict_never_falls_as_the_score_rises(negatives, low, high):
    low, high = sorted((low, high))
    fitted = Calibration.fit([Signals(value, 0, 0) for value in negatives], "test")
    grade = {"not calibrated": 0, "nothing": 1, "uncertain": 2, "found": 3}
    assert grade[fitted.judge(Signals(low, 0, 0))] <= grade[fitted.judge(Signals(high, 0, 0))]
    assert (fitted.judge(Signals(low, 0, 0)) == "not calibrated") == (len(negatives) < 9)
    assert fitted.negatives == len(negatives)


def test_signals_by_hand():
    signals = Signals.of(np.asarray([2, 8, 4, 6, 4], np.float32), 4.0)
    assert signals.level == 2.0
    assert signals.gap == 0.5
    assert signals.stands_out == pytest.approx((2 - 1) / (1.4826 * 0.5))
    twice = Signals.of(np.asarray([2, 2, 8, 8], np.float32), 4.0)
    assert (twice.level, twice.gap) == (2.0, 0.0)
    assert Signals.of(np.asarray([1, 1], np.float32), 1).stands_out == 0
    for scores, weight in (([], 1), ([1], 0)):
        with pytest.raises(ValueError, match="at least one page"):
            Signals.of(np.asarray(scores, np.float32), weight)


def test_a_search_with_nothing_to_find_lacks_the_documents_of_the_answer():
    scores, documents = np.asarray([5, 4, 3, 2], np.float32), np.asarray([0, 0, 1, 2])
    assert verdict.without(scores, documents).tolist() == [3, 2]
    assert verdict.without(scores, documents, relevant=[2]).tolist() == [5, 4, 2]
    assert verdict.without(scores, documents, relevant=[0, 2, 3]).tolist() == []


def test_separation_is_the_area_under_the_curve():
    assert verdict.separation([2, 3], [0, 1]) == 1
    assert verdict.separation([1], [1]) == 0.5
    assert verdict.separation([0, 2], [1]) == 0.5
    with pytest.raises(ValueError, match="separation needs"):
        verdict.separation([], [1])
