"""The engine over a collection held in plain arrays; the store's own tests check that the real one answers alike."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.retrieval.arrays import DIM, Arrays, Models, collection, encoder, order, run
from workbench.errors import PipelineError
from workbench.maxsim import maxsim_reference
from workbench.retrieval.engine import search_stages
from workbench.retrieval.ordering import Scored, best
from workbench.retrieval.pipeline import Pipeline
from workbench.types import PageRef, Ragged, ScoreKind


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40))
def test_exact_is_the_plain_reference(seed, pages):
    arrays = collection(seed, pages)
    query = encoder(seed)("random", "q").embedding
    flat = arrays.vectors("full")
    offsets = np.r_[flat.starts, len(flat.flat)].astype(np.int64)
    expected = maxsim_reference(query.vectors, Ragged(flat.flat, offsets), query.weights)
    result = run(arrays, f"full:{pages}", seed)
    assert {hit.page_id: hit.score for hit in result.hits} == pytest.approx(
        dict(zip(flat.page_ids, expected.tolist(), strict=True)), abs=1e-5
    )
    assert all(hit.score_kind is ScoreKind.EXACT for hit in result.hits)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 40),
    st.sampled_from(["rows:K > full:10", "global:K > rows:K > full:10", "rrf(rows, conv):K > full:10"]),
)
def test_stages_that_keep_everything_equal_exact(seed, pages, text):
    arrays = collection(seed, pages)
    exact = run(arrays, "full:10", seed)
    staged = run(arrays, text.replace("K", str(max(pages, 10))), seed)
    assert order(staged) == order(exact)
    assert [hit.score for hit in staged.hits] == pytest.approx([hit.score for hit in exact.hits], abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(0, 99))
def test_order_of_insertion_does_not_matter(seed, pages, shuffle):
    for text in ("full:10", "rows:8 > full:5", "rrf(bm25, rows):8 > full:5", "sum(bm25, full):10"):
        assert order(run(collection(seed, pages), text, seed)) == order(
            run(collection(seed, pages, shuffle), text, seed)
        )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(5, 40), st.integers(1, 20), st.integers(1, 20))
def test_fewer_candidates_are_a_prefix_of_more(seed, pages, few, more):
    few, more = sorted((few, few + more))
    arrays = collection(seed, pages)
    assert order(run(arrays, f"rows:{few}", seed)) == order(run(arrays, f"rows:{more}", seed))[:few]


def test_every_hit_carries_its_rank_in_every_stage():
    arrays = collection(3, 30)
    result = run(arrays, "rrf(bm25, rows):12 > full:5", 3)
    stages = [stage.name for stage in result.trace.stages]
    assert stages == ["encode", "rrf", "full", "results"]
    for hit in result.hits:
        names = {stage.name: stage for stage in hit.stages}
        assert {"rows", "rrf", "full"} - set(names) in (set(), {"rows"})
        assert names["full"].rank == hit.rank
        assert names["full"].score == hit.score
        assert names["rrf"].score_kind is ScoreKind.APPROXIMATE


def test_the_trace_counts_what_was_compared_and_sums_to_its_total():
    arrays = collection(5, 20)
    result = run(arrays, "rows:6 > full:3", 5)
    by_name = {stage.name: stage for stage in result.trace.stages}
    kept = order(run(arrays, "rows:6", 5))
    full = arrays.vectors("full")
    assert by_name["rows"].vectors_compared == len(arrays.vectors("rows").flat)
    assert by_name["full"].vectors_compared == sum(full.lengths[full.page_ids.index(page)] for page in kept)
    assert by_name["full"].bytes_read == by_name["full"].vectors_compared * DIM * 4
    assert (by_name["rows"].candidates_in, by_name["rows"].candidates_out) == (20, 6)
    assert (by_name["full"].candidates_in, by_name["full"].candidates_out) == (6, 3)
    assert result.trace.total_ms == pytest.approx(sum(stage.ms for stage in result.trace.stages))


def test_partial_results_come_first_and_only_the_last_is_complete():
    arrays = collection(7, 20)
    results = list(search_stages(arrays, "q", Pipeline.parse("global:9 > rows:6 > full:3"), Models(encoder(7))))
    assert [result.complete for result in results] == [False, False, True]
    assert [result.hits[0].score_kind for result in results] == ["approximate", "approximate", "exact"]
    assert [len(result.hits) for result in results] == [3, 3, 3]


def test_the_reader_of_a_partial_result_may_take_its_time():
    import time

    arrays = collection(7, 20)
    for result in search_stages(arrays, "q", Pipeline.parse("rows:6 > full:3"), Models(encoder(7))):
        if not result.complete:
            time.sleep(1.5)
    assert result.trace.total_ms < 1500


@pytest.mark.parametrize(
    "text", ["full:10", "rows:4 > full:4", "bm25:10", "rrf(bm25, rows):6 > full:6", "sum(bm25, full)"]
)
def test_a_filter_applies_before_the_first_cut(text):
    arrays = collection(11, 30)
    result = run(arrays, text, 11, where="d1.pdf")
    assert {hit.ref.document for hit in result.hits} == {"d1.pdf"}
    assert len(result.hits) == min(4 if "rows:4" in text else 10, len(result.hits))
    if text == "full:10":
        assert len(result.hits) == 10
    assert "filter" in [stage.name for stage in result.trace.stages]


def test_a_filter_that_leaves_nothing_gives_nothing():
    for text in ("full:10", "rows:4 > full:4", "bm25:3", "rrf(bm25, rows):6 > full:6", "sum(bm25, full)"):
        assert run(collection(1, 9), text, 1, where="nowhere.pdf").hits == ()


def test_text_search_needs_no_query_vectors():
    def refuse(encoder_id, text):
        raise AssertionError("encoded")

    *_, result = search_stages(collection(1, 9), "q", Pipeline.parse("bm25:3"), Models(refuse))
    assert result.hits


def test_reciprocal_rank_fusion_is_the_published_formula():
    arrays = collection(13, 12)
    ranks = [order(run(arrays, text, 13)) for text in ("bm25:12", "rows:12")]
    expected = {
        page: sum(
            weight / (20 + ranking.index(page) + 1)
            for ranking, weight in zip(ranks, (1, 3), strict=True)
            if page in ranking
        )
        for page in arrays.pages
    }
    result = run(arrays, "rrf[k=20,weights=1/3](bm25, rows):12", 13)
    assert {hit.page_id: hit.score for hit in result.hits} == pytest.approx(expected, abs=1e-6)


def test_a_sum_adds_z_scores_and_counts_an_unnamed_page_as_zero():
    arrays = collection(17, 12)
    ids = list(arrays.pages)
    lexical = np.array([arrays.lexical.get(page, 0.0) for page in ids])
    exact = {hit.page_id: hit.score for hit in run(arrays, "full:12", 17).hits}
    visual = np.array([exact[page] for page in ids])
    z = [(column - column.mean()) / column.std() for column in (lexical, visual)]
    result = run(arrays, "sum[weights=1/2](bm25, full):12", 17)
    expected = dict(zip(ids, (z[0] + 2 * z[1]).tolist(), strict=True))
    assert {hit.page_id: hit.score for hit in result.hits} == pytest.approx(expected, abs=1e-4)


def test_equal_scores_go_by_page_ref():
    arrays = collection(4, 12)
    vectors = arrays.pages["p7"][1]
    for page in ("p2", "p9", "p10"):
        arrays.pages[page] = (arrays.pages[page][0], vectors)
    twins = [hit.ref for hit in run(arrays, "full:12", 4).hits if hit.page_id in ("p2", "p7", "p9", "p10")]
    assert twins == [PageRef("d0.pdf", 10), PageRef("d1.pdf", 8), PageRef("d1.pdf", 11), PageRef("d2.pdf", 3)]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(1, 6))
def test_the_order_of_two_pages_depends_on_no_third(seed, pages, ulps):
    """Scores a few units in the last place apart, and others of any size beside them, which bins of the best fused."""
    rng = np.random.default_rng(seed)
    first = np.float32(rng.uniform(1, 30))
    near = first + np.float32(np.spacing(first)) * rng.integers(0, ulps, pages).astype(np.float32)
    scores = np.where(rng.random(pages) < 0.7, near, rng.uniform(-600, 600, pages)).astype(np.float32)

    def ranking(chosen):
        return best(Scored(chosen, scores[chosen]), len(chosen), ScoreKind.EXACT).rows.tolist()

    whole = ranking(rng.permutation(pages))
    assert whole == sorted(range(pages), key=lambda row: (-scores[row], row))
    for _ in range(4):
        some = rng.permutation(pages)[: int(rng.integers(2, pages + 1))]
        assert ranking(some) == [row for row in whole if row in some]
        few = int(rng.integers(1, len(some) + 1))
        assert best(Scored(some, scores[some]), few, ScoreKind.EXACT).rows.tolist() == ranking(some)[:few]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30), st.sampled_from(["full", "rows", "conv", "tiles", "global"]))
def test_pages_taken_away_leave_the_others_in_their_order_with_their_scores(seed, pages, stage):
    """Some pages are the same as others, or differ from them in the last digits."""
    whole, rng = collection(seed, pages), np.random.default_rng(seed)
    for page in list(whole.pages)[:: int(rng.integers(2, 5))]:
        twin = whole.pages[f"p{rng.integers(pages)}"][1]
        moved = (twin.vectors * np.float32(1 + rng.choice([0, 1e-7, 3e-7, 3e-6]))).astype(np.float32)
        whole.pages[page] = (whole.pages[page][0], replace(twin, vectors=moved))
    some = {page for page in whole.pages if rng.random() < 0.6}
    part = Arrays({page: held for page, held in whole.pages.items() if page in some}, {})
    found = [(hit.page_id, hit.score) for hit in run(whole, f"{stage}:99", seed).hits]
    assert [(hit.page_id, hit.score) for hit in run(part, f"{stage}:99", seed).hits] == [
        pair for pair in found if pair[0] in some
    ]


def test_two_pages_keep_their_order_when_a_third_scores_high():
    def ranking(*scores):
        return best(Scored(np.arange(len(scores)), np.array(scores, np.float32)), 3, ScoreKind.EXACT).rows.tolist()

    assert ranking(10, 10 + 3e-5) == [1, 0]
    assert ranking(10, 10 + 3e-5, 600) == [2, 1, 0]


def test_a_page_with_damaged_vectors_has_no_score_and_comes_last():
    arrays = collection(11, 12)
    arrays.pages["p4"][1].vectors[0] = np.nan
    for text in ("full:12", "rows:12", "rows:12 > full:12", "sum(bm25, full):12", "rrf(rows, full):12"):
        result = run(arrays, text, 11)
        assert len(result.hits) == 12
        assert all(np.isfinite(hit.score) for hit in result.hits)
        assert all(np.isfinite(stage.score) for hit in result.hits for stage in hit.stages)
        assert any("damaged" in note for note in result.notes)
        damaged = next(hit for hit in result.hits if hit.page_id == "p4")
        if text[0] in "rf" and "(" not in text:
            assert (damaged.rank, damaged.scored, damaged.score) == (12, False, 0.0)


def test_a_missing_index_is_named_before_anything_runs():
    arrays = collection(1, 3)
    arrays.indexes = ("rows", "full")
    with pytest.raises(PipelineError, match=r"no 'tiles' index; it has rows, full and bm25"):
        run(arrays, "tiles:5 > full:3", 1)


def test_query_mean_scores_one_vector():
    arrays = collection(19, 10)
    query = encoder(19)("random", "q").embedding
    mean = (query.vectors * query.weights[:, None]).sum(0)
    mean /= np.linalg.norm(mean)
    index = arrays.vectors("global")
    expected = dict(zip(index.page_ids, (index.flat @ mean).tolist(), strict=True))
    result = run(arrays, "global[query=mean]:10", 19)
    assert {hit.page_id: hit.score for hit in result.hits} == pytest.approx(expected, abs=1e-5)


def test_a_sum_without_normalisation_adds_the_scores_themselves():
    arrays = collection(5, 12)
    single, many = run(arrays, "global:12", 5), run(arrays, "full:12", 5)
    expected = {hit.page_id: 0.75 * hit.score for hit in many.hits}
    for hit in single.hits:
        expected[hit.page_id] += 0.25 * hit.score
    summed = run(arrays, "sum[norm=none,weights=0.25/0.75](global, full):12", 5)
    assert {hit.page_id: hit.score for hit in summed.hits} == pytest.approx(expected, abs=1e-5)
