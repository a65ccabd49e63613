"""``pagelens bench adapters``: what Pagelens adds to a model's own time."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.session import AsJson, settings, workbench

MET = {True: "yes", False: "NO"}


def adapters(
    context: typer.Context,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Models to measure; those whose weights are here by default."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="How often each way is timed.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Time models through Pagelens beside the bare calls of their own library; exit code 1 above what we accept."""
    found = ids or [
        model.id for model in workbench(context).models.all() if model.available and model.family != "reader"
    ]
    context.with_resource(output.only_ours())
    from benchmarks import adapters as measuring

    report = measuring.adapters(settings(context), found, rounds, lambda model: output.say(f"{model} ..."))
    if as_json:
        output.emit({**asdict(report), "rows": [{**asdict(row), "ok": row.ok} for row in report.rows], "ok": report.ok})
    else:
        columns = ("model", "family", "device", ">ms", ">library ms", ">ratio", "met")
        cells = [
            (
                row.id,
                row.family,
                row.device,
                f"{row.ms:.1f}",
                f"{row.direct_ms:.1f}",
                f"{row.ratio:.3f}",
                MET[row.ok],
            )
            for row in report.rows
        ]
        output.table(columns, cells)
        output.show(
            f"Batches of {report.batch} pages, medians of {report.rounds} rounds; ratio: the median of the rounds' "
            f"ratios, at most {1 + measuring.MAX_OVERHEAD:.2f} is accepted."
        )
        for model, reason in report.skipped:
            output.say(f"{model} was not measured: {reason}")
    if not report.ok:
        raise typer.Exit(1)
