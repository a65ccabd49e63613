"""Code that a checkpoint brings is not run, whoever would be asked; and a pickle is read as numbers or not at all."""

from __future__ import annotations

import ast
import builtins
import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

import workbench.encoders
from tests.encoders.conftest import Zoo
from tests.encoders.pages import page, picture
from workbench.encoders import registry
from workbench.encoders.clip import load as load_clip
from workbench.encoders.late_interaction import load
from workbench.errors import EncoderError
from workbench.types import PageEmbedding

PLACES = {
    "config.json": ["AutoConfig", "AutoModel"],
    "tokenizer_config.json": ["AutoTokenizer"],
    "preprocessor_config.json": ["AutoImageProcessor", "AutoProcessor"],
    "processor_config.json": ["AutoProcessor"],
}


@pytest.fixture
def marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that code of the checkpoint would write; whoever is asked says yes."""
    monkeypatch.setattr(builtins, "input", lambda *_: "y")
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    return tmp_path / "it-ran"


def own_code(folder: Path, marker: Path, **more: str) -> Path:
    """Let every configuration of a checkpoint name classes of a file of its own; ``more`` is said in all of them."""
    for name in ("configuration_own", "modeling_own"):
        (folder / f"{name}.py").write_text(
            f"open({str(marker)!r}, 'w').write('ran')\nclass Own: pass\nclass OwnFast: pass\n", encoding="utf-8"
        )
    for name, classes in PLACES.items():
        file = folder / name
        if file.is_file() or name == "tokenizer_config.json":
            said = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
            said["auto_map"] = {
                one: ["modeling_own.Own", "modeling_own.OwnFast"] if one == "AutoTokenizer" else "modeling_own.Own"
                for one in classes
            }
            said |= more
            if "image_processor" in said:
                said["image_processor"] |= {"auto_map": {"AutoImageProcessor": "modeling_own.Own"}, **more}
            file.write_text(json.dumps(said), encoding="utf-8")
    return folder


def copied(at_zoo: Zoo, name: str, to: str) -> Path:
    folder = at_zoo.home / "models" / to
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(at_zoo.folder(name), folder)
    return folder


@pytest.mark.parametrize("family_id", ["colqwen2", "colpali", "colidefics3"])
def test_a_checkpoint_of_a_known_class_is_read_without_its_code(at_zoo: Zoo, marker: Path, family_id: str) -> None:
    own_code(copied(at_zoo, family_id, "bringing"), marker)
    (found,) = load(registry.spec("bringing")).encode_pages([page(image=picture((200, 300)))])
    assert isinstance(found, PageEmbedding)
    assert not marker.exists()


def test_a_checkpoint_that_needs_its_code_is_refused_in_a_sentence(at_zoo: Zoo, marker: Path) -> None:
    own_code(copied(at_zoo, "colqwen2", "needing"), marker, image_processor_type="Own")
    with pytest.raises(EncoderError, match=r"only be loaded by running code of its own, which Pagelens never does; "):
        load(registry.spec("needing"))
    assert not marker.exists()


def test_an_open_clip_configuration_cannot_say_that_it_is_trusted(at_zoo: Zoo, marker: Path) -> None:
    folder = own_code(copied(at_zoo, "clip-vit", "trusted"), marker, tokenizer_class="Own")
    config = folder / "open_clip_config.json"
    said = json.loads(config.read_text(encoding="utf-8"))
    said["model_cfg"]["text_cfg"] |= {"hf_tokenizer_name": "own", "tokenizer_kwargs": {"trust_remote_code": True}}
    config.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(EncoderError, match=r"code of its own|cannot be loaded"):
        load_clip(registry.spec("trusted"))
    assert not marker.exists()


class Evil:
    """What a pickle would do when it is read as objects."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize(("name", "file"), [("colqwen2", "pytorch_model.bin"), ("clip-vit", "open_clip_model.pt")])
def test_a_pickle_is_read_as_numbers_or_not_at_all(at_zoo: Zoo, marker: Path, name: str, file: str) -> None:
    folder = copied(at_zoo, name, "pickled")
    for weights in [*folder.glob("*.safetensors"), *folder.glob("*.bin")]:
        weights.unlink()
    with zipfile.ZipFile(folder / file, "w") as archive:  # as torch.save lays it out
        archive.writestr("archive/data.pkl", pickle.dumps({"weight": Evil(marker)}, 2))
        archive.writestr("archive/version", "3\n")
    with pytest.raises(EncoderError, match=r"cannot be loaded|holds no weights"):
        (load if name == "colqwen2" else load_clip)(registry.spec("pickled"))
    assert not marker.exists()


def test_every_call_that_reads_a_checkpoint_refuses_its_code() -> None:
    calls = []
    for file in Path(workbench.encoders.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("from_pretrained", "get_tokenizer"):
                spread = {ast.unparse(word.value) for word in node.keywords if word.arg is None}
                calls.append((file.name, spread))
    assert calls
    for name, spread in calls:
        assert any(word.startswith(("REFUSED", "options", "{**options", "_refusing(")) for word in spread), (
            name,
            spread,
        )
