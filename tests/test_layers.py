"""Who may import what: the contracts in pyproject.toml hold, they bite, and starting up stays light."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.bootstrap import ROOT

pytestmark = pytest.mark.slow

HEAVY = ("torch", "gradio", "lancedb", "pyarrow", "transformers", "open_clip", "colpali_engine", "rapidocr", "pandas")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, encoding="utf-8")


def test_the_contracts_hold() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


def test_the_contracts_bite(tmp_path: Path) -> None:
    for name in ("workbench", "benchmarks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    forbidden = (
        "import gradio",
        "import lancedb",
        "import torch",
        "import transformers",
        "import pypdfium2",
        "import benchmarks",
    )
    with (tmp_path / "workbench" / "timing.py").open("a", encoding="utf-8") as file:
        file.write("\n".join(("", *forbidden, "import workbench.service", "")))
    result = lint(tmp_path)
    assert result.returncode != 0
    assert "9 broken" in result.stdout, result.stdout


def loaded_by(code: str, *flags: str) -> set[str]:
    """The top-level modules a fresh interpreter has after running ``code``."""
    code += "\nimport json, sys\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    command = [sys.executable, *flags, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    return set(json.loads(done.stdout))


def test_a_server_answers_before_the_heavy_libraries_are_there() -> None:
    loaded = loaded_by("import workbench.service, workbench.ui")
    assert "gradio" in loaded
    assert not loaded & (set(HEAVY) - {"gradio", "pandas", "pyarrow"})  # what Gradio and the tables are described with


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    loaded = loaded_by("import benchmarks.commands, workbench.cli")
    assert "typer" in loaded
    assert not loaded & set(HEAVY)


def test_the_service_starts_without_models() -> None:
    assert not loaded_by("import workbench.service") & {"torch", "transformers", "rapidocr", "gradio"}


def test_the_set_up_needs_nothing_but_the_standard_library() -> None:
    loaded = loaded_by("import workbench.bootstrap", "-S")  # -S: no site-packages
    assert "workbench" in loaded
    assert {name for name in loaded if not name.startswith("_")} <= sys.stdlib_module_names | {"workbench"}
