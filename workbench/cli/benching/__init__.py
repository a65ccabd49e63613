"""``pagelens bench``: measurements of this machine that anyone can run again."""

from __future__ import annotations

import typer

from workbench.cli import models
from workbench.cli.benching.kernels import speed
from workbench.cli.benching.latency import latency
from workbench.cli.benching.manuals import manuals
from workbench.cli.benching.methods import methods
from workbench.cli.benching.peers import peers
from workbench.cli.benching.reading import reading
from workbench.cli.benching.scale import scale
from workbench.cli.benching.workload import memory, overhead

app = typer.Typer(help="Measure this machine.", no_args_is_help=True)
for command in (models.adapters, speed, overhead, memory, latency, manuals, peers, scale, methods, reading):
    app.command()(command)


@app.callback()
def benchmarks() -> None:
    """Measure this machine."""
