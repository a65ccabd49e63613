"""What an evaluation leaves: TREC runs that other tools can check, and the record."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import InputError
from workbench.evaluation.record import Record
from workbench.evaluation.runs import write_qrels, write_trec


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
