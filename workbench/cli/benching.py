"""``pagelens bench``: measurements of this machine that anyone can run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli import evaluating, models, output
from workbench.cli.session import AsJson, clean, settings, workbench

if TYPE_CHECKING:
    from workbench.bench import LatencyReport, PipelineLatency
    from workbench.bench.manuals import Manuals
    from workbench.bench.peers import PeerRow
    from workbench.evaluation import Dataset
    from workbench.service import Workbench

app = typer.Typer(help="Measure this machine.", no_args_is_help=True)
app.command()(models.adapters)

PIPELINES = ("exact", "two-stage", "three-stage", "fused", "hybrid", "text")
"""The presets that are measured unless others are named."""
STAGE_COLUMNS = (
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "kernel ms",
    "vectors",
    "MB read",
    "MFLOP",
    "floor ms",
    "bandwidth",
    "GEMM",
)

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


@app.callback()
def benchmarks() -> None:
    """Measure this machine."""


@app.command()
def speed(
    context: typer.Context,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="How often every task is timed.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Time the kernels as ratios to a bare matrix product in the same run."""
    context.with_resource(output.only_ours())
    from workbench import bench as measuring

    report = measuring.speed(settings(context), rounds)
    if as_json:
        output.emit({**asdict(report), "rows": [{**asdict(row), "ok": row.ok} for row in report.rows]})
        return
    verdict = {True: "yes", False: "NO", None: ""}
    output.table(
        ("task", ">ms", ">ratio", ">at most", "met", "what"),
        [
            (
                row.name,
                f"{row.ms:.2f}",
                f"{row.ratio:.2f}",
                "" if row.most is None else f"{row.most:.1f}",
                verdict[row.ok],
                row.what,
            )
            for row in report.rows
        ],
    )
    output.show(f"Medians of {report.rounds} rounds, {report.threads} threads, {report.machine}.")


