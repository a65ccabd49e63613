"""``pagelens compare``: one query by two pipelines, what they share, and where every page went."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli import output
from workbench.cli.searching import Results
from workbench.cli.session import AsJson, Collection, Filter, Query, workbench

if TYPE_CHECKING:
    from workbench.comparison import Comparison, Move


def compare(
    context: typer.Context,
    query: Query,
    collection: Collection,
    pipeline: Annotated[
        list[str],
        typer.Option("--pipeline", "-p", metavar="PIPELINE", help="A preset or a pipeline text; give two, A and B."),
    ],
    k: Results = None,
    filter: Filter = "",
    as_json: AsJson = False,
) -> None:
    """Search by two pipelines: the pages both found, how alike their orders are, and what each took."""
    if len(pipeline) != 2:
        raise typer.BadParameter(f"a comparison is of two pipelines, not {len(pipeline)}; write -p A -p B")
    first, second = pipeline
    comparison = workbench(context).compare(query, collection, first, second, k, filter)
    if as_json:
        output.emit(comparison_record(comparison))
        return
    from workbench.comparison import P, cost

    if comparison.moves:
        rows = [(str(move.ref), _rank(move.rank_a), _rank(move.rank_b), moved(move)) for move in comparison.moves]
        output.table(("page", ">A", ">B", "from A to B"), rows)
    else:
        output.show("Neither found a page.")
    for name, result in (("A", comparison.a), ("B", comparison.b)):
        spent = cost(result)
        cold = ", cold" if spent.cold else ""
        output.show(
            f"{name}  {result.pipeline}: {spent.ms:.1f} ms without encoding the query{cold}; "
            f"{output.size(spent.bytes_read)} read."
        )
        for note in result.notes:
            output.say(f"{name}: {note}")
    pages = output.count(comparison.k, "page")
    output.show(
        f"{comparison.shared} of {pages} in both (overlap {comparison.overlap:.3f}); "
        f"rank-biased overlap {comparison.rbo:.3f} (p = {P})."
    )


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON values: both results as ``search --json`` has them, and what lies between them."""
    from workbench.comparison import P, cost
    from workbench.exports import search_record

    return {
        "query": comparison.a.query,
        "collection": comparison.a.collection,
        "k": comparison.k,
        "shared": comparison.shared,
        "overlap": comparison.overlap,
        "rbo": comparison.rbo,
        "rbo_p": P,
        "moves": [
            {"page": str(move.ref), "rank_a": move.rank_a, "rank_b": move.rank_b, "difference": move.difference}
            for move in comparison.moves
        ],
        "a": {**search_record(comparison.a), "cost": asdict(cost(comparison.a))},
        "b": {**search_record(comparison.b), "cost": asdict(cost(comparison.b))},
    }


def moved(move: Move) -> str:
    """Where a page went, in words."""
    if move.difference is None:
        return "only in B" if move.rank_a is None else "only in A"
    if move.difference == 0:
        return "same rank"
    return f"{abs(move.difference)} {'up' if move.difference > 0 else 'down'}"


def _rank(rank: int | None) -> str:
    return "" if rank is None else str(rank)
