"""``pagelens bench``: measurements of this machine that anyone can run again.

Two come with the package; the others are the project's ``benchmarks`` folder, which is in a checkout and in no wheel.
The package does not know what they are: it only looks whether they are there.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from workbench.bootstrap import ROOT
from workbench.cli.benching.kernels import speed
from workbench.cli.benching.latency import latency
from workbench.errors import NotFoundError


class Benchmarks(TyperGroup):
    """The package's own commands, and in a checkout those of its benchmarks."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands there are."""
        return [*super().list_commands(ctx), *_of_checkout()]

    def get_command(self, ctx: Any, name: str) -> Any:
        """A command by its name; `NotFoundError` for one of the others where there is no checkout."""
        found = super().get_command(ctx, name) or _of_checkout().get(name)
        if found is None and not _in_checkout():
            raise NotFoundError(
                f"There is no 'pagelens bench {name}' here: an installed Pagelens has 'speed' and 'latency', the other "
                "benchmarks are in the checkout. Clone the project and run 'python3 app.py bench' there."
            )
        return found


def _in_checkout() -> bool:
    # An installed package stands in site-packages, where a folder of this name would be someone else's.
    return (ROOT / "pyproject.toml").is_file() and (ROOT / "benchmarks" / "commands").is_dir()


def _of_checkout() -> dict[str, Any]:
    """The commands of the benchmarks beside the package, by name; none where there is no checkout."""
    if not _in_checkout():
        return {}
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    commands: dict[str, Any] = get_command(importlib.import_module("benchmarks.commands").app).commands  # type: ignore[attr-defined]
    return commands


app = typer.Typer(cls=Benchmarks, no_args_is_help=True)
for command in (speed, latency):
    app.command()(command)


@app.callback()
def benchmarks() -> None:
    """Measure this machine. An installed Pagelens has 'speed' and 'latency', a checkout all others too."""
