"""Asked queries: what people searched for in a collection, where they let it be kept, to be judged into a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.evaluation.judgements import Judgements
from workbench.evaluation.query_log import AskedQuery, QueryLog
from workbench.service.open_collections import OpenCollections
from workbench.types import Query


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether searches are kept, those that were, last first, and how many pages were judged for each of them."""

    kept: bool
    queries: tuple[AskedQuery, ...]
    judged: Mapping[str, int]


class AskedQueries:
    """The searches of collections that are kept, and whether any are."""

    def __init__(self, opened: OpenCollections, log: QueryLog, judgements: Judgements) -> None:
        self._opened = opened
        self._log = log
        self._judgements = judgements

    def of(self, collection: str) -> Asked:
        """What was asked in a collection."""
        self._opened.get(collection)
        queries = tuple(self._log.all(collection))
        held = self._judgements.all(collection)
        pages = {one.text.casefold(): len(held.grades[one.id]) for one in held.queries}
        judged = {one.query: pages.get(one.query.casefold(), 0) for one in queries}
        return Asked(self._log.is_on(collection), queries, judged)

    def keep(self, collection: str, kept: bool) -> Asked:
        """Keep what is searched for from now on, or no more."""
        self._opened.get(collection)
        self._log.turn(collection, kept)
        return self.of(collection)

    def clear(self, collection: str) -> None:
        """Delete what was kept."""
        self._opened.get(collection)
        self._log.clear(collection)

    def note(self, collection: str, query: str | Query) -> None:
        """A person has asked this now; kept where that is on and it is a text, which alone can be asked again."""
        if isinstance(query, str) and query.strip():
            self._log.add(collection, query)
