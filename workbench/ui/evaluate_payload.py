"""Evaluations as plain JSON for the browser: records, what became of their questions, datasets and jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from workbench.errors import InputError
from workbench.evaluation.losses import Outcome
from workbench.evaluation.record import Record
from workbench.evaluation.saved_runs import Note, SavedRun
from workbench.retrieval import document_filter
from workbench.service.evaluation import DatasetInfo, EvaluationJob
from workbench.types import PageRef
from workbench.ui import payload

SHOWN = 10
"""Results of a question that are shown for a pipeline."""

Json = dict[str, Any]


def dataset(value: DatasetInfo) -> Json:
    """A dataset of the shelf."""
    return asdict(value)


def kept(value: SavedRun) -> Json:
    """A kept record in brief."""
    return asdict(value)


def job(value: EvaluationJob) -> Json:
    """An evaluation on its way, with what was asked."""
    return {
        "job": payload.job(value.job),
        "dataset": value.dataset,
        "scope": value.scope,
        "pipelines": list(value.pipelines),
        "record": value.record,
    }


def record(value: Record) -> Json:
    """What a record says of itself: settings, machine, warnings; not its questions."""
    return {
        "dataset": value.dataset.name,
        "scope": value.dataset.scope,
        "collection": value.collection.name,
        "measures": list(value.measures),
        "date": value.measured.date,
        "seconds": value.measured.seconds,
        "missing": list(value.missing),
        "warnings": list(value.warnings),
        "pipelines": [
            {
                "name": name,
                "text": run.text,
                "stages": [asdict(step) for step in run.stages],
                "lost": value.lost_at(name),
                "relevant": sum(len(answer.relevant) for answer in run.answers.values()),
            }
            for name, run in value.pipelines.items()
        ],
    }


def outcomes(value: Record, found: Sequence[Outcome], notes: Mapping[str, Note]) -> list[Json]:
    """Every question of a pipeline, in the order given. ``first`` and ``final`` are ranks of its telling page."""
    return [
        {
            "question": outcome.question,
            "text": value.questions[outcome.question].text,
            "document": value.questions[outcome.question].document,
            "value": outcome.value,
            "failed": outcome.failed,
            "refused": outcome.refused,
            "first": outcome.telling.first,
            "final": outcome.telling.final,
            "fates": [{**asdict(page_outcome), **page(page_outcome.page)} for page_outcome in outcome.page_outcomes],
            "note": asdict(notes.get(outcome.question, Note())),
        }
        for outcome in found
    ]


def question(value: Record, identifier: str, judged: Mapping[str, int]) -> Json:
    """One question: what every pipeline answered, with grades from the labels and from people's judgements."""
    if identifier not in value.questions:
        raise InputError(f"The record has no question '{identifier}'.")
    asked = value.questions[identifier]
    return {
        "question": identifier,
        "text": asked.text,
        "collection": value.collection.name,
        "version": value.collection.hash,
        "filter": document_filter(asked.document) if value.dataset.scope == "document" else "",
        "tags": {key: list(values) for key, values in asked.tags.items()},
        "grades": dict(asked.grades),
        "judged": dict(judged),
        "boxes": {box.page: dict(box.values) for box in value.boxes if box.question == identifier},
        "pipelines": [
            {
                "name": name,
                "measures": dict(run.answers[identifier].measures),
                "top": [
                    {**page(hit.page), "rank": rank, "score": hit.score, "stages": dict(hit.stages)}
                    for rank, hit in enumerate(run.answers[identifier].top[:SHOWN], 1)
                ],
            }
            for name, run in value.pipelines.items()
        ],
    }


def page(text: str) -> Json:
    """A page reference with its document and number; a reference made elsewhere may have none."""
    try:
        ref = PageRef.parse(text)
    except ValueError:
        return {"page": text, "document": "", "number": 0}
    return {"page": text, "document": ref.document, "number": ref.page}
