"""``pagelens bench languages``: made pages and scans in many languages, read and found."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.session import AsJson, workbench

LANGUAGES = "C,cs,de,el,es,fa,fi,fr,gu,hu,ja,ko,mr,pl,ru,ta,vi,zh_CN"
"""Eighteen in nine scripts."""


def languages(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="`usr/share/help` of Debian's package gnome-user-docs, unpacked.")],
    names: Annotated[str, typer.Option("--languages", metavar="A,B,...", help="Its folders to take.")] = LANGUAGES,
    pages: Annotated[int, typer.Option(min=1, max=200, help="Pages of each language.")] = 8,
    pipeline: Annotated[str, typer.Option("--pipeline", "-p", help="How they are asked for.")] = "accurate",
    as_json: AsJson = False,
) -> None:
    """Share of words read and of questions at rank 1, of pages with a text layer and of scans, by language.

    Collections `pages` and `scans` of the home are made, or taken where they are there: give it a home of its own.
    """
    context.with_resource(output.only_ours())
    from benchmarks.languages import COLLECTIONS, measured

    rows = measured(workbench(context), folder, [*filter(None, names.split(","))], pages, pipeline, output.say)
    if as_json:
        output.emit([asdict(row) for row in rows])
        return
    by = {(row.language, row.kind): row for row in rows}
    lines = []
    for language in dict.fromkeys(row.language for row in rows):
        figures = [figure for kind in COLLECTIONS for figure in (by[language, kind].read, by[language, kind].first)]
        lines.append((language, *(f"{figure:.2f}" for figure in figures)))
    output.table(("language", ">pages: words read", ">rank 1", ">scans: words read", ">rank 1"), lines)
