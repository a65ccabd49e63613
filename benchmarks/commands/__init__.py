"""The commands of the benchmarks, which ``pagelens bench`` has in a checkout."""

from __future__ import annotations

import typer

from benchmarks.commands.across import across
from benchmarks.commands.adapters import adapters
from benchmarks.commands.card import card
from benchmarks.commands.crews import crews
from benchmarks.commands.encoders import encoders
from benchmarks.commands.files import files
from benchmarks.commands.ingesting import ingest
from benchmarks.commands.languages import languages
from benchmarks.commands.manuals import manuals
from benchmarks.commands.methods import methods
from benchmarks.commands.peers import peers
from benchmarks.commands.reading import reading
from benchmarks.commands.remote import remote
from benchmarks.commands.scale import scale
from benchmarks.commands.workload import memory, overhead

app = typer.Typer()
MEASURING = (
    across,
    adapters,
    card,
    crews,
    encoders,
    ingest,
    overhead,
    memory,
    files,
    reading,
    languages,
    manuals,
    peers,
    scale,
    remote,
    methods,
)
for command in MEASURING:
    app.command()(command)
