"""open_clip models of every kind, both ways: a vector a page and a vector a patch."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.encoders import tiny
from tests.encoders.conftest import Zoo
from tests.encoders.pages import CROP, SHAPES, WHOLE, page, picture, scene
from tests.encoders.precision import close, placed
from tests.encoders.probes import an_impulse_lights_its_place, batches_change_nothing, embed, views_show_their_boxes
from workbench.encoders import ENCODERS, clip, clip_dense, own
from workbench.errors import EncoderError, QueryError
from workbench.types import PageEmbedding, PageFailure

pytestmark = pytest.mark.slow

KINDS = list(tiny.CLIPS)
DENSE = "workbench.encoders.clip_dense"


@pytest.fixture(scope="module", params=KINDS)
def encoder(request: pytest.FixtureRequest, zoo: Zoo) -> Any:
    return zoo.load(f"clip-{request.param}")


@pytest.fixture(scope="module", params=KINDS)
def dense(request: pytest.FixtureRequest, zoo: Zoo) -> Any:
    return zoo.load(f"clip-{request.param}", DENSE)


def test_a_page_is_the_model_s_own_vector_over_what_the_crop_leaves(encoder: Any) -> None:
    image = picture((200, 300))
    (found,) = embed(encoder, page(image=image, crop=CROP))
    prepared = encoder.clip.prepare(image.crop((20, 60, 180, 240)))[None]
    with torch.inference_mode():
        theirs = encoder.clip.model.encode_image(**placed(encoder.clip.device, {"image": prepared}), normalize=True)
    close(found.vectors, theirs)
    np.testing.assert_allclose(found.geometry.boxes, [CROP])
    assert (found.geometry.grid, encoder.info.dim, encoder.info.kind) == (None, theirs.shape[1], "page")


def test_the_top_and_bottom_of_an_upright_page_are_seen(encoder: Any) -> None:
    plain = Image.new("RGB", (60, 180), "white")
    headed = plain.copy()
    headed.paste("black", (0, 0, 60, 40))
    one, other = embed(encoder, page(image=plain), page(image=headed))
    assert np.abs(one.vectors - other.vectors).max() > 1e-4


@pytest.mark.parametrize("way", ["", DENSE], ids=["page", "dense"])
@pytest.mark.parametrize("kind", KINDS)
def test_pages_of_a_batch_and_what_was_seen(zoo: Zoo, kind: str, way: str) -> None:
    encoder = zoo.load(f"clip-{kind}", way)
    sizes = [(200, 300), (320, 180), (40, 40)]
    batches_change_nothing(encoder, [page(image=picture(size), number=i + 1) for i, size in enumerate(sizes)])
    views_show_their_boxes(encoder, page(image=scene(SHAPES["upright"]), crop=CROP))


def test_a_query_is_the_model_s_own_text_vector(encoder: Any) -> None:
    text = "The annual report"
    found = encoder.encode_query(text)
    with torch.inference_mode():
        tokens = placed(encoder.clip.device, {"text": encoder.clip.tokenizer([text])})
        close(found.vectors, encoder.clip.model.encode_text(**tokens, normalize=True))
    assert found.labels == (text,)
    with pytest.raises(QueryError, match="empty"):
        encoder.encode_query("")


# -- patch by patch ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("crop", [WHOLE, CROP], ids=["whole", "cropped"])
@pytest.mark.parametrize("shape", list(SHAPES))
def test_an_impulse_on_the_page_lights_its_patch(dense: Any, shape: str, crop: Any) -> None:
    if hasattr(dense.clip.model.visual, "trunk") and not hasattr(dense.clip.model.visual.trunk, "patch_embed"):
        pytest.skip("a convolution spreads an impulse over its neighbours; see the test below")
    an_impulse_lights_its_place(dense, dense.clip.model, SHAPES[shape], crop)


def test_an_impulse_moves_a_convolution_s_cell_most(zoo: Zoo) -> None:
    dense = zoo.load("clip-convnext", DENSE)
    plain = Image.new("RGB", (400, 600), "white")
    (before,) = embed(dense, page(image=plain))
    for cell in (0, 4, 12, 22):
        x0, y0, x1, y1 = before.geometry.boxes[cell]
        painted = plain.copy()
        painted.paste("black", (round(x0 * 400) + 5, round(y0 * 600) + 5, round(x1 * 400) - 5, round(y1 * 600) - 5))
        (after,) = embed(dense, page(image=painted))
        assert np.linalg.norm(before.vectors - after.vectors, axis=1).argmax() == cell


def test_the_grid_is_the_model_s_own(zoo: Zoo) -> None:
    grids = {kind: embed(zoo.load(f"clip-{kind}", DENSE), page())[0].geometry.grid for kind in KINDS}
    assert grids == {
        **dict.fromkeys(("vit", "vit-avg", "coca-pool"), (4, 4)),
        "vit-wide": (4, 6),
        "siglip": (10, 10),
        "siglip2": (10, 10),
        "mobileclip2": (4, 4),
        "pe-core": (24, 24),
        "convnext": (5, 5),
    }


def test_patches_are_in_the_space_of_pages_and_texts(zoo: Zoo) -> None:
    """A patch's vector is what the model's own pooling and projection make of that patch alone."""
    for kind in ("vit-avg", "siglip", "convnext"):
        whole, dense = zoo.load(f"clip-{kind}"), zoo.load(f"clip-{kind}", DENSE)
        with torch.no_grad():
            visual = whole.clip.model.visual
            image = whole.clip.pixels([whole.preparer(picture((64, 64)))])
            if kind == "siglip":  # the pool of one token, by hand
                states = visual.trunk.forward_features(image)
                at = 7 + visual.trunk.num_prefix_tokens
                alone = visual.trunk.attn_pool(states[:, at : at + 1])
                theirs = visual.head(visual.trunk.fc_norm(alone))[0]
            elif kind == "convnext":
                states = visual.trunk.forward_features(image)
                theirs = visual.head(visual.trunk.forward_head(states[:, :, 1:2, 2:3]))[0]
            else:
                states = visual.ln_post(visual.transformer(visual._embeds(image)))
                theirs = (states[:, 8] @ visual.proj)[0]
        (found,) = embed(dense, page(image=picture((64, 64))))
        close(found.vectors[7], theirs / theirs.norm())


def test_the_last_block_of_clip_looks_at_each_patch_alone(zoo: Zoo) -> None:
    """MaskCLIP by hand: value and output projections of the patch itself, then the rest of the block."""
    dense = zoo.load("clip-vit", DENSE)
    visual = dense.clip.model.visual
    with torch.no_grad():
        states = visual._embeds(dense.clip.pixels([dense.preparer(picture((64, 64)))]))
        first, last = visual.transformer.resblocks
        states = first(states)
        width = states.shape[-1]
        value = last.ln_1(states) @ last.attn.in_proj_weight[2 * width :].T + last.attn.in_proj_bias[2 * width :]
        states = states + last.attn.out_proj(value)
        states = states + last.mlp(last.ln_2(states))
        theirs = visual.ln_post(states)[0, 1:] @ visual.proj
    (found,) = embed(dense, page(image=picture((64, 64))))
    close(found.vectors, theirs / theirs.norm(dim=1, keepdim=True))


def test_a_model_without_patches_says_so(at_zoo: Zoo) -> None:
    folder = at_zoo.home / "models" / "clip-resnet"
    tower = {"image_size": 64, "layers": [1, 1, 1, 1], "width": 16, "patch_size": None}
    tiny.build(tiny.clip(tower, tiny.CLIP_TEXT), folder)
    row = own.spec("clip-resnet")
    assert isinstance(clip.load(row).encode_pages([page()])[0], PageEmbedding)
    with pytest.raises(EncoderError, match="sees no patches"):
        clip_dense.load(row)


# -- where models come from --------------------------------------------------------------------------------------------


def test_a_broken_picture_fails_its_page_alone(encoder: Any) -> None:
    def broken() -> Image.Image:
        raise OSError("the picture is truncated")

    bad, good = encoder.encode_pages([replace(page(), image=broken), page(number=2)])
    assert isinstance(bad, PageFailure)
    assert isinstance(good, PageEmbedding)


def test_missing_weights_name_the_command(at_zoo: Zoo) -> None:
    with pytest.raises(EncoderError, match="hf download laion/CLIP-ViT-B-32"):
        clip.load(replace(ENCODERS["clip-vit-b-32"], id="nowhere"))


@pytest.fixture
def architecture(at_zoo: Zoo, tmp_path: Path) -> str:
    """An architecture that open_clip knows by name, and a file of its weights."""
    import open_clip

    folder = at_zoo.folder("clip-vit")
    config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    (tmp_path / "TinyViT.json").write_text(json.dumps({key: config[key] for key in config if key != "custom_text"}))
    open_clip.add_model_config(tmp_path / "TinyViT.json")
    shutil.copyfile(folder / tiny.CLIP_WEIGHTS, tmp_path / "epoch_5.safetensors")
    return "TinyViT"


def test_an_architecture_with_a_file_of_weights(architecture: str, at_zoo: Zoo, tmp_path: Path) -> None:
    file = tmp_path / "epoch_5.safetensors"
    shutil.rmtree(at_zoo.home / "models" / "mine", ignore_errors=True)
    row = own.adopt("mine", architecture=architecture, pretrained=str(file))
    assert (row.family, row.kind) == ("open-clip", "page")
    loaded = clip.load(row)
    same = at_zoo.load("clip-vit")
    close(loaded.encode_query("a bar chart").vectors, same.encode_query("a bar chart").vectors)
    assert loaded.info.weights_hash == same.info.weights_hash
    assert loaded.info.revision == "local"
    file.unlink()
    with pytest.raises(EncoderError, match="are not there"):
        clip.load(row)


def test_a_tag_is_looked_for_where_open_clip_keeps_it(at_zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    row = replace(
        ENCODERS["clip-vit-b-32"],
        id="tagged",
        options={"architecture": "ViT-B-16", "pretrained": "laion2b_s34b_b88k"},
        get="the command",
    )
    with pytest.raises(EncoderError, match="not on this machine; run: the command"):
        clip.load(row)
    with pytest.raises(EncoderError, match=r"no weights 'nope' for ViT-B-16; it has: .*laion2b_s34b_b88k"):
        clip.load(replace(row, options={"architecture": "ViT-B-16", "pretrained": "nope"}))
    with pytest.raises(EncoderError, match="no architecture 'ViT-X'"):
        clip.load(replace(row, options={"architecture": "ViT-X", "pretrained": "nope"}))
