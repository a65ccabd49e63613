"""Candidate pruning, early exit and safe bounds: the published rules by hand, and what never changes the result."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.retrieval.arrays import DIM, collection, encoder, order, run, unit
from workbench.maxsim import maxsim_of_ranges
from workbench.retrieval.pruning import prune, rerank
from workbench.store.inverted_lists import build

SETTINGS = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 2**31)
finite = st.floats(-50, 50, allow_nan=False, width=32)
descending = st.lists(finite, min_size=1, max_size=40).map(lambda x: np.asarray(sorted(x, reverse=True), np.float32))


@SETTINGS
@given(descending, st.integers(1, 12), st.floats(0, 3), st.floats(0, 3), st.sampled_from(["relative", "gap"]))
def test_candidate_pruning_keeps_a_prefix_that_grows_with_alpha(scores, k, low, high, mode):
    low, high = sorted((low, high))
    kept = prune(scores, k, low, mode)
    assert min(k, len(scores)) <= kept <= prune(scores, k, high, mode) <= len(scores)
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


def ranked(found, k):
    return sorted(zip((-found.scores).tolist(), found.positions.tolist(), strict=True))[:k]


@SETTINGS
@given(st.lists(finite, min_size=1, max_size=60), st.integers(1, 10), st.integers(1, 20))
def test_without_leave_to_stop_all_are_scored(values, k, block):
    exact = np.asarray(values, np.float32)
    found = rerank(len(exact), k, exact.__getitem__, block=block)
    assert found.positions.tolist() == list(range(len(exact)))
    np.testing.assert_array_equal(found.scores, exact)
    assert len(rerank(len(exact), k, exact.__getitem__, patience=len(exact) + 1, block=block).positions) == len(exact)


@SETTINGS
@given(st.lists(finite, min_size=12, max_size=60), st.integers(1, 6))
def test_more_patience_never_ends_worse(values, k):
    exact = np.asarray(values, np.float32)
    before = None
    for patience in (1, 2, 3, 5, 100):
        found = rerank(len(exact), k, exact.__getitem__, patience=patience, block=4)
        if before is not None:
            assert set(before.positions.tolist()) <= set(found.positions.tolist())
            assert ranked(found, k)[-1][0] <= ranked(before, k)[-1][0]
        before = found


def test_early_exit_is_the_published_rule_one_candidate_at_a_time():
    exact = np.asarray([5, 4, 3, 6, 1, 2, 9], np.float32)
    found = rerank(7, 2, exact.__getitem__, patience=2, block=1)
    # 5 and 4 are in; 3 stalls, 6 comes in, 1 and 2 stall: it stops before the 9
    assert (len(found.positions), [position for _, position in ranked(found, 2)]) == (6, [3, 0])
    best = np.sort(exact)[::-1]
    found = rerank(7, 2, best.__getitem__, patience=1, block=1)
    assert (len(found.positions), [-score for score, _ in ranked(found, 2)]) == (3, [9, 6])


def scattered(rng, pages, tight):
    """Pages of vectors anywhere in a bigger array, each around a few directions; ``tight`` makes bounds of use."""
    flat = unit(rng, 400)
    flat = flat[rng.integers(0, 5, 400)] + rng.normal(size=(400, DIM)).astype(np.float32) * tight
    flat *= rng.uniform(0.5, 1.5, (400, 1)).astype(np.float32)
    starts = rng.integers(0, 380, pages).astype(np.int64)
    return flat.astype(np.float16), starts, rng.integers(1, 20, pages).astype(np.int64)


@SETTINGS
@given(seeds, st.sampled_from([0.0, 0.01, 0.1, 1.0]))
def test_no_page_scores_more_than_its_bound(seed, tight):
    rng = np.random.default_rng(seed)
    flat, starts, lengths = scattered(rng, 30, tight)
    cells = build(flat, [f"p{i}" for i in range(30)], starts, lengths)
    query, weights = unit(rng, 5) * rng.uniform(0.2, 2), rng.normal(size=5).astype(np.float32)
    exact = maxsim_of_ranges(query, flat, starts, lengths, weights)
    pages = rng.permutation(30)[:20]
    assert (cells.bounds(query, weights, pages) >= exact[pages] - 1e-4).all()


@SETTINGS
@given(seeds, st.integers(1, 8), st.sampled_from([0.0, 0.01, 0.1, 1.0]))
def test_stopping_at_a_bound_gives_what_scoring_all_gives(seed, k, tight):
    rng = np.random.default_rng(seed)
    flat, starts, lengths = scattered(rng, 30, tight)
    query, weights = unit(rng, 4), rng.random(4).astype(np.float32)
    exact = maxsim_of_ranges(query, flat, starts, lengths, weights)
    bounds = build(flat, [f"p{i}" for i in range(30)], starts, lengths).bounds(query, weights, np.arange(30))
    found = rerank(30, k, exact.__getitem__, bounds=bounds, block=2)
    assert ranked(found, k) == ranked(rerank(30, k, exact.__getitem__), k)


@pytest.mark.parametrize("at", range(64))
def test_a_damaged_vector_says_nothing_of_other_pages(at):
    """Wherever it lies: whether k-means looks at it or not."""
    rng = np.random.default_rng(at)
    flat, starts, lengths = unit(rng, 640), np.arange(64) * 10, np.full(64, 10)
    flat[starts[at]] = np.inf if at % 2 else np.nan
    query, weights = unit(rng, 4), np.ones(4, np.float32)
    bounds = build(flat, [f"p{i}" for i in range(64)], starts, lengths).bounds(query, weights, np.arange(64))
    others = np.arange(64) != at
    exact = maxsim_of_ranges(query, flat, starts[others], lengths[others], weights)
    assert np.isnan(bounds[at])
    assert (bounds[others] >= exact - 1e-4).all()


def test_a_bound_leaves_pages_out_where_they_lie_apart():
    rng = np.random.default_rng(0)
    near, far = unit(rng, 1), -unit(rng, 1)
    flat = np.concatenate([np.repeat(near, 64, axis=0), np.repeat(far, 640, axis=0)])
    starts, lengths = np.arange(11) * 64, np.full(11, 64)
    bounds = build(flat, [str(i) for i in range(11)], starts, lengths).bounds(near, np.ones(1, "f4"), np.arange(11))
    scores = flat[starts] @ near[0]
    assert len(rerank(11, 1, scores.__getitem__, bounds=bounds, block=1).positions) == 1


@SETTINGS
@given(seeds, st.integers(1, 40), st.integers(1, 12))
def test_a_search_that_prunes_safely_is_the_search(seed, pages, keep):
    arrays = collection(seed % 1000, pages)
    for before in ("", "rows:20 > "):
        keep = min(keep, 20)
        plain, safe = (run(arrays, f"{before}full{option}:{keep}", seed) for option in ("", "[prune=safe]"))
        assert order(safe) == order(plain)
        assert [hit.score for hit in safe.hits] == pytest.approx([hit.score for hit in plain.hits], abs=1e-5)
        assert safe.trace.stages[-2].scored <= plain.trace.stages[-2].scored == min(pages, 20 if before else pages)


def test_the_trace_tells_how_many_candidates_were_scored():
    arrays = collection(4, 40)
    for option in ("exit=1", "prune=gap,alpha=0", "prune=relative,alpha=0"):
        result = run(arrays, f"rows:40 > full[{option}]:5", 4)
        stage = result.trace.stages[-2]
        assert stage.candidates_in == 40 and 5 <= stage.scored < 40
        full = {hit.page_id: hit.score for hit in run(arrays, "full:40", 4).hits}
        assert [hit.score for hit in result.hits] == pytest.approx([full[page] for page in order(result)], abs=1e-5)
        assert all(hit.score_kind == "exact" for hit in result.hits)
    kept = run(arrays, "rows:40", 4).hits
    least = kept[4].score - 0.3 * (kept[0].score - kept[-1].score)
    stage = run(arrays, "rows:40 > full[prune=gap,alpha=0.3]:5", 4).trace.stages[-2]
    assert stage.scored == sum(hit.score >= least for hit in kept)
    assert stage.vectors_compared == sum(len(arrays.pages[hit.page_id][1].vectors) for hit in kept[: stage.scored])


@SETTINGS
@given(seeds)
def test_patience_without_end_is_the_plain_rerank(seed):
    arrays = collection(seed % 1000, 30)
    for option in ("exit=1000", "prune=gap,alpha=100", "prune=relative,alpha=100"):
        assert order(run(arrays, f"rows:30 > full[{option}]:7", seed)) == order(run(arrays, "rows:30 > full:7", seed))


def test_an_unwanted_part_has_bounds_too():
    arrays = collection(8, 30)
    plain = encoder(8)("random", "q").embedding

    def signed(encoder_id, text):
        from dataclasses import replace

        found = encoder(8)(encoder_id, text)
        return replace(found, embedding=replace(plain, weights=np.asarray([1, -1, 0.5, -0.2], np.float32)))

    a, b = (run(arrays, text, 8, encode=signed) for text in ("full:6", "full[prune=safe]:6"))
    assert order(a) == order(b)
