"""Asks a collection questions, one after another, and goes on when one of them cannot be answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from workbench.errors import EncoderError, PagelensError, QueryError
from workbench.evaluation.datasets import Question
from workbench.retrieval import Pipeline
from workbench.types import ProgressCallback, SearchResult

log = logging.getLogger(__name__)

SearchFunction = Callable[[str, str, str, int | None, str], SearchResult]
"""``search(query, collection, pipeline, k, filter)``, as `Workbench.search`."""


class QueryRunner:
    """The questions of one evaluation: where they are asked, how many are done, and which were refused and why.

    ``encode_ms`` keeps what encoding each took: once, since a query is remembered, and not while the model was loaded.
    """

    def __init__(
        self,
        search: SearchFunction,
        collection: str,
        restriction: Callable[[Question], str],
        progress: ProgressCallback | None,
        total: int,
    ) -> None:
        self.refused: dict[str, str] = {}
        self.encode_ms: dict[str, float] = {}
        self._search = search
        self._collection = collection
        self._restriction = restriction
        self._progress = progress or (lambda done, total: None)
        self._total = total
        self._done = 0

    def begin(self) -> None:
        """From here on refusals and encoding times are another pipeline's."""
        self.refused, self.encode_ms = {}, {}

    def all(self, queries: Sequence[Question], pipeline: Pipeline) -> dict[str, SearchResult]:
        """The results of the questions that can be searched; a refused one has none, which counts 0."""
        found = {}
        for query in queries:
            result = self.one(query, pipeline)
            if result is not None:
                found[query.id] = result
            self.skip(1)
        return found

    def one(self, query: Question, pipeline: Pipeline) -> SearchResult | None:
        """One question, or None when it is refused or fails; what concerns the whole run is raised."""
        try:
            result = self._search(query.text, self._collection, str(pipeline), None, self._restriction(query))
        except (QueryError, EncoderError) as error:
            self.refused[query.id] = str(error)
        except PagelensError:
            raise
        except Exception as error:
            log.exception("question %s failed", query.id)
            self.refused[query.id] = f"It failed: {type(error).__name__}: {error}"
        else:
            stages = [stage for stage in result.trace.stages if is_encoding(stage.name)]
            if stages and not any(stage.cold or stage.cache_hit for stage in stages):
                self.encode_ms.setdefault(query.id, round(sum(stage.ms for stage in stages), 3))
            return result
        return None

    def skip(self, searches: int) -> None:
        """Count searches as done."""
        self._done += searches
        self._progress(self._done, self._total)


def is_encoding(part: str) -> bool:
    """Whether a part of a search is the encoding of its query, by the only encoder or by one of several."""
    return part.partition("@")[0] == "encode"


def is_stage(part: str) -> bool:
    """Whether a part of a search is a stage of its pipeline."""
    return not is_encoding(part) and part not in ("filter", "results")
