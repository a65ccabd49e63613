"""How long searches take: cold and warm, encoding apart from searching, one after another and several at once.

Warm: every question once without being counted, then every question of every pipeline so many times over, in a new
random order each time, so that whatever else the machine does falls on all alike. Encoding is timed by itself, since it
does not depend on the pipeline, and searches get their query from the service's cache.

Cold: the first search of a new process, with the model to load and the index files to map. The system may still have
those files in memory; emptying its cache is not a program's to do, so what a restarted machine adds is not in here.

At once: so many threads, each asking the next question as soon as it has its answer.
"""

from __future__ import annotations

import itertools
import multiprocessing
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.bench.cost import MeasuredCost, costs
from workbench.bench.machine import Machine, measure_machine
from workbench.bench.times import Times
from workbench.bench.watch import Memory, MemoryWatch
from workbench.errors import InputError
from workbench.retrieval import Pipeline
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.timing import Stopwatch
from workbench.types import CollectionInfo, IndexInfo, SearchResult, StageTrace

if TYPE_CHECKING:
    from workbench.encoders import Encoder

CONCURRENCY = (1, 2, 4)
REPEATS = 5
WARM_UP = 1


@dataclass(frozen=True, slots=True)
class Throughput:
    """``searches`` asked by ``threads`` at once: how many a second, and the percentiles of each one's wall time."""

    threads: int
    searches: int
    per_second: float
    ms: Times


@dataclass(frozen=True, slots=True)
class ColdSearch:
    """The first search of a new process: milliseconds of encoding (model loading included) and of the rest."""

    encode_ms: float
    search_ms: float
    memory: Memory


@dataclass(frozen=True, slots=True)
class TimedPipeline:
    """One pipeline. ``search`` leaves encoding out; ``outside`` is what of it is in no stage's kernel."""

    pipeline: str
    search: Times
    outside: Times
    stages: tuple[MeasuredCost, ...]
    throughput: tuple[Throughput, ...]
    cold: ColdSearch | None
    index_bytes: int
    """Bytes of the vectors of the indexes it reads."""


@dataclass(frozen=True, slots=True)
class LatencyReport:
    """What `latency` measured, with the machine it was measured on."""

    collection: str
    encoder: str
    pages: int
    bytes: int
    """Everything the collection has on disk."""
    questions: int
    repeats: int
    query_vectors: Mapping[str, float]
    """Mean vectors of a query, by encoder."""
    encode: Mapping[str, Times]
    """Times of encoding one query, by encoder."""
    pipelines: Mapping[str, TimedPipeline]
    peak: Memory
    """Highest memory of this process over the warm searches, its model included."""
    machine: Machine


def latency(
    workbench: Workbench,
    collection: str,
    questions: Sequence[str],
    pipelines: Sequence[str],
    repeats: int = REPEATS,
    concurrency: Sequence[int] = CONCURRENCY,
    cold: bool = True,
    machine: Machine | None = None,
    progress: Callable[[str], None] | None = None,
) -> LatencyReport:
    """Time every pipeline with every question; ``progress`` hears what is being done.

    `InputError` without questions, `PipelineError` and `NotFoundError` as a search has them.
    """
    tell = progress or (lambda what: None)
    if not questions:
        raise InputError("Latency is measured with questions; give at least one.")
    parsed = {name: Pipeline.parse(name) for name in pipelines}
    info = workbench.library.info(collection)
    first: dict[str, ColdSearch] = {}
    for name in parsed if cold else ():
        tell(f"Searching from cold: {name}")
        first[name] = cold_search(workbench.settings, collection, name, questions[0])
    found = machine or measure_machine()
    encode: dict[str, Times] = {}
    lengths: dict[str, list[int]] = {}
    for named in sorted({leaf.encoder for pipeline in parsed.values() for leaf in pipeline.vector_leaves()}):
        tell(f"Timing encoder {named or info.encoder}")
        encode[named], lengths[named] = time_encoder(encoder_of(workbench, info, named), questions, repeats)
    with MemoryWatch() as watch:
        tell("Timing warm searches")
        results = ask_all(workbench, collection, questions, list(parsed), repeats)
        under_load = {}
        for name in parsed:
            tell(f"Searching with several threads at once: {name}")
            under_load[name] = tuple(at_once(workbench, collection, questions, name, repeats, n) for n in concurrency)
    return LatencyReport(
        collection,
        info.encoder,
        info.pages,
        info.bytes,
        len(questions),
        repeats,
        {named or info.encoder: float(np.mean(counts)) for named, counts in lengths.items()},
        {named or info.encoder: times for named, times in encode.items()},
        {name: _pipeline(info, results[name], lengths, found, under_load[name], first.get(name)) for name in parsed},
        watch.peak,
        found,
    )


def encoder_of(workbench: Workbench, info: CollectionInfo, named: str = "") -> Encoder:
    """The loaded encoder that stages of a pipeline use: the one they name, or the collection's first."""
    return workbench.models.encoder(named or info.encoder)


