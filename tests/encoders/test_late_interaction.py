"""Every late-interaction family: the real loading code and the real processors, on models with random weights."""

from __future__ import annotations

import importlib.util
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.encoders.conftest import Zoo
from tests.encoders.pages import CROP, SHAPES, WHOLE, page, picture, scene
from tests.encoders.precision import close, host, placed
from tests.encoders.probes import an_impulse_lights_its_place, batches_change_nothing, embed, views_show_their_boxes
from workbench.encoders import places, preprocessing
from workbench.encoders.families import FAMILIES
from workbench.encoders.late_interaction import LateInteraction
from workbench.encoders.tokens import special_ids
from workbench.errors import InputError, QueryError
from workbench.types import PageEmbedding, PageFailure

pytestmark = pytest.mark.slow

FAMILY_IDS = [family.id for family in FAMILIES.values() if family.kind == "patches"]
UNAUGMENTED = ("colgemma3",)


@pytest.fixture(scope="module", params=FAMILY_IDS)
def encoder(request: pytest.FixtureRequest, zoo: Zoo) -> Any:
    return zoo.load(request.param)


def official(encoder: LateInteraction, image: Image.Image) -> np.ndarray[Any, Any]:
    """Image token vectors by colpali-engine's own calls."""
    batch = encoder.engine.processor.process_images([image])
    with torch.inference_mode():
        states = host(encoder.engine.model(**placed(encoder.engine.device, batch))[0])
    return states[host(batch["input_ids"][0]) == encoder.engine.model.config.image_token_id]


def _library_s_maps() -> Any:
    """Its own function for plain grids, from its file: the package around it draws, and wants libraries for that."""
    package = importlib.util.find_spec("colpali_engine")
    assert package is not None and package.origin is not None
    file = Path(package.origin).parent / "interpretability" / "similarity_map_utils.py"
    spec = importlib.util.spec_from_file_location("similarity_map_utils", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.get_similarity_maps_from_embeddings


@pytest.mark.parametrize("size", [(200, 300), (320, 180), (40, 40)], ids=["upright", "slide", "small"])
def test_a_page_becomes_its_image_tokens_each_with_its_place(encoder: LateInteraction, size: tuple[int, int]) -> None:
    image = picture(size)
    (found,) = embed(encoder, page(image=image))
    close(found.vectors, official(encoder, image))
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-6)
    assert found.vectors.shape[1] == encoder.info.dim
    grid = found.geometry.grid
    assert grid is not None
    at = found.geometry.cell >= 0
    assert sorted(found.geometry.cell[at].tolist()) == list(range(grid[0] * grid[1]))
    boxes = found.geometry.boxes[at]
    np.testing.assert_allclose(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1).sum(), 1, atol=1e-4)
    if encoder.engine.family.cut != "square" and size != (40, 40):
        assert (grid[0] > grid[1]) == (size[1] > size[0])


@pytest.mark.parametrize("crop", [WHOLE, CROP], ids=["whole", "cropped"])
@pytest.mark.parametrize("shape", list(SHAPES))
def test_an_impulse_on_the_page_lights_its_place(encoder: LateInteraction, shape: str, crop: Any) -> None:
    an_impulse_lights_its_place(encoder, encoder.engine.model, SHAPES[shape], crop)


