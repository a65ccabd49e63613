"""The MaxSim kernel against its definition, whatever the layout, and whatever stands beside a page."""

import threading
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench import maxsim as kernels
from workbench.maxsim import maxsim, maxsim_of_ranges, maxsim_reference, similarities
from workbench.types import Ragged


def unit(rng, n, dim):
    vectors = rng.normal(size=(n, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def ragged(rng, lengths, dim, dtype=np.float32):
    return Ragged(unit(rng, sum(lengths), dim).astype(dtype), np.r_[0, np.cumsum(lengths)].astype(np.int64))


@pytest.fixture
def tiny_blocks(monkeypatch):
    """Blocks of one tile, so that small data has many of them."""
    monkeypatch.setattr(kernels, "BLOCK_BYTES", 1)


lengths_of_pages = st.lists(st.integers(1, 90), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**31), lengths_of_pages, st.integers(1, 24), st.sampled_from([1, 3, 16, 128]), st.booleans(),
    st.sampled_from([np.float32, np.float16]), st.sampled_from([1, 1 << 12, 3 << 20]),
)  # fmt: skip
def test_kernel_is_the_definition(seed, lengths, tokens, dim, weighted, dtype, block_bytes):
    rng = np.random.default_rng(seed)
    pages, query = ragged(rng, lengths, dim, dtype), unit(rng, tokens, dim)
    weights = rng.uniform(0, 2, tokens).astype(np.float32) if weighted else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "BLOCK_BYTES", block_bytes)
        scores = maxsim(query, pages, weights)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, maxsim_reference(query, pages, weights), atol=1e-5 * tokens)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), lengths_of_pages, st.data(), st.sampled_from([np.float32, np.float16]))
def test_ranges_in_any_order_overlapping_or_repeated(seed, lengths, data, dtype):
    rng = np.random.default_rng(seed)
    pages, query = ragged(rng, lengths, 16, dtype), unit(rng, 5, 16)
    n = len(pages.flat)
    ranges = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(1, n)), min_size=1, max_size=30))
    parts = [pages.flat[start : start + length] for start, length in ranges]
    expected = maxsim_reference(query, Ragged(np.concatenate(parts), np.cumsum([0, *map(len, parts)]).astype(np.int64)))
    scores = maxsim_of_ranges(query, pages.flat, [start for start, _ in ranges], [len(part) for part in parts])
    np.testing.assert_allclose(scores, expected, atol=5e-5)


@pytest.mark.parametrize("scattered", [0, 1 << 40], ids=["run by run", "row by row"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_both_ways_of_gathering_give_the_same_numbers(dtype, scattered, monkeypatch, tiny_blocks):
    rng = np.random.default_rng(5)
    pages, query = ragged(rng, [7, 1, 40, 3, 90, 22], 16, dtype), unit(rng, 4, 16)
    expected = maxsim(query, pages)
    monkeypatch.setattr(kernels, "SCATTERED", scattered)
    chosen = np.array([5, 0, 2, 3])
    found = maxsim_of_ranges(query, pages.flat, pages.offsets[chosen], np.diff(pages.offsets)[chosen])
    np.testing.assert_allclose(found, expected[chosen], atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.lists(st.integers(1, 300), min_size=2, max_size=40), st.data())
def test_a_page_scores_alike_whatever_is_scored_beside_it(seed, lengths, data):
    rng = np.random.default_rng(seed)
    pages, query = ragged(rng, lengths, 128, np.float16), unit(rng, 20, 128)
    starts, sizes = pages.offsets[:-1], np.diff(pages.offsets)
    chosen = data.draw(st.lists(st.integers(0, len(pages) - 1), min_size=1, max_size=len(pages)))
    alone = maxsim_of_ranges(query, pages.flat, starts[chosen], sizes[chosen])
    np.testing.assert_allclose(alone, maxsim(query, pages)[chosen], rtol=1e-6, atol=1e-6)


def test_memory_mapped_file_is_read_without_a_warning(tmp_path, tiny_blocks):
    rng = np.random.default_rng(1)
    pages, query = ragged(rng, [50, 1, 200, 33], 32, np.float16), unit(rng, 6, 32)
    np.save(tmp_path / "vectors.npy", pages.flat)
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = maxsim(query, Ragged(mapped, pages.offsets))
    np.testing.assert_array_equal(scores, maxsim(query, pages))
    assert not mapped.flags.writeable
    np.testing.assert_array_equal(mapped, pages.flat)


def test_known_values():
    basis = np.eye(4, dtype=np.float32)
    pages = Ragged(np.stack([basis[0], basis[1], -basis[0], basis[2], basis[3]]), np.array([0, 2, 3, 5]))
    query = basis[:2]
    assert maxsim(query, pages).tolist() == [2, -1, 0]  # page 2 has nothing but the opposite: -1 + 0
    assert maxsim(query, pages, np.array([3, 0.5], np.float32)).tolist() == [3.5, -3, 0]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 30), st.integers(1, 10))
