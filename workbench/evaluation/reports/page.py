"""A report as one HTML file: it asks for nothing, runs nothing, and shows text of documents as nothing but text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from markupsafe import Markup

from workbench.evaluation.reports import cases, charts, contents
from workbench.evaluation.reports.blocks import figure, folded, notes, rows, section
from workbench.evaluation.reports.contents import signed
from workbench.evaluation.reports.frame import framed, heat_switch
from workbench.evaluation.reports.markup import Child, el, join
from workbench.evaluation.reports.pictures import Pictures
from workbench.evaluation.reports.verdicts import Verdicts
from workbench.evaluation.reports.view import ABSENT, FOUND, ReportedSystem, View
from workbench.table import Column, Table

CASES = 10
OPEN = 3
"""Questions shown with their pictures, of failures and of differences each, and how many of them unfolded."""
LISTED = 300
"""Rows of a folded table at most; files have them all."""


def to_html(found: Sequence[tuple[View, Verdicts]], pictures: Pictures, most_cases: int) -> str:
    """The report of some views; their pictures come from ``pictures``, as far as it has room."""
    many = len(found) > 1
    # The differing and failed questions come first in taking pictures.
    parts = [_view(view, verdicts, pictures, most_cases, f"s{n}-" if many else "", many)
             for n, (view, verdicts) in enumerate(found, 1)]  # fmt: skip
    title = f"Evaluation of {', '.join(dict.fromkeys(view.records[0].dataset.name for view, _ in found))}"
    links = [link for _, entries in parts for link in entries]
    shown = links if len(links) <= 9 else links[:: max(len(links) // len(found), 1)]
    return framed(title, _facts(found), shown, [part for part, _ in parts], pictures)


def _facts(found: Sequence[tuple[View, Verdicts]]) -> list[str]:
    records = [record for view, _ in found for record in view.records]
    questions = sum(len(view.questions) for view, _ in found)
    encoders = ", ".join(dict.fromkeys(record.collection.encoder for record in records))
    dates = sorted({record.measured.date[:10] for record in records if record.measured.date})
    return [
        f"{questions:,} questions",
        f"{max(record.collection.pages for record in records):,} pages",
        f"encoder {encoders}",
        " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else "",
    ]


def _view(
    view: View, verdicts: Verdicts, pictures: Pictures, most: int, prefix: str, titled: bool
) -> tuple[Markup, list[tuple[str, str]]]:
    parts = [
        ("systems", "Systems", _systems(view, verdicts)),
        ("tradeoffs", "Trade-offs", _tradeoffs(view, verdicts)),
        ("failures", "Failures", _failures(view, pictures, most)),
        ("losses", "Where pages were lost", _losses(view)),
        ("differences", "Differences", _differences(view, verdicts, pictures, most)),
        ("slices", "Slices", rows(contents.slices(view), captioned=False) if view.slices else None),
        ("boxes", "Where explanations point", _boxes(view)),
        ("made", "How it was made", _made(view)),
    ]
    shown = [(f"{prefix}{name}", title, inside) for name, title, inside in parts if inside is not None]
    body = [section(name, title, inside) for name, title, inside in shown]
    links = [(name, title) for name, title, _ in shown]
    if not titled:
        return join(body), links
    name = f"{prefix}top"
    return el("div", el("h2", view.title, id=name), body, class_="set"), [(name, view.title), *links]


def _systems(view: View, verdicts: Verdicts) -> Markup:
    made = contents.systems(view, verdicts)
    records = [record for record in view.records if record.warnings or record.missing]
    absent = sorted({page for record in records for page in record.missing})
    said = f"{len(absent):,} relevant pages are not in the collection and count as misses. " if absent else ""
    return join((
        el("p", verdicts.sentence(), class_="lead"),
        el("p", said, class_="say") if said else None,
        rows(made, captioned=False),
        notes(made),
    ))  # fmt: skip


def _tradeoffs(view: View, verdicts: Verdicts) -> Markup | None:
    if len(view.systems) < 2:
        return None
    speed = {s.number: s.milliseconds for s in view.systems if s.milliseconds is not None}
    size = {s.number: s.bytes_per_page for s in view.systems}
    drawn = []
    if len(speed) > 1:
        drawn.append(_tradeoff(view, speed, Column("p50_ms", "ms, median", True), verdicts, "time", _ms))
    drawn.append(_tradeoff(view, size, Column("bytes_per_page", "vector bytes a page", True), verdicts, "size", _bytes))
    text = (
        "Higher is better, further left is cheaper. Filled marks are on the Pareto front: no other system is at least "
        "as good for at most the cost. Lines are 95% intervals. A search is timed without encoding its "
        "query; words indexes are not counted as vector bytes."
    )
    return join((el("p", text, class_="say"), el("div", drawn, class_="pair")))


def _tradeoff(
    view: View, costs: dict[int, float], cost: Column, verdicts: Verdicts, what: str, shown: charts.Format
) -> Markup:
    points = [
        charts.Point(
            system.number,
            system.label,
            costs[system.number],
            system.mean(view.measure),
            verdicts.interval(view.measure, system.number),
        )
        for system in view.systems
        if system.number in costs
    ]
    title = f"{view.measure} against {what}"
    chart = charts.tradeoff(points, title, cost.heading, view.measure, shown)
    return figure(title, chart, contents.tradeoffs(view, costs, cost, verdicts))


def _losses(view: View) -> Markup:
    bars, kinds = [], {}
    for system in view.systems:
        lost = contents.page_outcomes(system)
        names = [step.name for step in system.run.stages]
        texts = {step.name: step.text for step in system.run.stages}
        parts = [("found", "handed on by every stage", float(lost[FOUND]))]
        for place, name in enumerate(names):
            kind = f"lost-{min(len(names) - 1 - place, 3)}"
            parts.append((kind, f"lost at {texts[name]}", float(lost[name])))
            if lost[name]:
                kinds[kind] = _ago(len(names) - 1 - place)
        parts.append(("absent", ABSENT, float(lost[ABSENT])))
        if lost[ABSENT]:
            kinds["absent"] = ABSENT
        bars.append(charts.Bar(f"{system.number}  {system.label}", parts))
    total = sum(len(answer.relevant) for answer in view.systems[0].run.answers.values())
    title = "What became of the relevant pages"
    legend = [("found", "found"), *sorted(kinds.items(), key=lambda item: (item[0] == "absent", item[0]))]
    text = (
        f"{total:,} relevant pages, each counted once for every question that it answers. A page is lost at the first "
        "stage that does not hand it on; candidate recall is the mean over questions of the share of relevant pages "
        "that a stage does hand on."
    )
    twin = contents.stages(view)
    chart = charts.stacked(bars, title, "One bar for each system; the table beside it has the values.")
    drawn = el("div", figure(title, chart, legend=legend), rows(twin, captioned=False), class_="pair")
    return join((el("p", text, class_="say"), drawn))


def _ago(stages: int) -> str:
    return ("lost at the last stage", "lost one stage before it", "lost two before it", "lost earlier")[min(stages, 3)]


def _failures(view: View, pictures: Pictures, most: int) -> Markup | None:
    failed = cases.failures(view)
    if not failed:
        return None
    every = sum(all(s.answer(q).measures[view.measure] == 0 for s in view.systems) for q in failed)
    text = f"{len(failed):,} of {len(view.questions):,} questions have {view.measure} 0 in at least one system"
    text += f", {every:,} in every one." if len(view.systems) > 1 else "."
    shown = [cases.failure(view, question, pictures) for question in failed[:most]]
    lost = contents.losses(view)
    return join((
        el("p", text, " The heat shows where the page answers the query, by the stored vectors.", class_="say"),
        heat_switch(pictures, "There are no pictures here: the pages' collection was not at hand."),
        shown[:OPEN],
        folded(f"{len(shown) - OPEN} more failures", shown[OPEN:]) if len(shown) > OPEN else None,
        _rest(failed, most, "failures"),
        folded(f"All {len(lost.rows):,} relevant pages that were not found", _bounded(lost)) if lost.rows else None,
    ))  # fmt: skip


def _bounded(made: Table) -> Markup:
    if len(made.rows) <= LISTED:
        return rows(made, captioned=False)
    short = replace(made, rows=made.rows[:LISTED])
    text = f"The first {LISTED:,} of {len(made.rows):,}; the CSV form of this report has them all."
    return join((rows(short, captioned=False), el("p", text, class_="note")))


def _rest(questions: Sequence[str], most: int, what: str) -> Markup | None:
    left = len(questions) - most
    return el("p", f"{left:,} more {what} are in the tables.", class_="note") if left > 0 else None


def _differences(view: View, verdicts: Verdicts, pictures: Pictures, most: int) -> Markup | None:
    if len(view.systems) < 2:
        return None
    base, pairs = view.systems[0], contents.comparisons(view, verdicts)
    differ = [s for s in view.systems[1:] if (s.values(view.measure) != base.values(view.measure)).any()]
    drawn = [_against(view, base, system, verdicts) for system in differ]
    same = [system.label for system in view.systems[1:] if system not in differ]
    apart = cases.most_different(view)
    shown = [cases.difference(view, question, pictures) for question in apart[:most]]
    text = (
        f"Each system against the first, {base.label}, question by question; then the questions they differ on most. "
    )
    if same:
        text += f"No question has another {view.measure} in {', '.join(same)}."
    return join((
        el("p", text, class_="say"),
        el("div", drawn[:6], class_="pair"),
        folded(f"{len(drawn) - 6} more", el("div", drawn[6:], class_="pair")) if len(drawn) > 6 else None,
        folded("Every pair of systems, tested", rows(pairs, captioned=False), notes(pairs)),
        el("h3", f"The {len(shown)} questions that differ most") if shown else
        el("p", "No question is answered differently.", class_="say"),
        shown[:OPEN],
        folded(f"{len(shown) - OPEN} more of them", shown[OPEN:]) if len(shown) > OPEN else None,
        _rest(apart, most, "such questions"),
        folded(f"All {len(view.questions):,} questions", _bounded(contents.questions(view))),
    ))  # fmt: skip


def _against(view: View, base: ReportedSystem, system: ReportedSystem, verdicts: Verdicts) -> Markup:
    values = [float(value) for value in system.values(view.measure) - base.values(view.measure)]
    pair = verdicts.against_first(system)
    said = f"{pair.wins} better, {pair.ties} equal, {pair.losses} worse; mean {signed(pair.difference.mean)}, "
    said += f"corrected p {contents.probability(pair.adjusted)}" + ("" if pair.significant else ", not told apart")
    title = f"{system.label} against {base.label}"
    chart = charts.differences(values, title, said, view.measure, view.unit)
    return figure(title, chart, contents.against(view, base, system), said)


def _boxes(view: View) -> Markup | None:
    pointed = contents.boxes(view)
    if not pointed.rows:
        return None
    text = (
        "The best region of each explanation against the boxes that the dataset marks as evidence. point: whether its "
        "centre lies in a box, where chance is the share of the page that boxes cover. iou: intersection over union "
        "with the box it fits best, where chance is the mean over places all over the page."
    )
    return join((el("p", text, class_="say"), rows(pointed, captioned=False)))


def _made(view: View) -> Markup:
    parts = []
    for record in view.records:
        held = record.collection
        facts: list[tuple[str, Child]] = [
            ("Dataset", f"{record.dataset.name}, scope {record.dataset.scope}, {record.dataset.hash[:16]}"),
            ("Collection", f"{held.name}, {held.pages:,} pages, {held.hash[:16]}"),
            ("Encoder", held.encoder),
            ("Pipelines", _listed([el("code", run.text) for run in record.pipelines.values()])),
            ("Settings", _pairs(held.settings)),
            ("Versions", _pairs(record.versions)),
            ("Machine", _pairs(record.measured.machine)),
            ("Date", f"{record.measured.date}, {record.measured.seconds:,.0f} s" if record.measured.date else ""),
            ("Record", record.key),
            ("Not indexed", "; ".join(f"{page.page}: {page.reason}" for page in record.failed[:20])),
            ("Not there", ", ".join(record.missing[:50])),
            ("Warnings", "; ".join(record.warnings[:20])),
        ]
        parts.append(el("dl", [(el("dt", name), el("dd", value)) for name, value in facts if value], class_="made"))
    return join(parts)


def _listed(parts: Sequence[Markup]) -> Markup:
    return Markup(", ").join(parts)


def _pairs(values: Mapping[str, object]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {_value(value)}" for key, value in values.items())


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def _ms(value: float) -> str:
    return f"{value:g} ms" if value else "0"


def _bytes(value: float) -> str:
    for unit in ("B", "kB", "MB"):
        if value < 1000 or unit == "MB":
            return f"{value:.3g} {unit}" if value else "0"
        value /= 1000
    raise AssertionError("no unit")
