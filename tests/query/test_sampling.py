"""Which vectors stand for a part of a page, and how the parts of a query become one weighted embedding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import QueryError
from workbench.maxsim import maxsim_reference
from workbench.query.sampling import MAX_ROWS, distinct, inside, label, placed, rows
from workbench.retrieval.queries import composed
from workbench.types import Geometry, PageEmbedding, Query, QueryEmbedding, Ragged

seeds = st.integers(0, 10_000)


def unit(rng: np.random.Generator, n: int, dim: int = 8) -> np.ndarray:
    vectors = rng.standard_normal((n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def grid(rows: int, columns: int, whole: int = 0) -> Geometry:
    """A grid of equal patches, and after it some vectors that stand for the whole page."""
    boxes = [(c / columns, r / rows, (c + 1) / columns, (r + 1) / rows) for r in range(rows) for c in range(columns)]
    cells = [*range(rows * columns), *[-1] * whole]
    return Geometry(np.array([*boxes, *[(0, 0, 1, 1)] * whole], np.float32), (rows, columns), np.array(cells, np.int32))


def asked(rng: np.random.Generator, n: int, weights: np.ndarray | None = None) -> QueryEmbedding:
    return QueryEmbedding(
        "q", unit(rng, n), tuple("t" * n), np.ones(n, np.float32) if weights is None else weights, "p"
    )


def scores(query: QueryEmbedding, pages: Ragged) -> np.ndarray:
    return maxsim_reference(query.vectors, pages, query.weights)


def pages(rng: np.random.Generator, n: int = 12) -> Ragged:
    lengths = rng.integers(1, 9, n)
    return Ragged(unit(rng, int(lengths.sum())), np.r_[0, np.cumsum(lengths)].astype(np.int64))


def test_a_region_is_the_patches_whose_centres_lie_in_it() -> None:
    assert inside(grid(4, 5, whole=2), (0.2, 0.0, 0.6, 0.5)).tolist() == [1, 2, 6, 7]
    assert inside(grid(4, 5), (0.45, 0.45, 0.55, 0.49)).tolist() == [7], "smaller than a patch: the one it touches"
    assert placed(grid(1, 2, whole=3)).tolist() == [0, 1]
    everywhere = Geometry(np.array([[0, 0, 1, 1]], np.float32), None, np.array([-1], np.int32))
    assert inside(everywhere, (0.1, 0.1, 0.2, 0.2)).tolist() == [0]
    word = Geometry(np.array([[0.5, 0.5, 0.6, 0.6]], np.float32), None, np.array([-1], np.int32))
    assert inside(word, (0.1, 0.1, 0.2, 0.2)).tolist() == [], "no word stands there"


def test_vectors_go_by_their_word_or_their_place() -> None:
    embedding = PageEmbedding(np.eye(8, dtype=np.float32)[:7], grid(2, 3, whole=1))
    assert [label(embedding, n) for n in (0, 2, 3, 6)] == ["patch r1 c1", "patch r1 c3", "patch r2 c1", "piece 7"]
    assert label(PageEmbedding(embedding.vectors, embedding.geometry, tuple("abcdefg")), 2) == "c"


@given(seeds, st.integers(1, 120))
def test_a_choice_is_of_real_vectors_and_covers_the_rest(seed: int, n: int) -> None:
    vectors = unit(np.random.default_rng(seed), n)
    kept = distinct(vectors)
    assert len(kept) <= MAX_ROWS
    assert (np.diff(kept) > 0).all()
    if n <= MAX_ROWS:
        assert kept.tolist() == list(range(n))


def test_what_is_alike_is_taken_once() -> None:
    rng = np.random.default_rng(0)
    directions = unit(rng, 5, 64)
    many = np.repeat(directions, 40, axis=0) + 0.01 * rng.standard_normal((200, 64))
    many = (many / np.linalg.norm(many, axis=1, keepdims=True)).astype(np.float32)
    kept = distinct(many, 5)
    assert sorted(kept // 40) == [0, 1, 2, 3, 4]


@given(seeds, st.integers(1, 100))
def test_a_page_scores_highest_for_its_own_vectors(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    collection = pages(rng)
    own = PageEmbedding(unit(rng, n), Geometry(np.zeros((n, 4), np.float32), None, np.full(n, -1, np.int32)))
    query = rows(own, np.arange(n), "region", "region")
    (score,) = scores(query, Ragged(own.vectors, np.array([0, n])))
    assert score == pytest.approx(len(query.vectors), abs=1e-4)
    assert score >= scores(query, collection).max()


@given(seeds, st.floats(0.1, 3), st.floats(-2, -0.1))
def test_composition_is_a_weighted_sum_of_the_parts_mean_scores(seed: int, also: float, but_not: float) -> None:
    rng = np.random.default_rng(seed)
    collection = pages(rng)
    parts = [
        (1.0, asked(rng, 3, rng.uniform(0.2, 1, 3).astype(np.float32))),
        (also, asked(rng, 5)),
        (but_not, asked(rng, 2)),
    ]
    together = composed(Query.of("x").also("y", also).but_not("z", -but_not), parts)
    means = [weight * scores(part, collection) / part.weights.sum() for weight, part in parts]
    np.testing.assert_allclose(scores(together, collection), sum(means) * parts[0][1].weights.sum(), atol=1e-4)
    np.testing.assert_array_equal(together.weights[:3], parts[0][1].weights)


@given(seeds)
def test_the_same_twice_is_the_same_order_and_marks_of_no_weight_change_little(seed: int) -> None:
    rng = np.random.default_rng(seed)
    collection, part = pages(rng), asked(rng, 4)
    query = Query.of("x").also("x")
    twice = composed(query, [(1.0, part), (1.0, part)])
    np.testing.assert_allclose(scores(twice, collection), 2 * scores(part, collection), rtol=1e-5)
    assert composed(Query.of("x"), [(1.0, part)]) is part


def test_parts_an_encoder_has_nothing_of_are_left_out_or_say_so() -> None:
    part = asked(np.random.default_rng(0), 2)
    query = Query.of("x").picture("f" * 64)
    assert composed(query, [(1.0, part), (1.0, None)], ["no words"]).vectors is part.vectors
    with pytest.raises(QueryError, match="no words"):
        composed(query, [(-1.0, part), (1.0, None)], ["no words"])
