"""Runs a dataset's questions through pipelines and says how well, how fast and at what size.

In scope ``document`` each question searches the pages of its own document; in scope ``corpus`` all pages, and then only
questions that make sense without their document are asked, where the dataset says which (tag ``self_contained``).
A relevant page that is not in the collection, failed or never given, stays in the labels and counts as a miss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from workbench.errors import DatasetError, NotFoundError, QueryError
from workbench.evaluation.datasets import Dataset, Query
from workbench.evaluation.measures import DEFAULT, depth, mean, per_query
from workbench.evaluation.report import EvaluationReport, PipelineReport, RankedPage, versions
from workbench.retrieval import Pipeline, document_filter
from workbench.types import CollectionInfo, PageRef, SearchResult, StoredPage

WARM_UP = 3
"""Questions asked once before a pipeline is timed."""
SCOPES = ("document", "corpus")
NO_TEXT_LAYER = frozenset({"ocr", "none"})

Sources = Mapping[str, str | None]
"""Where each labelled page's words came from; None for a page that is not in the collection."""


class Searcher(Protocol):
    """What an evaluation asks of the service."""

    def search(self, query: str, collection: str, pipeline: str, k: int | None, filter: str) -> SearchResult:
        """As `Workbench.search`."""
        ...

    def collection(self, name: str) -> CollectionInfo:
        """As `Workbench.collection`."""
        ...

    def page(self, ref: PageRef, collection: str) -> StoredPage:
        """As `Workbench.page`."""
        ...


def evaluate(
    searcher: Searcher,
    dataset: Dataset,
    collection: str,
    pipelines: Sequence[str],
    scope: str = "document",
    measures: Sequence[str] = DEFAULT,
    progress: Callable[[int, int], None] | None = None,
) -> EvaluationReport:
    """Ask every question of every pipeline; ``progress`` hears (searches done, of how many).

    `DatasetError` when no question fits the scope or none of the labelled pages is in the collection; `InputError` for
    an unknown measure, `PipelineError` for a bad pipeline, both before anything is searched.
    """
    deep = depth(measures)
    parsed = {name: _deep_enough(Pipeline.parse(name), deep) for name in pipelines}
    info = searcher.collection(collection)
    queries = in_scope(dataset, scope)
    qrels = {query.id: dataset.qrels[query.id] for query in queries}
    sources = _word_sources(searcher, collection, qrels)
    missing = tuple(sorted(page for page, source in sources.items() if source is None))
    if len(missing) == len(sources):
        raise DatasetError(
            f"Collection '{collection}' holds none of the pages that dataset '{dataset.name}' asks for; ingest its "
            "documents folder into it, or leave the collection out."
        )
    asking = _Asking(searcher, collection, scope, progress, sum(len(p.steps) for p in parsed.values()) * len(queries))
    groups = slices(queries, qrels, sources)
    reports = {name: _measure(asking, p, queries, qrels, groups, measures, info) for name, p in parsed.items()}
    refused = [f"question {query} was not searched: {reason}" for query, reason in asking.refused.items()]
    return EvaluationReport(
        dataset.name,
        collection,
        scope,
        info.pages,
        len(queries),
        missing,
        (*dataset.warnings, *refused),
        reports,
        {**versions(), "encoder": info.encoder, "settings": dict(info.settings), "measures": list(measures)},
    )


class _Asking:
    """Asks questions, counts them, and keeps what encoding took and which questions were refused."""

    def __init__(
        self,
        searcher: Searcher,
        collection: str,
        scope: str,
        progress: Callable[[int, int], None] | None,
        total: int,
    ) -> None:
        self.encode_ms: list[float] = []
        self.refused: dict[str, str] = {}
        self._searcher = searcher
        self._collection = collection
        self._scope = scope
        self._progress = progress or (lambda done, total: None)
        self._total = total
        self._done = 0

    def all(self, queries: Sequence[Query], pipeline: Pipeline) -> dict[str, SearchResult]:
        """The results of the questions that can be searched; a refused one has none, which counts 0."""
        found = {}
        for query in queries:
            result = self.one(query, pipeline)
            if result is not None:
                found[query.id] = result
            self._done += 1
            self._progress(self._done, self._total)
        return found

    def one(self, query: Query, pipeline: Pipeline) -> SearchResult | None:
        """One question, or None when the service refuses it."""
        restrict = document_filter(query.document) if self._scope == "document" else ""
        try:
            result = self._searcher.search(query.text, self._collection, str(pipeline), None, restrict)
        except QueryError as error:
            self.refused[query.id] = str(error)
            return None
        # A query is encoded once and then remembered, so each question's encoding is seen in one search only.
        self.encode_ms += [s.ms for s in result.trace.stages if s.name == "encode" and not (s.cache_hit or s.cold)]
        return result


