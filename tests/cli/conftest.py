"""A home folder with a small collection, made once by the command itself from real PDFs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from typer.testing import CliRunner

from tests.documents.make import write_pdf
from workbench.cli import app

TOPICS = {
    "whales.pdf": ["The blue whale is the largest animal alive.", "Humpback whales sing long songs under water."],
    "bread & [b]butter.pdf": ["Knead the dough until it is smooth.", "Bake the loaf in a hot oven for an hour."],
    "stars.pdf": ["A red giant is a star near its end.", "Astronomers measure distance by parallax."],
}


class Run(Protocol):
    """Runs a command line in this process."""

    def __call__(self, *arguments: str | Path) -> "Ended": ...


@dataclass(frozen=True)
class Ended:
    """What a command left: its exit code, standard output, and standard error."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Place:
    """The home folder, the files that were ingested, and what ingesting them printed."""

    home: Path
    files: Path
    ingested: Ended


def runner(home: Path) -> Callable[..., Ended]:
    def run(*arguments: str | Path) -> Ended:
        result = CliRunner().invoke(app, ["--home", str(home), *map(str, arguments)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("cli")
    for name, pages in TOPICS.items():
        write_pdf(root / "files" / name, pages)
    ended = runner(root / "home")("ingest", root / "files", "-c", "notes", "--json")
    return Place(root / "home", root / "files", ended)


@pytest.fixture
def run(place: Place) -> Run:
    """Runs a command over the collection ``notes``, which tests only read."""
    return runner(place.home)


@pytest.fixture
def fresh(tmp_path: Path) -> Run:
    """Runs a command over a home folder of its own."""
    return runner(tmp_path / "home")


def keys(value: Any) -> Any:
    """The shape of a JSON value: keys of objects, the shape of a list's first member, names of types."""
    if isinstance(value, dict):
        return {key: keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [keys(value[0])] if value else []
    return type(value).__name__
