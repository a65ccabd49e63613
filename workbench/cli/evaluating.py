"""``pagelens eval``: datasets' questions through pipelines, measured; and records of that set against each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli import ingesting, output, saved_evaluations
from workbench.cli.session import AsJson, clean, workbench
from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.evaluation import Dataset, DatasetCheck, Record, RecordComparison
    from workbench.evaluation.statistics import Interval
    from workbench.service import Workbench

CHANGES = 10
"""Questions that ``diff`` shows from each end."""


def evaluate(
    context: typer.Context,
    datasets: Annotated[
        list[str],
        typer.Argument(
            metavar="DATASET...",
            help="A folder, a benchmark as Vidore2ESGReportsRetrieval, a repository of the hub as owner/name, or "
            "'sample' for the sample data. Several are asked together.",
        ),
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
    sweep: Annotated[
        list[str] | None,
        typer.Option(metavar="PIPELINES", help="A pipeline with choices in braces, as 'rows:{50,100,256} > full:10'."),
    ] = None,
    run: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A ranking made elsewhere, in TREC form, measured beside the pipelines."),
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option(
            metavar="document|corpus|union",
            help="Search each question's own document, all pages of its dataset, or all pages of the collection; the "
            "first where questions name their document.",
            show_default=False,
        ),
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A measure in ir-measures' notation, as nDCG@5; may be repeated."),
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only questions in this language; may be repeated.")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(metavar="ID", help="What the dataset's own collection is made with.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only look the dataset over, and index nothing.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Also write a TREC run per pipeline and the full record here; one that was stopped goes on from it.",
        ),
    ] = None,
    mteb: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write MTEB's result file of each pipeline here, for its leaderboard."),
    ] = None,
    save: Annotated[
        bool, typer.Option("--save", help="Keep the record in the home folder, where the page's tab Evaluate shows it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure how well, how fast and at what size pipelines answer a dataset's questions.

    A relevant page that could not be indexed counts as a miss. Pipeline two-stage is measured unless others are named.
    """
    bench = workbench(context)
    from workbench import evaluation

    swept = evaluation.expanded(sweep or [])
    named = list(dict.fromkeys(pipeline or ([] if swept or run else ["two-stage"])))
    needed = () if mteb is None else (evaluation.mteb.NEEDED,)
    measures = list(dict.fromkeys((*(measure or _measures(datasets)), *needed)))
    if mteb is not None and not named and not swept:
        raise typer.BadParameter("rankings made elsewhere get no result file; name a --pipeline", param_hint="--mteb")
    _refuse(scope, collection, encoder, named)  # whatever can be refused is refused before documents are indexed
    evaluation.parsed(measures)
    if out is not None:
        evaluation.ready(out.expanduser())
    loaded = evaluation.together([load(bench, name, language) for name in datasets])
    for name in [loaded.name] if mteb is not None else []:
        evaluation.mteb.task_named(name)
    if check:
        held = bench.library.documents(loaded.collection) if loaded.collection else ()
        _report_check(evaluation.check(loaded, held), as_json)
        return
    for warning in loaded.warnings:
        output.say(f"{loaded.name}: {warning}.")
    elsewhere = {path.stem: _run(path.expanduser(), loaded) for path in run or []}
    name = collection or loaded.collection or prepare(bench, loaded, encoder)
    parts = evaluation.Parts(None if out is None else out.expanduser())
    with output.counted("Searching", "searches") as progress:
        record = evaluation.evaluate(
            bench,
            loaded,
            name,
            [*named, *(text for text in swept if text not in named)],
            scope or loaded.scope,
            measures,
            progress,
            elsewhere,
            parts,
            frozenset(swept) - frozenset(named),
        )
    _leave(bench, record, loaded, out, mteb, save)
    parts.clear()  # only now, so that what could not be written is not measured again
    for warning in record.warnings[len(loaded.warnings) :]:
        output.say(f"{loaded.name}: {warning}")
    if as_json:
        from workbench.answers.measurements import DatasetFigures

        output.emit(DatasetFigures.of(record, loaded))
    else:
        _print(record, evaluation.within(record))


def _leave(bench: Workbench, record: Record, dataset: Dataset, out: Path | None, mteb: Path | None, save: bool) -> None:
    """Write what is wanted of a record, and say where."""
    from workbench import evaluation

    if save:
        output.say(f"Kept as {bench.evaluations.save(record)}.")
    written = evaluation.write(record, out.expanduser()) if out is not None else []
    if mteb is not None:
        written += evaluation.mteb.write(record, dataset.folder, mteb.expanduser())
    for path in written:
        output.say(f"Written: {path}")


