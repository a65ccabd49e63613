"""``pagelens calibrate``: when a search may be told to be probably in vain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli import output
from workbench.cli.session import AsJson, Pipeline, clean, workbench


def calibrate(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(metavar="COLLECTION", parser=clean, help="Name of the collection.")],
    pipeline: Pipeline = "two-stage",
    queries: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Questions people ask: a line each, or a dataset's queries.jsonl, with the qrels.tsv beside it for "
            "labels. Without it, lines of the collection's own pages, which real questions score lower than.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Learn from searches when probably no page answers, and say so in every search by this pipeline from then on.

    Each question is searched as it is and with its answer taken out, so that a bar can be set that at most 5 % of
    searches of either kind pass the wrong way. It holds until the pages or the pipeline change.
    """
    bench = workbench(context)
    from workbench.analysis.calibration import questions_of

    asked = questions_of(queries.expanduser()) if queries is not None else []
    with output.counted("Searching", "questions") as progress:
        found = bench.searches.calibrate(collection, pipeline, asked, progress)
    if as_json:
        from workbench.answers.measurements import Calibrated

        output.emit(Calibrated.of(found, collection, pipeline))
        return
    told_apart = sum(value > found.found for value in found.answered) / len(found.answered)
    in_vain = sum(value < found.nothing for value in found.unanswered) / len(found.unanswered)
    output.show(found.basis)
    output.show(
        f"Of searches with an answer {told_apart:.0%} will be called found; of those with nothing to find "
        f"{in_vain:.0%} will be called in vain; at most 5 % of either is called the other; the rest stays uncertain."
    )
