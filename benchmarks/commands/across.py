"""``pagelens bench across``: searching several collections against one of all their pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.finishing import finish
from workbench.cli import output
from workbench.cli.benching import options
from workbench.cli.session import AsJson, workbench


def across(
    context: typer.Context,
    dataset: options.DatasetArgument = Path("sample"),
    collection: options.Collection = None,
    pipeline: options.Pipelines = None,
    collections: Annotated[
        str, typer.Option("--collections", metavar="N,N,...", help="Numbers of collections to deal the documents to.")
    ] = "2,5",
    repeats: Annotated[int, typer.Option(min=1, max=10_000, help="How often every question is timed.")] = 3,
    save: options.Save = None,
    as_json: AsJson = False,
) -> None:
    """Deal a collection out to several, and compare the lists across them with those of the one: nDCG@5, time."""
    files = options.checked(save)
    numbers = options.numbers(collections, "--collections")
    bench = workbench(context)
    from benchmarks.across import across as measure

    name, loaded = options.indexed(bench, dataset, collection)
    labels = {query.text: loaded.qrels.get(query.id, {}) for query in loaded.queries}
    report = measure(bench, name, labels, numbers, options.pipelines(pipeline), repeats, output.say)
    finish(report, ["across"], files, as_json)
