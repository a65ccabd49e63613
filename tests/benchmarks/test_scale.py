import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import scale as module
from benchmarks.scale import NOISE, ScalePoint, ScaleReport, _documents, perturbed, scale
from tests.benchmarks.books import TOPICS
from workbench.bench.times import Times
from workbench.errors import InputError


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(16, 384), st.integers(0, 2**32 - 1))
def test_copies_are_unit_vectors_near_their_originals(n, dim, seed):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    moved = perturbed(vectors, rng)
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1), 1, atol=1e-5)
    assert (np.sum(moved * vectors, axis=1) > 0.8).all()
    assert not np.array_equal(moved, vectors)


def test_the_noise_has_the_length_it_should():
    rng = np.random.default_rng(0)
    vectors = np.eye(200, 384, dtype=np.float32)
    cosine = np.sum(perturbed(vectors, rng) * vectors, axis=1).mean()
    assert cosine == pytest.approx(1 / np.sqrt(1 + NOISE**2), abs=0.01)


@given(st.integers(1, 50), st.integers(0, 300), st.integers(0, 300))
def test_copies_are_numbered_without_a_gap(pages, start, more):
    documents = list(_documents(pages, start, start + more))
    assert [number for _, numbers in documents for number in numbers] == list(range(start, start + more))
    assert all(record.pages == len(numbers) <= pages for record, numbers in documents)
    assert len({record.content_hash for record, _ in documents}) == len(documents)


def test_growth_is_told_between_the_smallest_and_the_largest():
    def point(pages, own):
        return ScalePoint(pages, pages * 10, 0, "exact", Times.of([1.0]), own)

    report = ScaleReport("c", "reader", 1, 1, (point(100, 5_000), point(200, 9_000), point(300, 6_000)), 1.0)
    assert report.own_bytes_per_page("exact") == 5.0
    assert ScaleReport("c", "reader", 1, 1, (point(100, 5_000),), 1.0).own_bytes_per_page("exact") == 0.0


def test_a_collection_is_enlarged_and_searched(workbench, monkeypatch):
    monkeypatch.setattr(module, "in_new_process", lambda task, *arguments: task(*arguments))
    before = workbench.collection_names()
    report = scale(workbench, "metal", TOPICS[:2], [50, 90], ["exact", "text"], repeats=1)
    assert [(point.pages, point.pipeline) for point in report.points] == [
        (50, "exact"),
        (50, "text"),
        (90, "exact"),
        (90, "text"),
    ]
    assert report.points[2].vectors > report.points[0].vectors
    assert all(point.search.count == 2 and point.search.p50 > 0 for point in report.points)
    assert workbench.collection_names() == before
    with pytest.raises(InputError, match="questions"):
        scale(workbench, "metal", [], [50], ["exact"])
