"""``pagelens bench overhead`` and ``memory``: what the product itself costs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.session import AsJson


def overhead(context: typer.Context, as_json: AsJson = False) -> None:
    """Time what a search on the sample data costs besides encoding and kernels; exit code 1 above what we accept."""
    context.with_resource(output.only_ours())
    from benchmarks import workload as measuring

    report = measuring.overhead()
    if as_json:
        output.emit({**asdict(report), "ok": report.ok})
    else:
        columns = ("pipeline", ">median ms", ">95 % ms", ">search ms")
        output.table(columns, [(name, *(f"{value:.1f}" for value in values)) for name, *values in report.rows])
        output.show(
            f"Outside encoder and kernel, {report.queries} searches of {report.pages} pages each; at most "
            f"{measuring.MAX_OVERHEAD_MS:.0f} ms are accepted."
        )
    if not report.ok:
        raise typer.Exit(1)


def memory(
    context: typer.Context,
    pages: Annotated[int, typer.Option(min=1, max=100_000, help="Pages of the PDF that is ingested.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """Watch memory while one long PDF is ingested; exit code 1 above what we accept."""
    context.with_resource(output.only_ours())
    from benchmarks import workload as measuring

    report = measuring.memory(pages)
    if as_json:
        output.emit({**asdict(report), "growth_bytes": report.growth_bytes, "ok": report.ok})
    else:
        output.show(
            f"{report.pages} pages in {report.seconds:.0f} s ({report.pages / report.seconds:.1f} pages/s): "
            f"{report.loaded_bytes / 2**20:.0f} MiB with the models loaded, {report.peak_bytes / 2**20:.0f} MiB at the "
            f"peak, {report.growth_bytes / 2**20:.0f} MiB above; at most {measuring.MAX_GROWTH_BYTES / 2**20:.0f} MiB "
            "are accepted."
        )
    if not report.ok:
        raise typer.Exit(1)
