"""``pagelens bench scale``: how searches grow with the pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.finishing import finish
from workbench.cli import output
from workbench.cli.benching import options
from workbench.cli.session import AsJson, workbench


def scale(
    context: typer.Context,
    dataset: options.DatasetArgument = Path("sample"),
    collection: options.Collection = None,
    pipeline: options.Pipelines = None,
    pages: Annotated[str, typer.Option(metavar="N,N,...", help="Sizes to enlarge to.")] = "500,2000,8000",
    repeats: Annotated[int, typer.Option(min=1, max=10_000, help="How often every question is timed.")] = 3,
    questions: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many questions.")] = 10,
    kept: Annotated[
        int, typer.Option("--vectors", min=0, help="Cut pages down to so many vectors and words, to fit more; 0: all.")
    ] = 0,
    index: Annotated[
        list[str] | None, typer.Option(metavar="INDEX", help="An index to add, as lemur; may be repeated.")
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Keep the pages there; a later run with the same --vectors goes on from them."
        ),
    ] = None,
    save: options.Save = None,
    as_json: AsJson = False,
) -> None:
    """Enlarge a collection with pages made of halves of its own: stages, memory, disk, quality beside exact search.

    Takes about 1 MB of disk a page, or, with --vectors 24, 100 kB.
    """
    files = options.checked(save)
    sizes = options.numbers(pages, "--pages")
    bench = workbench(context)
    from benchmarks.scale import scale as measure

    name, loaded = options.indexed(bench, dataset, collection)
    chosen = loaded.queries[:questions]
    asked, labels = [query.text for query in chosen], [loaded.qrels.get(query.id, {}) for query in chosen]
    pipelines = options.pipelines(pipeline)
    report = measure(bench, name, asked, sizes, pipelines, repeats, output.say, labels, kept, index or [], keep)
    finish(report, ["scale-points"], files, as_json)
