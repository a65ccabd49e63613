"""``pagelens export``: what a search found, as a file: CSV, JSON, a TREC run, an HTML report, a PNG or a PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.cli import output, query_options
from workbench.cli.searching import AnyPipeline, Collections, Every, Results, place
from workbench.cli.session import Filter, page_ref, workbench


@query_options.takes_extra
def export(
    context: typer.Context,
    collection: Collections = None,
    every: Every = False,
    query: query_options.Text = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to write it; its suffix says the form: .csv, .json, .trec, .html, .png or .pdf.",
        ),
    ] = None,
    form: Annotated[
        str, typer.Option(metavar="FORM", help="The form, where the suffix does not say it; text forms are printed.")
    ] = "",
    page: Annotated[
        Any,
        typer.Option(metavar="PAGEREF", parser=page_ref, help="Only this page, whether the search finds it or not."),
    ] = None,
    pipeline: AnyPipeline = None,
    k: Results = None,
    filter: Filter = "",
    extra: query_options.Extra = query_options.NOTHING,
) -> None:
    """Write what a search found into a file to take away: for a spreadsheet, for a program, or to look at."""
    from workbench import exports

    if out is None and not form:
        raise typer.BadParameter("say where with --out FILE, or print a text form with --form csv")
    kind = exports.export_format(form or (out.suffix if out is not None else ""))
    if out is None and not kind.text:
        raise typer.BadParameter(f"a {kind.name} file is no text to print; write it with --out FILE")
    alone, across = place(collection, every)
    bench = workbench(context)
    wanted = query_options.query(bench, query, extra)
    how = pipeline if pipeline is not None else "two-stage" if across is None else ""
    made = bench.exports.write(wanted, alone, how, k, filter, kind.name, page, across=across)
    if out is None:
        output.pour(made.content.decode())
        return
    target = out.expanduser()
    target.write_bytes(made.content)
    output.say(f"Written: {target} ({output.size(len(made.content))}, {kind.summary}).")
