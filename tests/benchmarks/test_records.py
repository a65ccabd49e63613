"""Reports as files: what is read is what was written, and the tables say what the reports hold."""

import csv
from dataclasses import replace

import pytest

from benchmarks.across import AcrossPoint, AcrossReport
from benchmarks.card import CardReport, CardWay
from benchmarks.encoders import EncoderRow, EncodersReport, SimulatedReport, SimulatedRow
from benchmarks.files.report import FileOutcome, FilesReport, RefusedPage, Run
from benchmarks.methods.report import EXACT, PRESET, MethodRow, MethodsReport
from benchmarks.peers.compare import PeerReport, PeerRow
from benchmarks.processes import ProcessPeak
from benchmarks.records import KINDS, kind_of, load, write
from benchmarks.remote import FURTHER, PROCESS, RemotePoint, RemoteReport
from benchmarks.scale import ScalePoint, ScaleReport
from benchmarks.tables import TABLES
from workbench.bench.latency import ColdSearch, LatencyReport, Throughput, TimedPipeline
from workbench.bench.machine import Machine
from workbench.bench.times import Times
from workbench.bench.watch import Memory
from workbench.errors import InputError
from workbench.types import JobStage

MACHINE = Machine(10e9, 100e9, 2, 4, "made up")
TIMES = Times(4, 1.25, 2.5, 3.5)


def latency(cold=True):
    first = ColdSearch(900.0, 50.0, Memory(10, 5)) if cold else None
    found = TimedPipeline("full:10", TIMES, TIMES, (), (Throughput(2, 8, 123.4, TIMES),), first, 3 << 20)
    return LatencyReport(
        "c", "reader", 1234, 99, 5, 2, {"reader": 9.5}, {"reader": TIMES}, {"exact": found}, Memory(10, 5), MACHINE
    )


def scale():
    points = tuple(
        ScalePoint(
            pages,
            pages * 10,
            pages << 10,
            name,
            replace(TIMES, p50=ms),
            pages,
            (("full", ms),),
            900.0,
            pages << 9,
            0.9,
            0.5,
            0.6,
            "approximate: an index",
        )
        for pages in (100, 1000)
        for name, ms in (("exact", pages / 10), ("text", 1.0))
    )
    return ScaleReport("c", "reader", 5, 2, points, 50.0, 24)


def peers():
    rows = (
        PeerRow("pagelens exact", "full:10", "", "", {"nDCG@5": 0.5, "R@10": 0.75}, TIMES, 5000, 1.0, None),
        PeerRow("other", "a store", note="not installed: pip install other"),
    )
    return PeerReport("d", "c", "reader", 10, 100, 5, 2, rows, MACHINE)


def methods():
    exact = MethodRow("corpus", EXACT, PRESET, "full:10", 100, 9000, 1, 0.8, 0.9, (5.0,), 5.0, 1000)
    rows = MethodRow("corpus", "rows", "alone", "rows:10", 10, 900, 0.9, 0.4, 0.5, (1.0,), 1.0, 100)
    worse = MethodRow("corpus", "columns", "alone", "columns:10", 10, 950, 0.8, 0.3, 0.5, (2.0,), 2.0, 100)
    return MethodsReport("d", "c", "reader", 10, {"corpus": 5}, (exact, rows, worse), (), MACHINE)


def files():
    outcomes = (
        FileOutcome("a/b.pdf", 10, "in part", 2, 1, "", (RefusedPage(2, "It took 61 s."),)),
        FileOutcome("c.tif", 20, "crashed", reason="ended by SIGSEGV"),
    )
    run = Run("a/b.pdf", 2, "crashed", "ended by SIGSEGV", 1.5, (ProcessPeak("pagelens", 7, Memory(2 << 20, 1 << 20)),))
    return FilesReport("odd", outcomes, (run,), (), 300.0, 8e9, 2.5)


def encoders():
    stages = (JobStage("read", 64, 64, 4.0, 8), JobStage("embed", 64, 64, 5.0))
    row = EncoderRow(
        "colpali", "a paper", "cuda:0", "sdpa", 2900, 1031, 64, 512, 8, 72.9, 27.7, 43.4, 27.3, 60.0, 25.0, stages
    )
    return EncodersReport((row,), 16, "made up", 8)


def simulated():
    stages = (JobStage("read", 64, 64, 4.0, 8), JobStage("embed", 64, 64, 5.0))
    row = SimulatedRow("colpali", 64, 1024, 85.0, 42.5, 9.5, (("MainThread", 3.0), ("tokio", 2.0)), stages)
    return SimulatedReport((row,), 16)


