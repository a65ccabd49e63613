"""Runs a dataset's questions through pipelines: a record of how well, how fast and at what size they were answered.

In scope ``document`` each question searches the pages of its own document; in scope ``corpus`` those of its dataset, in
scope ``union`` all pages of the collection. In the last two only questions that make sense without their document are
asked, where the dataset says which (tag ``self_contained``).
A relevant page that is not in the collection, failed or never given, stays in the labels and counts as a miss.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import numpy as np

from workbench.errors import DatasetError, NotFoundError
from workbench.evaluation.asking import Asking
from workbench.evaluation.boxes import box_answer
from workbench.evaluation.datasets import Dataset, Query
from workbench.evaluation.locating import Places, locate
from workbench.evaluation.measures import DEFAULT, depth, per_query
from workbench.evaluation.provenance import collection_facts, dataset_hash, machine, versions
from workbench.evaluation.ranking import RANKED, Ranks, stage_texts
from workbench.evaluation.record import (
    Answer,
    BoxAnswer,
    DatasetFacts,
    FailedPage,
    Measured,
    PipelineRun,
    Question,
    RankedPage,
    Record,
    StageWork,
)
from workbench.retrieval import Pipeline, document_filter
from workbench.timing import Stopwatch
from workbench.types import CollectionInfo, DocumentInfo, Explanation, PageRef, SearchResult, StoredPage

WARM_UP = 3
"""Questions asked once before a pipeline is timed."""
SCOPES = ("document", "corpus", "union")
NO_TEXT_LAYER = frozenset({"ocr", "none"})
OVERHEAD = frozenset({"encode", "filter", "results"})
"""Parts of a search that are no stage of its pipeline."""

T = TypeVar("T")
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

    def documents(self, name: str) -> Sequence[DocumentInfo]:
        """As `Workbench.documents`."""
        ...

    def page(self, ref: PageRef, collection: str) -> StoredPage:
        """As `Workbench.page`."""
        ...

    def explain(self, query: str, ref: PageRef, collection: str) -> Explanation:
        """As `Workbench.explain`; asked where the dataset has boxes."""
        ...


def evaluate(
    searcher: Searcher,
    dataset: Dataset,
    collection: str,
    pipelines: Sequence[str],
    scope: str = "document",
    measures: Sequence[str] = DEFAULT,
    progress: Callable[[int, int], None] | None = None,
) -> Record:
    """Ask every question of every pipeline; ``progress`` hears (searches done, of how many).

    `DatasetError` when no question fits the scope or none of the labelled pages is in the collection; `InputError` for
    an unknown measure, `PipelineError` for a bad pipeline, both before anything is searched.
    """
    watch = Stopwatch()
    deep = depth(measures)
    parsed = {name: _deep_enough(Pipeline.parse(name), deep) for name in pipelines}
    info = searcher.collection(collection)
    queries = in_scope(dataset, scope)
    documents = searcher.documents(collection)
    places = locate(dataset, documents)
    qrels = {query.id: _placed(places, dataset.qrels[query.id], max) for query in queries}
    sources = _word_sources(searcher, collection, qrels)
    missing = tuple(sorted(page for page, source in sources.items() if source is None))
    if len(missing) == len(sources):
        raise DatasetError(
            f"Collection '{collection}' holds none of the pages that dataset '{dataset.name}' asks for; ingest its "
            "documents folder into it, or leave the collection out."
        )
    boxes = {q.id: _placed(places, dataset.boxes[q.id], operator.add) for q in queries if q.id in dataset.boxes}
    pointed = [(query, page) for query in queries for page in boxes.get(query.id, ()) if sources.get(page) is not None]
    total = sum(len(p.steps) + 1 for p in parsed.values()) * len(queries) + len(pointed)
    asking = Asking(searcher.search, collection, restriction(dataset, places, scope), progress, total)
    ranks = Ranks(asking, queries, qrels)
    runs: dict[str, PipelineRun] = {}
    stage_ms: dict[str, Mapping[str, Mapping[str, float]]] = {}
    for name, pipeline in parsed.items():
        runs[name], stage_ms[name] = _measure(asking, ranks, name, pipeline, queries, qrels, measures, info)
    refused = [f"question {query} was not searched: {reason}" for query, reason in asking.refused.items()]
    differing = [f"{name} is not the file that was indexed under that name" for name in places.differing]
    found: list[BoxAnswer] = []
    for query, page in pointed:
        found.append(box_answer(searcher.explain, collection, query.id, query.text, page, boxes[query.id][page]))
        asking.skip(1)
    return Record(
        settings={
            "scope": scope,
            "measures": list(measures),
            "pipelines": {name: str(pipeline) for name, pipeline in parsed.items()},
            "depth": deep,
            "ranked": RANKED,
        },
        dataset=DatasetFacts(
            dataset.name,
            dataset_hash(
                queries,
                {q.id: dataset.qrels[q.id] for q in queries},
                {q.id: dataset.boxes[q.id] for q in queries if q.id in dataset.boxes},
            ),
            scope,
            len(queries),
            len(sources),
            tuple(sorted({language for query in queries for language in query.tags.get("language", ())})),
        ),
        collection=collection_facts(info, documents),
        versions=versions(),
        questions={
            query.id: Question(
                query.text, places.document(query.document) if query.document else "", dict(query.tags), qrels[query.id]
            )
            for query in queries
        },
        slices={key: tuple(ids) for key, ids in slices(queries, qrels, sources).items()},
        missing=missing,
        failed=tuple(
            FailedPage(str(PageRef(document.name, page.page)), page.reason)
            for document in documents
            for page in document.failed
        ),
        warnings=(*dataset.warnings, *differing, *refused),
        pipelines=runs,
        boxes=tuple(found),
        measured=Measured(
            datetime.now(UTC).isoformat(timespec="seconds"),
            machine(),
            round(watch.lap() / 1000, 3),
            info.bytes,
            stage_ms,
            asking.encode_ms,
        ),
    )


def _measure(
    asking: Asking,
    ranks: Ranks,
    name: str,
    pipeline: Pipeline,
    queries: Sequence[Query],
    qrels: Mapping[str, Mapping[str, int]],
    measures: Sequence[str],
    info: CollectionInfo,
) -> tuple[PipelineRun, dict[str, dict[str, float]]]:
    for query in queries[:WARM_UP]:
        asking.one(query, pipeline)
    results = asking.all(queries, pipeline)
    run = {query: [str(hit.ref) for hit in result.hits] for query, result in results.items()}
    scores = per_query(qrels, run, measures)
    stages = stage_texts(pipeline, next(iter(results.values()), None))
    found = ranks.of(pipeline, [stage.name for stage in stages])
    answers = {
        query.id: _answer(scores[query.id], found[query.id], results.get(query.id), asking.refused.get(query.id, ""))
        for query in queries
    }
    encodes = any(leaf.spec.vectors for leaf in pipeline.leaves())
    times = {
        query: {stage.name: round(stage.ms, 3) for stage in result.trace.stages if stage.name != "encode"}
        for query, result in results.items()
    }
    return PipelineRun(name, str(pipeline), encodes, stages, _storage(info, pipeline), answers), times


def _answer(
    measures: Mapping[str, float],
    relevant: Mapping[str, Mapping[str, int | None]],
    result: SearchResult | None,
    refused: str,
) -> Answer:
    measures = {name: round(value, 6) for name, value in measures.items()}
    if result is None:
        return Answer(measures, relevant, refused=refused)
    return Answer(
        measures,
        relevant,
        tuple(
            RankedPage(str(hit.ref), float(f"{hit.score:.5g}"), {s.name: s.rank for s in hit.stages})
            for hit in result.hits
        ),
        tuple(
            StageWork(s.name, s.candidates_in, s.candidates_out, s.vectors_compared, s.bytes_read)
            for s in result.trace.stages
            if s.name not in OVERHEAD
        ),
    )


def _placed(places: Places, labels: Mapping[str, T], both: Callable[[T, T], T]) -> dict[str, T]:
    """Labels under the collection's page names; two pages that are one there have what ``both`` makes of them."""
    found: dict[str, T] = {}
    for page, value in labels.items():
        name = places.page(page)
        found[name] = both(found[name], value) if name in found else value
    return found


