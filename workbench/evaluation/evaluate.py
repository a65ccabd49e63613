"""Runs a dataset's questions through pipelines: a record of how well, how fast and at what size they were answered.

In scope ``document`` each question searches the pages of its own document; in scope ``corpus`` those of its dataset, in
scope ``union`` all pages of the collection. In the last two only questions that make sense without their document are
asked, where the dataset says which (tag ``self_contained``).
A relevant page that is not in the collection, failed or never given, stays in the labels and counts as a miss.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TypeVar

from workbench.errors import DatasetError, NotFoundError, PipelineError
from workbench.evaluation.boxes import box_answer
from workbench.evaluation.datasets import Dataset, Question
from workbench.evaluation.locating import LocatedPages, locate
from workbench.evaluation.measures import DEFAULT, depth
from workbench.evaluation.measuring import Run, deep_enough, from_elsewhere, measure
from workbench.evaluation.parts import Part, Parts
from workbench.evaluation.provenance import collection_facts, dataset_hash, machine, versions
from workbench.evaluation.query_runner import QueryRunner
from workbench.evaluation.ranking import RANKED, StageRanks
from workbench.evaluation.record import (
    BoxAnswer,
    CollectionFacts,
    DatasetFacts,
    FailedPage,
    JudgedQuestion,
    Measured,
    Record,
    digest,
)
from workbench.evaluation.scopes import in_scope, restriction
from workbench.evaluation.searcher import Searcher
from workbench.retrieval import Pipeline
from workbench.timing import Stopwatch
from workbench.types import (
    Box,
    CollectionInfo,
    PageRef,
    ProgressCallback,
)

NO_TEXT_LAYER = frozenset({"ocr", "none"})

T = TypeVar("T")
Sources = Mapping[str, str | None]
"""Where each labelled page's words came from; None for a page that is not in the collection."""


