"""Overlap, rank-biased overlap, moves, and one page's score minus another's."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.comparison import P, compare, contrast, cost, overlap, rbo
from workbench.analysis.explanation import ledger
from workbench.errors import InputError
from workbench.types import (
    Explanation,
    Geometry,
    Hit,
    PageEmbedding,
    PageRef,
    QueryEmbedding,
    ScoreKind,
    SearchResult,
    StageTrace,
    Trace,
)

RANKINGS = st.lists(st.sampled_from("abcdefghijklmnop"), unique=True, max_size=12)
SOME = st.lists(st.sampled_from("abcdefghijklmnop"), unique=True, min_size=1, max_size=12)


def plain_rbo(a, b, p):
    """The definition, (1 - p) sum of p^(d-1) agreement(d), to a depth where nothing is left.

    Past the end of the shorter ranking its agreement at its end goes on for its unseen members, and past the end of
    the longer one agreement stays as it was there.
    """
    if not a or not b:
        return float(not a and not b)
    s, n = sorted((len(a), len(b)))
    at_short = len(set(a[:s]) & set(b[:s]))
    total, agreement = 0.0, 0.0
    for depth in range(1, 2000):
        if depth <= n:
            seen = len(set(a[:depth]) & set(b[:depth]))
            agreement = (seen + at_short / s * max(depth - s, 0)) / depth
        total += (1 - p) * p ** (depth - 1) * agreement
    return total


@given(RANKINGS, RANKINGS, st.sampled_from([0.5, 0.9, 0.98]))
def test_rbo_is_the_extrapolated_sum_of_its_definition(a, b, p):
    assert rbo(a, b, p) == pytest.approx(plain_rbo(a, b, p), abs=1e-9)
    assert rbo(a, b, p) == pytest.approx(rbo(b, a, p))
    assert -1e-9 <= rbo(a, b, p) <= 1 + 1e-9


def test_rbo_by_hand():
    # Agreement 0, then 1 at depth two and for ever: (1 - p)(0) + (1 - p)(p + p^2 + ...) = p.
    assert rbo("ab", "ba") == pytest.approx(P)
    assert rbo("abc", "axy") == pytest.approx(0.1 * (1 + 0.9 / 2 + 0.81 / 3) + 0.729 / 3)


@given(RANKINGS, st.integers(1, 14))
def test_a_ranking_is_one_with_itself_and_nought_with_strangers(a, k):
    assert rbo(a, a) == pytest.approx(1)
    assert overlap(a, a, k) == 1
    strangers = [page.upper() for page in a]
    assert rbo(a, strangers) == overlap(a, strangers, k) == (0 if a else 1)
    assert rbo(a[: k // 2 + 1], a) == pytest.approx(1)  # a ranking agrees with its own beginning


@given(SOME, SOME)
def test_swapping_the_top_costs_more_than_swapping_the_end(a, b):
    both = [*a, *(page for page in b if page not in a)]
    if len(both) > 3:
        top, end = [both[1], both[0], *both[2:]], [*both[:-2], both[-1], both[-2]]
        assert rbo(both, top) < rbo(both, end) < 1


@given(RANKINGS, RANKINGS, st.integers(1, 14))
def test_overlap_is_symmetric_and_counts(a, b, k):
    assert overlap(a, b, k) == overlap(b, a, k)
    depth = min(k, max(len(a), len(b)))
    assert overlap(a, b, k) * depth == pytest.approx(sum(page in b[:k] for page in a[:k]) if depth else 0)


def result(pages, stages=()):
    hits = tuple(
        Hit(page, PageRef(f"{page}.pdf", 1), rank, -float(rank), ScoreKind.EXACT, ())
        for rank, page in enumerate(pages, start=1)
    )
    return SearchResult("q", "c", "reader", "full", hits, Trace(tuple(stages)))


@given(RANKINGS, RANKINGS)
def test_every_page_has_one_move_and_turning_round_turns_it_round(a, b):
    found = compare(result(a), result(b))
    assert [move.page_id for move in found.moves] == [*a, *(page for page in b if page not in a)]
    assert found.k == max(len(a), len(b))
    assert found.shared == len(set(a) & set(b))
    back = {move.page_id: move for move in compare(result(b), result(a)).moves}
    for move in found.moves:
        assert move.rank_a == (a.index(move.page_id) + 1 if move.page_id in a else None)
        assert (back[move.page_id].rank_a, back[move.page_id].rank_b) == (move.rank_b, move.rank_a)
        turned = back[move.page_id].difference
        assert turned is None if move.difference is None else turned == -move.difference
        assert move.ref == PageRef(f"{move.page_id}.pdf", 1)


def test_cost_leaves_the_encoding_of_the_query_apart():
    stages = [
        StageTrace("encode", 7.0, cold=True),
        StageTrace("encode@clip", 2.0),
        StageTrace("rows", 3.0, bytes_read=10),
        StageTrace("full", 4.0, bytes_read=5),
    ]
    spent = cost(result("ab", stages))
    assert (spent.ms, spent.encode_ms, spent.bytes_read, spent.cold) == (7.0, 9.0, 15, False)
    assert cost(result("ab", [StageTrace("full", 1.0, cold=True)])).cold


def explained(rng, tokens, vectors, document):
    unit = rng.normal(size=(tokens + vectors, 8)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    weights = np.linspace(0.5, 1.5, tokens, dtype=np.float32)
    query = QueryEmbedding("q", unit[:tokens], tuple(f"t{i}" for i in range(tokens)), weights, "all")
    boxes = np.sort(rng.random((vectors, 2, 2), dtype=np.float32), axis=1).reshape(vectors, 4)
    geometry = Geometry(boxes, None, np.full(vectors, -1, np.int32))
    page = PageEmbedding(unit[tokens:], geometry, labels=tuple(f"w{i}" for i in range(vectors)))
    matrix = unit[:tokens] @ unit[tokens:].T
    rows = ledger(query, matrix, page)
    score = float(sum(row.contribution for row in rows))
    return Explanation(
        PageRef(document, 1), query, "reader", score, geometry, matrix, page.labels, rows, (), (), query.weights
    )


@given(st.integers(0, 2**16), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_a_contrast_sums_to_the_difference_of_the_scores(seed, tokens, in_a, in_b):
    rng = np.random.default_rng(seed)
    a, b = explained(rng, tokens, in_a, "a.pdf"), explained(rng, tokens, in_b, "b.pdf")
    found = contrast(a, b)
    differences = [row.difference for row in found.rows]
    assert sum(differences) == pytest.approx(a.score - b.score, abs=1e-5)
    assert found.difference == a.score - b.score
    assert differences == sorted(differences, reverse=True)
    assert sorted(row.token for row in found.rows) == list(range(tokens))
    for row in found.rows:
        assert row.a == a.ledger[row.token]
        assert row.b == b.ledger[row.token]
    assert [-d for d in differences] == pytest.approx(sorted(row.difference for row in contrast(b, a).rows))


def test_scores_of_other_encoders_or_queries_are_not_subtracted():
    a = explained(np.random.default_rng(0), 3, 4, "a.pdf")
    for other in (replace(a, encoder="clip"), replace(a, query=replace(a.query, text="another"))):
        with pytest.raises(InputError, match="one encoder's scores for one query"):
            contrast(a, other)
