"""The tables of a report, made from the records alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from workbench.evaluation.reports.charts import front
from workbench.evaluation.reports.verdicts import Verdicts
from workbench.evaluation.reports.view import FOUND, ReportedSystem, View
from workbench.table import Cell, Column, Table, real, table, whole, word

NUMBER = Column("number", "#", True)
SYSTEM = Column("system", "system")


def systems(view: View, verdicts: Verdicts) -> Table:
    """Every system with its measures, its time and its bytes; intervals and letters of the measure compared."""
    columns = [
        NUMBER,
        SYSTEM,
        *(Column(measure, measure, True) for measure in view.measures),
        Column("p50_ms", "ms, median", True),
        Column("p95_ms", "ms, 95th", True),
        Column("encode_p50_ms", "encode ms", True),
        Column("bytes_per_page", "vector bytes a page", True),
    ]
    rows = []
    for system in view.systems:
        times = system.record.latency(system.name)
        rows.append(
            [
                *_head(system),
                *(quality(system, measure, verdicts) for measure in view.measures),
                *(real(times.get(key), 1) for key in ("p50", "p95", "encode_p50")),
                whole(round(system.bytes_per_page)),
            ]
        )
    return table("systems", f"{view.title}: {view.unit}", columns, rows, verdicts.notes)


def quality(system: ReportedSystem, measure: str, verdicts: Verdicts) -> Cell:
    """A mean with what the tests say of it."""
    value = system.mean(measure)
    bold = verdicts.best(measure) == system.number
    mark = verdicts.letters(measure).get(system.number, "")
    return Cell(value, f"{value:.3f}", mark, verdicts.interval(measure, system.number), bold)


def plain(view: View, verdicts: Verdicts) -> Table:
    """The systems without times, which differ from run to run: what a file under version control can hold."""
    return _but(systems(view, verdicts), "plain", {"number", "p50_ms", "p95_ms", "encode_p50_ms"})


def brief(view: View, verdicts: Verdicts) -> Table:
    """The systems with one time."""
    return _but(systems(view, verdicts), "brief", {"number", "p95_ms", "encode_p50_ms"})


def _but(full: Table, name: str, without: set[str]) -> Table:
    kept = [i for i, column in enumerate(full.columns) if column.key not in without]
    rows = [[row[i] for i in kept] for row in full.rows]
    return table(name, full.caption, [full.columns[i] for i in kept], rows, full.notes)


def tradeoffs(view: View, costs: Mapping[int, float], cost: Column, verdicts: Verdicts) -> Table:
    """Quality against one cost, and which systems no other beats in both."""
    shown = [system for system in view.systems if system.number in costs]
    best = front([(costs[system.number], system.mean(view.measure)) for system in shown])
    rows = [
        [
            *_head(system),
            quality(system, view.measure, verdicts),
            Cell(costs[system.number], f"{costs[system.number]:,.{0 if cost.key == 'bytes_per_page' else 1}f}"),
            word("yes" if on_front else "no"),
        ]
        for system, on_front in zip(shown, best, strict=True)
    ]
    columns = [NUMBER, SYSTEM, Column(view.measure, view.measure, True), cost, Column("front", "on the front")]
    return table(f"quality-{cost.key}", f"{view.measure} against {cost.heading}", columns, rows)


def stages(view: View) -> Table:
    """For every stage: the pages it hands on, the share of relevant pages among them, and how many it lost."""
    columns = [
        NUMBER,
        SYSTEM,
        Column("stage", "stage"),
        Column("keep", "hands on", True),
        Column("recall", "candidate recall", True),
        Column("lost", "relevant pages lost", True),
    ]
    rows = []
    for system in view.systems:
        lost = page_outcomes(system)
        for step in system.run.stages:
            recall = system.record.recall_at(system.name, step.name)
            rows.append([*_head(system), word(step.text), whole(step.keep), real(recall), whole(lost[step.name])])
    return table("stages", "Where relevant pages were lost", columns, rows)


def page_outcomes(system: ReportedSystem) -> Counter[str]:
    """Number of relevant pages by what became of them."""
    return Counter(page_outcome for _, _, page_outcome in system.page_outcomes())


def comparisons(view: View, verdicts: Verdicts) -> Table:
    """Every later system against every earlier one, on the measure compared."""
    columns = [
        SYSTEM,
        Column("against", "against"),
        Column("difference", f"{view.measure} difference", True),
        Column("wins", "wins", True),
        Column("ties", "ties", True),
        Column("losses", "losses", True),
        Column("effect", "effect size", True),
        Column("p", "p", True),
        Column("p_corrected", "p, corrected", True),
        Column("significant", "told apart"),
    ]
    rows = []
    for first, second, pair in verdicts.pairs():
        low_high = (pair.difference.low, pair.difference.high)
        effect = Cell(pair.effect, signed(pair.effect, 2)) if isfinite(pair.effect) else Cell(None, "\N{INFINITY}")
        rows.append(
            [
                word(second.label),
                word(first.label),
                Cell(pair.difference.mean, signed(pair.difference.mean), interval=low_high),
                *map(whole, (pair.wins, pair.ties, pair.losses)),
                effect,
                Cell(pair.p, probability(pair.p)),
                Cell(pair.adjusted, probability(pair.adjusted)),
                word("yes" if pair.significant else "no"),
            ]
        )
    notes = [f"Effect size is Cohen's d of the paired differences. Told apart: {verdicts.how}"]
    return table("comparisons", f"Pairs of systems, {view.measure}", columns, rows, notes)


def against(view: View, base: ReportedSystem, system: ReportedSystem) -> Table:
    """Questions on which one system differs from another, the greatest gain first."""
    columns = [
        Column("question", "id"),
        Column("text", "question"),
        Column("base", base.label, True),
        Column("system", system.label, True),
        Column("difference", "difference", True),
    ]
    rows = []
    for key, question in view.questions.items():
        before, after = (s.answer(key).measures[view.measure] for s in (base, system))
        if before != after:
            difference = Cell(after - before, signed(after - before))
            rows.append([word(key), word(question.text), real(before), real(after), difference])
    rows.sort(key=lambda row: -float(row[4].value or 0))
    caption = f"{system.label} against {base.label}; {len(view.questions) - len(rows)} questions are equal"
    return table("differences", caption, columns, rows)


def slices(view: View) -> Table:
    """The measure compared, for each tag value and each system."""
    columns = [
        Column("slice", "slice"),
        Column("questions", "questions", True),
        *(Column(system.label, system.label, True) for system in view.systems),
    ]
    rows = [
        [
            word(key),
            whole(len(ids)),
            *(real(system.mean(view.measure, ids)) for system in view.systems),
        ]
        for key, ids in view.slices.items()
        if ids
    ]
    return table("slices", f"{view.measure} by slice", columns, rows)


def questions(view: View, most: int | None = None) -> Table:
    """Every question with the measure compared for each system, those that systems differ on most first."""
    columns = [
        Column("question", "id"),
        Column("text", "question"),
        *(Column(system.label, system.label, True) for system in view.systems),
        Column("spread", "spread", True),
    ]
    found = []
    for key, question in view.questions.items():
        values = [system.answer(key).measures[view.measure] for system in view.systems]
        found.append((max(values) - min(values), key, question.text, values))
    found.sort(key=lambda row: (-row[0], row[1]))
    rows = [[word(key), word(text), *map(real, values), real(spread)] for spread, key, text, values in found[:most]]
    return table("questions", f"{view.measure} by question", columns, rows)


def losses(view: View) -> Table:
    """Every relevant page that a system did not hand on, with the stage that lost it and its rank there."""
    columns = [
        Column("question", "id"),
        SYSTEM,
        Column("page", "relevant page"),
        Column("stage", "lost at"),
        Column("rank", "rank there", True),
        Column("keep", "hands on", True),
    ]
    rows = []
    for system in view.systems:
        keeps = {step.name: step.keep for step in system.run.stages}
        for question, page, page_outcome in system.page_outcomes():
            if page_outcome == FOUND:
                continue
            rank = system.answer(question).relevant[page].get(page_outcome)
            names = (word(question), word(system.label), word(page), word(page_outcome))
            rows.append([*names, whole(rank), whole(keeps.get(page_outcome))])
    return table("losses", "Relevant pages that were not found", columns, rows)


def boxes(view: View) -> Table:
    """How well explanations point at the evidence, beside chance; for records of datasets that mark it."""
    columns = [
        Column("collection", "collection"),
        Column("encoder", "encoder"),
        Column("measure", "measure"),
        Column("value", "value", True),
        Column("chance", "chance", True),
        Column("questions", "questions", True),
    ]
    rows = []
    for record in view.records:
        names = (word(record.collection.name), word(record.collection.encoder))
        for measure, found in record.box_means().items():
            figures = (real(found["value"]), real(found["chance"]), whole(int(found["questions"])))
            rows.append([*names, word(measure), *figures])
    return table("boxes", "Where explanations point", columns, rows)


def spread(view: View, question: str) -> float:
    """How far apart the systems are on a question."""
    values = [system.answer(question).measures[view.measure] for system in view.systems]
    return max(values) - min(values)


def signed(value: float, digits: int = 3) -> str:
    """A difference with its sign."""
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def probability(value: float) -> str:
    """A p-value as papers print it."""
    return "< .001" if value < 0.001 else f"{value:.3f}"


def _head(system: ReportedSystem) -> list[Cell]:
    return [whole(system.number), word(system.label)]


TABLES: Mapping[str, Any] = {
    "systems": systems,
    "plain": plain,
    "brief": brief,
    "stages": lambda view, verdicts: stages(view),
    "comparisons": comparisons,
    "slices": lambda view, verdicts: slices(view),
    "questions": lambda view, verdicts: questions(view),
    "losses": lambda view, verdicts: losses(view),
    "boxes": lambda view, verdicts: boxes(view),
}
"""Tables by the name a command asks for them, each a function of a view and its verdicts."""


def named(view: View, verdicts: Verdicts, names: Sequence[str]) -> list[Table]:
    """Some of the tables."""
    return [TABLES[name](view, verdicts) for name in names]
