"""``pagelens eval``: a dataset's questions through one or more pipelines, measured."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress as Bars

from workbench.cli import ingesting, output
from workbench.cli.session import STOPPED, AsJson, clean, workbench
from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.evaluation import Dataset, Record
    from workbench.service import Workbench


def evaluate(
    context: typer.Context,
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="A dataset's folder, or 'sample' for the sample data.")
    ],
    collection: Annotated[
        str | None,
        typer.Option(
            "--collection",
            "-c",
            metavar="NAME",
            parser=clean,
            help="Where its documents are indexed already; without it they are indexed into a collection of the "
            "dataset's name.",
        ),
    ] = None,
    pipeline: Annotated[
        list[str] | None,
        typer.Option("--pipeline", "-p", metavar="PIPELINE", help="A preset or a pipeline text; may be repeated."),
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option(
            metavar="corpus|document",
            help="Search all pages, or each question's own document; the latter where questions name theirs.",
            show_default=False,
        ),
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A measure in ir-measures' notation, as nDCG@5; may be repeated."),
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(metavar="ID", help="What the dataset's own collection is made with.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write a TREC run per pipeline and the full record here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how well, how fast and at what size pipelines answer a dataset's questions.

    A relevant page that could not be indexed counts as a miss. Pipeline two-stage is measured unless others are named.
    """
    bench = workbench(context)
    from workbench import evaluation
    from workbench.retrieval import Pipeline

    pipelines = list(dict.fromkeys(pipeline or ["two-stage"]))
    measures = list(dict.fromkeys(measure or evaluation.DEFAULT))
    if scope is not None and scope not in evaluation.SCOPES:
        raise typer.BadParameter(f"'{scope}' is none of {', '.join(evaluation.SCOPES)}", param_hint="--scope")
    if collection is not None and encoder is not None:
        raise typer.BadParameter("leave --encoder out: the collection named has one", param_hint="--encoder")
    for text in pipelines:  # whatever can be refused is refused before documents are indexed
        Pipeline.parse(text)
    evaluation.parsed(measures)
    if out is not None:
        evaluation.ready(out.expanduser())
    loaded = evaluation.load_dataset(_folder(dataset))
    for warning in loaded.warnings:
        output.say(f"{loaded.name}: {warning}.")
    name = collection or prepare(bench, loaded, encoder)
    with _progress_bar() as progress:
        record = evaluation.evaluate(bench, loaded, name, pipelines, scope or loaded.scope, measures, progress)
    if out is not None:
        for path in evaluation.write(record, out.expanduser()):
            output.say(f"Written: {path}")
    for warning in record.warnings[len(loaded.warnings) :]:
        output.say(f"{loaded.name}: {warning}")
    if as_json:
        output.emit(evaluation.summary(record))
    else:
        _print(record)


def _folder(dataset: Path) -> Path:
    """The dataset's folder; ``sample`` is the one that ships with Pagelens, unless there is a folder of that name."""
    if str(dataset) == "sample" and not dataset.exists():
        from workbench.resources import sample_data

        return sample_data()
    return dataset.expanduser()


def prepare(bench: Workbench, dataset: Dataset, encoder: str | None = None) -> str:
    """Index a dataset's documents into a collection of its name, unless they are there already; returns the name."""
    from workbench.resources import sample_data
    from workbench.service import SAMPLE

    ours = sample_data().exists() and dataset.folder.resolve() == sample_data().resolve()
    name = SAMPLE if ours else "".join(c if c.isalnum() or c in " .-_" else "_" for c in dataset.name).strip(" .-")[:64]
    settings = ingesting.settings_for(bench, name, {} if encoder is None else {"encoder": encoder})
    plan = bench.plan([dataset.documents], name, settings)
    if not plan.pages_to_read and name in bench.collection_names():
        return name
    if not plan.pages:
        raise InputError(f"The documents folder of dataset '{dataset.name}' holds no PDF or image that can be read.")
    output.say(f"Indexing {output.count(plan.pages_to_read, 'page')} into collection '{name}'.")
    report = ingesting.run(bench, [dataset.documents], name, settings)
    for document in report.documents:
        for sentence in ingesting.complaints(document):
            output.say(sentence)
    if report.stopped:
        output.say("Stopped. What is indexed is safe; the same command does the rest.")
        raise typer.Exit(STOPPED)
    return name


@contextmanager
def _progress_bar() -> Iterator[Callable[[int, int], None] | None]:
    if not sys.stderr.isatty():
        yield None
        return
    with Bars(console=output.errors(), transient=True) as bars:
        bar = bars.add_task("Searching", total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def _print(record: Record) -> None:
    asked = output.count(record.dataset.questions, "question")
    pages = output.count(record.collection.pages, "page")
    output.show(f"{record.dataset.name}, scope {record.dataset.scope}: {asked}, {pages} in '{record.collection.name}'.")
    if record.missing:
        output.show(f"{output.count(len(record.missing), 'relevant page')} not in the collection, counted as misses.")
    output.show()
    rows = []
    for name, run in record.pipelines.items():
        means, times = record.mean(name), record.latency(name)
        size = sum(value for key, value in run.storage.items() if key.endswith("_bytes_per_page"))
        encode = f"{times['encode_p50']:.1f}" if "encode_p50" in times else ""
        figures = [f"{means[measure]:.3f}" for measure in record.measures]
        rows.append(
            (name, *figures, f"{times.get('p50', 0):.1f}", f"{times.get('p95', 0):.1f}", encode, f"{size:,.0f}")
        )
    columns = (*(f">{name}" for name in record.measures), ">p50 ms", ">p95 ms", ">encode ms", ">bytes a page")
    output.table(("pipeline", *columns), rows)
    for name, run in record.pipelines.items():
        if len(run.stages) > 1:
            kept = ", ".join(f"{step.text} {record.recall_at(name, step.name):.3f}" for step in run.stages[:-1])
            output.show(f"{name}: share of relevant pages handed on by {kept}.")
    output.show()
    main = record.measures[0]
    groups = [
        (key, str(len(ids)), *(f"{record.mean(name, ids)[main]:.3f}" for name in record.pipelines))
        for key, ids in record.slices.items()
    ]
    output.table((f"{main} by slice", ">questions", *(f">{name}" for name in record.pipelines)), groups)
