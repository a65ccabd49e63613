"""The tables of what `latency` measured: the same for the terminal, for files, and for the documentation."""

from __future__ import annotations

from workbench.bench.latency import LatencyReport, TimedPipeline
from workbench.bench.machine import Machine
from workbench.table import Cell, Column, Table, percent, real, size, table, whole, word

PIPELINE_COLUMN = Column("pipeline", "pipeline")


def latency(report: LatencyReport) -> Table:
    """Every pipeline: how long a search takes, warm and cold, and how many there are in a second."""
    under = [load.threads for load in next(iter(report.pipelines.values())).throughput]
    cold = any(found.cold is not None for found in report.pipelines.values())
    columns = [
        PIPELINE_COLUMN,
        *(Column(f"{key}_ms", f"{key} ms", True) for key in ("p50", "p95", "p99")),
        Column("outside_ms", "outside kernels ms", True),
        Column("floor_ms", "floor ms", True),
        *(Column(f"per_second_{n}", f"searches/s, {_threads(n)}", True) for n in under),
        *([Column("cold_ms", "first search ms", True)] if cold else []),
        Column("bytes", "bytes of vectors", True),
    ]
    rows = [
        [
            word(name),
            *(real(ms, 1) for ms in (found.search.p50, found.search.p95, found.search.p99, found.outside.p50)),
            real(sum(stage.floor_ms for stage in found.stages), 1),
            *(real(load.per_second, 0) for load in found.throughput),
            *([_cold(found)] if cold else []),
            size(found.index_bytes),
        ]
        for name, found in report.pipelines.items()
    ]
    encoding = "; ".join(
        f"a query ({report.query_vectors[encoder]:.1f} vectors) takes {times.p50:.1f} ms to encode with {encoder}"
        for encoder, times in report.encode.items()
    )
    notes = [
        f"{report.pages:,} pages, {report.questions} questions x {report.repeats}, times without encoding; {encoding}. "
        f"{machine(report.machine)} The floor is what reading the bytes and multiplying would take at these peaks."
        + (" A first search is that of a new process, loading the model included." if cold else "")
    ]
    return table("latency", "How long searches take", columns, rows, notes)


def _threads(n: int) -> str:
    return "1 thread" if n == 1 else f"{n} threads"


def _cold(found: TimedPipeline) -> Cell:
    return real(None if found.cold is None else found.cold.encode_ms + found.cold.search_ms, 0)


def machine(found: Machine) -> str:
    """The machine and its peaks, in a sentence."""
    return (
        f"Machine: {found.name}, {found.processors} processors, {found.threads} threads; reads "
        f"{found.bandwidth / 1e9:.1f} GB/s, multiplies {found.gemm / 1e9:.0f} GFLOP/s."
    )


def latency_stages(report: LatencyReport) -> Table:
    """Every stage beside what the machine could do."""
    columns = [
        PIPELINE_COLUMN,
        Column("stage", "stage"),
        *(Column(f"{key}_ms", f"{key} ms", True) for key in ("p50", "p95", "p99")),
        Column("kernel_ms", "kernel ms", True),
        Column("vectors", "vectors", True),
        Column("bytes_read", "read", True),
        Column("operations", "MFLOP", True),
        Column("floor_ms", "floor ms", True),
        Column("bandwidth", "bandwidth", True),
        Column("gemm", "GEMM", True),
    ]
    rows = [
        [
            word(name),
            word(stage.name),
            *(real(ms, 2) for ms in (stage.times.p50, stage.times.p95, stage.times.p99, stage.kernel_ms)),
            whole(round(stage.vectors_compared)),
            size(stage.bytes_read),
            Cell(stage.operations, f"{stage.operations / 1e6:.1f}"),
            real(stage.floor_ms, 2),
            percent(stage.bandwidth_share),
            percent(stage.gemm_share),
        ]
        for name, found in report.pipelines.items()
        for stage in found.stages
    ]
    notes = ["Bandwidth and GEMM are the shares of the machine's peaks while the kernel ran."]
    return table("latency-stages", "What each stage costs", columns, rows, notes)