def test_the_grid_is_the_one_the_processor_reports(encoder: LateInteraction) -> None:
    image = picture((200, 300))
    (found,) = embed(encoder, page(image=image))
    processor, cut = encoder.engine.processor, encoder.engine.family.cut
    if cut == "square":  # the count is all there is to go by; ColGemma3's own method counts before pooling
        side = int(np.sqrt(len(found.vectors)))
        reported = (side, side)
    elif encoder.info.id == "colqwen-omni":  # whose own method is not implemented
        rows, cols = processor.process_images([image])["image_grid_thw"][0, 1:].tolist()
        reported = (cols // 2, rows // 2)
    elif cut == "dynamic":
        reported = processor.get_n_patches(image.size, spatial_merge_size=2)
    elif encoder.info.id == "colidefics3":
        reported = tuple(4 * tiles for tiles in processor.get_n_patches(image.size[::-1], patch_size=64))
    else:
        reported = processor.get_n_patches(image.size[::-1])
    assert found.geometry.grid == tuple(reversed(reported))


def test_scores_and_maps_are_the_library_s_own(encoder: LateInteraction) -> None:
    """MaxSim over our vectors is `processor.score` over theirs; our cells are their similarity maps' places."""
    processor, image = encoder.engine.processor, picture((200, 300))
    (found,) = embed(encoder, page(image=image))
    vectors = encoder.encode_query("revenue by region").vectors
    ours = vectors @ found.vectors.T
    theirs = processor.score([torch.from_numpy(vectors)], [torch.from_numpy(official(encoder, image))], device="cpu")
    close(ours.max(axis=1).sum(), theirs[0, 0], of=len(vectors))

    at, grid = found.geometry.cell >= 0, found.geometry.grid
    assert grid is not None
    batch = encoder.engine.prepared([encoder.engine.prepare(image)])
    states = encoder.engine.launch(batch)()
    shown = torch.from_numpy(batch.shown(0))[None]
    if hasattr(processor, "rearrange_image_embeddings"):
        shown = processor.get_local_image_mask(SimpleNamespace(**batch.inputs))
        maps_of = processor.get_similarity_maps_from_embeddings
    else:
        maps_of = _library_s_maps()
    (maps,) = maps_of(torch.from_numpy(states), torch.from_numpy(vectors)[None], (grid[1], grid[0]), shown)
    laid = np.zeros((len(vectors), grid[0] * grid[1]), np.float32)
    laid[:, found.geometry.cell[at]] = ours[:, at]
    close(laid, maps.permute(0, 2, 1).reshape(laid.shape))  # theirs is (token, x, y)


def test_a_crop_is_what_the_model_sees_and_where_its_boxes_lie(encoder: LateInteraction) -> None:
    image = picture((200, 300))
    (found,) = embed(encoder, page(image=image, crop=CROP))
    close(found.vectors, official(encoder, image.crop((20, 60, 180, 240))))
    boxes = found.geometry.boxes
    np.testing.assert_allclose([*boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)], CROP, atol=1e-6)


def test_a_page_does_not_depend_on_its_batch_mates(encoder: LateInteraction) -> None:
    sizes = [(200, 300), (320, 180), (40, 40), (180, 320)]
    batches_change_nothing(encoder, [page(image=picture(size), number=i + 1) for i, size in enumerate(sizes)])


@pytest.mark.parametrize("crop", [WHOLE, CROP], ids=["whole", "cropped"])
@pytest.mark.parametrize("shape", list(SHAPES))
def test_what_the_model_saw_is_the_page(encoder: LateInteraction, shape: str, crop: Any) -> None:
    shown = page(image=scene(SHAPES[shape]), crop=crop)
    views_show_their_boxes(encoder, shown)
    (found,) = embed(encoder, shown)
    views = encoder.saw(shown)
    assert len(views) == 1 or len(found.vectors) == 16 * len(views)
    assert views[-1].label == "whole page"
    np.testing.assert_allclose(views[-1].box, crop)


def test_a_query_is_the_official_one_with_all_its_tokens(encoder: LateInteraction) -> None:
    found = encoder.encode_query("What is the total, in $ ?")
    processor = encoder.engine.processor
    batch = processor.process_queries(["What is the total, in $ ?"])
    with torch.inference_mode():
        close(found.vectors, encoder.engine.model(**placed(encoder.engine.device, batch))[0])
    assert "total, in $ ?" in "".join(found.labels)
    assert len(found.labels) == len(found.vectors)
    assert found.policy == encoder.info.policy == "official"
    with pytest.raises(QueryError, match="empty"):
        encoder.encode_query("  ")


