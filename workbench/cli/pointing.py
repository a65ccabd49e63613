"""``pagelens eval boxes``: whether explanations point at the evidence that people boxed, against chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli import output
from workbench.cli.evaluating import load, prepare
from workbench.cli.session import AsJson, clean, workbench

if TYPE_CHECKING:
    from workbench.evaluation.pointing import Pointed

HEADINGS = {
    "point": "point",
    "iou": "IoU",
    "hit25": "IoU >= .25",
    "hit50": "IoU >= .5",
    "union": "IoU with all",
    "covers": "evidence in it",
    "any50": "one of 5 >= .5",
    "size": "its size",
}


def boxes(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A folder with boxes.jsonl, as 'eval' takes it.")],
    collection: Annotated[
        str | None,
        typer.Option("--collection", "-c", metavar="NAME", parser=clean, help="Where its documents are indexed."),
    ] = None,
    encoder: Annotated[
        str, typer.Option(metavar="ID", help="Whose heat is judged; the collection's first if not said.")
    ] = "",
    pipeline: Annotated[
        str,
        typer.Option(
            "--pipeline",
            "-p",
            metavar="PIPELINE",
            help="Whose token weights count, as 'full[weights=idf]'; else all are 1.",
        ),
    ] = "",
    way: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HEAT/NORM/TAKE",
            help="How the best region is chosen, as winner/plain/sum (what explanations show); may be repeated. HEAT "
            "over query words: winner, max, mean, shown (as drawn). NORM: plain, or risen above the word's mean over "
            "the page. TAKE: sum of the heat inside, or its area, iou, max, mean, top measure.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge heat by people's boxes: pointing game, IoU and hit rates of the best region, against random and centre.

    Controls are of the same size as the region. IoU, and IoU with all evidence, cost size; 'evidence in it' does not.
    """
    from workbench.evaluation.pointing import WAYS, Way, judge

    ways = [Way.parse(text) for text in way] if way else WAYS
    bench = workbench(context)
    loaded = load(bench, dataset)
    name = collection or prepare(bench, loaded)
    with output.counted("Explaining", "pages") as progress:
        found = judge(bench, loaded, name, ways, encoder, pipeline, progress)
    if as_json:
        from workbench.answers.measurements import PointingFigures

        output.emit(PointingFigures.of(found))
        return
    questions, pages = output.count(found.questions, "question"), output.count(found.pages, "page")
    heat = f"{found.encoder} as {found.pipeline} weighs words" if found.pipeline else found.encoder
    output.show(f"{found.dataset} in '{found.collection}', heat by {heat}: {questions}, {pages} with boxes.")
    if found.unexplained:
        output.show(f"{output.count(found.unexplained, 'page')} could not be explained and count 0.")
    output.show()
    rows = [row for pointed in found.ways for row in _rows(pointed)]
    output.table(("best region by", "", *(f">{heading}" for heading in HEADINGS.values())), rows)
    output.show()
    for kind, value in found.hottest.items():
        output.show(
            f"The hottest place lies in evidence, {kind}: {value.mean:.3f} ({value.low:.3f} to {value.high:.3f}); "
            f"chance {found.chance:.3f}."
        )


def _rows(pointed: Pointed) -> list[tuple[str, ...]]:
    values = [pointed.values[name] for name in HEADINGS]
    ends = [f"{value.low:.3f}-{value.high:.3f}" for value in values]
    controls = [
        ("", name, *(f"{figures[key]:.3f}" if key in figures else "" for key in HEADINGS))
        for name, figures in pointed.controls.items()
    ]
    return [(str(pointed.way), "", *(f"{value.mean:.3f}" for value in values)), ("", "95 %", *ends), *controls]
