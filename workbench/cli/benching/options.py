"""What the bench's commands have in common: the dataset that is asked, the collection, the record that is saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli import evaluating, output
from workbench.cli.session import clean

if TYPE_CHECKING:
    from workbench.evaluation import Dataset
    from workbench.service import Workbench
    from workbench.table import Table

DatasetArgument = Annotated[
    Path,
    typer.Argument(metavar="[DATASET]", help="A dataset's folder whose questions are asked, or 'sample'."),
]
Collection = Annotated[
    str | None,
    typer.Option(
        "--collection",
        "-c",
        metavar="NAME",
        parser=clean,
        help="Where the dataset's documents are indexed already; without it they are indexed first.",
    ),
]
Pipelines = Annotated[
    list[str] | None,
    typer.Option(
        "--pipeline", "-p", metavar="PIPELINE", help="A preset or a pipeline text; may be repeated. [default: presets]"
    ),
]
Save = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Also write a record of it (.json), or its tables (.md, .csv, .tex); may be repeated.",
    ),
]


def pipelines(named: list[str] | None) -> list[str]:
    """The pipelines to measure, each once: those named, or the presets."""
    from workbench.retrieval import PRESETS

    return list(dict.fromkeys(named or PRESETS))


def numbers(text: str, option: str) -> Sequence[int]:
    """Whole numbers above 0, between commas."""
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        found = [0]
    if min(found) < 1:
        raise typer.BadParameter(f"'{text}' is no list of numbers such as 1,2,4", param_hint=option)
    return list(dict.fromkeys(found))


def indexed(bench: Workbench, dataset: Path, collection: str | None, encoder: str | None = None) -> tuple[str, Dataset]:
    """The collection with a dataset's documents, made if need be, and the dataset."""
    from workbench import evaluation, resources

    ours = str(dataset) == "sample" and not dataset.exists()
    loaded = evaluation.load_dataset(resources.sample_data() if ours else dataset.expanduser())
    return collection or evaluating.prepare(bench, loaded, encoder), loaded


def checked(files: list[Path] | None) -> list[Path]:
    """The files to save to; refused before anything is measured where their form is not known."""
    from workbench.bench.records import FORMS

    for path in files or []:
        if path.suffix not in FORMS:
            raise typer.BadParameter(f"'{path.name}' ends in none of {', '.join(FORMS)}", param_hint="--save")
    return [path.expanduser() for path in files or []]


def finish(report: Any, table: Table, shown: Sequence[Table], files: Sequence[Path], as_json: bool) -> None:
    """Save a report as its record or as the ``table`` of all of it; print it as JSON, or as the tables ``shown``."""
    from workbench.bench import records

    for path in files:
        records.write(report, table, path)
        output.say(f"Written: {path}")
    if as_json:
        output.emit(records.values(report))
        return
    for number, made in enumerate(shown):
        if number:
            output.show()
        output.print_table(made)
