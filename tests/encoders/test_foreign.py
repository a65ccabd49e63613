"""Code that a checkpoint brings is not run, whoever would be asked; and a pickle is read as numbers or not at all."""

from __future__ import annotations

import ast
import builtins
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import workbench.encoders
from tests.cli.conftest import Run, runner
from tests.encoders import tiny
from tests.encoders.conftest import Zoo
from tests.encoders.pages import page, picture
from workbench import encoders
from workbench.encoders import foreign, registry
from workbench.encoders.clip import load as load_clip
from workbench.encoders.late_interaction import load
from workbench.errors import EncoderError, InputError
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


CODE = """
from transformers import ModernBertConfig, ModernBertModel
open({marker!r}, "w").write("ran")
class OwnConfig(ModernBertConfig):
    model_type = "own_bert"
class OwnModel(ModernBertModel):
    config_class = OwnConfig
"""


@pytest.fixture
def bringing(tmp_path: Path, marker: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model of texts that is of a class of its own; whatever its code does, it writes the marker first."""
    monkeypatch.setenv("PAGELENS_HOME", str(tmp_path / "home"))
    folder = tiny.build(tiny.multi_vector_text, tmp_path / "home" / "models" / "bringing")
    (folder / "modeling_own.py").write_text(CODE.format(marker=str(marker)), encoding="utf-8")
    said = json.loads((folder / "config.json").read_text(encoding="utf-8")) | {"model_type": "own_bert"}
    said["auto_map"] = {"AutoConfig": "modeling_own.OwnConfig", "AutoModel": "modeling_own.OwnModel"}
    (folder / "config.json").write_text(json.dumps(said | {"architectures": ["OwnModel"]}), encoding="utf-8")
    return folder


def loading() -> None:
    encoders.unload("bringing")
    encoders.load("bringing")
    encoders.unload("bringing")


def test_code_runs_once_it_is_allowed_and_not_after_it_changed(bringing: Path, marker: Path) -> None:
    revision = encoders.revision_of(bringing)
    with pytest.raises(EncoderError, match=f"code of its own, .*pagelens models allow bringing --revision {revision}"):
        loading()
    assert not marker.exists()
    with pytest.raises(InputError, match=f"here at revision {revision}, not 0000"):
        encoders.allow(registry.spec("bringing"), "0" * 40)
    assert encoders.allow(registry.spec("bringing"), revision) == bringing
    loading()
    assert marker.read_text() == "ran"
    marker.unlink()
    with (bringing / "modeling_own.py").open("a") as file:
        file.write("# another\n")
    with pytest.raises(EncoderError, match=f"you have allowed revision {revision}"):
        loading()
    assert not marker.exists()
    assert encoders.allow(registry.spec("bringing"), encoders.revision_of(bringing))
    assert encoders.disallow("bringing")
    with pytest.raises(EncoderError, match=r"does not do unless you allow it\. Read"):
        loading()
    assert (marker.exists(), encoders.disallow("bringing")) == (False, False)


def test_what_is_allowed_is_no_leave_for_code_of_elsewhere(bringing: Path, marker: Path) -> None:
    config = bringing / "config.json"
    config.write_text(config.read_text().replace('"modeling_own.OwnModel"', '"someone/else--modeling_own.OwnModel"'))
    encoders.allow(registry.spec("bringing"), encoders.revision_of(bringing))
    with pytest.raises(EncoderError, match="wants code of someone/else to run"):
        loading()
    assert not marker.exists()


ELSEWHERE = {
    "escaped": ("config.json", '{"auto_map": {"AutoModel": "someone/else\\u002d\\u002dmodeling.Own"}}'),
    "of no owner": ("config.json", '{"auto_map": {"AutoModel": "else--modeling.Own"}}'),
    "of a folder": ("config.json", '{"auto_map": {"AutoModel": "/tmp/some one/else--modeling.Own"}}'),
    "one of two": ("tokenizer_config.json", '{"auto_map": {"AutoTokenizer": [null, "someone/else--own.Own"]}}'),
    "within": ("config.json", '{"text_config": {"auto_map": {"AutoConfig": "someone/else--own.Own"}}}'),
    "a module": ("modules.json", '[{"idx": 0, "path": "", "type": "someone/else--own.Own"}]'),
    "in a long file": ("config.json", f'{{"x": "{"x" * (2 << 20)}", "auto_map": {{"AutoModel": "a/else--o.O"}}}}'),
}


@pytest.mark.parametrize("how", ELSEWHERE)
def test_code_of_elsewhere_is_seen_however_it_is_written(bringing: Path, marker: Path, how: str) -> None:
    name, text = ELSEWHERE[how]
    (bringing / name).write_text(text)
    spec = registry.spec("bringing")
    encoders.allow(spec, encoders.revision_of(bringing))
    with pytest.raises(EncoderError, match=r"wants code of \S*.*else to run, which is not part"):
        foreign.trust(spec, bringing)
    (bringing / name).write_text("{" + text)
    with pytest.raises(EncoderError, match=f"{name} of the 'bringing' model in .* is no JSON; its code is not run"):
        foreign.trust(spec, bringing)


def test_words_of_a_checkpoint_name_no_code(bringing: Path) -> None:
    said = {"chat_template": "a/b--c.d", "vocab": {"see/this--or.that": 1}, "type": "BPE"}
    (bringing / "tokenizer.json").write_text(json.dumps(said))
    spec = registry.spec("bringing")
    encoders.allow(spec, encoders.revision_of(bringing))
    assert foreign.trust(spec, bringing) == foreign.ALLOWED


def test_what_several_allow_at_once_is_all_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGELENS_HOME", str(tmp_path / "home"))
    names = [f"model-{number}" for number in range(8)]
    program = (
        "import sys; from workbench.encoders import foreign\n"
        "with foreign._changed() as known: known[sys.argv[1]] = '0' * 40"
    )
    started = [subprocess.Popen([sys.executable, "-c", program, name]) for name in names]
    assert [one.wait() for one in started] == [0] * len(names)
    assert [foreign.allowed(name) for name in names] == ["0" * 40] * len(names)


def test_the_hub_s_commit_is_the_revision_and_the_model_need_not_be_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setenv("PAGELENS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    row, commit = registry.spec("colvec1.1-4b"), "0123456789abcdef0123456789abcdef01234567"
    with pytest.raises(InputError, match="Pagelens is offline: its code cannot be read"):
        encoders.allow(row, commit, offline=True)
    assert encoders.allow(row, commit) is None
    repository = tmp_path / "cache" / "models--webAI-Official--webAI-ColVec1.1-4b"
    (repository / "snapshots" / commit).mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    assert encoders.allow(row, commit, offline=True) == repository / "snapshots" / commit
    with pytest.raises(InputError, match="40 digits"):
        encoders.allow(row, "main")


def test_the_command_shows_the_code_first_and_the_list_is_red(bringing: Path, tmp_path: Path) -> None:
    run, revision = runner(tmp_path / "home"), encoders.revision_of(bringing)
    first = run("models", "allow", "bringing")
    assert (first.code, "modeling_own.py: 7 lines" in first.err, f"--revision {revision}" in first.err) == (
        1,
        True,
        True,
    )
    assert _model(run)["own_code"] == ""
    assert run("models", "allow", "bringing", "--revision", revision).code == 0
    assert _model(run)["own_code"] == revision
    assert f"bringing may run code of its own, at revision {revision}" in run("models", "list").err
    checked = run("models", "check", "bringing", "--json")
    encoders.unload("bringing")
    assert checked.code == 0, json.loads(checked.out)["findings"]
    assert "is refused again" in run("models", "disallow", "bringing").out
    assert _model(run)["own_code"] == ""


def _model(run: Run) -> dict[str, Any]:
    return {model["id"]: model for model in json.loads(run("models", "list", "--json").out)}["bringing"]


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
