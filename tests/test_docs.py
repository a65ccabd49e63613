"""The documentation: its links lead somewhere, its commands exist, and the README stays short."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from workbench.bootstrap import ROOT
from workbench.cli.app import app

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(?:#[^)]*)?\)")
_BLOCK = re.compile(r"^```[a-z]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`(pagelens [^`]+)`")


def commands(text: str) -> list[str]:
    """Every command line of ours in a text: in blocks a line each, and between backticks."""
    lines = [line for block in _BLOCK.findall(text) for line in block.splitlines()]
    inline = [" ".join(found.split()) for found in _INLINE.findall(_BLOCK.sub("", text))]
    return [line for line in (*lines, *inline) if line.startswith("pagelens ")]


def unknown(line: str) -> str:
    """What of a command line there is not: a command, or an option; empty when all is there."""
    words = shlex.split(line, comments=True)[1:]
    command: Any = get_command(app)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        if words[0] not in command.list_commands(None) and "run" in command.commands:
            words.insert(0, "run")  # as 'eval FOLDER' is 'eval run FOLDER'
        name = words.pop(0)
        if name not in command.list_commands(None):
            return name
        command = command.get_command(None, name)
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    options = [word.partition("=")[0] for word in words if re.fullmatch(r"--?[a-z][\w-]*(=.*)?", word)]
    return next((option for option in options if option not in known and option != "--help"), "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    links = _LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist_with_their_options(page: Path) -> None:
    lines = commands(page.read_text(encoding="utf-8"))
    assert {line: unknown(line) for line in lines if unknown(line)} == {}


def test_the_check_of_commands_bites() -> None:
    assert commands("```\npagelens serch x\n```\nand `pagelens eval\nlist`") == [
        "pagelens serch x",
        "pagelens eval list",
    ]
    assert unknown("pagelens serch x") == "serch"
    assert unknown("pagelens search x --colection y") == "--colection"
    assert unknown("pagelens collections tag reports a.pdf --tag x") == ""


def test_every_page_can_be_reached_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if page.relative_to(ROOT).as_posix() not in text] == []


def test_the_readme_is_short() -> None:
    assert (ROOT / "README.md").stat().st_size <= 10_000
