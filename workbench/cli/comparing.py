"""``pagelens compare``: one query or many by two pipelines: what they share, where pages went, what each took."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli import output
from workbench.cli.searching import Collections, Every, Results, place
from workbench.cli.session import AsJson, Filter, clean, workbench
from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.analysis.comparison import Comparison, Move
    from workbench.analysis.set_comparison import ComparedQuery, Comparisons
    from workbench.evaluation.statistics import Interval
    from workbench.service import Workbench
    from workbench.types import SearchResult
    from workbench.types.across import AcrossResult

SHOWN = 20
"""Queries that are printed of a set, those that differ most."""


def compare(
    context: typer.Context,
    pipeline: Annotated[
        list[str],
        typer.Option("--pipeline", "-p", metavar="PIPELINE", help="A preset or a pipeline text; give two, A and B."),
    ],
    collections: Collections = None,
    every: Every = False,
    query: Annotated[str, typer.Argument(metavar="[QUERY]", parser=clean, help="What to look for, in words.")] = "",
    queries: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            parser=clean,
            help="Many queries instead of one: a text file with one a line, or a dataset's folder or name.",
        ),
    ] = None,
    k: Results = None,
    filter: Filter = "",
    as_json: AsJson = False,
) -> None:
    """Search by two pipelines: the pages both found, how alike their orders are, and what each took.

    Over many queries: where they differ most, first, and how alike they are on the whole. With -c several times, or
    --all, each makes one list of the pages of several collections.
    """
    if len(pipeline) != 2:
        raise typer.BadParameter(f"a comparison is of two pipelines, not {len(pipeline)}; write -p A -p B")
    if bool(query) == bool(queries):
        raise typer.BadParameter("give one QUERY, or many with --queries FILE")
    first, second = pipeline
    collection, across = place(collections, every)
    if queries and across is not None:
        raise typer.BadParameter("many queries are compared in one collection, the one their labels are of; name it")
    bench = workbench(context)
    if queries:
        asked = _asked(bench, queries, collection)
        with output.counted("Searching by both", "queries") as progress:
            found = bench.comparisons.compare_set(asked, collection, first, second, k, filter, progress)
        if as_json:
            from workbench.answers.comparisons import ComparedSet

            output.emit(ComparedSet.of(found, collection))
        else:
            _print_set(found)
        return
    if across is None:
        _show(bench.comparisons.compare(query, collection, first, second, k, filter), as_json)
    else:
        _show_across(bench.comparisons.compare_across(query, across, first, second, k, filter), as_json)


def _asked(bench: Workbench, source: str, collection: str) -> Sequence[ComparedQuery]:
    """The queries of a text file, or of a dataset by its folder or name."""
    from workbench.cli.evaluating import load
    from workbench.service.comparing import asked_lines

    path = Path(source).expanduser()
    if path.is_file():
        try:
            return asked_lines(path.read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError:
            raise InputError(f"'{path}' is no text in UTF-8; give a file with one query a line.") from None
    return bench.comparisons.queries_of(load(bench, source), collection)


# -- one query --------------------------------------------------------------------------------------------------------


def _show(found: Comparison[SearchResult], as_json: bool) -> None:
    from workbench.answers.comparisons import Compared

    if as_json:
        output.emit(Compared.of(found))
        return
    _print_moves(found, [(str(move.ref),) for move in found.moves], ("page",))
    for name, result in (("A", found.a), ("B", found.b)):
        _print_cost(name, result.pipeline, result)
        for note in result.notes:
            output.say(f"{name}: {note}")
    _print_shared(found)


def _show_across(found: Comparison[AcrossResult], as_json: bool) -> None:
    from workbench.answers.comparisons import ComparedAcross

    if as_json:
        output.emit(ComparedAcross.of(found))
        return
    _print_moves(found, [(move.collection, str(move.ref)) for move in found.moves], ("collection", "page"))
    for name, result in (("A", found.a), ("B", found.b)):
        ran = dict.fromkeys(answer.result.pipeline for answer in result.answers if answer.result)
        _print_cost(name, " | ".join(ran), result)
        if result.statement:
            output.show(f"   {result.statement}")
        for answer in result.answers:
            for note in (answer.reason, *(answer.result.notes if answer.result else ())):
                if note:
                    output.say(f"{name}, {answer.collection}: {note}")
    _print_shared(found)


def _print_moves(found: Comparison[Any], pages: Sequence[tuple[str, ...]], columns: tuple[str, ...]) -> None:
    """Where every page went; ``pages`` is what names each, under ``columns``."""
    if not found.moves:
        output.show("Neither found a page.")
        return
    rows = [
        (*page, _rank(move.rank_a), _rank(move.rank_b), moved(move))
        for page, move in zip(pages, found.moves, strict=True)
    ]
    output.table((*columns, ">A", ">B", "from A to B"), rows)


def _print_cost(name: str, pipeline: str, result: SearchResult | AcrossResult) -> None:
    from workbench.analysis.comparison import cost

    spent = cost(result)
    cold = ", cold" if spent.cold else ""
    output.show(
        f"{name}  {pipeline}: {spent.ms:.1f} ms without encoding the query{cold}; {output.size(spent.bytes_read)} read."
    )


def _print_shared(comparison: Comparison[Any]) -> None:
    from workbench.analysis.comparison import P

    pages = output.count(comparison.k, "page")
    output.show(
        f"{comparison.shared} of {pages} in both (overlap {comparison.overlap:.3f}); "
        f"rank-biased overlap {comparison.rbo:.3f} (p = {P})."
    )


def moved(move: Move) -> str:
    """Where a page went, in words."""
    if move.difference is None:
        return "only in B" if move.rank_a is None else "only in A"
    if move.difference == 0:
        return "same rank"
    return f"{abs(move.difference)} {'up' if move.difference > 0 else 'down'}"


def _rank(rank: int | None) -> str:
    return "" if rank is None else str(rank)


# -- many queries -----------------------------------------------------------------------------------------------------


def _print_set(found: Comparisons) -> None:
    rows = [
        (
            row.query.text if len(row.query.text) <= 60 else row.query.text[:59] + "…",
            f"{row.rbo:.3f}",
            f"{row.shared} of {row.k}",
            str(row.moved),
            f"{row.furthest.ref}: {row.furthest.rank_a} to {row.furthest.rank_b}" if row.furthest else "",
            *((_rank(row.first_a) or "none", _rank(row.first_b) or "none") if row.labelled else ("", "")),
        )
        for row in found.rows[:SHOWN]
    ]
    if rows:
        columns = ("query", ">RBO", ">in both", ">moved", "moved furthest", ">relevant in A", ">in B")
        output.table(columns, rows, "Where they differ most:")
    left = len(found.rows) - len(rows)
    if left > 0:
        output.show(f"and {left:,} more that differ less.")
    for identifier, reason in found.refused.items():
        output.say(f"Query {identifier} was not searched: {reason}")
    if found.overlap is None or found.rbo is None:
        return
    output.show()
    output.show(
        f"{len(found.rows)} queries: overlap {_mean(found.overlap)}, rank-biased overlap {_mean(found.rbo)}; "
        f"{found.same} the same in both."
    )
    if found.gain is not None:
        output.show(f"Reciprocal rank of the first relevant page, B less A: {_mean(found.gain, '+')}.")
    for name, text, taken in (("A", found.a, found.taken_a), ("B", found.b, found.taken_b)):
        if taken is not None:
            output.show(
                f"{name}  {text}: {taken.ms:.1f} ms median without encoding, {taken.ms_p95:.1f} ms at 95 %; "
                f"{output.size(taken.bytes_read)} read a query."
            )


def _mean(value: Interval, sign: str = "") -> str:
    return f"{value.mean:{sign}.3f} ({value.low:{sign}.3f} to {value.high:{sign}.3f})"