@app.command()
def overhead(context: typer.Context, as_json: AsJson = False) -> None:
    """Time what a search on the sample data costs besides encoding and kernels; exit code 1 above what we accept."""
    context.with_resource(output.only_ours())
    from workbench import bench as measuring

    report = measuring.overhead()
    if as_json:
        output.emit({**asdict(report), "ok": report.ok})
    else:
        columns = ("pipeline", ">median ms", ">95 % ms", ">search ms")
        output.table(columns, [(name, *(f"{value:.1f}" for value in values)) for name, *values in report.rows])
        output.show(
            f"Outside encoder and kernel, {report.queries} searches of {report.pages} pages each; at most "
            f"{measuring.MOST_OVERHEAD_MS:.0f} ms are accepted."
        )
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def memory(
    context: typer.Context,
    pages: Annotated[int, typer.Option(min=1, max=100_000, help="Pages of the PDF that is ingested.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """Watch memory while one long PDF is ingested; exit code 1 above what we accept."""
    context.with_resource(output.only_ours())
    from workbench import bench as measuring

    report = measuring.memory(pages)
    if as_json:
        output.emit({**asdict(report), "growth_bytes": report.growth_bytes, "ok": report.ok})
    else:
        output.show(
            f"{report.pages} pages in {report.seconds:.0f} s ({report.pages / report.seconds:.1f} pages/s): "
            f"{report.loaded_bytes / 2**20:.0f} MiB with the models loaded, {report.peak_bytes / 2**20:.0f} MiB at the "
            f"peak, {report.growth_bytes / 2**20:.0f} MiB above; at most {measuring.MOST_GROWTH_BYTES / 2**20:.0f} MiB "
            "are accepted."
        )
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def latency(
    context: typer.Context,
    dataset: DatasetArgument = Path("sample"),
    collection: Collection = None,
    pipeline: Pipelines = None,
    repeats: Annotated[int, typer.Option(min=1, max=10_000, help="How often every question is timed.")] = 5,
    questions: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many questions.")] = 50,
    at_once: Annotated[
        str, typer.Option(metavar="N,N,...", help="Numbers of threads that search at the same time.")
    ] = "1,2,4",
    cold: Annotated[bool, typer.Option("--cold/--no-cold", help="Also time the first search of a new process.")] = True,
    as_json: AsJson = False,
) -> None:
    """Time searches: cold and warm, encoding apart, several at once, each stage beside what the machine could do."""
    bench = workbench(context)
    from workbench import bench as measuring

    threads = _numbers(at_once, "--at-once")
    name, loaded = _indexed(bench, dataset, collection)
    asked = [query.text for query in loaded.queries[:questions]]
    report = measuring.latency(
        bench, name, asked, list(dict.fromkeys(pipeline or PIPELINES)), repeats, threads, cold, progress=output.say
    )
    if as_json:
        output.emit(asdict(report))
    else:
        _print_latency(report)


def _print_latency(report: LatencyReport) -> None:
    machine = report.machine
    output.show(
        f"'{report.collection}' ({report.encoder}): {output.count(report.pages, 'page')}, "
        f"{output.size(report.bytes)} on disk; {output.count(report.questions, 'question')} x {report.repeats}."
    )
    output.show(
        f"Machine: {machine.name}, {machine.processors} processors, {machine.threads} threads; reads "
        f"{machine.bandwidth / 1e9:.1f} GB/s, multiplies {machine.gemm / 1e9:.0f} GFLOP/s."
    )
    for encoder, times in report.encode.items():
        output.show(
            f"Encoding a query with {encoder} ({report.query_vectors[encoder]:.1f} vectors): p50 {times.p50:.1f}, p95 "
            f"{times.p95:.1f}, p99 {times.p99:.1f} ms."
        )
    output.show(
        f"Peak memory {output.size(report.peak.resident)}, of which {output.size(report.peak.own)} not backed by files."
    )
    output.show()
    under = next(iter(report.pipelines.values())).throughput
    columns = (">p50 ms", ">p95 ms", ">p99 ms", ">outside ms", *(f">{t.threads}x per s" for t in under))
    output.table(
        ("pipeline", *columns, ">cold encode ms", ">cold search ms", ">vectors"),
        [(name, *_latency_row(found)) for name, found in report.pipelines.items()],
    )
    output.show()
    output.table(
        (
            "pipeline",
            "stage",
            ">ms",
            ">kernel ms",
            ">vectors",
            ">MB read",
            ">MFLOP",
            ">floor ms",
            ">bandwidth",
            ">GEMM",
        ),
        [
            (
                name,
                stage.name,
                *(f"{ms:.2f}" for ms in (stage.times.p50, stage.times.p95, stage.times.p99)),
                f"{stage.kernel_ms:.2f}",
                f"{stage.vectors_compared:,.0f}",
                f"{stage.bytes_read / 1e6:.2f}",
                f"{stage.operations / 1e6:.1f}",
                f"{stage.floor_ms:.2f}",
                f"{stage.bandwidth_share:.0%}",
                f"{stage.gemm_share:.0%}",
            )
            for name, found in report.pipelines.items()
            for stage in found.stages
        ],
    )
    output.show(
        "Times without encoding; 'outside': in no stage's kernel. The floor is what this machine would need at least; "
        "bandwidth and GEMM are the shares of its peaks while the kernel ran."
    )


def _latency_row(found: PipelineLatency) -> tuple[str, ...]:
    cold = ("", "") if found.cold is None else (f"{found.cold.encode_ms:.0f}", f"{found.cold.search_ms:.0f}")
    return (
        f"{found.search.p50:.1f}",
        f"{found.search.p95:.1f}",
        f"{found.search.p99:.1f}",
        f"{found.outside.p50:.1f}",
        *(f"{load.per_second:.1f}" for load in found.throughput),
        *cold,
        output.size(found.index_bytes),
    )


@app.command()
def manuals(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Debian packages, or PDF files with a printed index."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The dataset's folder, with what was downloaded.")] = Path(
        "manuals"
    ),
    pipeline: Pipelines = None,
    scope: Annotated[
        str, typer.Option(metavar="corpus|document", help="Search all manuals, or each question's own.")
    ] = "document",
    most: Annotated[int, typer.Option(min=1, help="At most so many questions of a manual.")] = 200,
    encoder: Annotated[str | None, typer.Option(metavar="ID", help="What a new collection is made with.")] = None,
    search: Annotated[
        bool, typer.Option("--search/--only-make", help="Measure pipelines, or only make the dataset.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Measure pipelines on real manuals, whose printed indexes are the questions and labels.

    Without names: the manuals of some Debian packages, fetched with apt (nothing is installed). Index phrases of two or
    more words are asked; a measure is the mean over manuals of the mean over a manual's questions.
    """
    bench = workbench(context)
    from workbench import evaluation
    from workbench.bench import manuals as making

    found = making.build(names or making.PACKAGES, out.expanduser(), most, output.say)
    for reason in found.refused:
        output.say(f"Left out: {reason}")
    report: dict[str, Any] = {"dataset": str(found.dataset.folder), "manuals": _manual_rows(found)}
    if search:
        name = evaluating.prepare(bench, found.dataset, encoder)
        pipelines = list(dict.fromkeys(pipeline or PIPELINES))
        report |= {"collection": name, "scope": scope, "measures": {}}
        for kind, dataset in (("index", found.dataset), ("bookmark", found.bookmarks)):
            asked = pipelines if kind == "index" else pipelines[:1]  # bookmarks only show that nothing is broken
            if dataset is not None:
                output.say(f"Asking {output.count(len(dataset.queries), f'{kind} question')}")
                groups = {query.id: query.document for query in dataset.queries}
                record = evaluation.evaluate(bench, dataset, name, asked, scope, progress=_tenths)
                for path in evaluation.write(record, out.expanduser() / f"record-{kind}"):
                    output.say(f"Written: {path}")
                report["measures"][kind] = {
                    key: {
                        **making.macro({q: answer.measures for q, answer in run.answers.items()}, groups),
                        **_ms(record.latency(key)),
                    }
                    for key, run in record.pipelines.items()
                }
    if as_json:
        output.emit(report)
    else:
        _print_manuals(report)


def _tenths(done: int, total: int) -> None:
    """Say how far a long evaluation is, ten times."""
    if done * 10 // total > (done - 1) * 10 // total:
        output.say(f"{done:,} of {total:,} searches")


def _manual_rows(found: Manuals) -> list[dict[str, Any]]:
    asked = [query.document for query in found.dataset.queries]
    return [
        {
            "name": manual.pdf.name,
            "version": manual.pdf.version,
            "sha256": manual.pdf.sha256,
            "pages": len(manual.kept),
            "phrases": len(manual.phrases),
            "questions": asked.count(f"{manual.pdf.name}.pdf"),
            "words_on_page": manual.agreement[0],
        }
        for manual in found.manuals
    ]


def _ms(latency: Mapping[str, float]) -> dict[str, float]:
    return {"p50 ms": latency.get("p50", 0.0), "p95 ms": latency.get("p95", 0.0)}


def _print_manuals(report: Mapping[str, Any]) -> None:
    rows = report["manuals"]
    output.table(
        ("manual", "version", ">pages", ">phrases", ">asked", ">words on page", "sha256"),
        [
            (
                row["name"],
                row["version"],
                str(row["pages"]),
                str(row["phrases"]),
                str(row["questions"]),
                f"{row['words_on_page']:.0%}",
                row["sha256"][:12],
            )
            for row in rows
        ],
    )
    output.show(
        f"{report['dataset']}: {len(rows)} manuals without their contents and index pages. 'Words on page': labels "
        "whose page has all the phrase's words, told as a check and used to choose no question."
    )
    for kind, found in report.get("measures", {}).items():
        output.show()
        names = list(next(iter(found.values())))
        output.table(
            (f"{kind} questions, scope {report['scope']}", *(f">{name}" for name in names)),
            [
                (key, *(f"{v:.1f}" if n.endswith("ms") else f"{v:.3f}" for n, v in f.items()))
                for key, f in found.items()
            ],
        )


@app.command()
def peers(
    context: typer.Context,
    dataset: DatasetArgument = Path("sample"),
    collection: Collection = None,
    pipeline: Pipelines = None,
    peer: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this system; may be repeated. [default: all]")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, max=10_000, help="How often every question is timed.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Put the same vectors through other systems: quality, time and bytes beside those of Pagelens.

    Systems that are not installed have a row that says how to install them.
    """
    bench = workbench(context)
    from workbench.bench import peers as others

    unknown = [name for name in peer or () if name not in others.PEERS]
    if unknown:
        raise typer.BadParameter(
            f"there is no {', '.join(unknown)}; there are {', '.join(others.PEERS)}", param_hint="--peer"
        )
    name, loaded = _indexed(bench, dataset, collection)
    pipelines = list(dict.fromkeys(pipeline or PIPELINES))
    report = others.compare(bench, name, loaded, pipelines, list(peer or others.PEERS), repeats, output.say)
    if as_json:
        output.emit(asdict(report))
        return
    output.show(
        f"{report.dataset}: {output.count(report.questions, 'question')} x {report.repeats} over "
        f"{output.count(report.pages, 'page')} of '{report.collection}' ({report.encoder}, {report.vectors:,} "
        f"vectors); {report.machine.name}, {report.machine.threads} of {report.machine.processors} processors."
    )
    measures = next((list(row.measures) for row in report.rows if row.measures), [])
    columns = (*(f">{name}" for name in measures), ">as exact", ">p50 ms", ">p95 ms", ">bytes a page", ">build s")
    output.table(("system", *columns, "what"), [_peer_row(row, measures, report.pages) for row in report.rows])
    output.show(
        "Searching alone, queries encoded before. 'As exact': share of the first 10 of exact MaxSim that are found. "
        "LanceDB and Qdrant choose their own number of threads."
    )


def _peer_row(row: PeerRow, measures: Sequence[str], pages: int) -> tuple[str, ...]:
    name = f"{row.name} {row.version}".strip()
    if row.measures is None or row.search is None:
        return (name, *("" for _ in range(len(measures) + 5)), row.note)
    return (
        name,
        *(f"{row.measures[measure]:.3f}" for measure in measures),
        f"{row.shared:.0%}",
        f"{row.search.p50:.2f}",
        f"{row.search.p95:.2f}",
        f"{row.bytes / max(pages, 1):,.0f}",
        "" if row.build_seconds is None else f"{row.build_seconds:.1f}",
        row.what,
    )


@app.command()
def scale(
    context: typer.Context,
    dataset: DatasetArgument = Path("sample"),
    collection: Collection = None,
    pipeline: Pipelines = None,
    pages: Annotated[str, typer.Option(metavar="N,N,...", help="Sizes to enlarge to.")] = "500,2000,8000",
    repeats: Annotated[int, typer.Option(min=1, max=10_000, help="How often every question is timed.")] = 3,
    questions: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many questions.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Enlarge a collection with noisy copies of its pages and time searches; takes about 1 MB of disk a page."""
    bench = workbench(context)
    from workbench.bench.scale import scale as measure

    sizes = _numbers(pages, "--pages")
    name, loaded = _indexed(bench, dataset, collection)
    asked = [query.text for query in loaded.queries[:questions]]
    pipelines = list(dict.fromkeys(pipeline or PIPELINES))
    report = measure(bench, name, asked, sizes, pipelines, repeats, output.say)
    growth = {name: report.own_bytes_per_page(name) for name in pipelines}
    if as_json:
        output.emit({**asdict(report), "own_bytes_per_page": growth})
        return
    columns = (">pages", ">vectors", ">on disk", "pipeline", ">p50 ms", ">p95 ms", ">p99 ms", ">memory")
    output.table(
        columns,
        [
            (
                f"{point.pages:,}",
                f"{point.vectors:,}",
                output.size(point.disk_bytes),
                point.pipeline,
                f"{point.search.p50:.1f}",
                f"{point.search.p95:.1f}",
                f"{point.search.p99:.1f}",
                output.size(point.own_bytes),
            )
            for point in report.points
        ],
    )
    grown = ", ".join(f"{value:,.0f} bytes ({name})" for name, value in growth.items())
    output.show(
        f"Noisy copies of the pages of '{report.source}' ({report.encoder}), written at "
        f"{report.pages_per_second:.0f} pages/s; {output.count(report.questions, 'question')} x {report.repeats}. "
        f"Memory is what no file backs, above the loaded model, at its highest; each further page took {grown}."
    )


def _measured(name: str, value: float) -> str:
    return f"{value:.1f}" if name.endswith("ms") else f"{value:.3f}"


def _numbers(text: str, option: str) -> Sequence[int]:
    """Whole numbers above 0, between commas."""
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        found = [0]
    if min(found) < 1:
        raise typer.BadParameter(f"'{text}' is no list of numbers such as 1,2,4", param_hint=option)
    return list(dict.fromkeys(found))


def _indexed(bench: Workbench, dataset: Path, collection: str | None) -> tuple[str, Dataset]:
    """The collection with a dataset's documents, made if need be, and the dataset."""
    from workbench import evaluation, resources

    ours = str(dataset) == "sample" and not dataset.exists()
    loaded = evaluation.load_dataset(resources.sample_data() if ours else dataset.expanduser())
    return collection or evaluating.prepare(bench, loaded), loaded