def time_encoder(encoder: Encoder, questions: Sequence[str], repeats: int) -> tuple[Times, list[int]]:
    """Percentiles of encoding one query, and how many vectors each question has."""
    lengths = [len(encoder.encode_query(text).vectors) for text in questions]
    watch, ms = Stopwatch(), []
    for _ in range(repeats):
        for text in questions:
            watch.lap()
            encoder.encode_query(text)
            ms.append(watch.lap())
    return Times.of(ms), lengths


def ask_all(
    workbench: Workbench, collection: str, questions: Sequence[str], pipelines: Sequence[str], repeats: int
) -> dict[str, list[tuple[int, SearchResult]]]:
    """For each pipeline (number of the question, result) of every counted search."""
    rng = np.random.default_rng(0)
    found: dict[str, list[tuple[int, SearchResult]]] = {name: [] for name in pipelines}
    pairs = list(itertools.product(range(len(questions)), pipelines))
    for round_number in range(WARM_UP + repeats):
        for i in rng.permutation(len(pairs)).tolist():
            number, name = pairs[i]
            result = workbench.searches.search(questions[number], collection, name)
            if round_number >= WARM_UP:
                found[name].append((number, result))
    return found


def at_once(
    workbench: Workbench, collection: str, questions: Sequence[str], pipeline: str, repeats: int, threads: int
) -> Throughput:
    """Ask every question so many times, ``threads`` at a time, all of which start together."""
    rest, lock = iter(list(questions) * repeats), threading.Lock()
    ready = threading.Barrier(threads + 1)

    def work() -> list[float]:
        watch = Stopwatch()
        ms: list[float] = []
        ready.wait()
        while True:
            with lock:
                question = next(rest, None)
            if question is None:
                return ms
            watch.lap()
            workbench.searches.search(question, collection, pipeline)
            ms.append(watch.lap())

    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(work) for _ in range(threads)]
        ready.wait()
        whole = Stopwatch()
        ms = [value for done in running for value in done.result()]
        seconds = whole.lap() / 1000.0
    return Throughput(threads, len(ms), len(ms) / seconds, Times.of(ms))


def cold_search(settings: Settings, collection: str, pipeline: str, question: str) -> ColdSearch:
    """The first search of a fresh process, which is started for it."""
    found: ColdSearch = in_new_process(_cold, settings.model_dump(), collection, pipeline, question)
    return found


def in_new_process(task: Callable[..., Any], *arguments: Any) -> Any:
    """Call a module's function in a process of its own, as new as on the first day on every system."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(task, *arguments).result()


def _cold(settings: Mapping[str, Any], collection: str, pipeline: str, question: str) -> ColdSearch:
    workbench = Workbench(Settings(**settings))
    with MemoryWatch() as watch:
        result = workbench.searches.search(question, collection, pipeline)
    encode = sum(stage.ms for stage in result.trace.stages if stage.encoding)
    return ColdSearch(encode, result.trace.total_ms - encode, watch.peak)


def without_encoding(stages: Sequence[StageTrace]) -> float:
    """Milliseconds of a search besides encoding its query."""
    return sum(stage.ms for stage in stages if not stage.encoding)


def _pipeline(
    info: CollectionInfo,
    asked: Sequence[tuple[int, SearchResult]],
    lengths: Mapping[str, Sequence[int]],
    machine: Machine,
    throughput: tuple[Throughput, ...],
    cold: ColdSearch | None,
) -> TimedPipeline:
    pipeline = Pipeline.parse(asked[0][1].pipeline)  # what ran, which for a preset depends on the collection
    traces = [result.trace.stages for _, result in asked]
    by_question = [{named: counts[number] for named, counts in lengths.items()} for number, _ in asked]
    search = [without_encoding(stages) for stages in traces]
    kernel = [sum(stage.kernel_ms for stage in stages) for stages in traces]
    return TimedPipeline(
        str(pipeline),
        Times.of(search),
        Times.of([whole - inside for whole, inside in zip(search, kernel, strict=True)]),
        costs(traces, pipeline, by_question, dims(info), machine),
        throughput,
        cold,
        index_bytes(info, pipeline),
    )


def indexes(info: CollectionInfo) -> dict[tuple[str, str], IndexInfo]:
    """Every index by (encoder as a pipeline writes it, index); the first encoder's also without its name."""
    found = {("", index.name): index for index in info.indexes}
    return found | {(space.encoder, index.name): index for space in info.spaces for index in space.indexes}


def dims(info: CollectionInfo) -> dict[tuple[str, str], int]:
    """Numbers per vector of each index."""
    return {key: index.dim for key, index in indexes(info).items()}


def index_bytes(info: CollectionInfo, pipeline: Pipeline) -> int:
    """Bytes of the vectors that a pipeline may read; an index that it names twice counts once."""
    there = indexes(info)
    used = {(leaf.encoder or info.encoder, leaf.index): (leaf.encoder, leaf.index) for leaf in pipeline.vector_leaves()}
    read = [there[key] for key in used.values()]
    return sum(index.vectors * index.dim * np.dtype(index.dtype).itemsize for index in read)
