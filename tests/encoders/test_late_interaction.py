"""The real loading code and the real processors, on models with random weights in the published layout."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from tests.encoders import tiny
from tests.encoders.pages import page
from workbench.encoders import ENCODERS, EncoderSpec
from workbench.encoders.late_interaction import LateInteraction, load
from workbench.errors import EncoderError, QueryError
from workbench.types import Page, PageEmbedding, PageFailure

ROWS = {
    "colpali-v1.3": tiny.colpali,
    "colqwen2-v1.0": tiny.colqwen2,
    "colqwen2.5-v0.2": tiny.colqwen2_5,
    "colsmol-256m": tiny.colidefics3,
    "colmodernvbert": tiny.colmodernvbert,
}
AUGMENTATION = {
    "colpali-v1.3": "<pad>",
    "colqwen2-v1.0": "<|endoftext|>",
    "colqwen2.5-v0.2": "<|endoftext|>",
    "colsmol-256m": "<end_of_utterance>",
    "colmodernvbert": "<end_of_utterance>",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGELENS_HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="module", params=list(ROWS))
def encoder(request: pytest.FixtureRequest, home: Path) -> LateInteraction:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAGELENS_HOME", str(home))
        tiny.build(ROWS[request.param], home / "models" / request.param)
        return load(ENCODERS[request.param])


def picture(size: tuple[int, int]) -> Image.Image:
    image = Image.effect_noise(size, 80).convert("RGB")
    ImageDraw.Draw(image).rectangle((size[0] // 2, 10, size[0] - 10, size[1] // 3), fill="navy")
    return image


def embed(encoder: LateInteraction, *pages: Page) -> list[PageEmbedding]:
    found = encoder.encode_pages(pages)
    assert all(isinstance(item, PageEmbedding) for item in found), found
    return [item for item in found if isinstance(item, PageEmbedding)]


def official(encoder: LateInteraction, image: Image.Image) -> np.ndarray:
    """Image token vectors by colpali-engine's own calls."""
    batch = encoder._processor.process_images([image])
    with torch.inference_mode():
        states = encoder._model(**batch)[0]
    return states[encoder._processor.get_image_mask(batch)[0]].numpy()


@pytest.mark.parametrize("size", [(200, 300), (320, 180), (40, 40)], ids=["upright", "slide", "small"])
def test_a_page_becomes_its_image_tokens_each_with_its_place(encoder: LateInteraction, size: tuple[int, int]) -> None:
    image = picture(size)
    (found,) = embed(encoder, page(image=image))
    np.testing.assert_allclose(found.vectors, official(encoder, image), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-6)
    grid = found.geometry.grid
    assert grid is not None
    placed = found.geometry.cell >= 0
    assert sorted(found.geometry.cell[placed].tolist()) == list(range(grid[0] * grid[1]))
    boxes = found.geometry.boxes[placed]
    np.testing.assert_allclose(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1).sum(), 1, atol=1e-4)
    if encoder.info.id != "colpali-v1.3" and size != (40, 40):
        assert (grid[0] > grid[1]) == (size[1] > size[0])


def test_the_grid_is_the_one_the_processor_reports(encoder: LateInteraction) -> None:
    image = picture((200, 300))
    (found,) = embed(encoder, page(image=image))
    processor = encoder._processor
    reported = {
        "colpali-v1.3": lambda: processor.get_n_patches(image.size, patch_size=14),
        "colqwen2-v1.0": lambda: processor.get_n_patches(image.size, spatial_merge_size=2),
        "colqwen2.5-v0.2": lambda: processor.get_n_patches(image.size, spatial_merge_size=2),
        "colsmol-256m": lambda: [4 * tiles for tiles in processor.get_n_patches(image.size[::-1], patch_size=64)],
        "colmodernvbert": lambda: processor.get_n_patches(image.size[::-1]),
    }[encoder.info.id]()
    assert found.geometry.grid == tuple(reversed(reported))


def test_tiles_are_ordered_as_in_the_library_s_own_similarity_maps(encoder: LateInteraction) -> None:
    processor, image = encoder._processor, picture((200, 300))
    if not hasattr(processor, "rearrange_image_embeddings"):
        pytest.skip("this model does not cut the picture into tiles")
    (found,) = embed(encoder, page(image=image))
    grid, placed = found.geometry.grid, found.geometry.cell >= 0
    assert grid is not None
    batch = processor.process_images([image])
    with torch.inference_mode():
        states = encoder._model(**batch)
    query = torch.from_numpy(encoder.encode_query("revenue").vectors)[None]
    local = processor.get_local_image_mask(batch)
    (maps,) = processor.get_similarity_maps_from_embeddings(states, query, (grid[1], grid[0]), local)
    ours = np.zeros((query.shape[1], grid[0] * grid[1]), np.float32)
    ours[:, found.geometry.cell[placed]] = query[0].numpy() @ found.vectors[placed].T
    theirs = maps.permute(0, 2, 1).reshape(ours.shape).numpy()  # theirs is (token, x, y)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("spot", [(0.1, 0.1), (0.9, 0.1), (0.35, 0.6), (0.6, 0.9)])
