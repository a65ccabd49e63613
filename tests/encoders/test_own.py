"""A person's own models: what their files say decides which family reads them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.encoders.conftest import Zoo
from tests.encoders.pages import page, picture
from workbench import encoders
from workbench.encoders import own, registry
from workbench.encoders.families import BY_CLASS, FAMILIES
from workbench.encoders.table import ENCODERS
from workbench.errors import EncoderError, InputError
from workbench.types import PageEmbedding


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of models in an empty home."""
    monkeypatch.setenv("PAGELENS_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def write(folder: Path, **files: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder


def test_every_class_that_colpali_engine_exports_has_a_family() -> None:
    from workbench.encoders.torchvision_cure import cure

    cure()
    import colpali_engine.models as models

    exported = {name for name in dir(models) if name.startswith(("Col", "Bi")) and "Processor" not in name}
    assert exported == set(BY_CLASS)
    for family in FAMILIES.values():
        assert hasattr(models, family.processor), family.id


@pytest.mark.parametrize("family_id", list(FAMILIES))
def test_a_folder_is_an_encoder_of_the_family_that_wrote_it(at_zoo: Zoo, family_id: str, tmp_path: Path) -> None:
    """Under whatever name: the checkpoint is copied to a folder that says nothing of its family."""
    name = f"mine-{list(FAMILIES).index(family_id)}"
    folder = at_zoo.home / "models" / name
    if not folder.exists():
        shutil.copytree(at_zoo.folder(family_id), folder)
    row = registry.spec(name)
    family = FAMILIES[family_id]
    assert (row.family, row.kind, row.policies) == (family.id, family.kind, family.policies)
    assert name in encoders.own_specs()


def test_a_pointer_leads_to_a_folder_elsewhere(at_zoo: Zoo, models: Path) -> None:
    elsewhere = at_zoo.home / "models" / "colidefics3"
    at_zoo.folder("colidefics3")
    row = encoders.adopt(
        "our-pages", folder=str(elsewhere), name="Our pages", licence="MIT", parameters=0.3, summary="Fine-tuned."
    )
    assert (row.name, row.licence, row.parameters, row.summary) == ("Our pages", "MIT", 0.3, "Fine-tuned.")
    encoder = encoders.load("our-pages")
    try:
        (found,) = encoder.encode_pages([page(image=picture((200, 300)))])
        assert isinstance(found, PageEmbedding)
        plain = encoders.load("our-pages", policy="no_augmentation")
        assert plain.info.policy == "no_augmentation"
        assert encoders.load("our-pages").info.policy == "official"
        assert len(plain.encode_query("total").vectors) == len(encoder.encode_query("total").vectors) - 10
    finally:
        encoders.unload("our-pages")
    shutil.copytree(elsewhere, models / "gone")
    encoders.adopt("moved", folder=str(models / "gone"))
    shutil.rmtree(models / "gone")
    with pytest.raises(EncoderError, match=r"The folder of the 'moved' encoder, .*gone, is not there; correct"):
        encoders.load("moved")


def test_an_id_that_is_taken_or_no_id_is_refused_and_leaves_nothing(models: Path) -> None:
    for encoder_id, text in (("reader", "already"), ("Colqwen 2!", "small letters"), ("../up", "small letters")):
        with pytest.raises(InputError, match=text):
            encoders.adopt(encoder_id, hub="me/it")
    with pytest.raises(EncoderError, match="not on this machine; run: hf download me/it"):
        encoders.adopt("mine", hub="me/it")
    with pytest.raises(EncoderError, match=r"says colour, hubs; it may say"):
        encoders.adopt("mine", hubs="me/it", colour="blue")
    with pytest.raises(EncoderError, match="must say one of hub, folder, architecture"):
        encoders.adopt("mine", name="nowhere")
    assert list(models.iterdir()) == []


def test_a_family_may_be_said_where_the_files_do_not(models: Path) -> None:
    write(models / "plain", config={"architectures": ["Qwen2_5_VLForConditionalGeneration"]})
    with pytest.raises(
        EncoderError, match=r"names Qwen2_5_VLForConditionalGeneration, which no family .* one of colpali"
    ):
        own.spec("plain")
    write(models / "plain", pagelens={"family": "biqwen2.5"})
    assert own.spec("plain").loader == "workbench.encoders.single_vector:load"
    write(models / "plain", pagelens={"family": "qwen"})
    with pytest.raises(
        EncoderError, match=r"no model family 'qwen' \('plain'\); there are: colpali, .*open-clip-dense"
    ):
        own.spec("plain")


def test_an_adapter_s_family_is_its_base_model_s_or_what_it_says_itself(models: Path) -> None:
    write(models / "base-model", config={"architectures": ["ColQwen2_5"]})
    write(models / "tuned", adapter_config={"base_model_name_or_path": str(models / "base-model")})
    assert own.spec("tuned").family == "colqwen2.5"
    trained = {"base_model_name_or_path": "somebody/base", "auto_mapping": {"base_model_class": "BiQwen3"}}
    write(models / "told", adapter_config=trained)
    assert own.spec("told").family == "biqwen3"


def test_folders_that_cannot_be_read_hide_none_of_the_others(models: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(models / "good", config={"architectures": ["ColPali"]})
    write(models / "bad", config={"architectures": ["Other"]})
    (models / "worse").mkdir()
    (models / "worse" / "pagelens.json").write_text("[1]")
    write(models / "Wrong Name", config={"architectures": ["ColPali"]})
    (models / "a file").write_text("")
    write(models / "reader", config={})
    assert list(own.specs()) == ["good"]
    assert all(text in caplog.text for text in ("names Other", "does not hold a JSON object", "rename it"))
    with pytest.raises(EncoderError, match=r"no model 'colpalli'; there are: reader, .*good"):
        registry.spec("colpalli")


def test_an_open_clip_folder_and_its_patches(at_zoo: Zoo, models: Path) -> None:
    folder = at_zoo.folder("clip-vit")
    for name, family, kind, count in (("whole", None, "page", 1), ("dense", "open-clip-dense", "patches", 16)):
        said = {"family": family} if family else {}
        row = encoders.adopt(name, folder=str(folder), **said)
        assert row.kind == kind
        try:
            (found,) = encoders.load(name).encode_pages([page(image=picture((200, 300)))])
        finally:
            encoders.unload(name)
        assert isinstance(found, PageEmbedding)
        assert found.vectors.shape == (count, 24)


def test_the_table_is_right_about_families() -> None:
    for row in ENCODERS.values():
        if row.family in FAMILIES:
            family = FAMILIES[row.family]
            assert (row.kind, row.loader, row.policies) == (family.kind, family.loader, family.policies), row.id
            assert row.dim == family.dim or not family.dim, row.id
            assert row.dim > 0 and row.parameters > 0 and row.download > row.parameters * 1e9, row.id
            assert np.isclose(row.download, row.parameters * 2e9, rtol=0.35) or row.parameters < 0.3, row.id
        assert own._ID.fullmatch(row.id), row.id