def _measure(
    asking: _Asking,
    pipeline: Pipeline,
    queries: Sequence[Query],
    qrels: Mapping[str, Mapping[str, int]],
    groups: Mapping[str, Sequence[str]],
    measures: Sequence[str],
    info: CollectionInfo,
) -> PipelineReport:
    for query in queries[:WARM_UP]:
        asking.one(query, pipeline)
    results = asking.all(queries, pipeline)
    run = {
        query: [RankedPage(str(h.ref), h.rank, h.score, {s.name: s.rank for s in h.stages}) for h in result.hits]
        for query, result in results.items()
    }
    scores = per_query(qrels, {query: [hit.page for hit in hits] for query, hits in run.items()}, measures)
    return PipelineReport(
        str(pipeline),
        mean(list(scores.values()), measures),
        {key: {"queries": len(ids), **mean([scores[q] for q in ids], measures)} for key, ids in groups.items()},
        _latency(list(results.values()), asking.encode_ms),
        _candidate_recall(asking, queries, pipeline, qrels),
        _storage(info, pipeline),
        scores,
        {query: _ranks(qrels[query], run.get(query, [])) for query in qrels},
        run,
    )


def in_scope(dataset: Dataset, scope: str) -> list[Query]:
    """The questions that a scope asks."""
    if scope not in SCOPES:
        raise DatasetError(f"There is no scope '{scope}'; there are {' and '.join(SCOPES)}.")
    if scope == "document":
        found = [query for query in dataset.queries if query.document]
    else:
        tagged = any("self_contained" in query.tags for query in dataset.queries)
        found = [query for query in dataset.queries if not tagged or query.tags.get("self_contained") == ("true",)]
    if not found:
        need = "name a document" if scope == "document" else "are self-contained"
        raise DatasetError(f"Dataset '{dataset.name}' has no questions that {need}, which scope '{scope}' asks for.")
    return found


def slices(queries: Sequence[Query], qrels: Mapping[str, Mapping[str, int]], sources: Sources) -> dict[str, list[str]]:
    """Query ids by tag value, and by whether their relevant pages have a text layer.

    ``no text layer`` holds the questions none of whose relevant pages in the collection has one; a question without any
    relevant page in the collection is in neither.
    """
    groups: dict[str, list[str]] = {}
    for query in queries:
        for key, values in query.tags.items():
            for value in values:
                groups.setdefault(f"{key}={value}", []).append(query.id)
        found = {sources[page] for page, grade in qrels[query.id].items() if grade > 0} - {None}
        if found:
            groups.setdefault("no text layer" if found <= NO_TEXT_LAYER else "text layer", []).append(query.id)
    return dict(sorted(groups.items()))


def _deep_enough(pipeline: Pipeline, deep: int) -> Pipeline:
    """The pipeline with as many results as the measures look at, or as many as the stage before lets through."""
    most = min((step.keep for step in pipeline.steps[:-1] if step.keep is not None), default=deep)
    return pipeline.returning(max(pipeline.keep, min(deep, most)))


def _word_sources(searcher: Searcher, collection: str, qrels: Mapping[str, Mapping[str, int]]) -> Sources:
    found: dict[str, str | None] = {}
    for page in {page for pages in qrels.values() for page, grade in pages.items() if grade > 0}:
        try:
            found[page] = searcher.page(PageRef.parse(page), collection).words.source
        except NotFoundError:
            found[page] = None
    return found


def _ranks(grades: Mapping[str, int], hits: Sequence[RankedPage]) -> dict[str, int | None]:
    """The rank of every relevant page; None where it was not found."""
    found = {hit.page: hit.rank for hit in hits}
    return {page: found.get(page) for page, grade in grades.items() if grade > 0}


def _latency(results: Sequence[SearchResult], encode_ms: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds: of the search without encoding, and of encoding a query.

    Encoding does not depend on the pipeline and is measured over all questions encoded so far.
    """
    search = [sum(s.ms for s in result.trace.stages if s.name != "encode") for result in results]
    encodes = any(s.name == "encode" for result in results for s in result.trace.stages)
    times = {"": search, "encode_": list(encode_ms) if encodes else []}
    return {
        f"{name}p{percent}": round(float(np.percentile(values, percent)), 2)
        for name, values in times.items()
        if values
        for percent in (50, 95)
    }


def _candidate_recall(
    asking: _Asking, queries: Sequence[Query], pipeline: Pipeline, qrels: Mapping[str, Mapping[str, int]]
) -> dict[str, float]:
    """For every stage but the last: the share of relevant pages among what it hands on, averaged over queries."""
    found: dict[str, float] = {}
    for i, step in enumerate(pipeline.steps[:-1]):
        results = asking.all(queries, Pipeline(pipeline.steps[: i + 1]))
        shares = []
        for query in queries:
            relevant = {page for page, grade in qrels[query.id].items() if grade > 0}
            kept = {str(hit.ref) for hit in results[query.id].hits} if query.id in results else set()
            shares.append(len(relevant & kept) / len(relevant))
        found[str(step)] = round(float(np.mean(shares)), 4)
    return found


def _storage(info: CollectionInfo, pipeline: Pipeline) -> dict[str, float]:
    """Vectors and their bytes per page for each index the pipeline reads, and the whole collection's bytes per page."""
    used = {leaf.name for leaf in pipeline.leaves()}
    pages = max(info.pages, 1)
    found: dict[str, float] = {}
    for index in info.indexes:
        if index.name in used:
            width = index.dim * np.dtype(index.dtype).itemsize
            found[f"{index.name}_vectors_per_page"] = round(index.vectors / pages, 1)
            found[f"{index.name}_bytes_per_page"] = round(index.vectors * width / pages)
    return {**found, "collection_bytes_per_page": round(info.bytes / pages)}
