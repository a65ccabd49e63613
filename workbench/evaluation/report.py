"""What an evaluation found: as values, as the JSON that is printed, and as files that other tools can check."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.evaluation.runs import write_trec
from workbench.settings import version

MADE_WITH = ("ir-measures", "lancedb", "numpy", "torch", "transformers", "pypdfium2", "rapidocr")


@dataclass(frozen=True, slots=True)
class RankedPage:
    """A page of a run with its rank in every stage."""

    page: str
    rank: int
    score: float
    stages: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """One pipeline: means, means per slice with their number of queries, times, and what each stage kept.

    ``metrics_per_query[query][measure]``; ``ranks[query][relevant page]`` is None where the page was not found;
    ``run[query]`` is everything that was found, best first.
    """

    pipeline: str
    metrics: Mapping[str, float]
    slices: Mapping[str, Mapping[str, float]]
    latency_ms: Mapping[str, float]
    candidate_recall: Mapping[str, float]
    storage: Mapping[str, float]
    metrics_per_query: Mapping[str, Mapping[str, float]]
    ranks: Mapping[str, Mapping[str, int | None]]
    run: Mapping[str, Sequence[RankedPage]]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """A whole evaluation. ``missing`` are relevant pages that are not in the collection; they count as misses."""

    dataset: str
    collection: str
    scope: str
    pages: int
    queries: int
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    pipelines: Mapping[str, PipelineReport]
    made_with: Mapping[str, Any]

    def summary(self) -> dict[str, Any]:
        """The JSON form that ``pagelens eval --json`` prints."""
        return {
            "dataset": self.dataset,
            "scope": self.scope,
            "pages": self.pages,
            "queries": self.queries,
            "missing_pages": list(self.missing),
            "pipelines": {
                name: {
                    "metrics": dict(report.metrics),
                    "slices": {key: dict(values) for key, values in report.slices.items()},
                    "latency_ms": dict(report.latency_ms),
                    "candidate_recall": dict(report.candidate_recall),
                    "storage": dict(report.storage),
                }
                for name, report in self.pipelines.items()
            },
        }

    def write(self, folder: Path) -> list[Path]:
        """Write one TREC run per pipeline and the full record (``report.json``); returns what was written."""
        ready(folder)
        written = []
        for number, (name, report) in enumerate(self.pipelines.items(), 1):
            short = "".join(c if c.isalnum() or c in "-_" else "_" for c in name).strip("_")[:60]
            path = folder / f"{number:02d}-{short}.trec"
            write_trec(path, {q: [(h.page, h.score) for h in hits] for q, hits in report.run.items()}, report.pipeline)
            written.append(path)
        record = folder / "report.json"
        record.write_text(json.dumps(asdict(self), indent=1, default=str), encoding="utf-8")
        return [*written, record]


def ready(folder: Path) -> None:
    """Make the folder; `InputError` when that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder '{folder}' cannot be made ({error.strerror or error}); name another.") from None


def versions() -> dict[str, Any]:
    """What the figures were made with, and when."""
    found = {"pagelens": version()}
    for package in MADE_WITH:
        try:
            found[package] = installed(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": found,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