def test_the_policies_drop_what_they_say(encoder: LateInteraction) -> None:
    text = "What is the total, in $ ?"
    whole = encoder.encode_query(text)
    processor = encoder.engine.processor
    bare = encoder.with_policy("no_augmentation").encode_query(text)
    dropped = len(whole.vectors) - len(bare.vectors)
    assert dropped == (0 if encoder.info.id in UNAUGMENTED else 10)
    kept = [label for label in whole.labels if label != processor.query_augmentation_token]
    if dropped:
        assert list(bare.labels) == kept
    plain = encoder.with_policy("no_special").encode_query(text)
    names = {processor.tokenizer.decode([number]) for number in special_ids(processor.tokenizer)}
    assert list(plain.labels) == [label for label in whole.labels if label not in names]
    assert "".join(plain.labels).count("total, in $ ?") == 1
    at = [whole.labels.index(label) for label in ("$", " total") if label in whole.labels]
    for position in at:  # what is kept is not computed anew
        np.testing.assert_array_equal(
            plain.vectors[plain.labels.index(whole.labels[position])], whole.vectors[position]
        )
    assert (plain.policy, bare.policy, encoder.info.policy) == ("no_special", "no_augmentation", "official")
    with pytest.raises(InputError, match="no token policy 'none'; it has: official, no_special, no_augmentation"):
        encoder.with_policy("none")


@pytest.mark.parametrize("size", [(200, 300), (320, 180)], ids=["upright", "slide"])
def test_official_pages_are_all_that_the_library_gives_and_their_prompt_has_no_place(
    encoder: LateInteraction, size: tuple[int, int]
) -> None:
    engine, image = encoder.engine, picture(size)
    whole = encoder.with_policy(pages="official")
    assert (encoder.info.page_policy, whole.info.page_policy, whole.info.policy) == ("visual", "official", "official")
    (found,), (visual,) = embed(whole, page(image=image, crop=CROP)), embed(encoder, page(image=image, crop=CROP))
    x0, y0, x1, y1 = (round(value * side) for value, side in zip(CROP, (*size, *size), strict=True))
    batch = engine.processor.process_images([image.crop((x0, y0, x1, y1))])
    with torch.inference_mode():
        theirs = host(engine.model(**placed(engine.device, batch))[0])
    close(found.vectors, theirs)
    shown = host(batch["input_ids"][0]) == engine.model.config.image_token_id
    assert shown.sum() == len(visual.vectors) < len(found.vectors)
    np.testing.assert_array_equal(found.geometry.boxes[shown], visual.geometry.boxes)
    np.testing.assert_array_equal(found.geometry.cell[shown], visual.geometry.cell)
    assert found.geometry.grid == visual.geometry.grid
    assert (found.geometry.cell[~shown] == -1).all() and not found.geometry.boxes[~shown].any()
    np.testing.assert_array_equal(found.geometry.shown, shown)
    said = [label for label, visible in zip(found.labels, shown, strict=True) if not visible]
    assert all(said) and not any(label for label, visible in zip(found.labels, shown, strict=True) if visible)
    query = encoder.encode_query("revenue by region").vectors
    score = engine.processor.score([torch.from_numpy(query)], [torch.from_numpy(theirs)], device="cpu")
    close((query @ found.vectors.T).max(axis=1).sum(), score[0, 0], of=len(query))


def test_official_pages_do_not_depend_on_their_batch_mates(encoder: LateInteraction) -> None:
    sizes = [(200, 300), (320, 180), (40, 40)]
    whole = encoder.with_policy(pages="official")
    batches_change_nothing(whole, [page(image=picture(size), number=i + 1) for i, size in enumerate(sizes)])


def test_a_page_policy_that_is_not_offered_is_refused(encoder: LateInteraction) -> None:
    with pytest.raises(InputError, match="no token policy for pages 'all'; it has: visual, official"):
        encoder.with_policy(pages="all")


