"""What an evaluation leaves: the JSON that is printed, TREC runs that other tools can check, and the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.evaluation.comparing import within
from workbench.evaluation.record import Record
from workbench.evaluation.runs import write_qrels, write_trec
from workbench.evaluation.statistics import interval


def summary(record: Record) -> dict[str, Any]:
    """The JSON form that ``pagelens eval --json`` prints."""
    comparison = within(record)
    pages = max(record.collection.pages, 1)
    on_disk = {"collection_bytes_per_page": round(record.measured.bytes / pages)}
    return {
        "dataset": record.dataset.name,
        "scope": record.dataset.scope,
        "pages": record.collection.pages,
        "queries": record.dataset.questions,
        "warnings": list(record.warnings),
        "missing_pages": list(record.missing),
        "failed_pages": [{"page": failed.page, "reason": failed.reason} for failed in record.failed],
        "pipelines": {
            name: {
                "metrics": record.mean(name),
                "intervals": {
                    measure: [found.low, found.high]
                    for measure in record.measures
                    for found in (interval(record.values(name, measure)),)
                },
                "slices": {key: {"queries": len(ids), **record.mean(name, ids)} for key, ids in record.slices.items()},
                "latency_ms": record.latency(name),
                "candidate_recall": {step.text: record.recall_at(name, step.name) for step in run.stages[:-1]},
                "storage": {**run.storage, **on_disk},
            }
            for name, run in record.pipelines.items()
        },
        "comparison": comparison.as_dict(),
        **({"boxes": record.box_means()} if record.boxes else {}),
    }


def write(record: Record, folder: Path) -> list[Path]:
    """Write one TREC run per pipeline, the labels in TREC form, and the record; returns what was written."""
    ready(folder)
    written = []
    for number, (name, run) in enumerate(record.pipelines.items(), 1):
        short = "".join(c if c.isalnum() or c in "-_" else "_" for c in name).strip("_")[:60]
        path = folder / f"{number:02d}-{short}.trec"
        found = {query: [(hit.page, hit.score) for hit in answer.top] for query, answer in run.answers.items()}
        write_trec(path, found, run.text)
        written.append(path)
    labels = folder / "qrels.trec"
    write_qrels(labels, {query: question.grades for query, question in record.questions.items()})
    return [*written, labels, record.write(folder)]


def ready(folder: Path) -> None:
    """Make the folder; `InputError` when that cannot be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder '{folder}' cannot be made ({error.strerror or error}); name another.") from None
