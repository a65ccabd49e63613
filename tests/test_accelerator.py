"""Vectors on a card, with the processor in its place: the same scores, whatever of an array is there."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from workbench import accelerator as module
from workbench import maxsim as kernels
from workbench.accelerator import ON_PROCESSOR, Accelerator
from workbench.bootstrap import ROOT
from workbench.maxsim import maxsim_of_ranges, maxsim_reference
from workbench.types import Ragged

DIM = 16


def unit(rng, n, dim=DIM):
    vectors = rng.normal(size=(n, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def mapped(path: Path, vectors, rows=None):
    """The file of vectors, mapped from its beginning as the store does."""
    path.write_bytes(np.ascontiguousarray(vectors).tobytes())
    return np.memmap(path, vectors.dtype, "r", shape=(len(vectors) if rows is None else rows, vectors.shape[1]))


def card(budget=1 << 30, segment=40 * DIM, overlap=10):
    return Accelerator("cpu", budget, segment, overlap, name=ON_PROCESSOR)


@pytest.fixture
def using(monkeypatch):
    def use(device):
        monkeypatch.setattr(kernels, "accelerator", lambda: device)
        return device

    return use


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**31),
    st.lists(st.integers(1, 25), min_size=1, max_size=30),
    st.sampled_from([np.float16, np.float32]),
    st.sampled_from(["none", "positive", "signed"]),
    st.sampled_from([60, 1 << 25]),
    st.data(),
)
def test_scores_are_the_definition_whatever_is_there(tmp_path_factory, seed, lengths, dtype, weighted, block, data):
    """Pages in segments, across their ends, longer than the overlap, some left out, in any order, beyond the budget."""
    rng = np.random.default_rng(seed)
    flat = mapped(tmp_path_factory.mktemp("card") / "v.bin", unit(rng, sum(lengths)).astype(dtype))
    starts = np.cumsum([0, *lengths[:-1]])
    chosen = np.asarray(data.draw(st.lists(st.integers(0, len(lengths) - 1), min_size=1, unique=True)))
    rows = data.draw(st.integers(1, len(flat)))
    device = card(budget=rows * DIM * flat.dtype.itemsize)
    device.hold(flat, wait=True)
    held = device.held(flat)
    assert 0 < held.bytes <= held.of == (len(flat) * (DIM + 4) if held.small else flat.nbytes)
    query = unit(rng, 4)
    low = {"none": 1, "positive": 0, "signed": -1}[weighted]
    weights = None if weighted == "none" else rng.uniform(low, 2, 4).astype(np.float32)
    expected = maxsim_reference(query, Ragged(flat, np.r_[0, np.cumsum(lengths)]), weights)[chosen]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_NUMBERS", block)
        patch.setattr(kernels, "accelerator", lambda: device)
        scored = device.score(query, flat, starts[chosen], np.asarray(lengths)[chosen], weights)
        assert (scored is None) is held.small
        if scored is not None:
            np.testing.assert_allclose(scored[0][scored[1]], expected[scored[1]], atol=1e-3)
        scores = maxsim_of_ranges(query, flat, starts[chosen], np.asarray(lengths)[chosen], weights)
    np.testing.assert_allclose(scores, expected, atol=1e-3)
    assert list(np.argsort(-scores)) == list(np.argsort(-expected)) or np.abs(np.diff(np.sort(expected))).min() < 1e-5


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 2**31),
    st.lists(st.integers(1, 25), min_size=2, max_size=40),
    st.sampled_from([np.float16, np.float32]),
    st.sampled_from(["none", "positive", "signed"]),
    st.sampled_from([60, 1 << 25]),
    st.data(),
)
def test_in_eight_bits_the_best_are_those_of_the_processor(
    tmp_path_factory, seed, lengths, dtype, weighted, block, data
):
    """As many as are asked for, to the bit and in its order; pages that are alike among them."""
    rng = np.random.default_rng(seed)
    vectors = unit(rng, sum(lengths))
    vectors[: len(vectors) // 2] = vectors[rng.integers(0, len(vectors), len(vectors) // 2)]
    flat = mapped(tmp_path_factory.mktemp("card") / "v.bin", vectors.astype(dtype))
    starts = np.cumsum([0, *lengths[:-1]])
    chosen = np.asarray(data.draw(st.lists(st.integers(0, len(lengths) - 1), min_size=2, unique=True)))
    most = data.draw(st.integers(1, len(chosen)))
    device = card(budget=len(flat) * (DIM + 4))
    device.hold(flat, wait=True)
    held = device.held(flat)
    assert held.small and held.bytes == held.of == len(flat) * (DIM + 4)
    assert "in eight bits, warm" in str(held)
    query = unit(rng, 4)
    low = {"none": 1, "positive": 0, "signed": -1}[weighted]
    weights = None if weighted == "none" else rng.uniform(low, 2, 4).astype(np.float32)
    at, sizes = starts[chosen], np.asarray(lengths)[chosen]
    expected = maxsim_of_ranges(query, flat, at, sizes, weights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_NUMBERS", block)
        patch.setattr(kernels, "accelerator", lambda: device)
        scores = maxsim_of_ranges(query, flat, at, sizes, weights, most)
        whole = maxsim_of_ranges(query, flat, at, sizes, weights)
    np.testing.assert_array_equal(whole, expected)
    best = np.lexsort((chosen, -expected))[:most]
    assert list(np.lexsort((chosen, -scores))[:most]) == list(best)
    np.testing.assert_allclose(scores[best], expected[best], atol=1e-5)


def test_in_eight_bits_few_are_left_to_the_processor(tmp_path):
    rng = np.random.default_rng(0)
    flat = mapped(tmp_path / "v.bin", unit(rng, 2000, 128).astype(np.float16))
    device = Accelerator("cpu", flat.nbytes * 3 // 4, name=ON_PROCESSOR)
    device.hold(flat, wait=True)
    starts, lengths = np.arange(0, 2000, 10), np.full(200, 10)
    _, there = device.score(unit(rng, 10, 128), flat, starts, lengths, None, 5)
    assert 5 <= (~there).sum() < 60
    assert device.score(unit(rng, 10, 128), flat, starts, lengths, None) is None
    assert device.score(unit(rng, 10, 128), flat, starts, lengths, None, 200) is None


def test_a_page_of_no_numbers_in_eight_bits_is_left_to_the_processor_and_costs_no_other_its_place(tmp_path):
    rng = np.random.default_rng(0)
    vectors = unit(rng, 100).astype(np.float16)
    vectors[7] = np.nan
    flat, query = mapped(tmp_path / "v.bin", vectors), unit(rng, 3)
    device = card(budget=100 * (DIM + 4), segment=1 << 20)
    device.hold(flat, wait=True)
    starts, lengths = np.arange(0, 100, 5), np.full(20, 5)
    _, there = device.score(query, flat, starts, lengths, None, 2)
    assert not there[1]
    exact = maxsim_reference(query, Ragged(flat, np.r_[starts, 100]))
    assert not there[np.argsort(-np.nan_to_num(exact, nan=-9))[:2]].any()


def test_what_no_longer_fits_as_it_is_becomes_small_and_large_again(tmp_path):
    rng = np.random.default_rng(0)
    vectors = unit(rng, 400).astype(np.float16)
    flat = mapped(tmp_path / "v.bin", vectors, rows=200)
    device = card(budget=flat.nbytes + 2000)
    device.hold(flat, wait=True)
    assert not device.held(flat).small
    other = mapped(tmp_path / "w.bin", unit(rng, 100).astype(np.float16))
    device.hold(other, wait=True)
    assert device.held(flat).small and device.held(flat).bytes == 200 * (DIM + 4)
    assert not device.held(other).small
    assert sum(holding.rows * holding.row_bytes for holding in device._holdings.values()) <= device.budget
    del other
    (tmp_path / "w.bin").unlink()
    flat = mapped(tmp_path / "v.bin", vectors[:205])
    device.hold(flat, wait=True)
    assert not device.held(flat).small and device.held(flat).bytes == flat.nbytes


class _NoDouble(TorchDispatchMode):
    """What Apple's cards lack: numbers of 64 bits that are no whole ones."""

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        made = function(*arguments, **(named or {}))
        for each in tree_leaves((arguments, named, made)):
            assert not isinstance(each, torch.Tensor) or each.dtype not in (torch.float64, torch.complex128), function
        return made


