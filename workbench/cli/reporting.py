"""``pagelens eval report``: records of evaluations as tables, as files, and as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.atomic import write_whole
from workbench.cli import output, saved_evaluations
from workbench.cli.session import AsJson, workbench
from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.evaluation.record import Record
    from workbench.evaluation.reports import Pictures
    from workbench.service import Workbench


def report(
    context: typer.Context,
    records: Annotated[
        list[Path],
        typer.Argument(
            metavar="RECORD...", help="Records, the folders that 'eval --out' wrote, or names that 'eval list' shows."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a file; its suffix is .html, .csv, .tex, .md or .json.")
    ] = None,
    tables: Annotated[
        list[str] | None,
        typer.Option("--table", metavar="NAME", help="Which table to print, or to write as .csv, .tex or .md."),
    ] = None,
    pictures: Annotated[
        bool | None,
        typer.Option(
            "--pictures/--no-pictures",
            help="Pages and heat in the HTML page; by default where the collection is as it was.",
            show_default=False,
        ),
    ] = None,
    cases: Annotated[int, typer.Option(min=0, max=50, help="Failed and differing questions shown in the page.")] = 10,
    by: Annotated[
        str, typer.Option(metavar="question|document", help="Let each question, or each document, count the same.")
    ] = "question",
    as_json: AsJson = False,
) -> None:
    """Compare the pipelines of one or several records: tables, files, or one HTML page with charts and pictures.

    Bold and letters appear only where a paired test over questions, corrected for the number of pairs, supports them.
    """
    bench = workbench(context)
    from workbench.evaluation import reports

    wanted = tables or ["systems"]
    if unknown := [name for name in wanted if name not in reports.TABLES]:
        known = ", ".join(reports.TABLES)
        raise typer.BadParameter(f"'{unknown[0]}' is none of {known}", param_hint="--table")
    form = out.suffix.lower() if out is not None else ".json"
    if form not in reports.FORMS:
        raise typer.BadParameter(f"'{form}' is none of {', '.join(reports.FORMS)}", param_hint="--out")
    if by not in ("question", "document"):
        raise typer.BadParameter(f"'{by}' is none of question, document", param_hint="--by")
    by_document = by == "document"
    loaded = [saved_evaluations.record(bench, path) for path in records]
    if out is not None:
        shown = _pictures(bench, loaded, pictures) if form == ".html" else None
        _write(out.expanduser(), reports.written(loaded, form, wanted, shown, cases, by_document))
        output.say(f"Written: {out}")
    if as_json:
        output.emit(reports.values(loaded, by_document))
    elif out is None:
        for view in reports.views(loaded, by_document):
            verdicts = reports.Verdicts(view)
            output.show(verdicts.sentence())
            for table in reports.named(view, verdicts, wanted):
                output.show()
                output.print_table(table, table.caption)


def _pictures(bench: Workbench, records: list[Record], wanted: bool | None) -> Pictures:
    """Pictures of the collections that are what they were, or of all of them where pictures were asked for."""
    from workbench.evaluation.reports import Pictures, StoredPages

    usable = set()
    for facts in {record.collection.name: record.collection for record in records}.values():
        if wanted is False:
            continue
        if facts.name not in bench.library.names():
            output.say(f"There is no collection '{facts.name}' here, so its pages are not shown.")
        elif wanted or bench.evaluations.unchanged(facts):
            usable.add(facts.name)
        else:
            output.say(
                f"Collection '{facts.name}' is not what it was when the record was made, so its pages are not shown; "
                "--pictures shows them as they are now."
            )
    return Pictures(StoredPages(bench), usable)


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    try:
        write_whole(path, text)
    except OSError as error:
        raise InputError(f"'{path}' cannot be written ({(error.strerror or str(error)).lower()}).") from None