def test_what_changes_on_the_page_changes_the_vector_at_that_place(
    encoder: LateInteraction, spot: tuple[float, float]
) -> None:
    """Geometry end to end, through the model: the vector that moves most lies on the spot that was painted."""
    plain = Image.new("RGB", (200, 300), "white")
    painted = plain.copy()
    x, y = round(spot[0] * 200), round(spot[1] * 300)
    ImageDraw.Draw(painted).rectangle((x - 6, y - 6, x + 6, y + 6), fill="black")
    before, after = embed(encoder, page(image=plain), page(image=painted, number=2))
    moved = np.linalg.norm(before.vectors - after.vectors, axis=1)
    box = after.geometry.boxes[np.where(after.geometry.cell >= 0, moved, 0).argmax()]
    reach = (box[2:] - box[:2]) + np.array([6 / 200, 6 / 300])
    assert (np.abs((box[:2] + box[2:]) / 2 - spot) <= reach).all(), (box, spot)


def test_a_crop_is_what_the_model_sees_and_where_its_boxes_lie(encoder: LateInteraction) -> None:
    image = picture((200, 300))
    crop = (0.1, 0.2, 0.9, 0.8)
    (found,) = embed(encoder, page(image=image, crop=crop))
    np.testing.assert_allclose(found.vectors, official(encoder, image.crop((20, 60, 180, 240))), atol=1e-5)
    boxes = found.geometry.boxes
    np.testing.assert_allclose([*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)], crop, atol=1e-6)


def test_a_page_does_not_depend_on_its_batch_mates(encoder: LateInteraction) -> None:
    first, second = page(image=picture((200, 300))), page(image=picture((320, 180)), number=2)
    together, alone = embed(encoder, first, second), (*embed(encoder, first), *embed(encoder, second))
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one.vectors, other.vectors, atol=1e-5)


def test_a_query_is_the_official_one_with_all_its_tokens(encoder: LateInteraction) -> None:
    found = encoder.encode_query("What is the total, in $ ?")
    batch = encoder._processor.process_queries(["What is the total, in $ ?"])
    with torch.inference_mode():
        states = encoder._model(**batch)[0].numpy()
    np.testing.assert_allclose(found.vectors, states, atol=1e-5)
    assert found.labels[-10:] == (AUGMENTATION[encoder.info.id],) * 10
    assert "$" in "".join(found.labels)
    assert found.policy == encoder.info.policy == "official"
    with pytest.raises(QueryError, match="empty"):
        encoder.encode_query("  ")


def test_threads_take_turns(encoder: LateInteraction) -> None:
    texts = [f"revenue of region {i}" for i in range(16)]
    alone = [encoder.encode_query(text).vectors for text in texts]
    with ThreadPoolExecutor(8) as pool:
        together = [found.vectors for found in pool.map(encoder.encode_query, texts)]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_page_whose_picture_cannot_be_read_fails_alone(encoder: LateInteraction) -> None:
    def broken() -> Image.Image:
        raise OSError("the picture is truncated")

    good, bad = encoder.encode_pages([page(image=picture((200, 300))), replace(page(number=2), image=broken)])
    assert isinstance(good, PageEmbedding)
    assert isinstance(bad, PageFailure)
    assert "truncated" in bad.reason


def test_unusable_numbers_fail_the_page(encoder: LateInteraction, monkeypatch: pytest.MonkeyPatch) -> None:
    states = encoder._states
    monkeypatch.setattr(encoder, "_states", lambda batch: states(batch) * np.float32("nan"))
    (found,) = encoder.encode_pages([page(image=picture((200, 300)))])
    assert isinstance(found, PageFailure)
    assert "not usable" in found.reason


# -- loading ----------------------------------------------------------------------------------------------------------


def _row(encoder_id: str) -> EncoderSpec:
    return replace(ENCODERS["colqwen2-v1.0"], id=encoder_id)


def test_an_adapter_is_loaded_over_its_base(home: Path) -> None:
    tiny.build(tiny.adapted, home / "models" / "adapted")
    adapted, base = load(_row("adapted")), load(_row("base"))
    shown = page(image=picture((200, 300)))
    (one,), (other,) = embed(adapted, shown), embed(base, shown)
    assert one.vectors.shape == other.vectors.shape
    assert np.abs(one.vectors - other.vectors).max() > 1e-3
    assert adapted.info.weights_hash != base.info.weights_hash
    assert adapted.info.revision == "local"


def test_missing_weights_name_the_command_that_gets_them() -> None:
    with pytest.raises(EncoderError, match=r"not on this machine; run: hf download vidore/colqwen2-v1\.0$"):
        load(_row("nowhere"))


def test_a_missing_base_model_is_named(home: Path) -> None:
    folder = home / "models" / "orphan"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "vidore/colqwen2-base"}))
    with pytest.raises(EncoderError, match=r"run: hf download vidore/colqwen2-base$"):
        load(_row("orphan"))


def test_a_folder_without_weights_is_refused(home: Path) -> None:
    (home / "models" / "hollow").mkdir(parents=True)
    with pytest.raises(EncoderError, match=r"holds no weights .*run: hf download"):
        load(_row("hollow"))


def test_a_checkpoint_that_lacks_a_weight_is_refused_rather_than_filled_at_random(home: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tiny.build(tiny.colqwen2, home / "models" / "holed")
    weights = {key: value for key, value in load_file(folder / "model.safetensors").items() if "custom" not in key}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match=r"incomplete: 2 weights are missing, custom_text_proj"):
        load(_row("holed"))


def test_a_broken_checkpoint_is_an_error_in_words(home: Path) -> None:
    folder = home / "models" / "broken"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"not weights")
    (folder / "config.json").write_text("{")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load(_row("broken"))
