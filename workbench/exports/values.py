"""A result as data: JSON, a table for a spreadsheet, and a run that tools of the TREC family read."""

from __future__ import annotations

import json

from pydantic import BaseModel

from workbench.answers import json_values
from workbench.answers.explanations import ExportedAcross, ExportedSearch
from workbench.evaluation.runs import trec_lines
from workbench.exports.found import Found, FoundPage
from workbench.table import Cell, Column, Table, real, table, whole, word
from workbench.table.writers import to_csv
from workbench.types.across import AcrossResult

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""What tells a spreadsheet that a file is UTF-8."""


def to_json(found: Found) -> str:
    """What ``search --json`` prints, each hit with what ``explain --json`` would, but for the heat of every vector."""
    pages = [(page.own.collection, page.hit, page.explanation) for page in found.pages]
    reasons = {(name, hit.page_id): why for name, hit, why in pages if hit is not None and why is not None}
    made: BaseModel
    if isinstance(found.result, AcrossResult):
        made = ExportedAcross.with_reasons(found.result, reasons, found.filter, found.made)
    else:
        made = ExportedSearch.with_reasons(found.result, reasons, found.filter, found.made)
    return json.dumps(json_values(made), indent=1) + "\n"


def to_spreadsheet(found: Found) -> str:
    """One row a page, for a spreadsheet: UTF-8 with a mark that says so, and nothing that runs as a formula."""
    return BOM + to_csv([hits(found)])


def to_trec(found: Found) -> str:
    """The ranking as a TREC run of one query, whose id is its text, percent-encoded; the run's name is the pipeline.

    Pages of several collections have the name of theirs before them, and a run over them is called ``across``.
    """
    if isinstance(found.result, AcrossResult):
        hits = [(f"{hit.collection}/{hit.hit.ref}", hit.score) for hit in found.result.hits]
        return "".join(trec_lines({found.query: hits}, "across"))
    ranking = [(str(hit.ref), hit.score) for hit in found.result.hits]
    return "".join(trec_lines({found.query: ranking}, found.result.pipeline))


def hits(found: Found) -> Table:
    """Every page with its rank and score, what each stage said of it, and the part of it that won most.

    Of several collections also which one it is of, its rank and score there, and which others have it.
    """
    several = isinstance(found.result, AcrossResult)
    own = [Column("own rank", "own rank", True), Column("own score", "own score", True), Column("also", "also in")]
    stages = list(dict.fromkeys(stage.name for hit in found.hits for stage in hit.stages))
    columns = [
        Column("rank", "rank", True),
        *([Column("collection", "collection")] if several else []),
        Column("document", "document"),
        Column("page", "page", True),
        Column("score", "score", True),
        Column("score_kind", "kind"),
        *(own if several else []),
    ]
    for name in stages:
        columns += [Column(f"{name} rank", f"{name} rank", True), Column(f"{name} score", f"{name} score", True)]
    columns += [
        Column("part", "best part"),
        Column("share", "its share", True),
        *(Column(edge, edge, True) for edge in ("x0", "y0", "x1", "y1")),
        Column("text", "its text"),
    ]
    rows = []
    for page in found.pages:
        hit, across = page.hit, page.across
        if hit is None:
            continue
        said = {stage.name: stage for stage in hit.stages}
        cells = [
            whole(page.rank),
            *([word(across.collection)] if across else []),
            word(hit.ref.document),
            whole(hit.ref.page),
            real(across.score if across else hit.score),
            word(str(hit.score_kind)),
            *([whole(hit.rank), real(hit.score), word(", ".join(across.also))] if across else []),
        ]
        for name in stages:
            stage = said.get(name)
            cells += [whole(stage.rank if stage else None), real(stage.score if stage and stage.scored else None)]
        rows.append([*cells, *_best_part(page)])
    return table("hits", f"Pages found for: {found.query}", columns, rows)


def _best_part(page: FoundPage) -> list[Cell]:
    regions = page.explanation.regions if page.explanation is not None else ()
    if not regions:
        return [word(""), real(None), *(real(None) for _ in range(4)), word("")]
    best = regions[0]
    return [word(best.kind), real(best.share), *(real(round(edge, 4), 4) for edge in best.box), word(best.text)]