@pytest.mark.parametrize("budget", [1 << 30, 300 * (DIM + 4)], ids=["as it is", "in eight bits"])
@pytest.mark.parametrize("weights", [None, np.linspace(-1, 2, 4)], ids=["even", "weighted"])
@pytest.mark.parametrize("step", [1, 7], ids=["all", "some"])
def test_a_device_without_double_precision_can_do_it(tmp_path, budget, weights, step, monkeypatch):
    rng = np.random.default_rng(0)
    flat = mapped(tmp_path / "v.bin", unit(rng, 300).astype(np.float16))
    device, lengths = card(budget=budget), np.arange(300) % 3 + 1
    lengths = lengths[np.cumsum(lengths) <= 300]
    starts = np.cumsum(lengths) - lengths
    bring = device._copied
    monkeypatch.setattr(device, "_copied", lambda *given: _watched(bring, *given))
    device.hold(flat, wait=True)
    assert device.held(flat).bytes == device.held(flat).of
    query = unit(rng, 4).astype(np.float64)
    assert _watched(device.score, query, flat, starts[::step], lengths[::step], weights, 3) is not None


def _watched(function, *given):
    with _NoDouble():
        return function(*given)


def test_it_is_kept_in_step_with_what_is_added(tmp_path, using):
    device = using(card())
    rng = np.random.default_rng(0)
    vectors, query = unit(rng, 300).astype(np.float16), unit(rng, 3)
    starts, lengths = np.arange(0, 300, 5), np.full(60, 5)
    for rows in (100, 105, 300):
        flat = mapped(tmp_path / "v.bin", vectors[:rows])
        pages = starts[: rows // 5]
        expected = maxsim_reference(query, Ragged(flat, np.r_[pages, rows]))
        np.testing.assert_allclose(maxsim_of_ranges(query, flat, pages, lengths[: len(pages)]), expected, atol=1e-3)
        device.hold(flat, wait=True)
        assert device.held(flat).bytes == device.held(flat).of == flat.nbytes
        found, there = device.score(query, flat, pages, lengths[: len(pages)], None)
        assert there.all()
        np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_part_of_a_file_is_not_taken_for_the_file(tmp_path, using):
    device = using(card())
    rng = np.random.default_rng(0)
    flat, query = mapped(tmp_path / "v.bin", unit(rng, 100)), unit(rng, 3)
    device.hold(flat, wait=True)
    part = flat[50:]
    expected = maxsim_reference(query, Ragged(np.asarray(part), np.asarray([0, 20, 50])))
    np.testing.assert_allclose(maxsim_of_ranges(query, part, [0, 20], [20, 30]), expected, atol=1e-5)
    assert device.held(part) is None


def test_the_smallest_goes_first_and_the_largest_gives_way(tmp_path):
    rng = np.random.default_rng(0)
    small, large = (mapped(tmp_path / f"{n}.bin", unit(rng, n)) for n in (60, 400))
    device = card(budget=400 * (DIM + 4))
    device.hold(large, wait=True)
    assert device.held(large).bytes == device.held(large).of
    assert "warm" in str(device.held(large))
    device.hold(small, wait=True)
    assert device.held(small).bytes == small.nbytes
    assert device.held(large).bytes <= device.budget - small.nbytes
    assert "the rest on the processor" in str(device.held(large))


def test_what_is_gone_makes_room(tmp_path):
    rng = np.random.default_rng(0)
    first = mapped(tmp_path / "a.bin", unit(rng, 100))
    device = card(budget=first.nbytes)
    device.hold(first, wait=True)
    del first
    (tmp_path / "a.bin").unlink()
    second = mapped(tmp_path / "b.bin", unit(rng, 100))
    device.hold(second, wait=True)
    assert device.held(second).bytes == second.nbytes


def test_a_device_that_runs_out_of_memory_leaves_it_to_the_processor(tmp_path, using, monkeypatch, caplog):
    device = using(card())
    rng = np.random.default_rng(0)
    flat, query = mapped(tmp_path / "v.bin", unit(rng, 100)), unit(rng, 3)
    device.hold(flat, wait=True)

    def full(*_):
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(module, "_by_torch", full)
    expected = maxsim_reference(query, Ragged(np.asarray(flat), np.asarray([0, 40, 100])))
    np.testing.assert_allclose(maxsim_of_ranges(query, flat, [0, 40], [40, 60]), expected, atol=1e-5)
    assert "CUDA out of memory" in caplog.text


@pytest.mark.parametrize(
    ("device", "name"), [("cpu", None), (ON_PROCESSOR, ON_PROCESSOR), ("cuda:7", None), ("quantum", None)]
)
def test_settings_choose_and_a_device_that_is_not_there_is_said(device, name, monkeypatch, caplog):
    monkeypatch.setenv("PAGELENS_SEARCH_DEVICE", device)
    monkeypatch.setenv("PAGELENS_SEARCH_MEMORY_MB", "3")
    chosen = module.accelerator.__wrapped__()
    assert (chosen and chosen.name) == name
    if chosen is not None:
        assert chosen.budget == 3 << 20
    if device in ("cuda:7", "quantum"):
        assert f"PAGELENS_SEARCH_DEVICE={device} cannot be used here" in caplog.text


def test_a_process_that_ends_while_vectors_are_copied_ends_well(tmp_path):
    """As every search of the command line does."""
    script = f"""
import numpy as np
from workbench.accelerator import Accelerator
flat = np.memmap({str(tmp_path / "v.bin")!r}, np.float16, "w+", shape=(1 << 20, 128))
Accelerator("cpu", 1 << 40).hold(flat)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
