"""Two pipelines over many queries: where they differ most, how alike they are on the whole, and what each takes.

Every query is searched by both, and every other one by the second first, so that what the first leaves warm helps both
alike. What this module does not do: search, which the caller gives, or judge one query's lists (`comparison`).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from workbench.analysis.comparison import Comparison, Move, SearchCost, compare, cost
from workbench.errors import EncoderError, QueryError
from workbench.evaluation.statistics import Interval, interval
from workbench.types import SearchResult

Search = Callable[[str, str, str], SearchResult]
"""``search(query, pipeline, filter)``."""


@dataclass(frozen=True, slots=True)
class ComparedQuery:
    """A query of the set; ``filter`` narrows what both search, ``relevant`` are the pages that answer it, if known."""

    id: str
    text: str
    filter: str = ""
    relevant: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Row:
    """One query by both. ``first_a`` and ``first_b`` are ranks of the first relevant page, None where none is found.

    ``furthest`` is the page that moved most among those both found, ``moved`` how many have another rank in B or are in
    one list only. ``labelled`` tells whether relevant pages are known.
    """

    query: ComparedQuery
    shared: int
    k: int
    overlap: float
    rbo: float
    moved: int
    furthest: Move | None
    cost_a: SearchCost
    cost_b: SearchCost
    first_a: int | None = None
    first_b: int | None = None
    labelled: bool = False

    @property
    def gain(self) -> float:
        """Reciprocal rank of the first relevant page in B less that in A; 0 where no label is known."""
        return (1 / self.first_b if self.first_b else 0.0) - (1 / self.first_a if self.first_a else 0.0)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one pipeline took over the set: medians without cold searches where there are others, and bytes a query."""

    ms: float
    ms_p95: float
    bytes_read: float


@dataclass(frozen=True, slots=True)
class Comparisons:
    """All rows, those that differ most first, with means and their 95 % bootstrap intervals over queries.

    ``gain`` is the mean over queries with labels, None without; ``refused`` says of a query why it was not searched.
    """

    a: str
    b: str
    rows: tuple[Row, ...]
    refused: Mapping[str, str]
    overlap: Interval | None
    rbo: Interval | None
    gain: Interval | None
    same: int
    taken_a: Taken | None
    taken_b: Taken | None


def compare_each(
    search: Search,
    queries: Sequence[ComparedQuery],
    pipelines: tuple[str, str],
    refused: dict[str, str],
    filter: str = "",
) -> Iterator[Row]:
    """A row for every query that both can search, in order; ``refused`` gets a sentence for each of the others."""
    for number, query in enumerate(queries):
        where = " and ".join(f"({part})" for part in (filter, query.filter) if part)
        try:
            if number % 2:
                b = search(query.text, pipelines[1], where)
                a = search(query.text, pipelines[0], where)
            else:
                a = search(query.text, pipelines[0], where)
                b = search(query.text, pipelines[1], where)
        except (QueryError, EncoderError) as error:
            refused[query.id] = str(error)
            continue
        yield row_of(query, compare(a, b))


def row_of(query: ComparedQuery, found: Comparison[SearchResult]) -> Row:
    """What a row keeps of one comparison."""
    both = [move for move in found.moves if move.difference]
    furthest = max(both, key=lambda move: abs(move.difference or 0), default=None)
    first_a, first_b = (
        next((hit.rank for hit in result.hits if str(hit.ref) in query.relevant), None) for result in (found.a, found.b)
    )
    return Row(
        query,
        found.shared,
        found.k,
        found.overlap,
        found.rbo,
        sum(move.difference != 0 for move in found.moves),
        furthest,
        cost(found.a),
        cost(found.b),
        first_a,
        first_b,
        bool(query.relevant),
    )


def summed_up(a: str, b: str, rows: Sequence[Row], refused: Mapping[str, str]) -> Comparisons:
    """Rows in the order of how much they differ (least rank-biased overlap, then overlap, first), and what they say."""
    labelled = [row.gain for row in rows if row.labelled]
    return Comparisons(
        a,
        b,
        tuple(sorted(rows, key=lambda row: (row.rbo, row.overlap, row.query.id))),
        refused,
        _mean([row.overlap for row in rows]),
        _mean([row.rbo for row in rows]),
        _mean(labelled),
        sum(row.moved == 0 for row in rows),
        _taken([row.cost_a for row in rows]),
        _taken([row.cost_b for row in rows]),
    )


def _mean(values: Sequence[float]) -> Interval | None:
    return interval(np.asarray(values, np.float64)) if values else None


def _taken(costs: Sequence[SearchCost]) -> Taken | None:
    if not costs:
        return None
    warm = [spent.ms for spent in costs if not spent.cold] or [spent.ms for spent in costs]
    return Taken(
        statistics.median(warm),
        float(np.quantile(warm, 0.95)),
        statistics.fmean(spent.bytes_read for spent in costs),
    )
