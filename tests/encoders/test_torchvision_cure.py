"""Each case runs in a process of its own: what is imported cannot be un-imported."""

from __future__ import annotations

import subprocess
import sys


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_libraries_import_after_the_cure() -> None:
    statement = "import transformers, open_clip, colpali_engine; from transformers import BertModel"
    assert run(f"from workbench.encoders.torchvision_cure import cure; cure(); {statement}; print('ok')") == "ok"


def test_it_declares_only_what_torchvision_lacks() -> None:
    """Whatever pair of torch and torchvision is installed here: the cure acts exactly when the pair does not fit."""
    found = run(
        "from workbench.encoders.torchvision_cure import cure\n"
        "acted = cure(); again = cure()\n"
        "import torchvision\n"
        "print(acted, again, torchvision.extension._has_ops())"
    )
    acted, again, compiled = (word == "True" for word in found.split())
    assert acted == again
    assert acted != compiled


def test_a_torchvision_that_brings_its_operators_is_left_alone() -> None:
    """Stands in for a matching build: loading the compiled half declares the operators, as the real one does."""
    found = run(
        "import torch\n"
        "from workbench.encoders import torchvision_cure as cured\n"
        "real = torch.library.Library('torchvision', 'DEF')\n"
        "def load(path):\n"
        "    for schema in cured.SCHEMAS: real.define(schema)\n"
        "torch.ops.load_library = load\n"
        "print(cured.cure(), cured.cure(), cured._declared(), len(cured._kept))"
    )
    assert found == "False False True 0"


def test_without_torchvision_there_is_nothing_to_cure() -> None:
    found = run(
        "from workbench.encoders import torchvision_cure as cured\n"
        "cured._folder = lambda: None\n"
        "print(cured.cure(), cured._declared())"
    )
    assert found == "False False"
