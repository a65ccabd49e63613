"""What the tab Compare asks for; see `actions` for how actions are answered.

A set of queries is asked for in pieces, a few queries a request, so that the page shows rows as they come and a person
can stop; each piece goes through `Workbench.compare_set` as a whole set would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from workbench.comparisons import ComparedQuery, Row
from workbench.errors import InputError
from workbench.service.comparing import asked_lines
from workbench.ui import payload
from workbench.ui.requests import query_of, ref, results, text, whole

if TYPE_CHECKING:
    from workbench.service import Workbench

Json = dict[str, Any]
PIECE = 25
"""Queries of one request at most."""


class Comparing:
    """The tab's requests, answered by one workbench."""

    def __init__(self, workbench: Workbench) -> None:
        self.workbench = workbench

    def own(self) -> Sequence[Callable[[Json], Any]]:
        """The actions of this tab."""
        return (self.compare, self.contrast, self.query_sets, self.compare_set)

    def compare(self, request: Json) -> Json:
        """Two pipelines on one query."""
        return payload.comparison(
            self.workbench.compare(
                query_of(request),
                text(request, "collection"),
                text(request, "a"),
                text(request, "b"),
                results(request),
                text(request, "filter"),
            )
        )

    def contrast(self, request: Json) -> Json:
        """Which query words make one page score more than another."""
        a, b = request.get("a"), request.get("b")
        if not isinstance(a, dict) or not isinstance(b, dict):
            raise InputError("Choose a page of each list.")
        return payload.contrast(
            self.workbench.contrast(
                query_of(request),
                ref(a),
                ref(b),
                text(request, "collection"),
                text(request, "encoder"),
            )
        )

    def query_sets(self, request: Json) -> list[Json]:
        """The datasets whose queries can be asked of a collection, those about it first."""
        name = text(request, "collection")
        usable = [info for info in self.workbench.datasets() if not info.problem]
        return [
            {"name": info.name, "questions": info.questions, "own": info.collection == name}
            for info in sorted(usable, key=lambda info: info.collection != name)
        ]

    def compare_set(self, request: Json) -> Json:
        """A piece of a set, from the query ``at`` (from 0) on: its rows, in order, and how many queries there are."""
        queries = self._queries(request)
        at = whole(request, "at", 0, 0, len(queries))
        many = whole(request, "many", PIECE, 1, PIECE)
        found = self.workbench.compare_set(
            queries[at : at + many],
            text(request, "collection"),
            text(request, "a"),
            text(request, "b"),
            results(request),
            text(request, "filter"),
        )
        return {"total": len(queries), "rows": [_row(row) for row in found.rows], "refused": dict(found.refused)}

    def _queries(self, request: Mapping[str, Any]) -> list[ComparedQuery]:
        dataset = text(request, "dataset")
        if dataset:
            return self.workbench.queries_of(dataset, text(request, "collection"))
        queries = asked_lines(text(request, "lines"))
        if not queries:
            raise InputError("There is no query to compare by; write one a line.")
        return queries


def _row(row: Row) -> Json:
    furthest = row.furthest
    return {
        "id": row.query.id,
        "text": row.query.text,
        "filter": row.query.filter,
        "k": row.k,
        "shared": row.shared,
        "overlap": row.overlap,
        "rbo": row.rbo,
        "moved": row.moved,
        "furthest": None
        if furthest is None
        else {"ref": str(furthest.ref), "rank_a": furthest.rank_a, "rank_b": furthest.rank_b},
        "cost_a": asdict(row.cost_a),
        "cost_b": asdict(row.cost_b),
        "labelled": row.labelled,
        "first_a": row.first_a,
        "first_b": row.first_b,
        "gain": row.gain,
    }
