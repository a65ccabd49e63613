"""``pagelens bench``: measurements of this machine that anyone can run again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli import evaluating, output
from workbench.cli.session import AsJson, clean, settings, workbench

if TYPE_CHECKING:
    from workbench.bench import LatencyReport, PipelineLatency
    from workbench.evaluation import Dataset
    from workbench.service import Workbench

app = typer.Typer(help="Measure this machine.", no_args_is_help=True)

PIPELINES = ("exact", "two-stage", "three-stage", "fused", "hybrid", "text")
"""The presets that are measured unless others are named."""
STAGE_COLUMNS = ("ms", "kernel ms", "vectors", "MB read", "MFLOP", "floor ms", "bandwidth", "GEMM")

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
        f"{output.size(report.bytes)} on disk; {output.count(report.questions, 'question')} x {report.repeats}, "
        f"{report.query_vectors:.1f} vectors a query."
    )
    output.show(
        f"Machine: {machine.name}, {machine.processors} processors, {machine.threads} threads; reads "
        f"{machine.bandwidth / 1e9:.1f} GB/s, multiplies {machine.gemm / 1e9:.0f} GFLOP/s."
    )
    encode = report.encode
    output.show(
        f"Encoding a query: p50 {encode.p50:.1f}, p95 {encode.p95:.1f}, p99 {encode.p99:.1f} ms. Peak memory "
        f"{output.size(report.peak.resident)}, of which {output.size(report.peak.own)} not backed by index files."
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
                f"{stage.ms:.2f}",
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
