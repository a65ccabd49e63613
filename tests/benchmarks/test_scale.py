import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import scale as module
from benchmarks.scale import NOISE, ScalePoint, ScaleReport, _documents, _originals, perturbed, scale
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


def test_pages_that_are_written_as_they_are_keep_their_places():
    assert _originals(3, [2, 7]) == ["copy-0000000.pdf#page=1", "copy-0000000.pdf#page=2", "copy-0000002.pdf#page=1"]
    assert _originals(3, [5]) == [f"copy-0000000.pdf#page={n}" for n in (1, 2, 3)]
    assert _originals(3, [2]) == [f"copy-0000000.pdf#page={n}" for n in (1, 2)]


def test_growth_is_told_between_the_smallest_and_the_largest():
    def point(pages, own):
        return ScalePoint(pages, pages * 10, 0, "exact", Times.of([1.0]), own)

    report = ScaleReport("c", "reader", 1, 1, (point(100, 5_000), point(200, 9_000), point(300, 6_000)), 1.0)
    assert report.own_bytes_per_page("exact") == 5.0
    assert ScaleReport("c", "reader", 1, 1, (point(100, 5_000),), 1.0).own_bytes_per_page("exact") == 0.0


def test_a_collection_is_enlarged_and_searched(workbench, monkeypatch):
    monkeypatch.setattr(module, "in_new_process", lambda task, *arguments: task(*arguments))
    before = workbench.library.names()
    pages = workbench.library.info("metal").pages
    labels = [{str(hit.ref): 1 for hit in workbench.search(topic, "metal", "full:1").hits} for topic in TOPICS[:2]]
    report = scale(workbench, "metal", TOPICS[:2], [50, 90], ["exact", "text"], repeats=1, labels=labels)
    assert [(point.pages, point.pipeline) for point in report.points] == [
        (50, "exact"),
        (50, "text"),
        (90, "exact"),
        (90, "text"),
    ]
    assert report.points[2].vectors > report.points[0].vectors
    assert all(point.search.count == 2 and point.search.p50 > 0 for point in report.points)
    assert pages < 90
    for point in report.points:
        assert point.vector_bytes > 0
        assert point.opening_ms > 0 and point.first_ms > 0
        assert 0 <= point.agreement <= 1
        assert len(point.stages) == 2
        assert point.stages[-1][0] == "results"
        if point.pipeline == "exact":
            assert point.stages[0][0] == "full"
            assert point.agreement == 1
            assert point.ndcg == point.exact_ndcg == 1  # the page as it was comes before its noisy copies
    assert workbench.library.names() == before
    small = scale(workbench, "metal", TOPICS[:2], [400], ["lemur[features=32,samples=256,engine=ann]:60 > full:10"], 1,
                  kept=4, indexes=["lemur[features=32,samples=256]"])  # fmt: skip
    assert small.kept == 4
    assert small.points[0].vectors <= 4 * 400
    assert "approximate: an index named 120 candidates from" in small.points[0].approximate
    with pytest.raises(InputError, match="questions"):
        scale(workbench, "metal", [], [50], ["exact"])


def test_pages_that_are_kept_are_not_written_again(workbench, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "in_new_process", lambda task, *arguments: task(*arguments))
    labels = [{str(hit.ref): 1 for hit in workbench.search(topic, "metal", "full:1").hits} for topic in TOPICS[:2]]

    def run(*sizes):
        return scale(workbench, "metal", TOPICS[:2], sizes, ["exact"], 1, labels=labels, keep=tmp_path / "kept")

    first, again, more = run(60), run(60), run(60, 70)
    assert first.pages_per_second > 0
    assert again.pages_per_second == more.pages_per_second == 0
    assert [point.pages for point in more.points] == [60, 70]
    assert {point.ndcg for report in (first, again, more) for point in report.points} == {1}
    assert all(point.processor_ms > 0 for point in more.points)
    with pytest.raises(InputError, match="70 pages already"):
        run(60)


def test_pages_that_were_made_of_others_are_not_gone_on_from(workbench, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "in_new_process", lambda task, *arguments: [])
    scale(workbench, "metal", TOPICS[:1], [10], ["exact"], 1, keep=tmp_path)
    scale(workbench, "metal", TOPICS[:1], [10], ["exact"], 1, keep=tmp_path)
    with pytest.raises(InputError, match="were made of others"):
        scale(workbench, "metal", TOPICS[:1], [12], ["exact"], 1, kept=2, keep=tmp_path)


def test_pages_that_are_kept_are_labelled_by_the_documents_that_they_were_written_in(workbench, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "in_new_process", lambda task, *arguments: task(*arguments))
    labels = [{str(hit.ref): 1 for hit in workbench.search(topic, "metal", "full:1").hits} for topic in TOPICS[:2]]
    for sizes in ([2, 60], [60]):  # documents are parted at the sizes of the first run
        report = scale(workbench, "metal", TOPICS[:2], sizes, ["exact"], 1, labels=labels, keep=tmp_path)
        assert report.points[-1].ndcg == 1
