from __future__ import annotations

import pickle
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encoders.conftest import Zoo
from tests.encoders.pages import CROP, WHOLE, page, picture
from tests.encoders.precision import close
from workbench.encoders.device import TOKENS
from workbench.encoders.engine import _takes_tensors
from workbench.encoders.families import FAMILIES
from workbench.encoders.pictures import pixels, seen
from workbench.encoders.prepared import PIXELS, PreparedPage, prepare
from workbench.encoders.window_attention import NAME, by_windows
from workbench.types import Box, Drawn, PageEmbedding, PageFailure

SIZES = [(90, 120), (200, 60), (90, 120), (60, 240)]
WINDOWED = ("colqwen2", "colqwen2.5", "biqwen2.5", "colqwen3", "colqwen-omni")


@pytest.fixture
def apart(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Loads a model whose processor works a page at a time on this processor, wherever the model is."""

    def load(name: str, module: str = "") -> Any:
        encoder = zoo.load(name, module)
        if hasattr(encoder, "engine"):
            monkeypatch.setattr(encoder.engine, "processes_there", False)
        return encoder

    return load


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_put_together_are_what_the_processor_makes_of_all_pictures(apart: Any, family: str) -> None:
    engine = apart(family).engine
    pictures = [picture(size) for size in SIZES]
    together = engine.processor.process_images(pictures)
    made = engine.prepared([engine.prepare(one) for one in pictures]).inputs
    assert made.keys() == {name for name in together if name != "labels"}
    with engine._stream.placing(made) as placed:
        for name, values in placed.items():
            wanted = together[name].to(engine.device.dtype if together[name].is_floating_point() else None)
            assert values.dtype == wanted.dtype and torch.equal(values.cpu(), wanted), name


@pytest.mark.parametrize("name", ["colpali", "colqwen2.5", "biqwen2", "colidefics3", "bimodernvbert", "clip-vit"])
def test_what_another_process_prepares_comes_to_the_same_vectors(apart: Any, name: str) -> None:
    encoder = apart(name, "workbench.encoders.clip" if name.startswith("clip") else "")
    pages = [page(image=picture(size), number=i + 1) for i, size in enumerate(SIZES)]
    preparer = pickle.loads(pickle.dumps(encoder.preparer))  # as it gets there
    threads = torch.get_num_threads()
    rows = [PreparedPage(one.ref, one.crop, prepare(preparer, one.image, one.crop)[0]) for one in pages]
    torch.set_num_threads(threads)
    for one, same in zip(encoder.encode_pages(pages), encoder.encode_prepared(rows)(), strict=True):
        close(one.vectors, same.vectors)
        assert np.array_equal(one.geometry.boxes, same.geometry.boxes) and one.labels == same.labels


@pytest.fixture
def there(request: pytest.FixtureRequest, zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A model whose processor works where the model is, as on a GPU."""
    encoder = zoo.load(request.param)
    assert _takes_tensors(encoder.engine.processor)
    monkeypatch.setattr(encoder.engine, "processes_there", True)
    return encoder


@pytest.mark.parametrize("there", FAMILIES, indirect=True)
def test_what_is_processed_where_the_model_is_comes_to_the_same_vectors(there: Any) -> None:
    pages = [page(image=picture(size), number=i + 1, crop=CROP) for i, size in enumerate(SIZES)]
    drawn = [replace(one, image=Drawn.of(one.image())) for one in pages]
    ready = [there.prepare(one) for one in drawn]
    assert all(one.inputs.keys() == {PIXELS} for one in ready)
    found = there.encode_prepared(ready)()
    there.engine.processes_there = False
    for one, same in zip(found, there.encode_pages(pages), strict=True):
        close(one.vectors, same.vectors)
        assert np.array_equal(one.geometry.boxes, same.geometry.boxes) and one.labels == same.labels


@pytest.mark.parametrize("there", FAMILIES, indirect=True)
def test_tokens_of_a_picture_are_known_before_it_is_processed(there: Any) -> None:
    ready = [there.prepare(page(image=picture(size))) for size in SIZES]
    known = [there.tokens(one) for one in ready]
    batches = [there.engine.prepared([one.inputs]) for one in ready]
    assert known == [int(batch.shown(0).sum()) for batch in batches]


@pytest.mark.parametrize("crop", [WHOLE, CROP])
def test_pixels_are_what_the_crop_leaves_however_a_page_has_its_picture(crop: Box) -> None:
    one = page(image=picture((90, 120)), crop=crop)
    drawn = replace(one, image=Drawn.of(one.image()))
    assert np.array_equal(pixels(one), pixels(drawn)) and np.array_equal(pixels(one), np.asarray(seen(one)))


def test_a_batch_is_begun_before_the_one_before_it_is_asked_for(zoo: Zoo) -> None:
    encoder = zoo.load("colpali")
    pages = [page(image=picture(size), number=i + 1) for i, size in enumerate(SIZES)]
    first, second = (encoder.encode_prepared([encoder.prepare(one) for one in half]) for half in (pages[:2], pages[2:]))
    behind, before = second(), first()
    for one, same in zip(encoder.encode_pages(pages), [*before, *behind], strict=True):
        close(one.vectors, same.vectors)


def test_a_prepared_page_that_the_model_cannot_take_fails_alone(apart: Any) -> None:
    encoder = apart("colidefics3")
    pages = [encoder.prepare(page(image=picture(size), number=i + 1)) for i, size in enumerate(SIZES)]
    broken = {**pages[1].inputs, "input_ids": np.full_like(pages[1].inputs["input_ids"], 10**6)}
    pages[1] = PreparedPage(pages[1].ref, pages[1].crop, broken)
    one, bad, *others = encoder.encode_prepared(pages)()
    assert isinstance(bad, PageFailure) and bad.ref.page == 2 and "model failed on this page" in bad.reason
    assert all(isinstance(found, PageEmbedding) for found in (one, *others))


def test_batches_are_made_by_tokens(apart: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many short pages as a few long ones have tokens, padding counted."""
    encoder = apart("colidefics3")
    small, large = (encoder.prepare(page(image=picture(size))) for size in ((40, 240), (240, 240)))
    assert large.tokens > 2 * small.tokens
    monkeypatch.setattr(encoder._batches, "size", 2 * large.tokens / TOKENS)
    monkeypatch.setattr(encoder._batches, "most", 0)
    assert encoder.fit([large] * 9) == 2
    assert encoder.fit([small] * 9) == 2 * large.tokens // small.tokens
    assert encoder.fit([small, large, small]) == 2


# ---- attention by windows


@settings(max_examples=40)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=9), st.integers(1, 3))
def test_attention_by_windows_is_attention_one_window_after_another(lengths: list[int], heads: int) -> None:
    q, k, v = torch.randn(3, heads, sum(lengths), 8, generator=torch.Generator().manual_seed(len(lengths)))
    bounds = torch.tensor([0, *np.cumsum(lengths).tolist()], dtype=torch.int32)
    plain = [
        torch.softmax(one @ other.transpose(1, 2) * 8**-0.5, -1) @ third
        for one, other, third in zip(*(rows.split(lengths, 1) for rows in (q, k, v)), strict=True)
    ]
    torch.testing.assert_close(by_windows(q, k, v, bounds), torch.cat(plain, 1).transpose(0, 1))
    torch.testing.assert_close(by_windows(q, k, v, bounds), torch.cat(plain, 1).transpose(0, 1))  # and by its plan


@pytest.mark.parametrize("family", WINDOWED)
def test_models_that_attend_by_windows_give_what_the_library_gives(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    encoder = zoo.load(family)
    configs = {id(part.config): part.config for part in encoder.engine.model.modules() if hasattr(part, "config")}
    windowed = [config for config in configs.values() if config._attn_implementation == NAME]
    assert windowed and "windows batched" in encoder.engine.attention
    pages = [page(image=picture(size), number=i + 1) for i, size in enumerate(SIZES)]
    ours = encoder.encode_pages(pages)
    for config in windowed:
        monkeypatch.setattr(config, "_attn_implementation_internal", "sdpa")
    for one, same in zip(ours, encoder.encode_pages(pages), strict=True):
        close(one.vectors, same.vectors)


def test_attention_that_comes_to_something_else_is_not_used(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.encoders import window_attention

    model = zoo.load("colqwen2.5").engine.model
    config = model.visual.config
    monkeypatch.setattr(config, "_attn_implementation_internal", "sdpa")
    monkeypatch.setattr(window_attention, "by_windows", partial(lambda q, k, v, bounds: v.transpose(0, 1)))
    assert window_attention.attend_by_windows(model) == "sdpa"
    assert config._attn_implementation == "sdpa"
