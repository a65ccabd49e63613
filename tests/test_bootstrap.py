"""The set-up: reads its requirements, makes an environment once, notices changes, and fails in one sentence."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from workbench import bootstrap
from workbench.bootstrap import Requirement, SetupError, ensure, prepare, requirements

pytestmark = pytest.mark.slow

# A build backend of a dozen lines, so that pip can install a project here without fetching a backend.
BACKEND = """
import zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\nREQUIRES")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    return name
build_editable = build_wheel
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "tiny"
version = "1.0"
dependencies = []
[project.optional-dependencies]
test = []
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of another, tiny project, and a pip that never asks an index."""
    root = tmp_path / "a checkout"
    root.mkdir()
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (root / "constraints.txt").write_text("# none\n", encoding="utf-8")
    (root / "backend.py").write_text(BACKEND.replace("REQUIRES", ""), encoding="utf-8")
    monkeypatch.setattr(bootstrap, "ROOT", root)
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", root / ".venv")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return root


@pytest.mark.parametrize(
    ("text", "version", "fits"),
    [
        ("gradio>=6.25,<7", "6.25", True),
        ("gradio>=6.25,<7", "6.31.0", True),
        ("gradio>=6.25,<7", "6.9.9", False),
        ("gradio>=6.25,<7", "7.0", False),
        ("torch>=2.6,<2.14", "2.13.0+cpu", True),
        ("torch>=2.6,<2.14", "2.14.0", False),
        ("numpy", "1.0", True),
        ("a==1.0", "1", True),
        ("a!=1.5", "1.5.0", False),
        ("a~=1.4", "1.9", True),
        ("a~=1.4.2", "1.5", False),
        ("a[extra]>1; python_version < '3.0'", "1.0", False),
    ],
)
def test_versions_are_compared_by_number(text: str, version: str, fits: bool) -> None:
    assert Requirement.parse(text).admits(version) is fits


def test_the_requirements_are_those_of_the_project() -> None:
    names = {requirement.name for requirement in requirements()}
    assert {"gradio", "torch", "open_clip_torch", "colpali-engine", "lancedb", "pdf2image", "pillow"} <= names
    assert "pytest" in {requirement.name for requirement in requirements("test")}
    assert str(next(r for r in requirements() if r.name == "gradio")) == "gradio>=6.25,<7"
    assert not Requirement.parse("surely-not-installed").met()


def test_what_is_for_older_pythons_only_is_not_missed_on_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ray" in {requirement.name for requirement in requirements("scale")} or sys.version_info >= (3, 14)
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 14, 0))
    assert requirements("scale") == []
    assert {requirement.name for requirement in requirements("test")} >= {"pytest", "obstore"}


def test_an_environment_is_made_once_and_again_after_a_change(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    python = prepare()
    assert subprocess.run([python, "-c", "import tiny"]).returncode == 0
    assert "The environment is ready." in capsys.readouterr().err

    runs: list[Sequence[str]] = []
    install = bootstrap._install
    monkeypatch.setattr(bootstrap, "_install", lambda pip, extras: (runs.append(extras), install(pip, extras)))
    assert prepare() == python
    assert runs == []
    assert capsys.readouterr().err == ""

    prepare(("test",))
    prepare()
    assert runs == [["test"]]  # what was installed for the tests is enough for the app

    (project / "constraints.txt").write_text("# changed\n", encoding="utf-8")
    prepare()
    assert runs == [["test"], ["test"]]
    stamp = json.loads((project / ".venv" / "pagelens.json").read_text(encoding="utf-8"))
    assert stamp == {"fingerprint": bootstrap.fingerprint(), "extras": ["test"]}


def test_a_python_without_ensurepip_uses_its_pip(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name))
    python = prepare()
    assert subprocess.run([python, "-c", "import tiny"]).returncode == 0
    assert subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode != 0


def test_a_python_that_can_make_no_environment_says_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match="apt-get install python3-venv"):
        prepare()


def test_a_failed_install_is_one_sentence_and_is_tried_again(project: Path) -> None:
    text = BACKEND.replace("REQUIRES", "Requires-Dist: surely-not-there>=1\\n")
    (project / "backend.py").write_text(text, encoding="utf-8")
    with pytest.raises(SetupError, match=r"No matching distribution found for surely-not-there.*setup\.log"):
        prepare()
    assert not (project / ".venv" / "pagelens.json").exists()
    (project / "backend.py").write_text(BACKEND.replace("REQUIRES", ""), encoding="utf-8")
    prepare()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("WARNING: Retrying after NewConnectionError('x: Failed to establish a new connection')", "cannot be reached"),
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: something else went wrong.", "(something else went wrong); the whole story is in"),
        ("    FileNotFoundError: no such file", "(FileNotFoundError: no such file); the whole story is in"),
        ("silence", "pip gave no reason"),
    ],
)
def test_the_reason_is_told_in_words(output: str, sentence: str, tmp_path: Path) -> None:
    reason = bootstrap._reason(output.splitlines(), tmp_path / "setup.log")
    assert sentence in reason
    assert "\n" not in reason


def test_only_the_big_downloads_are_told() -> None:
    lines = (
        "Collecting numpy",
        "  Downloading numpy-2.4.6-cp311-manylinux.whl.metadata (62 kB)",
        "Downloading https://example.org/numpy-2.4.6-cp311-manylinux.whl (16.4 MB)",
        "Downloading onnxruntime-1.31.1-cp311-manylinux.whl (23.8 MB)",
        "Downloading torch-2.13.0-cp311-manylinux.whl (1.1 GB)",
        "Installing collected packages: numpy, onnxruntime, torch",
    )
    assert list(bootstrap._narrate(iter(lines))) == [
        "  downloading onnxruntime 1.31.1 (23.8 MB)",
        "  downloading torch 2.13.0 (1.1 GB)",
        "  installing 3 packages (3 downloaded); this is the longest step ...",
    ]


def test_an_old_python_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(SystemExit) as stop:
        ensure(["app.py"])
    assert stop.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith("Pagelens needs Python 3.11 to 3.14 and this is Python 3.9.2")
    assert said.count("\n") == 1


def test_a_python_that_has_everything_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bootstrap, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "requirements", lambda extra="": [Requirement.parse("pytest>=8")])
    ensure(["app.py"], extras=("test",))
    assert not (tmp_path / ".venv").exists()


def test_otherwise_the_command_runs_in_the_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "requirements", lambda extra="": [Requirement.parse("surely-not-installed")])
    started: list[list[str]] = []

    def start(*arguments: object) -> int:
        started.append(list(arguments[-1]))  # type: ignore[call-overload]
        raise SystemExit(7)

    monkeypatch.setattr(os, "execv", start)
    monkeypatch.setattr(subprocess, "call", start)
    with pytest.raises(SystemExit) as stop:
        ensure(["app.py", "--demo"])
    assert stop.value.code == 7
    assert started == [[str(bootstrap.python_of(project / ".venv")), "app.py", "--demo"]]
