"""Records of what the benchmarks measured, of every kind there is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.across import AcrossReport
from benchmarks.card import CardReport
from benchmarks.encoders import EncodersReport, SimulatedReport
from benchmarks.files.report import FilesReport
from benchmarks.methods.report import MethodsReport
from benchmarks.peers.compare import PeerReport
from benchmarks.remote import RemoteReport
from benchmarks.scale import ScaleReport
from benchmarks.tables import TABLES
from workbench.bench import LatencyReport, records

Report = (
    AcrossReport
    | CardReport
    | EncodersReport
    | FilesReport
    | LatencyReport
    | MethodsReport
    | PeerReport
    | RemoteReport
    | ScaleReport
    | SimulatedReport
)

KINDS: Mapping[str, type[Report]] = {
    "across": AcrossReport,
    "card": CardReport,
    "encoders": EncodersReport,
    "files": FilesReport,
    "latency": LatencyReport,
    "methods": MethodsReport,
    "peers": PeerReport,
    "remote": RemoteReport,
    "scale": ScaleReport,
    "simulated": SimulatedReport,
}
"""The type of every kind of report, by the name of the table that holds all of it."""


def kind_of(report: Report) -> str:
    """The kind of a report, a key of `KINDS`."""
    return next(kind for kind, made in KINDS.items() if type(report) is made)


def write(report: Report, path: Path) -> str:
    """Write a report as its record or its table, by the file's suffix; the record's hash. As `records.write`."""
    return records.write(report, TABLES[kind_of(report)](report), path)


def load(path: Path) -> tuple[Report, str]:
    """A report that `write` wrote, and its hash; `InputError` for any other file."""
    report: tuple[Report, str] = records.load(path, KINDS)
    return report
