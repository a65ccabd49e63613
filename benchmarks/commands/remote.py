"""``pagelens bench remote``: what a search waits for when its collection lies in an object store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.finishing import finish
from workbench.cli import output
from workbench.cli.benching import options
from workbench.cli.session import AsJson, workbench


def remote(
    context: typer.Context,
    dataset: options.DatasetArgument = Path("sample"),
    collection: options.Collection = None,
    pipeline: Annotated[
        str, typer.Option("--pipeline", "-p", metavar="PIPELINE", help="A preset or a pipeline text.")
    ] = "three-stage",
    latency: Annotated[str, typer.Option(metavar="MS,MS,...", help="Milliseconds that the store takes a request.")] = (
        "5,30,100"
    ),
    questions: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many questions.")] = 10,
    save: options.Save = None,
    as_json: AsJson = False,
) -> None:
    """Search a copy of a collection in an object store that answers slowly: time and requests, cold and warm."""
    files = options.checked(save)
    waits = options.numbers(latency, "--latency")
    bench = workbench(context)
    from benchmarks.remote import remote as measure

    name, loaded = options.indexed(bench, dataset, collection)
    asked = [query.text for query in loaded.queries[:questions]]
    finish(measure(bench, name, asked, pipeline, waits, output.say), ["remote"], files, as_json)
