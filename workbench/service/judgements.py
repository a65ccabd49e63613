"""Judgements: how well people say that pages answer queries."""

from __future__ import annotations

from workbench.evaluation.judgements import Judgements
from workbench.service.open_collections import OpenCollections
from workbench.service.searches import clean_query
from workbench.types import PageRef


class PageJudgements:
    """The grades that pages of collections have been given."""

    def __init__(self, opened: OpenCollections, judgements: Judgements) -> None:
        self._opened = opened
        self._judgements = judgements

    def judge(self, query: str, ref: PageRef, collection: str, grade: int | None) -> dict[str, int]:
        """Say how well a page answers a query (0 not at all), or take that back (None); returns the query's grades.

        `NotFoundError` for a page that is not there.
        """
        there = self._opened.get(collection).page(ref)
        return self._judgements.judge(collection, str(clean_query(query)), there.ref, grade)

    def of(self, query: str, collection: str) -> dict[str, int]:
        """Grades by page that were given for a query."""
        self._opened.get(collection)
        return self._judgements.of(collection, str(clean_query(query)))
