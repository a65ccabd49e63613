"""A whole report in the form that a file's suffix names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.evaluation.record import Record
from workbench.evaluation.reports.contents import named, page_outcomes
from workbench.evaluation.reports.page import CASES, to_html
from workbench.evaluation.reports.pictures import Pictures
from workbench.evaluation.reports.verdicts import Verdicts
from workbench.evaluation.reports.view import View, views
from workbench.table import Table
from workbench.table.writers import to_csv, to_latex, to_markdown

FORMS: Mapping[str, str] = {
    ".html": "one page with charts, pictures and tables, for a browser",
    ".csv": "exact values, one row for each system",
    ".tex": "a LaTeX table (booktabs)",
    ".md": "a Markdown table",
    ".json": "everything that the tables hold",
}
"""Suffixes of report files, and what each holds."""

_TABLES: Mapping[str, Callable[[Sequence[Table]], str]] = {".csv": to_csv, ".tex": to_latex, ".md": to_markdown}


def written(
    records: Sequence[Record],
    form: str,
    tables: Sequence[str] = ("systems",),
    pictures: Pictures | None = None,
    cases: int = CASES,
    by_document: bool = False,
) -> str:
    """The report of some records in one of `FORMS`.

    ``tables`` matter to files of tables alone, ``pictures`` and the number of ``cases`` to the page. `InputError` when
    the records cannot be shown together.
    """
    if form == ".json":
        return json.dumps(values(records, by_document), indent=1) + "\n"
    found = [(view, Verdicts(view)) for view in views(records, by_document)]
    if form == ".html":
        return to_html(found, Pictures(None) if pictures is None else pictures, cases)
    return _TABLES[form]([table for pair in found for table in named(*pair, tables)])


def values(records: Sequence[Record], by_document: bool = False) -> dict[str, Any]:
    """The report as JSON values, one for each set of questions."""
    return {"reports": [summary(view, Verdicts(view)) for view in views(records, by_document)]}


def summary(view: View, verdicts: Verdicts) -> dict[str, Any]:
    """A view as JSON values: measures with intervals and letters, times, bytes, stages, slices, and every test."""
    return {
        "dataset": view.records[0].dataset.name,
        "dataset_hash": view.records[0].dataset.hash,
        "scope": view.records[0].dataset.scope,
        "questions": len(view.questions),
        "means_over": view.unit,
        "measure": view.measure,
        "verdict": verdicts.sentence(),
        "legend": _legend(view, verdicts),
        "records": [record.key for record in view.records],
        "systems": [_system(view, verdicts, i) for i in range(len(view.systems))],
        "boxes": [record.box_means() for record in view.records],
        "comparisons": [
            {
                "system": second.number,
                "against": first.number,
                "difference": pair.difference.mean,
                "low": pair.difference.low,
                "high": pair.difference.high,
                "p": pair.p,
                "p_corrected": pair.adjusted,
                "wins": pair.wins,
                "ties": pair.ties,
                "losses": pair.losses,
                "effect": pair.effect if abs(pair.effect) != float("inf") else None,
                "significant": pair.significant,
            }
            for first, second, pair in verdicts.pairs()
        ],
    }


def _legend(view: View, verdicts: Verdicts) -> str:
    """What stands below a table of the systems."""
    compared = len(view.systems) > 1
    said = [f"Below {view.measure}: its 95 % interval over {view.unit} (bootstrap)."]
    if any(letters for measure in view.measures for letters in verdicts.letters(measure).values()):
        said.append(
            "In a column, pipelines that share a letter are not told apart; bold is told apart from all others."
        )
    elif compared:
        said.append("No two pipelines are told apart on any measure, so that no letters stand.")
    if compared:
        said.append(
            "* the paired randomization test finds a difference (p < .05 after Holm's correction for all pairs)."
        )
    return " ".join((*said, "Times are of a search without encoding the query."))


def _system(view: View, verdicts: Verdicts, i: int) -> dict[str, Any]:
    system = view.systems[i]
    lost = page_outcomes(system)
    low, high = verdicts.interval(view.measure, system.number) or (None, None)
    return {
        "number": system.number,
        "system": system.label,
        "pipeline": system.run.text,
        "encoder": system.record.collection.encoder,
        "collection": system.record.collection.name,
        "record": system.record.key,
        "measures": {measure: system.mean(measure) for measure in view.measures},
        "interval": {"low": low, "high": high},
        "letters": {m: verdicts.letters(m)[system.number] for m in view.measures},
        "best": [measure for measure in view.measures if verdicts.best(measure) == system.number],
        "latency_ms": system.record.latency(system.name),
        "vector_bytes_per_page": system.bytes_per_page,
        "stages": [
            {
                "stage": step.text,
                "hands_on": step.keep,
                "candidate_recall": system.record.recall_at(system.name, step.name),
                "lost": lost[step.name],
            }
            for step in system.run.stages
        ],
        "slices": {key: system.mean(view.measure, ids) for key, ids in view.slices.items() if ids},
        "answers": {q: {m: answer.measures[m] for m in view.measures} for q, answer in system.run.answers.items()},
    }
