"""``pagelens bench card``: exact search on a graphics card."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.commands.finishing import finish
from workbench.cli import output
from workbench.cli.benching import options
from workbench.cli.session import AsJson


def card(
    pages: Annotated[int, typer.Option(min=1, help="Pages.")] = 90_000,
    vectors: Annotated[int, typer.Option(min=1, help="Vectors of a page: ColPali has 1,030.")] = 1_030,
    dim: Annotated[int, typer.Option(min=1, help="Numbers of a vector.")] = 128,
    tokens: Annotated[int, typer.Option(min=1, help="Vectors of the query.")] = 20,
    repeats: Annotated[int, typer.Option(min=1, max=10_000, help="How often each way is timed.")] = 20,
    save: options.Save = None,
    as_json: AsJson = False,
) -> None:
    """Time exact search over random vectors on a graphics card, against reading their bytes; 24 GB of disk and card."""
    files = options.checked(save)
    from benchmarks.card import card as measure

    report = measure(pages, vectors, dim, tokens, repeats, output.say)
    finish(report, ["card"], files, as_json)
