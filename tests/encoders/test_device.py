from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.encoders.conftest import Zoo
from tests.encoders.pages import page, picture
from tests.encoders.precision import close
from tests.encoders.probes import embed
from workbench.encoders import device
from workbench.encoders.device import Batches
from workbench.errors import EncoderError
from workbench.types import PageEmbedding, PageFailure

SHORTAGES = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB."),
    RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB)"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
    MemoryError("no more"),
]


def fail(item: int, error: Exception) -> str:
    return f"{item}: {error}"


@given(st.integers(1, 40), st.integers(0, 100), st.sets(st.integers(0, 99), max_size=10), st.integers(1, 9))
def test_every_item_has_one_outcome_in_order_whatever_fails(size: int, n: int, bad: set[int], room: int) -> None:
    """``room`` items fit into memory at once; ``bad`` ones fail whenever they are tried."""
    tried: list[int] = []

    def work(batch: Sequence[int]) -> list[str]:
        tried.append(len(batch))
        if len(batch) > room:
            raise MemoryError("full")
        if broken := bad.intersection(batch):
            raise ValueError(f"bad {min(broken)}")
        return [f"{item} done" for item in batch]

    batches = Batches(size)
    found = batches.run(range(n), work, fail)
    assert found == [f"{item}: bad {item}" if item in bad else f"{item} done" for item in range(n)]
    assert max(tried, default=0) <= size
    assert sum(length > room for length in tried) <= np.log2(max(size / room, 1)) + 1  # what failed is not tried again
    if n >= size > room:
        assert int(batches.size) <= room


@pytest.mark.parametrize("shortage", SHORTAGES, ids=["cuda", "mps", "cpu", "python"])
def test_a_shortage_is_known_in_every_form(shortage: Exception) -> None:
    assert device.out_of_memory(shortage)
    assert not device.out_of_memory(ValueError("out of memory"))
    assert not device.out_of_memory(RuntimeError("shapes do not fit"))
    found = Batches(4).run([1, 2], lambda batch: (_ for _ in ()).throw(shortage), fail)
    assert found == [f"1: {shortage}", f"2: {shortage}"]


def test_a_page_too_large_for_memory_fails_with_its_reason_and_others_go_on(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = zoo.load("colqwen2")
    forward, sizes = encoder.engine._run, []

    def run(inputs: dict[str, torch.Tensor]) -> object:
        patches = int(inputs["image_grid_thw"].prod(dim=1).sum())
        sizes.append(len(inputs["input_ids"]))
        if patches > 200:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return forward(inputs)

    monkeypatch.setattr(encoder.engine, "_run", run)
    monkeypatch.setattr(encoder, "_batches", Batches(4))
    small = [page(image=picture((60, 60)), number=i) for i in (1, 2, 3)]
    encoder._batches.size = 4
    found = encoder.encode_pages([*small, page(image=picture((40, 40)), number=4)])
    assert all(isinstance(item, PageEmbedding) for item in found)
    monkeypatch.setattr(encoder.engine.processor.image_processor, "size", {"shortest_edge": 784, "longest_edge": 10**6})
    large = page(image=picture((600, 600)), number=5)
    one, too_large, other = encoder.encode_pages([small[0], large, small[1]])
    assert isinstance(one, PageEmbedding) and isinstance(other, PageEmbedding)
    assert isinstance(too_large, PageFailure)
    assert "out of memory" in too_large.reason
    assert int(encoder._batches.size) == 1
    assert sizes[-1] == 1


def test_settings_choose_the_device_and_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGELENS_DEVICE", "auto")
    monkeypatch.setenv("PAGELENS_DTYPE", "auto")
    chosen = device.choose()
    if not torch.cuda.is_available() and not torch.backends.mps.is_available():
        assert (chosen.name, chosen.kind, chosen.dtype, chosen.attention) == ("cpu", "cpu", torch.float32, None)
    monkeypatch.setenv("PAGELENS_DEVICE", "cpu")
    monkeypatch.setenv("PAGELENS_DTYPE", "bfloat16")
    monkeypatch.setenv("PAGELENS_ATTENTION", "eager")
    assert device.choose() == device.Device("cpu", torch.bfloat16, "eager")
    monkeypatch.setenv("PAGELENS_DEVICE", "cuda:77")
    with pytest.raises(EncoderError, match=r"cannot run on PAGELENS_DEVICE=cuda:77 .*; set both to auto"):
        device.choose()


def test_a_gpu_gets_half_precision_and_the_fastest_attention_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice alone, for machines that the tests do not run on."""
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert device._default_dtype("cuda") is torch.bfloat16
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    assert device._default_dtype("cuda:1") is torch.float16
    monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: object() if name == "flash_attn" else None)
    assert device._attention("auto", "cuda", torch.bfloat16) == "flash_attention_2"
    assert device._attention("auto", "cuda", torch.float32) is None
    assert device._attention("auto", "cpu", torch.bfloat16) is None
    assert device._attention("eager", "cuda", torch.bfloat16) == "eager"


def test_a_batch_fits_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    cpu = device.Device("cpu", torch.float32, None)
    gpu = replace(cpu, name="cuda:0", dtype=torch.bfloat16)

    def sizes(free: float, parameters: float) -> tuple[int, int]:
        memory = type("Memory", (), {"available": int(free * 2**30)})()
        monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda name: (int(free * 2**30), 80 * 2**30))
        found = [Batches.fitting(where, int(parameters * 1e9)).size for where in (cpu, gpu)]
        return found[0], found[1]

    assert sizes(64, 3) == (4, 16)
    assert sizes(4, 3) == (1, 3)
    assert sizes(0.1, 3) == (1, 1)
    assert sizes(4, 0.25) == (3, 7)
    monkeypatch.setenv("PAGELENS_BATCH_SIZE", "5")
    assert sizes(0.1, 3) == (5, 5)


def test_batches_of_any_size_give_the_same(zoo: Zoo) -> None:
    encoder = zoo.load("colidefics3")
    pages = [page(image=picture((90 + 30 * i, 120)), number=i + 1) for i in range(5)]
    before = encoder._batches.size
    try:
        found = []
        for size in (1, 2, 5):
            encoder._batches.size = size
            found.append(embed(encoder, *pages))
    finally:
        encoder._batches.size = before
    for other in found[1:]:
        for one, same in zip(found[0], other, strict=True):
            close(one.vectors, same.vectors)
