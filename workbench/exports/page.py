"""A result as one HTML file: pages with heat and the parts that won, the score word by word, and where time went.

It asks for nothing and runs nothing, by a content security policy as well as by what is in it; texts of documents are
shown as text. The frame, the pictures and the tables are those of evaluation reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from workbench.errors import NotFoundError
from workbench.evaluation.reports.blocks import folded, rows, section
from workbench.evaluation.reports.frame import framed, heat_switch
from workbench.evaluation.reports.markup import Child, el, join
from workbench.evaluation.reports.pictures import Pictures
from workbench.exports.found import Found, FoundPage
from workbench.table import Column, Table, real, table, whole, word
from workbench.types import Explanation, PageRef, Region, SearchResult
from workbench.types.across import AcrossResult

SIDE = 1000
"""Longest side of a picture in pixels: words are legible at it."""
MAX_PICTURES, MAX_BYTES = 400, 24_000_000
REGIONS = 3
WORDS = 160
"""Characters of a part's text that are quoted."""


def to_html(found: Found) -> str:
    """The whole file."""
    shelf = _Shelf({(page.own.collection, page.ref): page for page in found.pages})
    collections = {page.own.collection for page in found.pages}
    pictures = Pictures(shelf, collections, MAX_PICTURES, MAX_BYTES, SIDE, found.look)
    shown = [_page(found, page, pictures) for page in found.pages]
    several = isinstance(found.result, AcrossResult)
    parts: list[tuple[str, str, Child]] = [
        ("pages", "Pages", (heat_switch(pictures, "There are no pictures of these pages."), shown) if shown else
         el("p", "No page was found.", class_="lead")),
        ("ranks", "Ranks in every stage", rows(_ranks(found), captioned=False) if shown and not several else None),
        ("time", "What each collection said" if several else "Where the time went",
         rows(_costs(found.result), captioned=False)),
        ("made", "How it was made", _made(found)),
    ]  # fmt: skip
    parts = [part for part in parts if part[2] is not None]
    links = [(name, title) for name, title, _ in parts]
    return framed(found.query, _facts(found), links, [section(*part) for part in parts], pictures)


def _facts(found: Found) -> list[str]:
    result, count = found.result, len(found.result.hits)
    pages = f"{count:,} page{'' if count == 1 else 's'} of"
    if isinstance(result, AcrossResult):
        return [f"{pages} {', '.join(result.collections)}", f"{result.total_ms:,.1f} ms", found.made]
    how = [result.pipeline, f"encoder {result.encoder}", f"{result.trace.total_ms:,.1f} ms"]
    return [f"{pages} {result.collection}", *how, found.made]


class _Shelf:
    """Pages and explanations that are at hand already, as `Pictures` asks for them."""

    def __init__(self, pages: Mapping[tuple[str, PageRef], FoundPage]) -> None:
        self._pages = pages

    def page_image(self, collection: str, ref: PageRef, size: str = "page") -> Path:
        """The file of the page's picture."""
        return self._pages[collection, ref].picture()

    def explain(self, query: str, ref: PageRef, collection: str) -> Explanation:
        """The explanation that was made."""
        explanation = self._pages[collection, ref].explanation
        if explanation is None:
            raise NotFoundError(f"There are no vectors of {ref}.")
        return explanation


def _page(found: Found, page: FoundPage, pictures: Pictures) -> Markup:
    explanation, hit, across = page.explanation, page.hit, page.across
    regions = explanation.regions[:REGIONS] if explanation is not None else ()
    picture = pictures.picture(
        page.own.collection,
        str(page.ref),
        found.query if explanation is not None else "",
        f"{page.ref}, with the heat of the query and its best parts outlined",
        [region.box for region in regions],
    )
    facts = []
    if across is not None:
        facts += [f"of {', '.join([across.collection, *across.also])}"]
    if hit is not None:
        facts.append(f"rank {page.rank}" + (f", there {hit.rank}" if across is not None else ""))
        facts.append(f"{hit.score:.3f} {hit.score_kind}" if hit.scored else "no score")
    if explanation is not None and (hit is None or abs(explanation.score - hit.score) > 5e-4):
        facts.append(f"MaxSim {explanation.score:.3f} by {explanation.encoder}, which is explained here")
    return el(
        "article",
        el("h3", page.ref.document, ", page ", page.ref.page),
        el("p", " \N{MIDDLE DOT} ".join(facts), class_="facts"),
        el(
            "div",
            picture if picture is not None else el("p", "No picture", class_="blank"),
            el("div", _regions(regions), _ledger(explanation) if explanation is not None else None),
            class_="sheet",
        ),
        class_="case",
    )


