"""Single questions of a report: what each system answered, with pictures, and which stage lost the pages it missed."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from workbench.evaluation.record import RankedPage
from workbench.evaluation.reports.contents import signed, spread
from workbench.evaluation.reports.markup import el, join
from workbench.evaluation.reports.pictures import Pictures
from workbench.evaluation.reports.view import ABSENT, FOUND, ReportedSystem, View

PAGES = 5
"""Pages of a list that are shown."""


def failures(view: View) -> list[str]:
    """Questions on which a system got nothing, those that most systems failed first, then by the records' order."""
    failed = {
        question: sum(system.answer(question).measures[view.measure] == 0 for system in view.systems)
        for question in view.questions
    }
    place = {question: i for i, question in enumerate(view.questions)}
    return sorted((q for q, count in failed.items() if count), key=lambda q: (-failed[q], place[q]))


def most_different(view: View) -> list[str]:
    """Questions that systems differ on, the furthest apart first."""
    found = [question for question in view.questions if spread(view, question) > 0]
    return sorted(found, key=lambda question: (-spread(view, question), question))


def failure(view: View, question: str, pictures: Pictures) -> Markup:
    """A failed question: what became of each relevant page in each system, and what was found instead of it."""
    failed = [system for system in view.systems if system.answer(question).measures[view.measure] == 0]
    relevant = list(failed[0].answer(question).relevant)
    wanted = [_shown(failed[0], question, page, pictures, "relevant", True) for page in relevant[:PAGES]]
    instead = [_ranked(failed[0], question, rank, hit, pictures) for rank, hit in _top(failed[0], question)]
    lists = [
        _list("Should have been found", "", wanted),
        _list("Found instead", "", instead, failed[0].label) if instead else None,
    ]
    return _case(
        view,
        question,
        f"{len(failed)} of {len(view.systems)} found nothing" if len(view.systems) > 1 else "",
        _fates(failed, question),
        el("div", lists, class_="lists"),
    )


def difference(view: View, question: str, pictures: Pictures) -> Markup:
    """A question that systems differ on: the lists of the best and the worst of them side by side."""
    ordered = sorted(view.systems, key=lambda system: -system.answer(question).measures[view.measure])
    best, worst = ordered[0], ordered[-1]
    lists = []
    for system in (best, worst):
        shown = [_ranked(system, question, rank, hit, pictures) for rank, hit in _top(system, question)]
        value = system.answer(question).measures[view.measure]
        empty = el("p", system.answer(question).refused or "Nothing was found.", class_="note")
        lists.append(_list("", f"{value:.3f}", shown or [empty], system.label))
    apart = signed(spread(view, question)).lstrip("+")
    return _case(
        view,
        question,
        f"{view.measure} {apart} apart",
        _fates([best, worst], question),
        el("div", lists, class_="lists"),
    )


def _fates(systems: Sequence[ReportedSystem], question: str) -> Markup:
    """What became of the relevant pages, systems with the same fate together."""
    same: dict[Markup, list[str]] = {}
    for system in systems:
        same.setdefault(_fate(system, question), []).append(system.label)
    told = [el("li", Markup(", ").join(el("code", name) for name in names), ": ", said) for said, names in same.items()]
    return el("ul", told, class_="lost-list")


def _fate(system: ReportedSystem, question: str) -> Markup:
    answer = system.answer(question)
    if answer.refused:
        return Markup("").join(("not searched. ", escape(answer.refused)))
    many = len(answer.relevant) > 1
    parts = [
        join((el("span", page, " ") if many else None, fate_text(system, question, page))) for page in answer.relevant
    ]
    return Markup("; ").join(parts)


def fate_text(system: ReportedSystem, question: str, page: str) -> Markup:
    """What became of a relevant page, in words; the stage that lost it stands out."""
    page_outcome = system.page_outcome(question, page)
    ranks = system.answer(question).relevant[page]
    if page_outcome == ABSENT:
        return el("b", "not in the collection")
    if page_outcome == FOUND:
        return join((f"found at rank {ranks[system.run.stages[-1].name]}",))
    step = next(step for step in system.run.stages if step.name == page_outcome)
    rank = ranks.get(page_outcome)
    where = "which did not rank it" if rank is None else f"rank {rank:,}, {step.keep:,} are kept"
    return join((el("b", f"lost at {step.text}"), f", {where}"))


def _top(system: ReportedSystem, question: str) -> list[tuple[int, RankedPage]]:
    return list(enumerate(system.answer(question).top[:PAGES], 1))


def _ranked(system: ReportedSystem, question: str, rank: int, hit: RankedPage, pictures: Pictures) -> Markup:
    relevant = hit.page in system.answer(question).relevant
    earlier = [f"{name} {place:,}" for name, place in hit.stages.items() if name != system.run.stages[-1].name]
    note = f"{rank}" + (f" (was {', '.join(earlier)})" if earlier else "")
    return _shown(system, question, hit.page, pictures, note, relevant)


def _shown(system: ReportedSystem, question: str, page: str, pictures: Pictures, note: str, relevant: bool) -> Markup:
    text = system.record.questions[question].text
    label = f"{page}{', relevant' if relevant else ''}"
    picture = pictures.picture(system.record.collection.name, page, text, label)
    document, _, number = page.rpartition("#page=")
    return el(
        "li",
        picture or el("div", "no picture", class_="blank", aria_hidden="true"),
        el("span", document or page, f" p.\N{NO-BREAK SPACE}{number}" if document else "", class_="where", title=page),
        el("span", el("span", "relevant", class_="tag") if relevant else None,
           " " if relevant and note != "relevant" else None, note if note != "relevant" else None, class_="rank"),
        class_="relevant" if relevant else None,
    )  # fmt: skip


def _list(title: str, value: str, shown: Sequence[Markup], system: str = "") -> Markup:
    head = [el("span", title) if title else None, el("code", system) if system else None]
    return el(
        "div",
        el("div", head, el("b", value) if value else None, class_="list-head"),
        el("ol", shown, class_="pages"),
    )


def _case(view: View, question: str, note: str, *inside: Markup) -> Markup:
    asked = view.questions[question]
    tags = ", ".join(f"{key} {', '.join(values)}" for key, values in asked.tags.items() if any(values))
    facts = [part for part in (f"question {question}", asked.document, tags, note) if part]
    return el(
        "article",
        el("h3", asked.text),
        el("p", " \N{MIDDLE DOT} ".join(facts), class_="facts"),
        *inside,
        class_="case",
    )
