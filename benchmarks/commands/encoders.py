"""``pagelens bench encoders``: a page model's forward pass beside every way to feed it, and the ingest's own rate."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.commands.finishing import finish
from workbench.cli import output
from workbench.cli.benching import options
from workbench.cli.session import AsJson, settings


def encoders(
    context: typer.Context,
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...", help="Published sizes; all by default: colpali, colqwen2.5, colsmol, colmodernvbert."
        ),
    ] = None,
    real_size: Annotated[
        bool, typer.Option("--real-size", help="Models of these sizes with random weights, made here; no hub is asked.")
    ] = False,
    simulated_card: Annotated[
        bool,
        typer.Option(
            "--simulated-card",
            help="Ingests beside a card that is only a clock: what their own process costs, on any machine.",
        ),
    ] = False,
    pages: Annotated[int, typer.Option(min=1, max=70, help="Pages of the sample documents.")] = 64,
    ingested: Annotated[
        int, typer.Option(min=1, help="Pages of the ingest: the sample's, and then copies of its documents.")
    ] = 512,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes of the DataLoader.")] = 12,
    save: options.Save = None,
    as_json: AsJson = False,
) -> None:
    """Measure what a page model costs by itself, fed by plain loops, and fed by an ingest, whose stages overlap.

    The last column but one is what an ingest gets of the forward pass alone; 'waits for' names the stage that kept it
    from more. With --simulated-card no model is measured: it is what an ingest leaves of a rate that is given.
    """
    files = options.checked(save)
    if real_size == simulated_card:
        raise typer.BadParameter("say --real-size for models of published sizes, or --simulated-card for no model")
    context.with_resource(output.only_ours())
    from benchmarks.encoders import SIZES, simulated
    from benchmarks.encoders import encoders as measure

    chosen = ids or list(SIZES)
    if simulated_card:
        finish(simulated(settings(context), chosen, ingested, output.say), ["simulated"], files, as_json)
    else:
        report = measure(settings(context), chosen, pages, ingested, workers, output.say)
        finish(report, ["encoders"], files, as_json)
