"""Two pipelines side by side: over one query, or over many, of a dataset on the shelf or any texts."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.analysis.comparison import Comparison, compare
from workbench.analysis.set_comparison import ComparedQuery, Comparisons, Row, compare_each, summed_up
from workbench.errors import InputError
from workbench.evaluation import Dataset
from workbench.evaluation.locating import locate
from workbench.evaluation.scopes import in_scope, restriction
from workbench.retrieval import Pipeline, parse_filter
from workbench.service.across import SearchesAcross
from workbench.service.collections import Collections
from workbench.service.datasets import Datasets
from workbench.service.searches import Searches
from workbench.types import PageRef, ProgressCallback, Query, SearchResult
from workbench.types.across import AcrossResult

MAX_QUERIES = 5_000


class PipelineComparisons:
    """One query by two pipelines, in one collection or in several together, or a whole set of queries in one."""

    def __init__(self, searches: Searches, across: SearchesAcross, library: Collections, datasets: Datasets) -> None:
        self._searches = searches
        self._across = across
        self._library = library
        self._datasets = datasets

    def compare(
        self,
        query: str | Query,
        collection: str,
        pipeline_a: str,
        pipeline_b: str,
        k: int | None = None,
        filter: str = "",
    ) -> Comparison[SearchResult]:
        """Search by two pipelines, one after the other; what either refuses is refused before the first one runs."""
        both = (pipeline_a, pipeline_b)
        runs = [self._searches.stages(query, collection, pipeline, k, filter, anew=True) for pipeline in both]
        a, b = ([*stages][-1] for stages in runs)
        return compare(a, b)

    def compare_across(
        self,
        query: str | Query,
        collections: Sequence[str],
        pipeline_a: str,
        pipeline_b: str,
        k: int | None = None,
        filter: str = "",
    ) -> Comparison[AcrossResult]:
        """The same in several collections (without any: in all), whose pages each pipeline makes one list of."""
        both = (pipeline_a, pipeline_b)
        for text in both:
            if text.strip():  # an empty one is what each collection recommends
                Pipeline.parse(text)
        a, b = (self._across.search(query, collections, pipeline, k, filter) for pipeline in both)
        return compare(a, b)

    def compare_set(
        self,
        queries: Sequence[ComparedQuery],
        collection: str,
        pipeline_a: str,
        pipeline_b: str,
        k: int | None = None,
        filter: str = "",
        progress: ProgressCallback | None = None,
    ) -> Comparisons:
        """Search every query by both pipelines, and say where they differ most; blocks until done.

        ``progress`` hears (queries done, of how many). What is wrong with a pipeline or the filter is raised before
        anything is searched; a query that cannot be searched is told of and left out.
        """
        if not queries:
            raise InputError("There is no query to compare by; give one a line.")
        if len(queries) > MAX_QUERIES:
            raise InputError(f"At most {MAX_QUERIES:,} queries are compared at once, not {len(queries):,}.")
        for text in (pipeline_a, pipeline_b):
            Pipeline.parse(text)
        parse_filter(filter)

        def search(text: str, pipeline: str, where: str) -> SearchResult:
            return self._searches.search(text, collection, pipeline, k, where)

        refused: dict[str, str] = {}
        rows: list[Row] = []
        for row in compare_each(search, queries, (pipeline_a, pipeline_b), refused, filter):
            rows.append(row)
            if progress is not None:
                progress(len(rows) + len(refused), len(queries))
        return summed_up(pipeline_a, pipeline_b, rows, refused)

    def queries_of(self, dataset: str | Dataset, collection: str, scope: str = "") -> list[ComparedQuery]:
        """The queries of a dataset (on the shelf, by name) as a collection can be asked them, with their labels.

        ``scope`` is the dataset's own unless one is named; see `evaluation.SCOPES`.
        """
        found = self._datasets.get(dataset) if isinstance(dataset, str) else dataset
        places = locate(found, self._library.documents(collection))
        scope = scope or found.scope
        where = restriction(found, places, scope)
        return [
            ComparedQuery(
                query.id,
                query.text,
                where(query),
                frozenset(
                    str(PageRef.parse(places.page(page)))
                    for page, grade in found.qrels.get(query.id, {}).items()
                    if grade > 0
                ),
            )
            for query in in_scope(found, scope)
        ]


def asked_lines(text: str) -> list[ComparedQuery]:
    """One query a line, numbered from 1 as in the file; empty lines are none."""
    lines = (line.strip() for line in text.splitlines())
    return [ComparedQuery(str(number), line) for number, line in enumerate(lines, 1) if line]