def test_threads_take_turns(encoder: LateInteraction) -> None:
    texts = [f"revenue of region {i}" for i in range(8)]
    alone = [encoder.encode_query(text).vectors for text in texts]
    with ThreadPoolExecutor(8) as pool:
        together = [found.vectors for found in pool.map(encoder.encode_query, texts)]
    for one, other in zip(alone, together, strict=True):
        close(one, other)


def test_a_page_whose_picture_cannot_be_read_fails_alone(encoder: LateInteraction) -> None:
    def broken() -> Image.Image:
        raise OSError("the picture is truncated")

    good, bad, other = encoder.encode_pages(
        [page(image=picture((200, 300))), replace(page(number=2), image=broken), page(number=3)]
    )
    assert isinstance(good, PageEmbedding) and isinstance(other, PageEmbedding)
    assert isinstance(bad, PageFailure)
    assert "truncated" in bad.reason


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda states: np.where(np.arange(states.shape[-1]) == 3, np.nan, states), "not usable"),
        (lambda states: states * np.inf, "not usable"),
        (lambda states: states[..., :-1], "numbers where .* were expected"),
    ],
    ids=["nan", "infinite", "narrow"],
)
def test_unusable_numbers_fail_their_page_alone(
    encoder: LateInteraction, monkeypatch: pytest.MonkeyPatch, spoil: Any, reason: str
) -> None:
    launch, seen = encoder.engine.launch, []

    def spoiled(batch: Any) -> Any:
        states = launch(batch)()
        seen.append(len(states))
        found = spoil(states) if len(seen) == 1 else states
        return lambda: found

    monkeypatch.setattr(encoder.engine, "launch", spoiled)
    monkeypatch.setattr(encoder._batches, "size", 1)
    bad, good = encoder.encode_pages([page(image=picture((40, 40))), page(number=2)])
    assert isinstance(bad, PageFailure) and isinstance(good, PageEmbedding)
    assert re.search(reason, bad.reason)


def test_a_grid_that_does_not_fit_its_vectors_fails_the_page(
    encoder: LateInteraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Wrong(preprocessing.Square):
        def geometry(self, batch: Any, row: int, crop: Any) -> Any:
            return places.grid(3, 3, crop)

    monkeypatch.setattr(encoder.engine, "cut", Wrong())
    (found,) = encoder.encode_pages([page()])
    assert isinstance(found, PageFailure)
    assert "for a grid of 9 places" in found.reason


@pytest.mark.parametrize("family_id", ["colidefics3", "colmodernvbert"])
def test_tiles_whose_place_is_not_told_fail_the_page(zoo: Zoo, monkeypatch: pytest.MonkeyPatch, family_id: str) -> None:
    """A vocabulary without a marker must not make a tile pass for the whole picture."""
    encoder = zoo.load(family_id)
    tokenizer = encoder.engine.processor.tokenizer
    known = preprocessing._markers(tokenizer)
    assert known[tokenizer.convert_tokens_to_ids("<row_2_col_3>")] == (1, 2)
    lacking = {number: place for number, place in known.items() if place != (1, 1)}
    monkeypatch.setattr(preprocessing, "_markers", lambda tokenizer: lacking)
    (found,) = encoder.encode_pages([page(image=picture((200, 300)))])
    assert isinstance(found, PageFailure)
    assert "do not form a grid" in found.reason


@pytest.mark.parametrize(("tokens", "pictures"), [(64, 4), (63, 1)], ids=["four pictures", "no square"])
def test_what_is_not_one_square_is_refused(tokens: int, pictures: int) -> None:
    """Four pictures of 4 x 4 tokens, as pan and scan would cut, must not pass for one of 8 x 8."""
    inputs = {"input_ids": torch.zeros(1, tokens, dtype=torch.long), "pixel_values": torch.zeros(pictures, 3, 8, 8)}
    with pytest.raises(ValueError, match=f"{tokens} visual tokens do not form one square"):
        preprocessing.Square().geometry(preprocessing.PreparedBatch(None, inputs, 0), 0, WHOLE)