def restriction(dataset: Dataset, places: Places, scope: str) -> Callable[[Query], str]:
    """The filter that a question is searched with in a scope; empty where it searches everything."""
    if scope == "union":
        return lambda query: ""
    if scope == "document":
        return lambda query: document_filter(places.document(query.document))
    if dataset.parts:
        allowed = {
            part.name: sorted({places.document(f"{part.name}/{n}") for n in part.files()}) for part in dataset.parts
        }
        filters = {name: documents_filter(documents) for name, documents in allowed.items()}
        return lambda query: filters[query.tags["dataset"][0]]
    whole = documents_filter(sorted(set(places.names.values()))) if places.others else ""
    return lambda query: whole


def documents_filter(names: Sequence[str]) -> str:
    """The filter text that keeps some documents."""
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    return f"document in ({quoted})"


def in_scope(dataset: Dataset, scope: str) -> list[Query]:
    """The questions that a scope asks."""
    if scope not in SCOPES:
        raise DatasetError(f"There is no scope '{scope}'; there are {', '.join(SCOPES)}.")
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


def _storage(info: CollectionInfo, pipeline: Pipeline) -> dict[str, float]:
    """Vectors and their bytes per page for each index the pipeline reads."""
    used = {leaf.name for leaf in pipeline.leaves()}
    pages = max(info.pages, 1)
    found: dict[str, float] = {}
    for index in info.indexes:
        if index.name in used:
            width = index.dim * np.dtype(index.dtype).itemsize
            found[f"{index.name}_vectors_per_page"] = round(index.vectors / pages, 1)
            found[f"{index.name}_bytes_per_page"] = round(index.vectors * width / pages)
    return found