def _regions(regions: Sequence[Region]) -> Markup | None:
    if not regions:
        return None
    return el(
        "ol",
        [
            el("li", el("b", f"{region.share:.0%}"), f" {region.kind}", el("q", _short(region.text))
               if region.text.strip() else None)
            for region in regions
        ],
        class_="parts",
    )  # fmt: skip


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= WORDS else plain[:WORDS].rsplit(" ", 1)[0] + "\N{HORIZONTAL ELLIPSIS}"


def _ledger(explanation: Explanation) -> Markup:
    columns = [
        Column("token", "query word"),
        Column("met", "met at"),
        Column("contribution", "adds", True),
        Column("share", "share", True),
    ]
    body = [
        [
            word(row.label),
            word(row.text or f"{(row.box[0] + row.box[2]) / 2:.0%}, {(row.box[1] + row.box[3]) / 2:.0%}"),
            real(row.contribution),
            real(100 * row.share, 1),
        ]
        for row in explanation.ledger
    ]
    made = table("ledger", f"What each query word adds to {explanation.ref}; shares in per cent", columns, body)
    return folded("The score, word by word", rows(made))


def _ranks(found: Found) -> Table:
    stages = list(dict.fromkeys(stage.name for hit in found.hits for stage in hit.stages))
    columns = [Column("page", "page"), *(Column(name, name, True) for name in stages), Column("rank", "rank", True)]
    body = []
    for hit in found.hits:
        said = {stage.name: stage for stage in hit.stages}
        ranks = [said[name].rank if name in said else None for name in stages]
        body.append([word(str(hit.ref)), *map(whole, ranks), whole(hit.rank)])
    return table("ranks", "Rank of every page in every stage", columns, body)


def _costs(result: SearchResult | AcrossResult) -> Table:
    return _collections(result) if isinstance(result, AcrossResult) else _stages(result)


def _collections(result: AcrossResult) -> Table:
    columns = [
        Column("collection", "collection"),
        Column("pages", "pages", True),
        Column("ms", "ms", True),
        Column("pipeline", "pipeline"),
        Column("scale", "its scores are"),
        Column("note", ""),
    ]
    body = []
    for answer in result.answers:
        own = answer.result
        pages, pipeline, notes = (len(own.hits), own.pipeline, own.notes) if own else (0, "", ())
        told = " ".join([*([answer.reason] if answer.reason else []), *notes])
        scale = answer.scale or "its own"
        cells = [whole(pages), real(answer.ms, 1), word(pipeline), word(scale if pages else ""), word(told)]
        body.append([word(answer.collection), *cells])
    return table("time", "What each collection said", columns, body)


def _stages(result: SearchResult) -> Table:
    columns = [
        Column("stage", "stage"),
        Column("ms", "ms", True),
        Column("in", "pages in", True),
        Column("out", "pages out", True),
        Column("vectors", "vectors compared", True),
        Column("bytes", "vector bytes read", True),
        Column("note", ""),
    ]
    body = [
        [
            word(stage.name),
            real(stage.ms, 1),
            *(whole(None if stage.encoding else value) for value in (stage.candidates_in, stage.candidates_out)),
            *(whole(None if stage.encoding else value) for value in (stage.vectors_compared, stage.bytes_read)),
            word(", ".join(["cold"] * stage.cold + ["remembered"] * stage.cache_hit)),
        ]
        for stage in result.trace.stages
    ]
    return table("time", "What each stage cost, as measured", columns, body)


def _made(found: Found) -> Markup:
    result = found.result
    how: list[tuple[str, Child]]
    if isinstance(result, AcrossResult):
        how = [("Collections", ", ".join(result.collections)), ("Order", result.statement or None)]
    else:
        how = [
            ("Collection", result.collection),
            ("Pipeline", el("code", result.pipeline)),
            ("Encoder", result.encoder),
            ("Notes", " ".join(result.notes) or None),
        ]
    facts: list[tuple[str, Child]] = [
        ("Query", found.query),
        *how,
        ("Filter", el("code", found.filter) if found.filter else None),
        ("Date", found.made or None),
        ("Again", el("code", found.command) if found.command else None),
        (
            "Heat",
            f"Of the vector that lies there: {found.look}. Parts are numbered by the share of the page's MaxSim that "
            "falls on them.",
        ),
    ]
    return join([el("dl", [(el("dt", name), el("dd", value)) for name, value in facts if value], class_="made")])
