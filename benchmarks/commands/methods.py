"""``pagelens bench methods``: every way to search pages cheaply, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.finishing import finish
from workbench.cli import output
from workbench.cli.benching import options
from workbench.cli.session import AsJson, workbench


def methods(
    context: typer.Context,
    dataset: options.DatasetArgument = Path("sample"),
    collection: options.Collection = None,
    encoder: Annotated[
        str | None, typer.Option(metavar="ID", help="What the dataset's own collection is made with.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METHOD",
            help="Only this representation, preset or pipeline text, beside exact search; may be repeated. [default: "
            "every representation and preset, and a pipeline for every other stage]",
        ),
    ] = None,
    pipeline: Annotated[
        list[str] | None,
        typer.Option("--pipeline", "-p", metavar="PIPELINE", help="Measured besides; may be repeated."),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="corpus|document", help="Search all pages, or each question's own document. [default: both]"
        ),
    ] = None,
    keep: Annotated[
        str, typer.Option(metavar="K,K,...", help="Candidates of a representation that are reranked exactly.")
    ] = "50,100",
    best: Annotated[
        bool, typer.Option("--best", help="Print presets, and of the rest only what no other method beats.")
    ] = False,
    save: options.Save = None,
    as_json: AsJson = False,
) -> None:
    """Measure every way to store and search pages: quality, bytes, time and vectors compared, and what is worth it.

    Each representation is measured alone and before an exact rerank of its best candidates. What the collection has no
    index of is worked out in memory from its stored vectors; no page is read again, and the collection stays as it is.
    With --save FILE.json, one that was stopped goes on where it was.
    """
    files = options.checked(save)
    keeps = options.numbers(keep, "--keep")
    bench = workbench(context)
    from benchmarks import methods as measuring
    from workbench.retrieval import Pipeline

    forms, pipelines = (None, None) if only is None else measuring.sorted_out(only)
    for text in [*(pipelines or ()), *(pipeline or ())]:
        Pipeline.parse(text)  # refused before documents are indexed
    unknown = [name for name in scope or () if name not in measuring.SCOPES]
    if unknown:
        raise typer.BadParameter(f"'{unknown[0]}' is none of {', '.join(measuring.SCOPES)}", param_hint="--scope")
    if collection is not None and encoder is not None:
        raise typer.BadParameter("leave --encoder out: the collection named has one", param_hint="--encoder")
    name, loaded = options.indexed(bench, dataset, collection, encoder)
    kept_in = next((path.with_name(path.name + ".partial") for path in files if path.suffix == ".json"), None)
    report = measuring.methods(
        bench.settings,
        name,
        loaded,
        forms,
        pipelines,
        scope and list(dict.fromkeys(scope)),
        keeps,
        output.say,
        kept_in,
        pipeline or (),
    )
    finish(report, ["methods-best" if best else "methods"], files, as_json)
    if kept_in is not None:
        kept_in.unlink(missing_ok=True)
