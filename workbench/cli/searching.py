"""``pagelens search``, ``explain`` and ``why``: the pages for a query, why a page scores, and where one was lost."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperCommand

from workbench.cli import contrast, output, query_options
from workbench.cli.session import AsJson, Collection, Filter, Pipeline, clean, page_ref, workbench
from workbench.copying import command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.types import Explanation, SearchResult, SharedPoints
    from workbench.types.across import AcrossResult


class PipelineCommand(TyperCommand):
    """Lists presets, stages and filter fields below the help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help, with the lists read from the code when it is asked for."""
        from workbench.retrieval import FIELDS, PRESETS, STAGES

        presets = "; ".join(f"{name} = {text}" for name, text in PRESETS.items())
        lists = [f"Presets: {presets}.", f"Stages: {', '.join(STAGES)}."]
        if any("--filter" in parameter.opts for parameter in self.params):
            lists.append(f"Filter fields: {', '.join(FIELDS)}, meta.NAME.")
        self.epilog = escape("\n\n".join(lists))
        super().format_help(ctx, formatter)


Results = Annotated[
    int | None,
    typer.Option(
        "-k",
        metavar="K",
        min=1,
        max=100_000,
        help="Pages to return; of a pipeline that is written with a number, K shows at most so many.",
    ),
]


Collections = Annotated[
    list[str] | None,
    typer.Option(
        "--collection", "-c", metavar="NAME", parser=clean, help="Name of the collection; several are searched across."
    ),
]
Every = Annotated[bool, typer.Option("--all", help="Search across all collections.")]
AnyPipeline = Annotated[
    str | None,
    typer.Option(
        "--pipeline",
        "-p",
        metavar="PIPELINE",
        help="A preset or a pipeline text; see below. By default two-stage; across collections, each one's best.",
    ),
]


def place(collections: list[str] | None, every: bool) -> tuple[str, list[str] | None]:
    """The one collection that is meant, or those that are searched together (none for all); wrong usage for neither."""
    if every and collections:
        raise typer.BadParameter("--all are all collections; leave -c out")
    if not every and not collections:
        raise typer.BadParameter("name a collection with -c NAME, several of them, or give --all")
    named = [*dict.fromkeys(collections or ())]
    return (named[0], None) if len(named) == 1 else ("", named)


@query_options.takes_extra
def search(
    context: typer.Context,
    collection: Collections = None,
    every: Every = False,
    query: query_options.Text = None,
    pipeline: AnyPipeline = None,
    k: Results = None,
    filter: Filter = "",
    extra: query_options.Extra = query_options.NOTHING,
    as_json: AsJson = False,
) -> None:
    """Find the pages that answer a query, with each stage's rank and score and what the stage cost.

    With -c several times, or --all, in several collections: merged by score where scores compare, else by rank.
    """
    alone, across = place(collection, every)
    bench = workbench(context)
    wanted = query_options.query(bench, query, extra)
    if across is not None:
        _show_across(bench.across.search(wanted, across, pipeline or "", k, filter), as_json)
    else:
        how = "two-stage" if pipeline is None else pipeline
        _show(bench.searches.search(wanted, alone, how, k, filter), as_json)


def _show(result: SearchResult, as_json: bool) -> None:
    """What one collection answered."""
    if as_json:
        from workbench.answers.searches import Search

        output.emit(Search.of(result))
        return
    stages = list(dict.fromkeys(stage.name for hit in result.hits for stage in hit.stages))
    rows = []
    for hit in result.hits:
        said = {s.name: f"#{s.rank}  {s.score:.3f}" if s.scored else f"#{s.rank}  no score" for s in hit.stages}
        rows.append(
            (str(hit.rank), str(hit.ref), f"{hit.score:.3f}", str(hit.score_kind), *(said.get(s, "") for s in stages))
        )
    if rows:
        output.table((">rank", "page", ">score", "", *(f">{name}" for name in stages)), rows)
    else:
        output.show("No page was found.")
    spent = ", ".join(f"{stage.name} {stage.ms:.1f}" for stage in result.trace.stages)
    for each in result.lifted:
        output.say(
            f"“{each.text}” was taken for {' and '.join(each.means)}; pages lifted: {each.pages:,}. "
            f"To search for the words alone: --literal '{each.text}'"
        )
    for note in result.notes:
        output.say(note)
    for stage in result.trace.stages:
        if how := "; ".join(part for part in (stage.approximate, stage.device) if part):
            output.say(f"{stage.name}: {how}")
    if result.verdict is not None:
        output.show(f"{result.verdict.statement} {result.verdict.basis}")
    output.show(f"{result.pipeline}: {result.trace.total_ms:.1f} ms ({spent}).")


def _show_across(result: AcrossResult, as_json: bool) -> None:
    """What several collections answered."""
    if as_json:
        from workbench.answers.searches import AcrossSearch

        output.emit(AcrossSearch.of(result))
        return
    rows = [
        (
            str(found.rank),
            found.collection,
            str(found.hit.ref),
            f"{found.score:.4f}" if result.merge == "ranks" else f"{found.score:.3f}",
            f"#{found.hit.rank}  {found.hit.score:.3f}" if found.hit.scored else f"#{found.hit.rank}  no score",
            str(found.hit.score_kind),
            ", ".join(found.also),
        )
        for found in result.hits
    ]
    if rows:
        output.table((">rank", "collection", "page", ">score", ">there", "", "also in"), rows)
    else:
        output.show("No page was found.")
    for answer in result.answers:
        if answer.reason:
            output.say(f"{answer.collection}: {answer.reason}")
        if answer.result is not None:
            for note in answer.result.notes:
                output.say(f"{answer.collection}: {note}")
            if answer.result.verdict is not None:
                output.show(f"{answer.collection}: {answer.result.verdict.statement}")
    if result.statement:
        output.show(result.statement)
    spent = ", ".join(f"{answer.collection} {answer.ms:.1f}" for answer in result.answers)
    output.show(f"{len(result.answers)} collections: {result.total_ms:.1f} ms ({spent}).")


@query_options.takes_extra
def explain(
    context: typer.Context,
    asked: query_options.TextAndPage,
    collection: Collection,
    encoder: Annotated[
        str, typer.Option(metavar="ID", help="Whose score; that which decides in the pipeline if not said.")
    ] = "",
    pipeline: Pipeline = "",
    out: Annotated[
        Path | None, typer.Option(metavar="PICTURE", help="Draw the heatmap over the page into this file.")
    ] = None,
    token: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD", parser=clean, help="Only the heat of this query token; may be repeated."),
    ] = None,
    against: Annotated[
        Any,
        typer.Option(metavar="PAGEREF", parser=page_ref, help="Say why the page scores more, or less, than this one."),
    ] = None,
    extra: query_options.Extra = query_options.NOTHING,
    as_json: AsJson = False,
) -> None:
    """Say why a page scores what it scores: the share of every query token, and where on the page it was met."""
    bench = workbench(context)
    query, page = query_options.split(asked)
    wanted = query_options.query(bench, query, extra)
    if against is not None:
        if out is not None or token:
            raise typer.BadParameter("--against compares two pages by all tokens; leave --out and --token away")
        contrast.show(
            bench.explanations.contrast(wanted, (page, against), (collection, collection), encoder, pipeline),
            collection,
            as_json,
        )
        return
    explanation = bench.explanations.explain(wanted, page, collection, encoder, pipeline)
    shared = bench.explanations.points(wanted, page, collection)
    tokens = chosen(explanation, token or [])
    if out is not None:
        _draw(bench.library.page_image(collection, explanation.ref), explanation, tokens, shared, out)
    if as_json:
        from workbench.answers.explanations import Explained

        output.emit(Explained.of(explanation, collection, heat=True, tokens=tokens))
        return
    if explanation.reranked:
        output.show(explanation.reranked)
    output.show(f"{explanation.ref} scores {explanation.score:.3f} (exact MaxSim, {explanation.encoder}).")
    if explanation.shows:
        output.show(f"The page shows: {', '.join(explanation.shows)}.")
    for points in shared:
        output.show(f"It shows the {wanted.parts[points.part]} too: {len(points.found)} points of both agree.")
    rows = [
        (
            row.label,
            f"{row.weight:.2f}",
            f"{row.similarity:.3f}",
            f"{row.contribution:.3f}",
            f"{row.share:.1%}",
            row.text,
        )
        for row in explanation.ledger
    ]
    output.show()
    output.table(("token", ">weight", ">similarity", ">contribution", ">share", "met at"), rows)
    if explanation.words:
        output.show()
        counted = [(word.label, f"{word.score:.3f}", str(len(word.boxes))) for word in explanation.words]
        output.table(("words", ">BM25", ">marked"), counted)
    if explanation.regions:
        output.show()
        output.table(
            (">share", ">heat", "part", "text"),
            [(f"{r.share:.1%}", f"{r.score:.3f}", r.kind, " ".join(r.text.split())) for r in explanation.regions],
        )


def _draw(
    page: Path, explanation: Explanation, tokens: list[int] | None, shared: Sequence[SharedPoints], out: Path
) -> None:
    """The page's picture with the heat of these tokens, and the points that it shares with pictures of the query."""
    from PIL import Image

    from workbench import heatmap

    look = heatmap.Look(None if tokens is None else tuple(tokens))
    with Image.open(page) as picture:
        drawn = heatmap.draw(picture, explanation, look)
    for points in shared:
        heatmap.dotted(drawn, points.found)
    heatmap.save(drawn, out.expanduser())
    output.say(f"The heatmap is in {out}.")


