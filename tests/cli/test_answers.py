"""What commands print with `--json` is what the documentation says they print."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import TypeAdapter

from tests.cli.conftest import Run
from workbench.answers.commands import PRINTED
from workbench.api.application import application
from workbench.api.reference import markdown
from workbench.cli import app
from workbench.service import Workbench
from workbench.settings import Settings

OTHERS = {"eval report", "models check", "bench speed", "bench latency"}
"""Those that print a report's own values, or what measures a model or a machine."""
PAGE = "whales.pdf#page=2"
ASKED = {
    "search": ("search", "songs", "-c", "notes"),
    "explain": ("explain", "songs", PAGE, "-c", "notes"),
    "why": ("why", "songs", PAGE, "-c", "notes"),
    "evidence": ("evidence", "songs", "-c", "notes"),
    "compare": ("compare", "songs", "-c", "notes", "-p", "exact", "-p", "text"),
    "pipelines": ("pipelines",),
    "doctor": ("doctor",),
    "collections list": ("collections", "list"),
    "collections show": ("collections", "show", "notes"),
    "collections tag": ("collections", "tag", "notes"),
    "collections verify": ("collections", "verify", "notes"),
    "collections audit": ("collections", "audit", "notes", "--probes", "10"),
    "models list": ("models", "list"),
    "eval list": ("eval", "list"),
}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The words of every command that takes ``--json``."""
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))
    if any("--json" in parameter.opts for parameter in command.params):
        yield " ".join(path)


def test_every_command_says_what_it_prints() -> None:
    assert {*commands(typer.main.get_command(app))} == {*PRINTED} | OTHERS


@pytest.mark.parametrize("name", ASKED)
def test_it_prints_what_is_said(run: Run, name: str) -> None:
    printed = json.loads(run(*ASKED[name], "--json").out)
    kind = TypeAdapter(PRINTED[name])
    assert kind.dump_python(kind.validate_python(printed), mode="json") == printed


def test_the_documentation_has_every_shape_that_it_names(tmp_path: Path) -> None:
    text = markdown(application(Workbench(Settings(home=tmp_path))).openapi())
    assert all(f"| `{name}` | " in text for name in PRINTED)
    headings = {name.lower() for name in re.findall(r"^### (\w+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", text)) <= headings
