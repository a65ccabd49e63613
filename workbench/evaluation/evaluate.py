"""Runs a dataset's questions through pipelines and says how well, how fast and at what size.

In scope ``document`` each question searches the pages of its own document; in scope ``corpus`` all pages, and then only
questions that make sense without their document are asked, where the dataset says which (tag ``self_contained``).
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from workbench.errors import DatasetError, NotFoundError
from workbench.evaluation.datasets import Dataset, Query
from workbench.evaluation.measures import DEFAULT, mean, per_query
from workbench.evaluation.runs import write_trec
from workbench.retrieval import Pipeline, document_filter
from workbench.types import CollectionInfo, DocumentInfo, PageRef, SearchResult, StoredPage

DEPTH = 10
WARM_UP = 3
SCOPES = ("document", "corpus")


class Searcher(Protocol):
    """What an evaluation asks of the service."""

    def search(self, query: str, collection: str, pipeline: str, k: int | None, filter: str) -> SearchResult:
        """As `Workbench.search`."""
        ...

    def collection(self, name: str) -> CollectionInfo:
        """As `Workbench.collection`."""
        ...

    def documents(self, name: str) -> list[DocumentInfo]:
        """As `Workbench.documents`."""
        ...

    def page(self, ref: PageRef, collection: str) -> StoredPage:
        """As `Workbench.page`."""
        ...


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """One pipeline: means, means per slice with their number of queries, times, and what each stage kept."""

    pipeline: str
    metrics: Mapping[str, float]
    slices: Mapping[str, Mapping[str, float]]
    latency_ms: Mapping[str, float]
    candidate_recall: Mapping[str, float]
    storage: Mapping[str, float]
    per_query: Mapping[str, Mapping[str, float]]
    run: Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """A whole evaluation. ``missing`` are relevant pages that are not in the collection; they count as misses."""

    dataset: str
    collection: str
    scope: str
    pages: int
    queries: int
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    pipelines: Mapping[str, PipelineReport]
    made_with: Mapping[str, Any]

    def summary(self) -> dict[str, Any]:
        """The JSON form that ``pagelens eval --json`` prints."""
        return {
            "dataset": self.dataset,
            "scope": self.scope,
            "pages": self.pages,
            "queries": self.queries,
            "missing_pages": list(self.missing),
            "pipelines": {
                name: {
                    "metrics": dict(report.metrics),
                    "slices": {key: dict(values) for key, values in report.slices.items()},
                    "latency_ms": dict(report.latency_ms),
                    "candidate_recall": dict(report.candidate_recall),
                    "storage": dict(report.storage),
                }
                for name, report in self.pipelines.items()
            },
        }

    def write(self, folder: Path) -> None:
        """Write one TREC run per pipeline and the full record (``report.json``)."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, (name, report) in enumerate(self.pipelines.items(), 1):
            plain = "".join(c if c.isalnum() or c in "-_" else "_" for c in name).strip("_")[:60]
            rows = (
                (query, hit["page"], hit["rank"], hit["score"]) for query, hits in report.run.items() for hit in hits
            )
            write_trec(folder / f"{number:02d}-{plain}.trec", rows, report.pipeline)
        (folder / "report.json").write_text(json.dumps(asdict(self), indent=1, default=str), encoding="utf-8")


def evaluate(
    searcher: Searcher,
    dataset: Dataset,
    collection: str,
    pipelines: Sequence[str],
    scope: str = "document",
    measures: Sequence[str] = DEFAULT,
    progress: Callable[[int, int], None] | None = None,
) -> EvaluationReport:
    """Ask every question of every pipeline; `DatasetError` when no question fits the scope."""
    info = searcher.collection(collection)
    queries = in_scope(dataset, scope)
    qrels = {query.id: dataset.qrels[query.id] for query in queries}
    sources = _word_sources(searcher, collection, qrels)
    missing = tuple(sorted(page for page, source in sources.items() if source is None))
    groups = slices(queries, qrels, sources)
    total, done = len(queries) * len(pipelines), 0
    reports: dict[str, PipelineReport] = {}
    for name in pipelines:
        parsed = Pipeline.parse(name)
        parsed = parsed.returning(max(parsed.keep, DEPTH))
        for query in queries[:WARM_UP]:
            _ask(searcher, query, collection, parsed, scope)
        results: dict[str, SearchResult] = {}
        for query in queries:
            results[query.id] = _ask(searcher, query, collection, parsed, scope)
            done += 1
            if progress is not None:
                progress(done, total)
        run = {query: [str(hit.ref) for hit in result.hits] for query, result in results.items()}
        scores = per_query(qrels, run, measures)
        reports[name] = PipelineReport(
            str(parsed),
            mean(list(scores.values()), measures),
            {
                key: {"queries": len(ids), **mean([scores[query] for query in ids], measures)}
                for key, ids in groups.items()
            },
            _latency(list(results.values())),
            _candidate_recall(searcher, queries, collection, parsed, scope, qrels),
            _storage(info, parsed),
            scores,
            {query: [_hit(hit) for hit in result.hits] for query, result in results.items()},
        )
    return EvaluationReport(
        dataset.name,
        collection,
        scope,
        info.pages,
        len(queries),
        missing,
        dataset.warnings,
        reports,
        {
            "pagelens": version("pagelens"),
            "encoder": info.encoder,
            "settings": dict(info.settings),
            "python": platform.python_version(),
            "machine": platform.machine(),
        },
    )