def test_laws(seed, size, tokens):
    rng = np.random.default_rng(seed)
    page, query, extra = unit(rng, size, 16), unit(rng, tokens, 16), unit(rng, 1, 16)

    def score(q, d):
        return float(maxsim(q, Ragged(d, np.array([0, len(d)])))[0])

    assert score(page, page) == pytest.approx(size, abs=1e-4), "a page scores its own number of vectors"
    assert score(query, np.concatenate([page, extra])) >= score(query, page), "more page never scores less"
    again = score(np.concatenate([query, query[:1]]), page)
    assert again == pytest.approx(score(query, page) + float((query[:1] @ page.T).max()), abs=1e-4)
    assert score(query, page[rng.permutation(size)]) == pytest.approx(score(query, page), abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), lengths_of_pages)
def test_float16_costs_less_than_a_thousandth_per_token(seed, lengths):
    rng = np.random.default_rng(seed)
    pages, query = ragged(rng, lengths, 64), unit(rng, 10, 64)
    half = Ragged(pages.flat.astype(np.float16), pages.offsets)
    assert np.abs(maxsim(query, half) - maxsim(query, pages)).max() < 1e-3 * len(query)


def test_nothing_to_compare():
    rng = np.random.default_rng(2)
    pages = ragged(rng, [3, 4], 8)
    nothing = np.zeros((0, 8), np.float32)
    assert maxsim(nothing, pages).tolist() == maxsim_reference(nothing, pages).tolist() == [0, 0]
    none = Ragged(nothing, np.zeros(1, np.int64))
    assert maxsim(unit(rng, 2, 8), none).shape == (0,)


def test_refusals_name_the_page_and_the_numbers():
    rng = np.random.default_rng(3)
    flat, query = unit(rng, 10, 8), unit(rng, 2, 8)
    with pytest.raises(ValueError, match="page 1 of 3 has no vectors"):
        maxsim(query, Ragged(flat, np.array([0, 4, 4, 10])))
    with pytest.raises(ValueError, match="page 1 of 3 has no vectors"):
        maxsim_reference(query, Ragged(flat, np.array([0, 4, 4, 10])))
    with pytest.raises(ValueError, match="page 1 of 2 is rows 8:12 of 10"):
        maxsim_of_ranges(query, flat, [0, 8], [2, 4])
    with pytest.raises(ValueError, match="page 0 of 1 is rows -1:1 of 10"):
        maxsim_of_ranges(query, flat, [-1], [2])
    with pytest.raises(ValueError, match=r"\(2, 7\).*dimension 8"):
        maxsim_of_ranges(query[:, :7], flat, [0], [2])
    with pytest.raises(ValueError, match="float64"):
        maxsim_of_ranges(query, flat.astype(np.float64), [0], [2])
    with pytest.raises(ValueError, match="weights"):
        maxsim_of_ranges(query, flat, [0], [2], np.ones(3, np.float32))


def test_blocks_cover_all_pages_once_and_bound_memory():
    lengths = np.array([5, 5, 90, 1, 1, 1, 64, 30])
    blocks = list(kernels._blocks(lengths, 64))
    assert np.concatenate([np.arange(len(lengths))[b] for b in blocks]).tolist() == list(range(len(lengths)))
    assert all(lengths[b].sum() <= 64 or len(lengths[b]) == 1 for b in blocks)


def test_many_searches_at_once_do_not_disturb_each_other(tiny_blocks):
    rng = np.random.default_rng(4)
    pages = ragged(rng, rng.integers(1, 60, 40).tolist(), 32, np.float16)
    queries = [unit(rng, tokens, 32) for tokens in range(1, 9)]
    expected = [maxsim_reference(query, pages) for query in queries]
    worst = np.zeros(len(queries))

    def search(i):
        for _ in range(20):
            worst[i] = max(worst[i], np.abs(maxsim(queries[i], pages) - expected[i]).max())

    threads = [threading.Thread(target=search, args=(i,)) for i in range(len(queries))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worst.max() < 1e-4


def test_the_rest_of_the_process_keeps_its_torch_threads():
    import torch

    before = torch.get_num_threads()
    rng = np.random.default_rng(6)
    maxsim(unit(rng, 2, 8), ragged(rng, [3], 8))
    seen = []
    thread = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert [before, before] == [torch.get_num_threads(), *seen]


def test_similarities_are_dot_products():
    rng = np.random.default_rng(7)
    query, vectors = unit(rng, 3, 8), unit(rng, 5, 8).astype(np.float16)
    found = similarities(query, vectors)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[float(q @ v.astype(np.float32)) for v in vectors] for q in query], atol=1e-6)
