"""What every report page stands in: a head that lets nothing run or load, the masthead, the contents, the colophon."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from workbench.evaluation.reports.markup import Child, el
from workbench.evaluation.reports.pictures import Pictures
from workbench.evaluation.reports.style import policy, sheet
from workbench.resources import asset

MADE = "Made by Pagelens. This file asks the network for nothing and runs no script."
MAIN = "results"


def framed(title: str, facts: Sequence[str], links: Sequence[tuple[str, str]], main: Child, pictures: Pictures) -> str:
    """A whole HTML file: ``facts`` stand below its title, ``links`` are (id, text) of its sections.

    ``main`` is made before, so that ``pictures`` hold what it shows.
    """
    style = sheet()
    body = el(
        "body",
        el("a", "Skip to the results", href=f"#{MAIN}", class_="skip"),
        pictures.store(),
        _masthead(title, facts, links),
        el("main", main, id=MAIN),
        el("footer", _colophon(pictures)),
    )
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy(style)),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{title} \N{MIDDLE DOT} Pagelens"),
        Markup(f"<style>{style}</style>"),  # ours, and under the hash that the policy names
    )
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n"


def heat_switch(pictures: Pictures, instead: str) -> Markup:
    """What hides the heat on the pictures, or the sentence ``instead`` where there are none."""
    if not len(pictures):
        return el("p", instead, class_="note")
    return el(
        "label", el("input", type="checkbox", checked=True, class_="heat-switch"), "Heat on the pages", class_="switch"
    )


def _masthead(title: str, facts: Sequence[str], links: Sequence[tuple[str, str]]) -> Markup:
    mark = Markup(asset("icons/favicon.svg").read_text(encoding="utf-8").strip())
    return el(
        "header",
        el("div", el("div", mark, el("span", "Pagelens"), class_="brand")),
        el("div", el("h1", title), el("p", " \N{MIDDLE DOT} ".join(filter(None, facts)), class_="dateline")),
        el("nav", [el("a", text, href=f"#{name}") for name, text in links], class_="contents", aria_label="Contents"),
        class_="top",
    )


def _colophon(pictures: Pictures) -> str:
    if not pictures.left_out:
        return MADE
    return f"{MADE} {pictures.left_out:,} pictures were left out to keep it small."
