"""What a stage had to do, and how near it came to what the machine can do.

    operations = 2 * query vectors * page vectors compared * numbers per vector
    floor      = max(bytes read / memory bandwidth, operations / peak of a matrix product)

Page vectors and bytes are what the search itself counted (`StageTrace`); only the query's part is reckoned here.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from workbench.bench.machine import Machine
from workbench.bench.times import Times
from workbench.retrieval.pipeline import Pipeline, Step
from workbench.types import StageTrace

OUTSIDE = frozenset({"filter", "results"})
"""Parts of a trace, besides encoding, that are no steps of the pipeline."""

Dims = Mapping[tuple[str, str], int]
"""Numbers per vector by (encoder as a pipeline writes it, "" for the collection's first; index)."""
Lengths = Mapping[str, int]
"""Vectors of one query by encoder, "" for the collection's first."""


@dataclass(frozen=True, slots=True)
class MeasuredCost:
    """One stage: its times, its work, and that work at the machine's peaks.

    ``times`` are wall milliseconds, ``kernel_ms`` the median of those in the kernel. ``bandwidth_share`` and
    ``gemm_share`` are the work per kernel second over the machine's peaks (0 to about 1; above 1 where the bytes came
    from a cache nearer than memory); ``floor_ms`` is what the machine would need at least.
    """

    name: str
    times: Times
    kernel_ms: float
    vectors_compared: float
    bytes_read: float
    operations: float
    floor_ms: float
    bandwidth_share: float
    gemm_share: float


def operations(trace: StageTrace, step: Step, query_vectors: Lengths, dims: Dims) -> float:
    """Floating point operations of the products of one step.

    A trace counts the page vectors of all lists that a step fuses together. Where some are compared with the query's
    mean and others with every vector, or have different dimensions, the larger count is taken for all: never too few.
    """
    compared = [leaf for leaf in step.leaves() if leaf.stage.vectors]
    if not compared or not trace.vectors_compared:
        return 0.0
    rows = max(1 if leaf.option("query") == "mean" else query_vectors[leaf.encoder] for leaf in compared)
    return 2.0 * rows * trace.vectors_compared * max(dims[leaf.encoder, leaf.index] for leaf in compared)


def stages_of(traces: Sequence[StageTrace]) -> list[StageTrace]:
    """The parts of a trace that are steps of the pipeline, in its order."""
    return [trace for trace in traces if not trace.encoding and trace.name not in OUTSIDE]


def cost(
    traces: Sequence[StageTrace], step: Step, query_vectors: Sequence[Lengths], dims: Dims, machine: Machine
) -> MeasuredCost:
    """The cost of one step over many searches; ``traces[i]`` was made by the query of ``query_vectors[i]``.

    Work is the mean over searches, and shares set the whole work against the whole kernel time.
    """

    n = len(traces)
    work = [operations(trace, step, m, dims) for trace, m in zip(traces, query_vectors, strict=True)]
    read = sum(trace.bytes_read for trace in traces)
    seconds = sum(trace.kernel_ms for trace in traces) / 1000.0
    return MeasuredCost(
        traces[0].name,
        Times.of([trace.ms for trace in traces]),
        statistics.median(trace.kernel_ms for trace in traces),
        sum(trace.vectors_compared for trace in traces) / n,
        read / n,
        sum(work) / n,
        machine.floor_ms(read / n, sum(work) / n),
        read / seconds / machine.bandwidth if seconds else 0.0,
        sum(work) / seconds / machine.gemm if seconds else 0.0,
    )


def costs(
    traces: Sequence[Sequence[StageTrace]],
    pipeline: Pipeline,
    query_vectors: Sequence[Lengths],
    dims: Dims,
    machine: Machine,
) -> tuple[MeasuredCost, ...]:
    """The cost of every step of a pipeline over many searches; ``traces[i]`` is the whole trace of search i."""
    by_step = zip(*(stages_of(trace) for trace in traces), strict=True)
    return tuple(
        cost(list(found), step, query_vectors, dims, machine)
        for step, found in zip(pipeline.steps, by_step, strict=True)
    )