def in_scope(dataset: Dataset, scope: str) -> list[Query]:
    """The questions that a scope asks."""
    if scope == "document":
        found = [query for query in dataset.queries if query.document]
    else:
        tagged = any("self_contained" in query.tags for query in dataset.queries)
        found = [query for query in dataset.queries if not tagged or query.tags.get("self_contained") == ("true",)]
    if not found:
        need = "name a document" if scope == "document" else "are self-contained"
        raise DatasetError(f"Dataset '{dataset.name}' has no questions that {need}, which scope '{scope}' asks for.")
    return found


def slices(
    queries: Sequence[Query], qrels: Mapping[str, Mapping[str, int]], sources: Mapping[str, str | None]
) -> dict[str, list[str]]:
    """Query ids by tag value, and those all of whose relevant pages have no text layer."""
    groups: dict[str, list[str]] = {}
    for query in queries:
        for key, values in query.tags.items():
            for value in dict.fromkeys(values):
                groups.setdefault(f"{key}={value}", []).append(query.id)
        found = {sources[page] for page, grade in qrels[query.id].items() if grade > 0} - {None}
        groups.setdefault("no text layer" if found and found <= {"ocr", "none"} else "text layer", []).append(query.id)
    return dict(sorted(groups.items()))


def _ask(searcher: Searcher, query: Query, collection: str, pipeline: Pipeline, scope: str) -> SearchResult:
    restrict = document_filter(query.document) if scope == "document" else ""
    return searcher.search(query.text, collection, str(pipeline), None, restrict)


def _word_sources(searcher: Searcher, collection: str, qrels: Mapping[str, Mapping[str, int]]) -> dict[str, str | None]:
    """Where each labelled page's words came from; None for a page that is not in the collection."""
    found: dict[str, str | None] = {}
    for page in {page for pages in qrels.values() for page in pages}:
        try:
            found[page] = searcher.page(PageRef.parse(page), collection).words.source
        except NotFoundError:
            found[page] = None
    return found


def _latency(results: Sequence[SearchResult]) -> dict[str, float]:
    """Milliseconds of the search without encoding, and of encoding (queries answered from the cache left out)."""
    search = [sum(s.ms for s in result.trace.stages if s.name != "encode") for result in results]
    encode = [s.ms for result in results for s in result.trace.stages if s.name == "encode" and not s.cache_hit]
    found = {"p50": np.percentile(search, 50), "p95": np.percentile(search, 95)}
    if encode:
        found["encode_p50"] = np.percentile(encode, 50)
    return {name: round(float(value), 2) for name, value in found.items()}


def _candidate_recall(
    searcher: Searcher,
    queries: Sequence[Query],
    collection: str,
    pipeline: Pipeline,
    scope: str,
    qrels: Mapping[str, Mapping[str, int]],
) -> dict[str, float]:
    """For every stage but the last: the share of relevant pages among what it hands on, averaged over queries."""
    found: dict[str, float] = {}
    for i, step in enumerate(pipeline.steps[:-1]):
        prefix = Pipeline(pipeline.steps[: i + 1])
        shares = []
        for query in queries:
            relevant = {page for page, grade in qrels[query.id].items() if grade > 0}
            kept = {str(hit.ref) for hit in _ask(searcher, query, collection, prefix, scope).hits}
            shares.append(len(relevant & kept) / len(relevant))
        found[str(step)] = round(float(np.mean(shares)), 4)
    return found


def _storage(info: CollectionInfo, pipeline: Pipeline) -> dict[str, float]:
    """Bytes and vectors per page of the indexes a pipeline reads."""
    used = {leaf.name for leaf in pipeline.leaves()}
    size = {index.name: index for index in info.indexes if index.name in used}
    pages = max(info.pages, 1)
    found: dict[str, float] = {}
    for name, index in size.items():
        bytes_per_vector = index.dim * (2 if index.dtype == "float16" else 4)
        found[f"{name}_vectors_per_page"] = round(index.vectors / pages, 1)
        found[f"{name}_bytes_per_page"] = round(index.vectors * bytes_per_vector / pages)
    return found


def _hit(hit: Any) -> dict[str, Any]:
    return {
        "page": str(hit.ref),
        "rank": hit.rank,
        "score": round(hit.score, 6),
        "stages": [{"name": s.name, "rank": s.rank, "score": round(s.score, 6)} for s in hit.stages],
    }
