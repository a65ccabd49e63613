from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.encoders import tiny
from tests.encoders.pages import page
from workbench.encoders import ENCODERS
from workbench.encoders.clip import Clip, load
from workbench.errors import EncoderError, QueryError
from workbench.types import PageEmbedding, PageFailure

SPEC = replace(ENCODERS["clip-vit-b-32"], dim=24)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def encoder(home: Path) -> Clip:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAGELENS_HOME", str(home))
        tiny.build(tiny.clip, home / "models" / SPEC.id)
        return load(SPEC)


def test_a_page_is_one_unit_vector_over_its_crop(encoder: Clip) -> None:
    crop = (0.0, 0.25, 1.0, 0.75)
    (found,) = encoder.encode_pages([page(image=Image.effect_noise((60, 90), 80).convert("RGB"), crop=crop)])
    assert isinstance(found, PageEmbedding)
    assert found.vectors.shape == (1, 24)
    np.testing.assert_allclose(np.linalg.norm(found.vectors), 1, atol=1e-6)
    np.testing.assert_allclose(found.geometry.boxes, [crop])
    assert found.geometry.grid is None


def test_the_top_and_bottom_of_an_upright_page_are_seen(encoder: Clip) -> None:
    plain = Image.new("RGB", (60, 180), "white")
    headed = plain.copy()
    headed.paste("black", (0, 0, 60, 40))
    one, other = encoder.encode_pages([page(image=plain), page(image=headed)])
    assert isinstance(one, PageEmbedding) and isinstance(other, PageEmbedding)
    assert np.abs(one.vectors - other.vectors).max() > 1e-3


def test_a_query_is_the_model_s_own_text_vector(encoder: Clip) -> None:
    found = encoder.encode_query("a bar chart of revenue")
    with torch.inference_mode():
        theirs = encoder._model.encode_text(encoder._tokenizer(["a bar chart of revenue"]), normalize=True).numpy()
    np.testing.assert_allclose(found.vectors, theirs, atol=1e-5)
    assert found.labels == ("a bar chart of revenue",)
    with pytest.raises(QueryError, match="empty"):
        encoder.encode_query("")


def test_a_broken_picture_fails_its_page_alone(encoder: Clip) -> None:
    def broken() -> Image.Image:
        raise OSError("the picture is truncated")

    bad, good = encoder.encode_pages([replace(page(), image=broken), page(number=2)])
    assert isinstance(bad, PageFailure)
    assert isinstance(good, PageEmbedding)


def test_missing_weights_name_the_command(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGELENS_HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EncoderError, match="hf download laion/CLIP-ViT-B-32"):
        load(replace(SPEC, id="nowhere"))
