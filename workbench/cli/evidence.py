"""``pagelens evidence``: what a search found, as text to quote, with its page and place."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.session import AsJson, Collection, Filter, Pipeline, Query, workbench


def evidence(
    context: typer.Context,
    query: Query,
    collection: Collection,
    pipeline: Pipeline = "two-stage",
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="Pages to quote from.")] = 5,
    filter: Filter = "",
    tokens: Annotated[
        int, typer.Option(min=10, max=100_000, help="Tokens it may take, at four characters each.")
    ] = 1000,
    as_json: AsJson = False,
) -> None:
    """Print the parts of the best pages that decided their ranks, nothing twice, to hand to a language model."""
    found = workbench(context).explanations.evidence(query, collection, pipeline, k, filter, tokens)
    if as_json:
        from workbench.answers.explanations import Quote

        output.emit([Quote.of(item) for item in found])
        return
    if not found:
        output.show("No words on the pages found can be quoted.")
    for number, item in enumerate(found):
        if number:
            output.show()
        output.show(f"[{item.ref}]")
        output.show(item.region.text)
