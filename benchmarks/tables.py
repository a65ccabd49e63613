"""The tables of what the benchmarks measured: the same for the terminal, for files, and for the documentation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from benchmarks.across import AcrossReport
from benchmarks.card import CardReport
from benchmarks.encoders import EncodersReport, SimulatedReport
from benchmarks.files.report import INDEXED, PARTLY, STATES, FileOutcome, FilesReport
from benchmarks.methods.report import EXACT, PRESET, MethodRow, MethodsReport, fronts
from benchmarks.peers.compare import PeerReport, PeerRow
from benchmarks.remote import RemoteReport
from benchmarks.scale import OPENINGS, ScaleReport
from workbench.bench.tables import PIPELINE_COLUMN, latency, latency_stages, machine
from workbench.table import Cell, Column, Table, bytes_text, percent, real, size, table, whole, word

TOLD_MS = 0.3
"""Milliseconds a page from which on a kind of thread is worth a word."""


def across(report: AcrossReport) -> Table:
    """Each pipeline over one collection and over several of the same pages."""
    columns = [
        PIPELINE_COLUMN,
        Column("collections", "collections", True),
        Column("ndcg", "nDCG@5", True),
        Column("turns", "taking turns", True),
        Column("merge", "merged by"),
        Column("p50_ms", "p50 ms", True),
        Column("p95_ms", "p95 ms", True),
    ]
    rows = []
    for point in report.points:
        turns = real(point.turns if point.collections > 1 else None)
        cells = [whole(point.collections), real(point.ndcg), turns, word(point.merge)]
        rows.append([word(point.pipeline), *cells, real(point.search.p50, 1), real(point.search.p95, 1)])
    notes = [
        f"The {report.documents} documents ({report.pages:,} pages) of '{report.source}' ({report.encoder}) in one "
        f"collection, and dealt out to several; {report.questions} questions x {report.repeats}, times without "
        "encoding the question. Taking turns: the first of each collection, then the second."
    ]
    return table("across", "Several collections against one of all their pages", columns, rows, notes)


def scale(report: ScaleReport) -> Table:
    """Each size with the median of every pipeline."""
    names = list(dict.fromkeys(point.pipeline for point in report.points))
    sizes = list(dict.fromkeys(point.pages for point in report.points))
    columns = [
        Column("pages", "pages", True),
        Column("vectors", "vectors", True),
        Column("disk_bytes", "on disk", True),
        *(Column(f"{name} p50_ms", f"{name}, p50 ms", True) for name in names),
        Column("own_bytes", "memory", True),
    ]
    rows = []
    for pages in sizes:
        points = {point.pipeline: point for point in report.points if point.pages == pages}
        one = next(iter(points.values()))
        times = (real(points[name].search.p50, 1) for name in names)
        memory = size(max(point.own_bytes for point in points.values()))
        rows.append([whole(pages), whole(one.vectors), size(one.disk_bytes), *times, memory])
    notes = [
        f"Pages made of those of '{report.source}' ({report.encoder}), {report.questions} questions x "
        f"{report.repeats}, times without encoding. Memory is what no file backs, above the loaded model, at its "
        "highest."
    ]
    return table("scale", "How searches grow with the pages", columns, rows, notes)


def scale_points(report: ScaleReport) -> Table:
    """Each size and pipeline with its percentiles and memory."""
    counted = any(point.processor_ms for point in report.points)  # an earlier version's records do not say
    apart = any(point.first_ms for point in report.points)  # nor tell the two
    columns = [
        Column("pages", "pages", True),
        Column("vectors", "vectors", True),
        Column("disk_bytes", "on disk", True),
        PIPELINE_COLUMN,
        *(Column(f"{key}_ms", f"{key} ms", True) for key in ("p50", "p95", "p99")),
        *([Column("processor_ms", "processor ms", True)] if counted else []),
        Column("stages", "stages, ms"),
        Column("agreement", "as exact", True),
        Column("ndcg", "of exact's nDCG@5", True),
        Column("own_bytes", "memory", True),
        Column("opening_ms", "opening ms", True),
        *([Column("first_ms", "first search ms", True)] if apart else []),
        Column("disk_share", "disk / vectors", True),
    ]
    rows = [
        [
            whole(point.pages),
            whole(point.vectors),
            size(point.disk_bytes),
            word(point.pipeline),
            *(real(ms, 1) for ms in (point.search.p50, point.search.p95, point.search.p99)),
            *([real(point.processor_ms, 1)] if counted else []),
            word(", ".join(f"{name} {ms:.1f}" for name, ms in point.stages)),
            Cell(None) if point.agreement is None else percent(point.agreement),
            percent(point.ndcg / point.exact_ndcg) if point.ndcg is not None and point.exact_ndcg else Cell(None),
            size(point.own_bytes),
            whole(round(point.opening_ms)),
            *([whole(round(point.first_ms))] if apart else []),
            real(point.disk_bytes / point.vector_bytes, 2) if point.vector_bytes else Cell(None),
        ]
        for point in report.points
    ]
    names = dict.fromkeys(point.pipeline for point in report.points)
    grown = ", ".join(f"{report.own_bytes_per_page(name):,.0f} bytes ({name})" for name in names)
    growth = f"; each further page took {grown}" if len({point.pages for point in report.points}) > 1 else ""
    speed = f"at {report.pages_per_second:.0f} pages/s" if report.pages_per_second else "beforehand"
    notes = [
        f"Pages put together from halves of those of '{report.source}' ({report.encoder}), with noise, written "
        f"{speed}; {report.questions} questions x {report.repeats}. Memory is what no "
        f"file backs, above the loaded model, at its highest{growth}. 'As exact' is the share "
        "of exact's first 10 that are found; nDCG is of the labelled pages among those made of their halves. "
        + (
            "'Opening' is what a new process that has the model, and files that the system has in memory, takes to "
            "tell the counts, sizes and documents that the page asks for first, and 'first search' the recommended "
            f"pipeline after that, its query's encoding included; the least of {OPENINGS} processes each."
            if apart
            else "'Opening' is the first search of a process that has the model, its encoding included."
        )
    ]
    if counted:
        notes.append("'Processor' is what all processors together worked on a search, its encoding included.")
    if report.kept:
        notes.append(f"Pages were cut down to {report.kept} vectors and words each.")
    asked = dict.fromkeys(
        f"{point.pages:,} pages, {point.pipeline}: {point.approximate}" for point in report.points if point.approximate
    )
    notes += [f"{said}." for said in asked]
    return table("scale-points", "How searches grow with the pages", columns, rows, notes)


def remote(report: RemoteReport) -> Table:
    """Each kind of work with its requests, and its time at every latency."""
    latencies = list(dict.fromkeys(point.latency_ms for point in report.points))
    columns = [
        Column("what", "what"),
        Column("requests", "requests", True),
        *(Column(f"at {latency} ms", f"ms, at {latency} ms a request", True) for latency in latencies),
    ]
    rows = []
    for what in dict.fromkeys(point.what for point in report.points):
        points = {point.latency_ms: point for point in report.points if point.what == what}
        requests = max(point.requests for point in points.values())
        rows.append([word(what), whole(requests), *(real(points[latency].ms, 1) for latency in latencies)])
    notes = [
        f"{report.pages} pages of '{report.source}' ({report.encoder}), {bytes_text(report.bytes)} in the store, "
        f"{report.questions} questions by {report.pipeline}; medians, models loaded."
    ]
    return table("remote", "What a search waits for in an object store", columns, rows, notes)


def card(report: CardReport) -> Table:
    """Each way to score all pages on the card."""
    columns = [
        Column("way", "way"),
        *(Column(f"{key}_ms", f"{key} ms", True) for key in ("p50", "p95")),
        Column("ratio", "x reading", True),
    ]
    reading = report.ways[-1].times.p50
    rows = [
        [word(way.name), real(way.times.p50, 2), real(way.times.p95, 2), real(way.times.p50 / max(reading, 1e-9), 2)]
        for way in report.ways
    ]
    notes = [
        f"{report.pages:,} pages x {report.vectors:,} random vectors x {report.dim} numbers, a query of "
        f"{report.tokens}, on {report.device}: {size(report.held).text} of {size(report.bytes).text} there, copied in "
        f"{report.loading_seconds:.0f} s. Scores differ from the processor's by at most {report.apart:.1e}."
    ]
    return table("card", "Exact search on a graphics card", columns, rows, notes)


def peers(report: PeerReport) -> Table:
    """Every system: quality, time and bytes."""
    measures = next((list(row.measures) for row in report.rows if row.measures), [])
    columns = [
        Column("name", "system"),
        *(Column(name, name, True) for name in measures),
        Column("as_exact", "as exact", True),
        Column("p50_ms", "p50 ms", True),
        Column("p95_ms", "p95 ms", True),
        Column("bytes_per_page", "bytes a page", True),
        Column("build_s", "build s", True),
        Column("what", "what"),
    ]
    notes = [
        f"{report.dataset}: {report.questions} questions x {report.repeats} over {report.pages:,} pages of "
        f"'{report.collection}' ({report.encoder}, {report.vectors:,} vectors); searching alone, queries encoded "
        f"before. {machine(report.machine)} 'As exact' is the share of the first 10 of exact MaxSim that are found. "
        "LanceDB and Qdrant choose their own number of threads."
    ]
    rows = [_peer(row, measures, max(report.pages, 1)) for row in report.rows]
    return table("peers", "Other systems over the same vectors", columns, rows, notes)


def _peer(row: PeerRow, measures: list[str], pages: int) -> list[Cell]:
    name = word(f"{row.name} {row.version}".strip())
    if row.measures is None or row.search is None:
        return [name, *(Cell(None) for _ in range(len(measures) + 5)), word(row.note)]
    return [
        name,
        *(real(row.measures[measure]) for measure in measures),
        percent(row.shared),
        real(row.search.p50, 2),
        real(row.search.p95, 2),
        whole(round(row.bytes / pages)),
        real(row.build_seconds, 1),
        word(row.what),
    ]


def methods(report: MethodsReport) -> Table:
    """Every method in every scope."""
    return _methods(report, "methods", lambda row, on: True)


def methods_best(report: MethodsReport) -> Table:
    """The presets, and of all other methods those that no other beats at its bytes or at its time."""
    return _methods(report, "methods-best", lambda row, on: bool(on) or row.kind == PRESET)


def _methods(report: MethodsReport, name: str, wanted: Callable[[MethodRow, tuple[str, ...]], bool]) -> Table:
    scopes = list(report.questions)
    columns = [
        *([Column("scope", "scope")] if len(scopes) > 1 else []),
        PIPELINE_COLUMN,
        Column("vectors", "vectors a page", True),
        Column("bytes", "bytes a page", True),
        Column("candidates", "candidate R@100", True),
        Column("nDCG@5", "nDCG@5", True),
        Column("of_exact", "of exact", True),
        Column("R@10", "R@10", True),
        Column("stage_ms", "stage ms", True),
        Column("ms", "ms", True),
        Column("compared", "vectors compared", True),
        Column("compared_share", "of exact", True),
        Column("front", "front"),
    ]
    rows = []
    for scope in scopes:
        exact, found = report.exact(scope), report.of_scope(scope)
        for row, on in zip(found, fronts(found), strict=True):
            if wanted(row, on):
                rows.append([*([word(scope)] if len(scopes) > 1 else []), *_method(row, exact, on)])
    asked = " and ".join(f"{count} questions in scope {scope}" for scope, count in report.questions.items())
    notes = [
        f"{report.dataset}: {asked} over {report.pages:,} pages ({report.encoder}). Exact search is '{EXACT}'; bytes "
        "are those of every index a pipeline compares, and of the text index where it searches words; milliseconds are "
        f"medians without encoding. {machine(report.machine)} Front: no other row has as high an nDCG@5 for fewer "
        "bytes, or for fewer milliseconds.",
        *(one.sentence() for one in report.merging),
        *report.warnings,
    ]
    return table(name, "Ways to search pages", columns, rows, notes)


def _method(row: MethodRow, exact: MethodRow, on: tuple[str, ...]) -> list[Cell]:
    label = f"{row.method} = {row.pipeline}" if row.kind == PRESET else row.pipeline
    stages = " + ".join(f"{ms:.1f}" for ms in row.stage_ms)
    return [
        word(label),
        real(row.vectors, 1),
        whole(round(row.bytes)),
        real(row.candidates),
        real(row.ndcg),
        percent(row.ndcg / exact.ndcg if exact.ndcg else 0.0, 1),
        real(row.recall),
        word(stages),
        real(row.ms, 1),
        whole(round(row.compared)),
        percent(row.compared / exact.compared if exact.compared else 0.0, 1),
        word(", ".join(on)),
    ]


def files(report: FilesReport) -> Table:
    """Every kind of file, by its suffix: how many there are, and how they ended."""
    states = [state for state in STATES if state in (INDEXED, PARTLY) or report.count(state)]
    columns = [
        Column("kind", "kind"),
        Column("files", "files", True),
        Column("bytes", "bytes", True),
        *(Column(state, state, True) for state in states),
        Column("pages", "pages", True),
        Column("pages_indexed", "pages indexed", True),
        Column("pages_failed", "pages failed", True),
    ]
    kinds: dict[str, list[FileOutcome]] = {}
    for file in report.files:
        kinds.setdefault(PurePosixPath(file.path).suffix.lower() or "none", []).append(file)
    ordered = sorted(kinds.items(), key=lambda kind: (-len(kind[1]), kind[0]))
    rows = [
        [
            word(kind),
            whole(len(found)),
            size(sum(file.bytes for file in found)),
            *(whole(sum(file.state == state for file in found)) for state in states),
            whole(sum(file.pages for file in found)),
            whole(sum(file.indexed for file in found)),
            whole(sum(len(file.failed) for file in found)),
        ]
        for kind, found in [*ordered, ("all", report.files)]
    ]
    notes = [
        f"Commands: {len(report.runs):,}, in {report.seconds:,.0f} s. A command was ended when nothing moved for "
        f"{report.quiet:.0f} s, or when its processes together had {report.memory / 2**30:.1f} GiB that no file backs."
    ]
    return table("files", f"What became of the files below {report.folder}", columns, rows, notes)


def files_reasons(report: FilesReport) -> Table:
    """Why files and pages did not go in, alike reasons together."""
    columns = [Column("what", "what"), Column("count", "count", True), Column("reason", "why"), Column("of", "such as")]
    rows = [
        [word(group.what), whole(group.count), word(group.reason), word(", ".join(group.examples))]
        for group in report.groups()
    ]
    notes = ["'FILE' and '#' stand for what differs: the file's name, and numbers."] if rows else ["Nothing failed."]
    return table("files-reasons", "Why files and pages did not go in", columns, rows, notes)


def files_processes(report: FilesReport) -> Table:
    """The most memory of each kind of process."""
    columns = [
        Column("process", "process"),
        Column("count", "seen", True),
        Column("own_bytes", "peak memory", True),
        Column("resident_bytes", "resident", True),
        Column("while", "in the batch from"),
    ]
    rows = [
        [word(name), whole(count), size(peak.peak.own), size(peak.peak.resident), word(run.first)]
        for name, count, peak, run in report.peaks()
    ]
    notes = ["Peak memory is what no file backs, of the one process of its kind that had most."]
    return table("files-processes", "Memory of each process", columns, rows, notes)


def encoders(report: EncodersReport) -> Table:
    """Each model: its forward pass alone, and what every way to feed it gets of that."""
    rates = {
        "forward": "forward alone",
        "bare_loop": "bare loop",
        "data_loader": f"DataLoader, {report.workers} workers",
        "encode_pages": "encode_pages",
        "ingest": "ingest",
    }
    columns = [
        Column("id", "model"),
        Column("millions", "million weights", True),
        Column("tokens", "tokens", True),
        *(Column(name, f"{title}, pages/s", True) for name, title in rates.items()),
        Column("share", "ingest of forward", True),
        Column("bottleneck", "waits for"),
        Column("processor_ms", "processor, ms a page on one core", True),
    ]
    rows = [
        [
            word(row.id),
            whole(row.millions),
            whole(row.tokens),
            *(real(getattr(row, name), 2) for name in rates),
            real(row.share, 2),
            word(row.bottleneck),
            real(row.processor_ms, 0),
        ]
        for row in report.rows
    ]
    first = report.rows[0]
    notes = [
        f"Random weights at published sizes on {first.device} ({report.machine}), {report.cores} cores; {first.pages} "
        f"pages of the sample documents at 144 dpi without OCR, {first.ingested} for the ingest. The DataLoader's rate "
        "has its workers' start in it.",
        *(f"{row.id}: {row.source}; attention {row.attention}; {row.batch} pages at once." for row in report.rows),
    ]
    return table("encoders", "What keeps a page model waiting", columns, rows, notes)


def simulated(report: SimulatedReport) -> Table:
    """Each model: what an ingest leaves of the rate of a card that is only simulated, and what its process works."""
    columns = [
        Column("id", "model"),
        Column("vectors", "vectors a page", True),
        Column("forward", "simulated forward, pages/s", True),
        Column("ingest", "ingest, pages/s", True),
        Column("share", "ingest of forward", True),
        Column("cpu_ms", "processors, ms a page", True),
        Column("threads", "of these by thread, ms"),
        Column("bottleneck", "waits for"),
    ]
    rows = [
        [
            word(row.id),
            whole(row.vectors),
            *(real(value, digits) for value, digits in ((row.forward, 1), (row.ingest, 1), (row.share, 2))),
            real(row.cpu_ms, 1),
            word(", ".join(f"{name} {ms:.1f}" for name, ms in row.threads if ms >= TOLD_MS)),
            word(row.bottleneck),
        ]
        for row in report.rows
    ]
    notes = [
        "No card and no model: a batch of 16 pages takes the time that the model took of an H200. "
        f"{report.rows[0].pages} pages read beforehand, {report.cores} cores, which readers share. Processors are "
        "those of the ingest's own process, all threads, without what a real model does beyond its calls of torch."
    ]
    return table("simulated", "What an ingest's own process costs beside a simulated card", columns, rows, notes)


TABLES: Mapping[str, Callable[[Any], Table]] = {
    "across": across,
    "encoders": encoders,
    "files": files,
    "files-processes": files_processes,
    "files-reasons": files_reasons,
    "latency": latency,
    "latency-stages": latency_stages,
    "methods": methods,
    "methods-best": methods_best,
    "peers": peers,
    "card": card,
    "remote": remote,
    "scale": scale,
    "scale-points": scale_points,
    "simulated": simulated,
}
"""Tables by name, each of the report of its kind: what stands before the first hyphen."""