def card():
    ways = (CardWay("kernel", TIMES), CardWay("reading the bytes", TIMES))
    return CardReport("cuda:0", 90_000, 1_030, 128, 20, 24 << 30, 20 << 30, 12.0, ways, 1e-4)


def remote():
    points = tuple(
        RemotePoint(ms, what, ms * requests + 9.0, requests)
        for ms in (0, 30)
        for what, requests in ((PROCESS, 20), (FURTHER, 0))
    )
    return RemoteReport("c", "reader", "balanced", 182, 3 << 20, 20, points)


def across():
    points = (AcrossPoint("exact", 1, 0.75, 0.75, "", TIMES), AcrossPoint("exact", 5, 0.74, 0.37, "score", TIMES))
    return AcrossReport("c", "reader", 20, 180, 30, 3, points)


REPORTS = [
    across(),
    files(),
    latency(),
    latency(cold=False),
    scale(),
    peers(),
    methods(),
    card(),
    encoders(),
    remote(),
    simulated(),
]


@pytest.mark.parametrize("report", REPORTS, ids=kind_of)
def test_a_record_is_read_as_it_was_written(report, tmp_path):
    hashed = write(report, tmp_path / "made" / "record.json")
    found = load(tmp_path / "made" / "record.json")
    assert found == (report, hashed)
    assert TABLES[kind_of(report)](found[0]) == TABLES[kind_of(report)](report)  # in the same order too


@pytest.mark.parametrize("report", REPORTS, ids=kind_of)
def test_every_form_holds_every_row(report, tmp_path):
    table = TABLES[kind_of(report)](report)
    for suffix in (".md", ".csv", ".tex"):
        write(report, tmp_path / f"table{suffix}")
    lines = list(csv.reader((tmp_path / "table.csv").read_text().splitlines()))
    assert lines[0] == [column.key for column in table.columns]
    assert len(lines) == len(table.rows) + 1
    assert (tmp_path / "table.md").read_text().count("\n| ") == len(table.rows) + 1
    assert r"\toprule" in (tmp_path / "table.tex").read_text()


def test_kinds_and_tables_go_together():
    assert {name.partition("-")[0] for name in TABLES} == set(KINDS) == {kind_of(report) for report in REPORTS}


def test_what_tables_say():
    cells = [cell.text for cell in TABLES["latency"](latency()).rows[0]]
    assert cells == ["exact", "1.2", "2.5", "3.5", "1.2", "0.0", "123", "950", "3.0 MiB"]
    assert "first search" not in " ".join(c.heading for c in TABLES["latency"](latency(cold=False)).columns)
    assert [[cell.text for cell in row] for row in TABLES["scale"](scale()).rows] == [
        ["100", "1,000", "100.0 KiB", "10.0", "1.0", "100 B"],
        ["1,000", "10,000", "1000.0 KiB", "100.0", "1.0", "1000 B"],
    ]
    assert [[cell.text for cell in row][:5] for row in TABLES["across"](across()).rows] == [
        ["exact", "1", "0.750", "", ""],
        ["exact", "5", "0.740", "0.370", "score"],
    ]
    assert len(TABLES["scale-points"](scale()).rows) == 4
    ours, theirs = TABLES["peers"](peers()).rows
    assert [cell.text for cell in ours][:5] == ["pagelens exact", "0.500", "0.750", "100%", "1.25"]
    assert theirs[-1].text == "not installed: pip install other"
    assert [row[5].text for row in TABLES["methods"](methods()).rows] == ["100.0%", "50.0%", "37.5%"]
    assert [row[2].text for row in TABLES["files-reasons"](files()).rows] == ["ended by SIGSEGV", "It took # s."]
    assert [cell.text for cell in TABLES["files-processes"](files()).rows[0]] == [
        "pagelens",
        "1",
        "1.0 MiB",
        "2.0 MiB",
        "a/b.pdf",
    ]
    assert [row[0].text for row in TABLES["methods-best"](methods()).rows] == ["exact = full:10", "rows:10"]


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"kind": "nothing", "report": {}}', '{"kind": "scale", "report": 1}']
)
def test_other_files_are_no_records(text, tmp_path):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(InputError, match="not what a bench command saved"):
        load(path)
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "nowhere.json")


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write(scale(), tmp_path / "file" / "record.json")