def chosen(explanation: Explanation, words: list[str]) -> list[int] | None:
    """Positions of the query tokens with these labels; None for all; wrong usage for a word that is not one."""
    labels = [label.casefold() for label in explanation.query.labels]
    for word in words:
        if word.casefold() not in labels:
            raise typer.BadParameter(f"'{word}' is no token of the query; its tokens are {', '.join(labels)}")
    wanted = {word.casefold() for word in words}
    return [i for i, label in enumerate(labels) if label in wanted] if words else None


@query_options.takes_extra
def why(
    context: typer.Context,
    asked: query_options.TextAndPage,
    collection: Collection,
    pipeline: Pipeline = "two-stage",
    k: Results = None,
    filter: Filter = "",
    extra: query_options.Extra = query_options.NOTHING,
    as_json: AsJson = False,
) -> None:
    """Say whether a search finds a page and, if not, what lost it, and the smallest change that finds it."""
    bench = workbench(context)
    query, page = query_options.split(asked)
    wanted = query_options.query(bench, query, extra)
    verdict = bench.searches.why(wanted, page, collection, pipeline, k, filter)
    if as_json:
        output.emit(verdict)
        return
    output.show(f"{verdict.page}: {verdict.verdict}. {verdict.reason}")
    if verdict.fix is not None:
        fix = verdict.fix
        again = shlex.join(command(wanted, collection, fix.pipeline, fix.filter))
        output.show(f"To find it, {'; '.join(fix.changes)}: {again}")
    elif verdict.unfixable:
        output.show(verdict.unfixable)
