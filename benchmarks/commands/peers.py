"""``pagelens bench peers``: other systems over the same vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.finishing import finish
from workbench.cli import output
from workbench.cli.benching import options
from workbench.cli.session import AsJson, workbench


def peers(
    context: typer.Context,
    dataset: options.DatasetArgument = Path("sample"),
    collection: options.Collection = None,
    pipeline: options.Pipelines = None,
    peer: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this system; may be repeated. [default: all]")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, max=10_000, help="How often every question is timed.")] = 3,
    save: options.Save = None,
    as_json: AsJson = False,
) -> None:
    """Put the same vectors through other systems: quality, time and bytes beside those of Pagelens.

    Systems that are not installed have a row that says how to install them.
    """
    files = options.checked(save)
    bench = workbench(context)
    from benchmarks import peers as others

    unknown = [name for name in peer or () if name not in others.PEERS]
    if unknown:
        raise typer.BadParameter(
            f"there is no {', '.join(unknown)}; there are {', '.join(others.PEERS)}", param_hint="--peer"
        )
    name, loaded = options.indexed(bench, dataset, collection)
    pipelines = options.pipelines(pipeline)
    report = others.compare(bench, name, loaded, pipelines, list(peer or others.PEERS), repeats, output.say)
    finish(report, ["peers"], files, as_json)
