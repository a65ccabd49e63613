"""Feedback, refinement and token retrieval: their formulas, their identities, and as stages of a search."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.retrieval.arrays import DIM, collection, encoder, order, run, unit
from workbench.maxsim import maxsim, maxsim_of_ranges
from workbench.retrieval.stages import prf, refine
from workbench.retrieval.stages.xtr import token_retrieval
from workbench.types import QueryEmbedding, Ragged

pytestmark = pytest.mark.slow

SETTINGS = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 2**31)


def ragged(rng, pages=12):
    lengths = rng.integers(1, 15, pages)
    return Ragged(unit(rng, int(lengths.sum())), np.r_[0, np.cumsum(lengths)].astype(np.int64))


def asked(rng, tokens=4):
    weights = rng.uniform(0.2, 1, tokens).astype(np.float32)
    return QueryEmbedding("q", unit(rng, tokens), tuple("abcdefgh"[:tokens]), weights, "test")


# -- pseudo relevance feedback ----------------------------------------------------------------------------------------


@SETTINGS
@given(seeds, st.integers(1, 5))
def test_one_vector_feedback_is_rocchios_formula(seed, good):
    rng = np.random.default_rng(seed)
    query, pages = asked(rng), [unit(rng, int(n)) for n in rng.integers(1, 9, good)]
    moved = prf.moved(query, pages, 0.9, 0.1, single=True)
    means = np.stack([page.mean(axis=0) / np.linalg.norm(page.mean(axis=0)) for page in pages])
    one = query.weights @ query.vectors
    expected = 0.9 * one / np.linalg.norm(one) + 0.1 * means.mean(axis=0)
    np.testing.assert_allclose(moved.weights @ moved.vectors, expected * np.linalg.norm(one), atol=1e-5)
    assert len(moved.labels) == len(moved.vectors) == len(moved.weights) == 4 + good
    alpha, beta = prf.averaged(good)
    mean = (one / np.linalg.norm(one) + means.sum(axis=0)) / (1 + good)
    moved = prf.moved(query, pages, alpha, beta, single=True)
    np.testing.assert_allclose(moved.weights @ moved.vectors, mean * np.linalg.norm(one), atol=1e-5)


@SETTINGS
@given(seeds, st.integers(1, 4))
def test_feedback_of_many_vectors_is_the_same_formula_for_scores(seed, good):
    rng = np.random.default_rng(seed)
    query, pages, corpus = asked(rng), [unit(rng, int(n)) for n in rng.integers(1, 9, good)], ragged(rng)
    moved = prf.moved(query, pages, 0.7, 0.3)
    weigh = float(query.weights.sum())
    near = [maxsim(page, corpus, np.full(len(page), weigh / len(page), np.float32)) for page in pages]
    expected = 0.7 * maxsim(query.vectors, corpus, query.weights) + 0.3 * np.mean(near, axis=0)
    np.testing.assert_allclose(maxsim(moved.vectors, corpus, moved.weights), expected, atol=1e-4)
    assert float(moved.weights[4:].sum()) == pytest.approx(0.3 * weigh, rel=1e-4)


def test_a_page_of_many_vectors_is_stood_for_by_a_few():
    rng = np.random.default_rng(1)
    moved = prf.moved(asked(rng), [unit(rng, 300)], 1, 0.5)
    assert len(moved.vectors) == 4 + prf.CENTRES
    np.testing.assert_allclose(np.linalg.norm(moved.vectors, axis=1), 1, atol=1e-5)


@SETTINGS
@given(seeds, st.sampled_from(["global", "rows", "full"]), st.integers(1, 30))
def test_feedback_without_weight_or_pages_is_the_search(seed, stage, pages):
    arrays = collection(seed % 1000, pages)
    plain = order(run(arrays, f"{stage}:9", seed))
    for option in ("beta=0", "depth=0", "depth=3,alpha=1,beta=0"):
        assert order(run(arrays, f"prf[{option}]({stage}):9", seed)) == plain
    assert sorted(order(run(arrays, f"prf[among=found]({stage}:9):9", seed))) == sorted(plain)


def test_feedback_is_asked_of_the_pages_that_another_stage_found():
    arrays = collection(6, 30)
    (best,) = order(run(arrays, "bm25:1", 6))
    result = run(arrays, "prf[alpha=0,beta=1,depth=1](bm25, full):5", 6)
    length = len(arrays.pages[best][1].vectors)
    assert length <= prf.CENTRES  # so that every vector of the page is asked for, and met by itself
    assert order(result)[0] == best
    assert result.hits[0].score == pytest.approx(float(encoder(6)("random", "q").embedding.weights.sum()), abs=1e-4)
    assert all(hit.score_kind == "approximate" for hit in result.hits)
    stage = result.trace.stages[-2]
    assert stage.name == "prf"
    assert stage.vectors_compared == length + sum(len(page.vectors) for _, page in arrays.pages.values())


def test_feedback_goes_before_and_after_fusion():
    arrays = collection(6, 30)
    for text in ("prf(rrf(bm25, global), global):5", "rrf(bm25, prf(rrf(bm25, rows), rows)):20 > full:5"):
        assert len(run(arrays, text, 6).hits) == 5
    filtered = run(arrays, "prf(rrf(bm25, global), global):20", 6, where="d1.pdf")
    assert {hit.ref.document for hit in filtered.hits} == {"d1.pdf"}


# -- refinement among the found pages ---------------------------------------------------------------------------------


@SETTINGS
@given(seeds, st.integers(1, 30), st.sampled_from(["none", "mean", "max"]))
def test_refinement_without_neighbours_or_among_equals_changes_nothing(seed, found, expand):
    rng = np.random.default_rng(seed)
    query, pages = unit(rng, 1)[0], unit(rng, found)
    np.testing.assert_allclose(refine.refined(query, pages, beta=0, expand="none"), pages @ query, atol=1e-5)
    same = refine.refined(query, np.repeat(pages[:1], found, axis=0), expand=expand)
    np.testing.assert_allclose(same, same[0], atol=1e-5)
    shuffled = rng.permutation(found)
    both = refine.refined(query, pages[shuffled], expand=expand), refine.refined(query, pages, expand=expand)
    np.testing.assert_allclose(both[0], both[1][shuffled], atol=1e-5)


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
    np.testing.assert_allclose(refine.refined(query, pages, 2, 0.15, "max"), expected, atol=1e-5)


@SETTINGS
@given(seeds, st.integers(1, 40), st.integers(1, 20))
def test_a_refined_list_is_the_list_in_another_order_and_its_tail_as_it_was(seed, pages, depth):
    arrays = collection(seed % 1000, pages)
    before = order(run(arrays, "rows:40", seed))
    after = order(run(arrays, f"refine[depth={depth}](rows:40):40", seed))
    assert sorted(after) == sorted(before)
    assert after[depth:] == before[depth:]
    untouched = run(arrays, "refine[beta=0,expand=none](global[query=mean]):40", seed)
    assert order(untouched) == order(run(arrays, "global[query=mean]:40", seed))


# -- token retrieval --------------------------------------------------------------------------------------------------


def retrieved(query, pages, k):
    owners = np.repeat(np.arange(len(pages)), np.diff(pages.offsets))
    return token_retrieval(query.vectors, query.weights, pages.flat, np.arange(len(pages.flat)), owners, k)


@SETTINGS
@given(seeds)
def test_an_imputed_score_is_never_below_maxsim_and_comes_nearer_with_k(seed):
    rng = np.random.default_rng(seed)
    pages, query = ragged(rng), asked(rng)
    exact = maxsim(query.vectors, pages, query.weights)
    before, imputed = set(), np.full(4, np.inf)
    for k in (1, 3, 10, len(pages.flat), 10_000):
        found = retrieved(query, pages, k)
        assert (found.scores >= exact[found.pages] - 1e-5).all()
        assert (found.imputed <= imputed).all()
        assert before <= set(found.pages)
        before, imputed = set(found.pages), found.imputed
        covered = found.fetched.all(axis=0)
        np.testing.assert_allclose(found.scores[covered], exact[found.pages[covered]], atol=1e-5)
    assert found.pages.tolist() == list(range(len(pages)))
    np.testing.assert_allclose(found.scores, exact, atol=1e-5)


def test_token_retrieval_by_hand(monkeypatch):
    flat = np.asarray([[1, 0], [0.6, 0.8], [0, 1]], np.float32)
    query, owners = np.eye(2, dtype=np.float32), np.asarray([0, 1, 1])
    for block in (1, 2, 99):
        monkeypatch.setattr("workbench.retrieval.stages.xtr.BLOCK", block)
        found = token_retrieval(query, np.ones(2, np.float32), flat, np.arange(3), owners, 1)
        # the first token fetches page 0, the second page 1; each page gets 1 for what fetched it, 1 for the other
        assert found.pages.tolist() == [0, 1]
        assert found.scores.tolist() == [2, 2]
        assert found.fetched.tolist() == [[True, False], [False, True]]
        two = token_retrieval(query, np.ones(2, np.float32), flat, np.arange(3), owners, 2)
        np.testing.assert_allclose(two.scores, [1 + 0.8, 0.6 + 1])
    none = token_retrieval(query, np.ones(2, np.float32), flat, np.arange(0), owners[:0], 2)
    assert len(none.pages) == len(none.scores) == 0
    with pytest.raises(ValueError, match="at least one"):
        token_retrieval(query, np.ones(2, np.float32), flat, np.arange(3), owners, 0)


@SETTINGS
@given(seeds, st.integers(1, 40))
def test_fetching_everything_is_maxsim_and_says_what_it_looked_at(seed, pages):
    arrays = collection(seed % 1000, pages)
    exact = run(arrays, "full:40", seed)
    fetched = run(arrays, "xtr[tokens=100000,probes=0](full):40", seed)
    assert order(fetched) == order(exact)
    assert [hit.score for hit in fetched.hits] == pytest.approx([hit.score for hit in exact.hits], abs=1e-4)
    assert all(hit.score_kind == "approximate" for hit in fetched.hits)
    vectors = sum(len(page.vectors) for _, page in arrays.pages.values())
    assert f"looked at {vectors:,} of {vectors:,} vectors; 0% of the similarities" in fetched.notes[-1]
    few = run(arrays, "xtr[tokens=2,probes=1](full):40", seed)
    cells, _ = arrays.inverted_lists("full")
    looked = len(cells.near(encoder(seed)("random", "q").embedding.vectors, 1))
    assert few.trace.stages[-2].vectors_compared == looked + len(cells.centres)
    kept = run(arrays, "rows:5 > xtr[tokens=3,probes=0](full):5", seed)
    assert set(order(kept)) <= set(order(run(arrays, "rows:5", seed)))


def test_cells_hold_every_vector_once_and_nearest_first():
    rng = np.random.default_rng(2)
    arrays = collection(2, 60)
    cells, _ = arrays.inverted_lists("full")
    held = arrays.vectors("full")
    assert cells.near(unit(rng, 2), 0).tolist() == list(range(len(held.flat)))
    np.testing.assert_array_equal(cells.rows, np.arange(len(held.flat)))
    similar = held.flat @ cells.centres.T
    np.testing.assert_array_equal(cells.codes, similar.argmax(axis=1))
    np.testing.assert_allclose(np.cos(cells.angles), similar.max(axis=1), atol=1e-4)
    chosen = cells.near(cells.centres[:1], 1)
    np.testing.assert_array_equal(chosen, np.flatnonzero(cells.codes == 0))
    assert cells.centres.shape[1] == DIM
    assert maxsim_of_ranges(cells.centres[:1], held.flat, held.starts, held.lengths).shape == (60,)
