"""``pagelens bench latency``: how long searches take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.benching import options
from workbench.cli.session import AsJson, workbench


def latency(
    context: typer.Context,
    dataset: options.DatasetArgument = Path("sample"),
    collection: options.Collection = None,
    pipeline: options.Pipelines = None,
    repeats: Annotated[int, typer.Option(min=1, max=10_000, help="How often every question is timed.")] = 5,
    questions: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many questions.")] = 50,
    at_once: Annotated[
        str, typer.Option(metavar="N,N,...", help="Numbers of threads that search at the same time.")
    ] = "1,2,4",
    cold: Annotated[bool, typer.Option("--cold/--no-cold", help="Also time the first search of a new process.")] = True,
    save: options.Save = None,
    as_json: AsJson = False,
) -> None:
    """Time searches: cold and warm, encoding apart, several at once, each stage beside what the machine could do."""
    files = options.checked(save)
    threads = options.numbers(at_once, "--at-once")
    bench = workbench(context)
    from workbench import bench as measuring
    from workbench.bench import tables

    name, loaded = options.indexed(bench, dataset, collection)
    asked = [query.text for query in loaded.queries[:questions]]
    pipelines = options.pipelines(pipeline)
    report = measuring.latency(bench, name, asked, pipelines, repeats, threads, cold, progress=output.say)
    if not as_json:
        output.show(
            f"'{report.collection}' ({report.encoder}): {output.size(report.bytes)} on disk; peak memory "
            f"{output.size(report.peak.resident)}, of which {output.size(report.peak.own)} not backed by files."
        )
    whole = tables.latency(report)
    options.finish(report, whole, [whole, tables.latency_stages(report)], files, as_json)