def compare(
    context: typer.Context,
    records: Annotated[
        list[Path],
        typer.Argument(
            metavar="RECORD...", help="Records, the folders that 'eval --out' wrote, or names that 'eval list' shows."
        ),
    ],
    measure: Annotated[str, typer.Option(metavar="NAME", help="The measure; the records' first by default.")] = "",
    baseline: Annotated[
        str, typer.Option(metavar="NAME", help="What the others are set against; the first by default.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Set the pipelines of records against each other, over the questions they share, with paired tests."""
    from workbench import evaluation

    bench = workbench(context)
    loaded = [saved_evaluations.record(bench, path) for path in records]
    names = evaluation.labels([str(path) for path in records]) if len(loaded) > 1 else [""]
    found = evaluation.between(dict(zip(names, loaded, strict=True)), measure, baseline)
    if as_json:
        from workbench.answers.measurements import ComparedPipelines

        output.emit(ComparedPipelines.of(found))
        return
    output.show(f"{found.measure} over {output.count(found.questions, 'question')}, mean with 95 % interval:")
    output.table(
        ("pipeline", ">mean", ">interval"),
        [(name, f"{mean.mean:.3f}", _bounds(mean)) for name, mean in found.means.items()],
    )
    _print_pairs(found)


def diff(
    context: typer.Context,
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="A record, its folder, or its name.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="Another one.")],
    measure: Annotated[
        str, typer.Option(metavar="NAME", help="The measure; the first record's first by default.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Tell what differs between two records: what was asked, and the questions answered better or worse.

    Pipelines of the same name are set against each other; where there are none, the first of each record.
    """
    from workbench import evaluation

    bench = workbench(context)
    a, b = saved_evaluations.record(bench, before), saved_evaluations.record(bench, after)
    chosen = measure or a.measures[0]
    for record in (a, b):
        if chosen not in record.measures:
            raise InputError(f"A record has no measure {chosen}; it has {', '.join(record.measures)}.")
    both = [(name, name) for name in a.pipelines if name in b.pipelines]
    pairs = both or [(next(iter(a.pipelines)), next(iter(b.pipelines)))]
    asked = evaluation.differences(a, b)
    found = {f"{old} -> {new}" if old != new else old: evaluation.changes(a, b, old, new, chosen) for old, new in pairs}
    if as_json:
        from workbench.answers.measurements import RecordsDiffer

        output.emit(RecordsDiffer.of(asked, chosen, found))
        return
    output.show("The same was asked." if not asked else "Asked differently:")
    if asked:
        output.table(
            ("", "before", "after"), [(key, *(_short(value) for value in values)) for key, values in asked.items()]
        )
    for name, rows in found.items():
        worse = sum(change.after < change.before for change in rows)
        output.show()
        output.show(f"{name}: {chosen} is worse for {worse} questions and better for {len(rows) - worse}.")
        shown = rows if len(rows) <= 2 * CHANGES else [*rows[:CHANGES], *rows[-CHANGES:]]
        cells = [
            (
                change.question,
                f"{change.before:.3f}",
                f"{change.after:.3f}",
                " ".join([*(f"-{page}" for page in change.lost), *(f"+{page}" for page in change.won)]),
            )
            for change in shown
        ]
        if cells:
            output.table(("question", ">before", ">after", "pages lost and won"), cells)


def _refuse(scope: str | None, collection: str | None, encoder: str | None, pipelines: Sequence[str]) -> None:
    """Raise for options that cannot be meant."""
    from workbench.evaluation import SCOPES
    from workbench.retrieval import Pipeline

    if scope is not None and scope not in SCOPES:
        raise typer.BadParameter(f"'{scope}' is none of {', '.join(SCOPES)}", param_hint="--scope")
    if collection is not None and encoder is not None:
        raise typer.BadParameter("leave --encoder out: the collection named has one", param_hint="--encoder")
    for text in pipelines:
        Pipeline.parse(text)


def _run(path: Path, dataset: Dataset) -> dict[str, list[tuple[str, float]]]:
    """A ranking made elsewhere, with published page ids as page refs."""
    from workbench.evaluation import read_run

    found = read_run(path)
    return {query: [(dataset.aliases.get(page, page), score) for page, score in found[query]] for query in found}


def _measures(datasets: Sequence[str]) -> list[str]:
    """The default measures, the one that a benchmark is known by first."""
    from workbench.evaluation import DEFAULT, TASKS

    first = [TASKS[name].measure for name in datasets if name in TASKS]
    return [*first[:1], *DEFAULT]


def load(bench: Workbench, name: str, languages: Sequence[str] | None = None) -> Dataset:
    """A dataset by folder or name, brought into the folder form if need be.

    Datasets that were added on the page go by their names; ``sample`` ships with Pagelens.
    """
    from workbench import evaluation

    if not Path(name).exists() and name in bench.datasets.names():
        loaded = bench.datasets.get(name)
    else:
        folder = evaluation.bring(name, bench.settings.home / "datasets", bench.settings.offline, output.say)
        loaded = evaluation.load_dataset(folder)
    return evaluation.only(loaded, languages) if languages else loaded


def _report_check(found: DatasetCheck, as_json: bool) -> None:
    """Print what a check found; exit code 1 when there is something to look at."""
    if as_json:
        output.emit(found)
    else:
        output.show(f"{found.name}:")
        output.table(("", ">"), [(name, f"{count:,}") for name, count in found.counts.items()])
        for problem in found.problems:
            output.show(f"- {problem}")
        output.show("It is as it should be." if not found.problems else f"{len(found.problems)} things to look at.")
    if found.problems:
        raise typer.Exit(1)


def prepare(bench: Workbench, dataset: Dataset, encoder: str | None = None) -> str:
    """Index a dataset's documents into a collection of its name, unless they are there already; returns the name."""
    from workbench.resources import sample_data
    from workbench.service import SAMPLE

    ours = not dataset.parts and sample_data().exists() and dataset.folder.resolve() == sample_data().resolve()
    folders = [part.documents for part in dataset.parts] or [dataset.documents]
    name = SAMPLE if ours else "".join(c if c.isalnum() or c in " .-_" else "_" for c in dataset.name).strip(" .-")[:64]
    settings = bench.ingestion.settings_for(name, {} if encoder is None else {"encoder": encoder})
    empty = f"The documents folder of dataset '{dataset.name}' holds no file that can be read."
    ingesting.complete(bench, folders, name, settings, empty)
    return name


def _print(record: Record, comparison: RecordComparison) -> None:
    asked = output.count(record.dataset.questions, "question")
    pages = output.count(record.collection.pages, "page")
    output.show(f"{record.dataset.name}, scope {record.dataset.scope}: {asked}, {pages} in '{record.collection.name}'.")
    if record.missing:
        output.show(f"{output.count(len(record.missing), 'relevant page')} not in the collection, counted as misses.")
    if record.failed:
        output.show(f"{output.count(len(record.failed), 'page')} could not be indexed, first {record.failed[0].page}.")
    output.show()
    marks = {pair.b: ("+" if pair.difference.mean > 0 else "-") for pair in comparison.pairs if pair.significant}
    rows = []
    for name, run in record.pipelines.items():
        means, times = record.mean(name), record.latency(name)
        size = sum(value for key, value in run.storage.items() if key.endswith("_bytes_per_page"))
        timed = [f"{times[key]:.1f}" if key in times else "" for key in ("p50", "p95", "encode_p50")]
        first, *rest = (f"{means[measure]:.3f}" for measure in record.measures)
        interval = _bounds(comparison.means[name])
        rows.append((name, first, interval + marks.get(name, " "), *rest, *timed, f"{size:,.0f}"))
    main, *others = record.measures
    columns = (f">{main}", ">95 % ", *(f">{name}" for name in others), ">p50 ms", ">p95 ms", ">encode ms")
    output.table(("pipeline", *columns, ">bytes a page"), rows)
    for name, run in record.pipelines.items():
        if len(run.stages) > 1:
            kept = ", ".join(f"{step.text} {record.recall_at(name, step.name):.3f}" for step in run.stages[:-1])
            output.show(f"{name}: share of relevant pages handed on by {kept}.")
    _print_pairs(comparison)
    for name, values in record.box_means().items():
        told = {"point": "Best regions whose middle lies in an evidence box", "iou": "Their overlap with one (IoU)"}[
            name
        ]
        output.show(f"{told}: {values['value']:.3f}, by chance {values['chance']:.3f}.")
    output.show()
    groups = [
        (key, str(len(ids)), *(f"{record.mean(name, ids)[main]:.3f}" for name in record.pipelines))
        for key, ids in record.slices.items()
    ]
    output.table((f"{main} by slice", ">questions", *(f">{name}" for name in record.pipelines)), groups)


def _print_pairs(found: RecordComparison) -> None:
    """Every pipeline against the baseline, and what may be said of them all."""
    if found.pairs:
        output.show()
        rows = [
            (
                pair.b,
                f"{pair.difference.mean:+.3f}",
                _bounds(pair.difference),
                f"{pair.p:.4f}",
                f"{pair.adjusted:.4f}",
                f"{pair.wins}/{pair.ties}/{pair.losses}",
                f"{pair.effect:+.2f}",
            )
            for pair in found.pairs
        ]
        columns = (">difference", ">95 %", ">p", ">p (Holm)", ">better/same/worse", ">effect")
        output.table((f"{found.measure} against {found.baseline}", *columns), rows)
        output.show(found.verdict)


def _bounds(interval: Interval) -> str:
    return f"{interval.low:.3f}..{interval.high:.3f}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
