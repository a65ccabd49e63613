"""``pagelens bench reading``: how fast files are read, by how many workers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.benching import options
from workbench.cli.session import AsJson
from workbench.table import bytes_text


def reading(
    context: typer.Context,
    workers: Annotated[
        str | None,
        typer.Option(metavar="N,N,...", help="Numbers of workers to try. [default: 1, 2, and as many as cores]"),
    ] = None,
    text_pages: Annotated[int, typer.Option(min=1, max=100_000, help="Pages with a text layer.")] = 60,
    scanned_pages: Annotated[int, typer.Option(min=1, max=100_000, help="Pages that OCR reads.")] = 8,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="How often each number of workers is timed.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Time how fast pages are read, with and without OCR, by one worker and by several, and watch their memory."""
    tried = options.numbers(workers, "--workers") if workers else ()
    context.with_resource(output.only_ours())
    from benchmarks.reading import reading as measure

    report = measure(tried, text_pages, scanned_pages, rounds)
    if as_json:
        output.emit(asdict(report))
        return
    output.table(
        ("pages", ">workers", ">pages/s", ">to one worker", ">processor s/page", ">peak of a worker"),
        [
            (
                row.kind,
                str(row.workers),
                f"{row.pages_per_second:.2f}",
                f"{row.ratio:.2f}",
                f"{row.processor_seconds:.3f}",
                bytes_text(row.peak_bytes),
            )
            for row in report.rows
        ],
    )
    output.show(
        f"Medians of {report.rounds} rounds, {output.count(report.threads, 'thread')} a worker for OCR; the process "
        f"that has the files read took {bytes_text(report.own_peak_bytes)} at most."
    )
