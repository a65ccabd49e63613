"""``pagelens eval preset``: published figures measured again, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli import ingesting, output
from workbench.cli.session import AsJson, workbench
from workbench.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.evaluation import Dataset
    from workbench.evaluation.presets import Preset, PresetComparison
    from workbench.service import Workbench


def preset(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PRESET", help="A published table, as vidore-v2.")],
    encoder: Annotated[str, typer.Option(metavar="ID", help="The model to measure, as 'models list' says it.")],
    pipeline: Annotated[
        list[str] | None,
        typer.Option(
            "--pipeline", "-p", metavar="PIPELINE", help="Instead of those that were published; may be repeated."
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--from", metavar="DIR", help="Where the datasets' folders are; they are fetched otherwise."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write a TREC run per pipeline and the full record here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure what was published for a model, and print both figures.

    The datasets are fetched from the hub once and indexed into a collection of the preset's and the model's name; what
    is there already is not done again. The model's weights must be on this machine; 'models list' has the command.
    """
    bench = workbench(context)
    from workbench import evaluation
    from workbench.encoders import spec
    from workbench.encoders.locations import location_of
    from workbench.evaluation import presets
    from workbench.retrieval import Pipeline

    made = presets.preset(name)
    model = spec(encoder)
    if reason := location_of(model).reason:  # before gigabytes are fetched for it
        raise EncoderError(reason)
    pipelines = list(dict.fromkeys(pipeline or made.pipelines(encoder)))
    for text in pipelines:
        Pipeline.parse(text)
    if out is not None:
        evaluation.ready(out.expanduser())
    dataset = _dataset(bench, made, folder)
    collection = f"{made.id} {encoder}"
    _index(bench, dataset, collection, encoder)
    record = evaluation.evaluate(bench, dataset, collection, pipelines, made.scope, made.measures, _tell)
    for warning in record.warnings:
        output.say(warning)
    if out is not None:
        for path in evaluation.write(record, out.expanduser()):
            output.say(f"Written: {path}")
    compared = presets.compare(made, encoder, record)
    if as_json:
        from workbench.answers.measurements import PresetFigures

        output.emit(PresetFigures.of(made, encoder, record, compared))
    else:
        output.show(f"{made.name}: {model.name}, {output.count(record.collection.pages, 'page')}.")
        _print(made, compared)


def _dataset(bench: Workbench, made: Preset, folder: Path | None) -> Dataset:
    """The preset's datasets as one, brought into the folder form where they are not yet."""
    from workbench.evaluation.datasets import load_dataset, together
    from workbench.evaluation.imports import bring

    into = bench.settings.home / "datasets"
    wanted = made.tasks if folder is None else [str(folder.expanduser() / short) for short in made.datasets]
    found = [bring(task, into, bench.settings.offline, output.say) for task in wanted]
    return together([load_dataset(path) for path in found])


def _index(bench: Workbench, dataset: Dataset, collection: str, encoder: str) -> None:
    """Index every part's documents, unless they are there."""
    paths = [part.documents for part in dataset.parts]
    # The benchmark gives pictures of pages, and so does the model get them: nothing is read from them, nothing cut off.
    settings = bench.ingestion.settings_for(collection, {"encoder": encoder, "ocr": False})
    ingesting.complete(
        bench, paths, collection, settings, f"The datasets of '{collection}' hold no page that can be read."
    )


def _tell(done: int, total: int) -> None:
    """A line for every tenth of the searches: there are thousands, at some seconds each."""
    if done * 10 // total > (done - 1) * 10 // total:
        output.say(f"{done:,} of {total:,} searches done.")


def _print(made: Preset, compared: Sequence[PresetComparison]) -> None:
    rows = []
    for row in compared:
        there = "" if row.published is None else f"{row.published:.3f}"
        apart = "" if row.difference is None else f"{row.difference:+.3f}"
        near = "" if row.difference is None else "yes" if abs(row.difference) <= made.near else "NO"
        rows.append(
            (row.pipeline, row.dataset, str(row.questions), row.measure, there, f"{row.measured:.3f}", apart, near)
        )
    columns = (
        "pipeline",
        "dataset",
        ">questions",
        "measure",
        ">published",
        ">measured",
        ">apart",
        f"within {made.near}",
    )
    output.table(columns, rows)
    output.show(f"Published: {made.source}")
