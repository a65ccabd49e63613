"""Checkpoints as they are published: merged, adapters over a base, older names of weights, and incomplete ones."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from tests.encoders import tiny
from tests.encoders.conftest import Zoo
from tests.encoders.pages import page, picture
from tests.encoders.precision import close
from tests.encoders.probes import embed
from workbench.encoders import registry
from workbench.encoders.families import FAMILIES
from workbench.encoders.late_interaction import load
from workbench.errors import EncoderError

pytestmark = pytest.mark.slow

TARGETS = r".*(text_model|language_model).*(q_proj|Wqkv|up_proj)|.*custom_text_proj|linear"
ADAPTED = [family.id for family in FAMILIES.values() if family.kind == "patches" and family.id != "colqwen-omni"]


@pytest.fixture
def models(at_zoo: Zoo) -> Path:
    return at_zoo.home / "models"


def adapted(zoo: Zoo, family_id: str, name: str) -> Path:
    """An adapter's folder over the family's tiny model; made anew, so that tests may spoil it."""
    folder = zoo.home / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    base = zoo.folder(family_id)
    return tiny.build(tiny.adapter(base, FAMILIES[family_id].model, TARGETS), folder)


def vectors(encoder: Any) -> np.ndarray[Any, Any]:
    return embed(encoder, page(image=picture((200, 300))))[0].vectors


@pytest.mark.parametrize("family_id", ADAPTED)
def test_an_adapter_is_loaded_over_its_base(at_zoo: Zoo, family_id: str) -> None:
    folder = adapted(at_zoo, family_id, f"{family_id}-lora")
    row = registry.spec(f"{family_id}-lora")
    assert row.family == family_id
    one, base = load(row), at_zoo.load(family_id)
    # What the adapter does to the numbers, computed from its own files: W + (alpha / r) B A.
    weights = load_file(folder / "adapter_model.safetensors")
    (name,) = [key for key in weights if key.endswith(("custom_text_proj.lora_A.weight", "linear.lora_A.weight"))]
    assert one.engine.family.id == family_id
    config = json.loads((folder / "adapter_config.json").read_text())
    scale = config["lora_alpha"] / config["r"]
    linear = "linear" if family_id == "colidefics3" else "custom_text_proj"
    theirs = one.engine.model.get_submodule(linear)
    delta = scale * weights[name.replace("lora_A", "lora_B")] @ weights[name]
    close(theirs.get_delta_weight("default"), delta)
    assert vectors(one).shape == vectors(base).shape
    assert np.abs(vectors(one) - vectors(base)).max() > 1e-3
    assert one.info.weights_hash != base.info.weights_hash
    assert one.info.revision == "local"


@pytest.mark.parametrize(
    ("family_id", "new", "old"),
    [
        ("colqwen2", "language_model.layers.", "model.layers."),
        ("colqwen2.5", "language_model.layers.", "model.layers."),
        ("colpali", "model.model.language_model.", "model.language_model.model."),
    ],
)
def test_adapters_published_under_older_names_take_effect(at_zoo: Zoo, family_id: str, new: str, old: str) -> None:
    folder = adapted(at_zoo, family_id, f"{family_id}-renamed")
    row = registry.spec(f"{family_id}-renamed")
    expected = vectors(load(row))
    rename(folder / "adapter_model.safetensors", {f"base_model.model.{new}": f"base_model.model.{old}"})
    close(vectors(load(row)), expected)


OLDER = {
    "colpali": {"model.vision_tower.": "model.vision_tower.vision_model."},
    "bipali": {"model.vision_tower.": "model.vision_tower.vision_model."},
    "colqwen2": {"language_model.": "model."},
    "colqwen2.5": {"language_model.": "model."},
    "biqwen2": {"language_model.": "model."},
    "biqwen2.5": {"language_model.": "model."},
    "colqwen3": {"model.custom_text_proj.": "embedding_proj_layer.", "model.": "vlm.model."},
    "colgemma3": {"vision_tower.": "vision_tower.vision_model."},
    "bigemma3": {"vision_tower.": "vision_tower.vision_model."},
}


@pytest.mark.parametrize("family_id", list(OLDER))
def test_models_published_under_older_names_are_read(at_zoo: Zoo, family_id: str) -> None:
    folder = at_zoo.home / "models" / f"{family_id}-older"
    shutil.copytree(at_zoo.folder(family_id), folder)
    rename(folder / "model.safetensors", OLDER[family_id])
    np.testing.assert_array_equal(vectors(at_zoo.load(f"{family_id}-older")), vectors(at_zoo.load(family_id)))


def rename(file: Path, prefixes: dict[str, str]) -> None:
    """Give weights the names they were published under: the first prefix that fits is replaced."""
    weights = load_file(file)

    def older(name: str) -> str:
        return next((old + name.removeprefix(new) for new, old in prefixes.items() if name.startswith(new)), name)

    renamed = {older(name): weight for name, weight in weights.items()}
    assert set(renamed) != set(weights)
    save_file(renamed, file, {"format": "pt"})


def test_an_adapter_that_lacks_weights_is_refused(at_zoo: Zoo) -> None:
    """Else half of it would stay as it was made, which does nothing, and pages would rank as by the base model."""
    folder = adapted(at_zoo, "colqwen2", "half")
    weights = load_file(folder / "adapter_model.safetensors")
    save_file({key: weights[key] for key in weights if "layers.1" not in key}, folder / "adapter_model.safetensors")
    with pytest.raises(EncoderError, match=r"incomplete: \d+ weights are missing, .*lora.*run:"):
        load(registry.spec("half"))


def test_a_base_that_lacks_weights_is_refused_under_a_whole_adapter(at_zoo: Zoo) -> None:
    folder = adapted(at_zoo, "colqwen2", "over-a-hole")
    shutil.copytree(at_zoo.folder("colqwen2"), folder / "base")
    weights = load_file(folder / "base" / "model.safetensors")
    kept = {key: weights[key] for key in weights if "visual.blocks.1" not in key}
    save_file(kept, folder / "base" / "model.safetensors", {"format": "pt"})
    with pytest.raises(EncoderError, match=r"incomplete: \d+ weights are missing, .*visual\.blocks\.1"):
        load(registry.spec("over-a-hole"))


def test_a_base_inside_the_adapter_s_folder_comes_first(at_zoo: Zoo) -> None:
    folder = adapted(at_zoo, "colqwen2", "carried")
    expected = vectors(load(registry.spec("carried")))
    config = json.loads((folder / "adapter_config.json").read_text())
    shutil.copytree(config["base_model_name_or_path"], folder / "base")
    (folder / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": "/gone/elsewhere"}))
    close(vectors(load(registry.spec("carried"))), expected)
    shutil.rmtree(folder / "base")
    with pytest.raises(
        EncoderError, match=r"base model of the 'carried' encoder, /gone/elsewhere, is not there; put it"
    ):
        load(replace(registry.spec("colqwen2"), id="carried"))


def test_missing_weights_name_the_command_that_gets_them(at_zoo: Zoo) -> None:
    with pytest.raises(EncoderError, match=r"not on this machine; run: hf download vidore/colqwen2-v1\.0$"):
        load(replace(registry.spec("colqwen2-v1.0"), id="nowhere"))


def test_a_missing_base_model_is_named(at_zoo: Zoo, models: Path) -> None:
    folder = models / "orphan"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "vidore/colqwen2-base"}))
    with pytest.raises(EncoderError, match=r"run: hf download vidore/colqwen2-base$"):
        load(replace(registry.spec("colqwen2-v1.0"), id="orphan"))


def test_a_folder_without_weights_is_refused(at_zoo: Zoo, models: Path) -> None:
    (models / "hollow").mkdir(parents=True)
    (models / "hollow" / "config.json").write_text("{}")
    with pytest.raises(EncoderError, match=r"holds no weights .*run: hf download"):
        load(replace(registry.spec("colqwen2-v1.0"), id="hollow"))


def test_a_checkpoint_that_lacks_a_weight_is_refused_rather_than_filled_at_random(at_zoo: Zoo, models: Path) -> None:
    folder = models / "holed"
    shutil.copytree(at_zoo.folder("colqwen2"), folder)
    weights = load_file(folder / "model.safetensors")
    kept = {key: weights[key] for key in weights if "custom" not in key}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(EncoderError, match=r"incomplete: 2 weights are missing, custom_text_proj\.bias for one"):
        load(registry.spec("holed"))


def test_files_that_are_no_model_are_refused_in_one_sentence(at_zoo: Zoo, models: Path) -> None:
    folder = models / "junk"
    shutil.copytree(at_zoo.folder("colqwen2"), folder)
    (folder / "model.safetensors").write_bytes(b"\x00" * 64)
    with pytest.raises(EncoderError, match=r"^The 'junk' model in .* cannot be loaded \(.*\)\.$"):
        load(registry.spec("junk"))


@pytest.mark.parametrize("wanted", ["eager", "sdpa"])
def test_attention_is_what_settings_ask_for(at_zoo: Zoo, monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    exact = vectors(at_zoo.load("colqwen2"))
    monkeypatch.setenv("PAGELENS_ATTENTION", wanted)
    encoder = load(registry.spec("colqwen2"))
    assert encoder.engine.model.config._attn_implementation == wanted
    close(vectors(encoder), exact)


def test_attention_that_is_not_to_be_had_gives_way(at_zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = vectors(at_zoo.load("colqwen2"))
    monkeypatch.setenv("PAGELENS_ATTENTION", "flash_attention_2")  # which needs a package, a GPU and 16 bits
    encoder = load(registry.spec("colqwen2"))
    close(vectors(encoder), exact)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("family_id", ["colpali", "colqwen2.5", "colidefics3", "colgemma3", "biqwen3", "clip-vit"])
def test_half_precision_changes_little(
    at_zoo: Zoo, monkeypatch: pytest.MonkeyPatch, family_id: str, dtype: str
) -> None:
    monkeypatch.setenv("PAGELENS_DTYPE", "float32")
    exact = at_zoo.load(family_id)
    monkeypatch.setenv("PAGELENS_DTYPE", dtype)
    half = at_zoo.load(family_id)
    found = vectors(half)
    assert found.dtype == np.float32
    similar = (found * vectors(exact)).sum(axis=1)
    assert np.median(similar) > 0.99
    assert (half.encode_query("revenue").vectors * exact.encode_query("revenue").vectors).sum(axis=1).min() > 0.97