def evaluate(
    searcher: Searcher,
    dataset: Dataset,
    collection: str,
    pipelines: Sequence[str],
    scope: str = "document",
    measures: Sequence[str] = DEFAULT,
    progress: ProgressCallback | None = None,
    runs: Mapping[str, Run] | None = None,
    parts: Parts | None = None,
    optional: Collection[str] = (),
) -> Record:
    """Ask every question of every pipeline; ``progress`` hears (searches done, of how many).

    ``runs`` are rankings made elsewhere, by name, with the dataset's page names, measured beside the pipelines. What
    ``parts`` holds of a run that was stopped is not measured again. Pipelines in ``optional`` are left out, with a
    warning, where the collection lacks what they need.
    `DatasetError` when no question fits the scope or none of the labelled pages is in the collection; `InputError` for
    an unknown measure, `PipelineError` for a bad pipeline, both before anything is searched.
    """
    watch = Stopwatch()
    deep = depth(measures)
    parsed = {name: deep_enough(Pipeline.parse(name), deep) for name in pipelines}
    asked = _asked(searcher, dataset, collection, scope)
    runner = QueryRunner(
        searcher.searches.search,
        collection,
        restriction(dataset, asked.places, scope),
        progress,
        sum(len(p.steps) + 1 for p in parsed.values()) * len(asked.queries) + len(asked.pointed),
    )
    ranks = StageRanks(runner, asked.queries, asked.qrels)
    kept = parts or Parts(None)
    made_with = versions()
    measured: dict[str, Part] = {}
    warnings = [f"{name} is not the file that was indexed under that name" for name in asked.places.differing]
    for name, pipeline in parsed.items():
        key = digest((asdict(asked.dataset), asdict(asked.held), made_with, list(measures), deep, name, str(pipeline)))
        part = kept.get(key)
        if part is not None:
            runner.skip((len(pipeline.steps) + 1) * len(asked.queries))
        else:
            try:
                part = measure(runner, ranks, name, pipeline, asked.queries, asked.qrels, measures, asked.info)
            except PipelineError as error:
                if name not in optional:
                    raise
                warnings.append(f"{name} was left out: {error}")
                continue
            kept.put(key, part)
        measured[name] = part
        warnings += [f"question {query} was not searched: {reason}" for query, reason in part.refused.items()]
    elsewhere = {
        name: from_elsewhere(name, run, asked.places, asked.qrels, measures) for name, run in (runs or {}).items()
    }
    if not measured and not elsewhere:
        raise PipelineError(warnings[-1] if warnings else "There is no pipeline to measure.")
    boxes: list[BoxAnswer] = []
    for query, page in asked.pointed:
        boxes.append(
            box_answer(
                searcher.explanations.explain, collection, query.id, query.text, page, asked.boxes[query.id][page]
            )
        )
        runner.skip(1)
    return Record(
        settings={
            "scope": scope,
            "measures": list(measures),
            "pipelines": {name: part.run.text for name, part in measured.items()},
            "depth": deep,
            "ranked": RANKED,
        },
        dataset=asked.dataset,
        collection=asked.held,
        versions=made_with,
        questions=asked.questions(),
        slices={key: tuple(ids) for key, ids in slices(asked.queries, asked.qrels, asked.sources).items()},
        missing=asked.missing,
        failed=asked.failed,
        warnings=(*dataset.warnings, *dict.fromkeys(warnings)),
        pipelines={**{name: part.run for name, part in measured.items()}, **elsewhere},
        boxes=tuple(boxes),
        measured=Measured(
            datetime.now(UTC).isoformat(timespec="seconds"),
            machine(),
            round(watch.lap() / 1000, 3),
            asked.info.bytes,
            {name: part.stage_ms for name, part in measured.items()},
            {query: ms for part in reversed(measured.values()) for query, ms in part.encode_ms.items()},
        ),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an evaluation asks of a collection: questions, with labels and boxes under the collection's page names."""

    dataset: DatasetFacts
    held: CollectionFacts
    info: CollectionInfo
    places: LocatedPages
    queries: Sequence[Question]
    qrels: Mapping[str, Mapping[str, int]]
    boxes: Mapping[str, Mapping[str, tuple[Box, ...]]]
    sources: Sources
    missing: tuple[str, ...]
    failed: tuple[FailedPage, ...]

    @property
    def pointed(self) -> list[tuple[Question, str]]:
        """Questions with a page that has boxes and can be explained."""
        here = ((query, page) for query in self.queries for page in self.boxes.get(query.id, ()))
        return [(query, page) for query, page in here if self.sources.get(page) is not None]

    def questions(self) -> dict[str, JudgedQuestion]:
        """As a record keeps them."""
        return {
            query.id: JudgedQuestion(
                query.text,
                self.places.document(query.document) if query.document else "",
                dict(query.tags),
                self.qrels[query.id],
            )
            for query in self.queries
        }


def _asked(searcher: Searcher, dataset: Dataset, collection: str, scope: str) -> _Asked:
    info = searcher.library.info(collection)
    queries = in_scope(dataset, scope)
    documents = searcher.library.documents(collection)
    places = locate(dataset, documents)
    labels = {query.id: dataset.qrels[query.id] for query in queries}
    boxes = {query.id: dataset.boxes[query.id] for query in queries if query.id in dataset.boxes}
    qrels = {query: _placed(places, pages, max) for query, pages in labels.items()}
    sources = _word_sources(searcher, collection, qrels)
    missing = tuple(sorted(page for page, source in sources.items() if source is None))
    if len(missing) == len(sources):
        raise DatasetError(
            f"Collection '{collection}' holds none of the pages that dataset '{dataset.name}' asks for; ingest its "
            "documents folder into it, or leave the collection out."
        )
    languages = sorted({language for query in queries for language in query.tags.get("language", ())})
    return _Asked(
        DatasetFacts(
            dataset.name, dataset_hash(queries, labels, boxes), scope, len(queries), len(sources), tuple(languages)
        ),
        collection_facts(info, documents),
        info,
        places,
        queries,
        qrels,
        {query: _placed(places, pages, operator.add) for query, pages in boxes.items()},
        sources,
        missing,
        tuple(
            FailedPage(str(PageRef(document.name, page.page)), page.reason)
            for document in documents
            for page in document.failed
        ),
    )


def _placed(places: LocatedPages, labels: Mapping[str, T], both: Callable[[T, T], T]) -> dict[str, T]:
    """Labels under the collection's page names; two pages that are one there have what ``both`` makes of them."""
    found: dict[str, T] = {}
    for page, value in labels.items():
        name = places.page(page)
        found[name] = both(found[name], value) if name in found else value
    return found


def slices(
    queries: Sequence[Question], qrels: Mapping[str, Mapping[str, int]], sources: Sources
) -> dict[str, list[str]]:
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


def _word_sources(searcher: Searcher, collection: str, qrels: Mapping[str, Mapping[str, int]]) -> Sources:
    found: dict[str, str | None] = {}
    for page in {page for pages in qrels.values() for page, grade in pages.items() if grade > 0}:
        try:
            found[page] = searcher.library.page(PageRef.parse(page), collection).words.source
        except NotFoundError:
            found[page] = None
    return found
