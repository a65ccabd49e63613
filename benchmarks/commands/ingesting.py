"""``pagelens bench ingest``: stages that overlap beside the same stages one after another."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.session import AsJson, settings


def ingest(
    context: typer.Context,
    encoder: Annotated[str, typer.Argument(metavar="[ID]", help="The encoder.")] = "reader",
    pages: Annotated[int, typer.Option(min=1, max=70, help="Pages of the sample documents.")] = 40,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="How often each way is timed.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Ingest the same pages with stages that overlap and with the same one after another, in turn; no OCR."""
    context.with_resource(output.only_ours())
    from benchmarks.ingesting import ingesting

    report = ingesting(settings(context), encoder, pages, rounds)
    if as_json:
        output.emit(asdict(report))
        return
    output.table(
        ("encoder", ">pages", ">overlapping, pages/s", ">one after another, pages/s", ">ratio"),
        [(report.encoder, str(report.pages), f"{report.overlapped:.2f}", f"{report.plain:.2f}", f"{report.ratio:.2f}")],
    )
    output.show(
        f"Medians of {report.rounds} rounds; ratio: the median of the rounds' ratios, above 1 is quicker. Overlapping, "
        f"processors worked {report.own_seconds:.3f} s a page in this process and {report.reading_seconds:.3f} s in "
        "those that read files."
    )
