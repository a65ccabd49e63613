"""Each case runs in a process of its own: what is imported cannot be un-imported.

Where the system can fork, most come from one that has imported torch, and nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

CURE = "from workbench.encoders.torchvision_cure import cure\n"
SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
STATE = CURE + (
    "import torch\n"
    "acted, again = cure(), cure()\n"
    "import torchvision\n"
    "kernel = torch.ops.torchvision\n"
    "print(acted, again, *(name for name in ('nms', 'qnms') if hasattr(kernel, name)))"
)


def run(code: str, path: Path | None = None) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, filter(None, (path, Path.cwd()))))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


FORKING = """
import json, os, sys, traceback, torch
for line in sys.stdin:
    code, path, told = json.loads(line)
    case = os.fork()
    if not case:
        sys.path[:0] = path
        os.dup2(os.open(told, os.O_CREAT | os.O_WRONLY), 1)
        os.dup2(1, 2)
        try:
            exec(code, {"__name__": "__main__"})
            sys.stdout.flush()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(os.waitpid(case, 0)[1], flush=True)
"""


class Run(Protocol):
    """What a program prints, for which ``path`` comes before all installed packages."""

    def __call__(self, code: str, path: Path) -> str: ...


@pytest.fixture(scope="module")
def with_torch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    if not hasattr(os, "fork"):
        yield run
        return
    told = tmp_path_factory.mktemp("told") / "told.txt"
    with subprocess.Popen(
        [sys.executable, "-c", FORKING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as forking:
        assert forking.stdin is not None and forking.stdout is not None

        def forked(code: str, path: Path) -> str:
            told.unlink(missing_ok=True)
            print(json.dumps([code, [str(path), str(Path.cwd())], str(told)]), file=forking.stdin, flush=True)
            assert forking.stdout.readline() == "0\n", told.read_text()
            return told.read_text().strip()

        yield forked
        forking.stdin.close()


def stand_in(folder: Path, brings: list[str], rules: list[str], then: str = "") -> Path:
    """A torchvision whose compiled half declares operators, and whose Python half gives shape rules, as the real do."""
    lines = ["import torch", "compiled = torch.library.Library('torchvision', 'DEF')"]
    lines += [f"compiled.define('{name}{SIGNATURE}')" for name in brings]
    lines += [f"torch.library.register_fake('torchvision::{name}')(lambda *given: given[0])" for name in rules]
    (folder / "torchvision").mkdir()
    (folder / "torchvision" / "__init__.py").write_text("\n".join([*lines, then]))
    return folder


def test_the_libraries_import_after_the_cure() -> None:
    statement = "import transformers, open_clip, colpali_engine; from transformers import BertModel"
    assert run(f"{CURE}cure(); {statement}; print('ok')") == "ok"


def test_it_acts_only_where_torchvision_s_compiled_half_does_not_load() -> None:
    """Whatever pair of torch and torchvision is installed here: the cure acts exactly when the pair does not fit."""
    found = run(
        f"{CURE}acted = cure(); again = cure()\nimport torchvision\n"
        "print(acted, again, torchvision.extension._has_ops())"
    )
    acted, again, compiled = (word == "True" for word in found.split())
    assert acted == again
    assert acted != compiled


@pytest.mark.parametrize(
    ("brings", "rules", "found"),
    [
        (["nms", "qnms"], ["nms", "qnms"], "False False nms qnms"),
        (["nms"], ["nms"], "False False nms"),
        (["nms"], [], "False False nms"),
        ([], [], "False False"),
        ([], ["nms", "qnms"], "True True nms qnms"),
        ([], ["nms"], "True True nms"),
        (["nms"], ["nms", "qnms"], "True True nms qnms"),
    ],
    ids=["whole", "without qnms", "no rules", "no operators", "no compiled half", "an older one", "half registered"],
)
def test_what_torchvision_lacks_is_declared_and_nothing_else(
    tmp_path: Path, with_torch: Run, brings: list[str], rules: list[str], found: str
) -> None:
    assert with_torch(STATE, stand_in(tmp_path, brings, rules)) == found


def test_a_torchvision_that_is_imported_already_is_left_alone(tmp_path: Path, with_torch: Run) -> None:
    path = stand_in(tmp_path, ["nms"], ["nms"])
    assert with_torch(f"import torchvision\n{STATE}", path) == "False False nms"


def test_torch_is_as_it_was_afterwards(tmp_path: Path, with_torch: Run) -> None:
    code = f"import torch\nbefore = torch.library.register_fake\n{CURE}cure()\n"
    code += "print(torch.library.register_fake is before)"
    assert with_torch(code, stand_in(tmp_path, [], ["nms"])) == "True"


def test_a_torchvision_that_does_not_fit_otherwise_says_why(tmp_path: Path, with_torch: Run) -> None:
    path = stand_in(tmp_path, ["nms"], ["nms"], "raise RuntimeError('compiled with CUDA 12')")
    code = f"{CURE}\ntry: cure()\nexcept ImportError as error: print(error)"
    assert with_torch(code, path) == "torchvision does not fit this torch: compiled with CUDA 12"


def test_without_torchvision_there_is_nothing_to_cure() -> None:
    code = (
        "import importlib.util, sys\nfind = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'torchvision' else find(name, *rest)\n"
    )
    assert run(f"{code}{CURE}print(cure(), 'torchvision' in sys.modules)") == "False False"
