"""What searching several collections costs against one of all their pages: quality, and time beside it.

The documents of a collection are dealt out, as a person sorts them into folders, to so many new collections, each page
with its words and vectors as they are, and questions are asked across these and of the collection itself. For
comparison, the lists of the same collections taking turns, which is what merging without comparable scores comes to.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
from PIL import Image

from workbench.bench.latency import without_encoding
from workbench.bench.times import Times
from workbench.documents.webp import encoded
from workbench.errors import InputError
from workbench.evaluation import per_query
from workbench.service import Workbench
from workbench.settings import CollectionSettings
from workbench.store import Collection, Library, Writer
from workbench.types import SearchResult

MEASURE = "nDCG@5"
K = 10
"""Pages that each search returns."""
BATCH = 64
Labels = Mapping[str, Mapping[str, int]]
"""By question, the grades of the pages that answer it, by page ref."""


@dataclass(frozen=True, slots=True)
class AcrossPoint:
    """A pipeline over so many collections: mean nDCG@5 of the merged list, and of lists that take turns.

    ``merge`` says by what the lists were merged (``score`` or ``ranks``; empty for one collection), ``search`` what a
    question took, in all collections together, without encoding it.
    """

    pipeline: str
    collections: int
    ndcg: float
    turns: float
    merge: str
    search: Times


@dataclass(frozen=True, slots=True)
class AcrossReport:
    """All points: pipelines in order, and for each the numbers of collections."""

    source: str
    encoder: str
    documents: int
    pages: int
    questions: int
    repeats: int
    points: tuple[AcrossPoint, ...]


def across(
    workbench: Workbench,
    collection: str,
    labels: Labels,
    numbers: Sequence[int],
    pipelines: Sequence[str],
    repeats: int = 3,
    progress: Callable[[str], None] = lambda what: None,
) -> AcrossReport:
    """Deal a collection out to ``numbers`` of collections, and ask every question of ``labels`` of each and of itself.

    The vectors are those of its first encoder. `InputError` where it has fewer documents than there are to be
    collections, or no question has a label in it.
    """
    source = workbench.opened.get(collection)
    documents, info = source.documents(), source.info()
    there = {str(ref) for ref in source.directory().refs.values()}
    asked = {question: grades for question, grades in labels.items() if there & grades.keys()}
    if not asked or len(documents) < max(numbers):
        raise InputError(
            f"'{collection}' has {len(documents)} documents, and {len(asked)} questions have a label in it; "
            f"{max(numbers)} collections and one question are needed at least."
        )
    points: list[AcrossPoint] = []
    with tempfile.TemporaryDirectory(prefix="pagelens-across-", ignore_cleanup_errors=True) as folder:
        settings = workbench.settings.model_copy(update={"home": Path(folder)})
        dealt = {number: _deal(source, Library.of(settings), number, progress) for number in sorted(set(numbers))}
        made = Workbench(settings)
        for pipeline in pipelines:
            progress(f"Asking {len(asked)} questions by {pipeline}")
            texts = [*asked] * (repeats + 1)  # the first time warms up
            alone = [_Asked.of([workbench.searches.search(text, collection, pipeline, K)]) for text in texts]
            points.append(_point(pipeline, 1, alone, asked, ""))
            for number, names in dealt.items():
                found = [made.across.search(text, names, pipeline, K) for text in texts]
                merge = found[-1].merge
                several = [
                    _Asked.of(
                        [answer.result for answer in one.answers if answer.result is not None],
                        [str(hit.hit.ref) for hit in one.hits],
                    )
                    for one in found
                ]
                points.append(_point(pipeline, number, several, asked, merge))
        made.close()
    return AcrossReport(collection, info.encoder, len(documents), info.pages, len(asked), repeats, tuple(points))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question that was asked: the pages in order, those of lists that take turns, and the milliseconds."""

    pages: list[str]
    turns: list[str]
    ms: float

    @classmethod
    def of(cls, results: Sequence[SearchResult], merged: list[str] | None = None) -> _Asked:
        lists = [[str(hit.ref) for hit in result.hits] for result in results]
        turns = list(dict.fromkeys(page for row in zip_longest(*lists) for page in row if page is not None))[:K]
        ms = sum(without_encoding(result.trace.stages) for result in results)
        return cls(turns if merged is None else merged, turns, ms)


def _point(pipeline: str, number: int, asked: Sequence[_Asked], labels: Labels, merge: str) -> AcrossPoint:
    def ndcg(lists: Sequence[list[str]]) -> float:
        each = per_query(labels, dict(zip(labels, lists, strict=False)), [MEASURE])
        return float(np.mean([values[MEASURE] for values in each.values()]))

    times = Times.of([one.ms for one in asked[len(labels) :]])
    found, turns = [one.pages for one in asked], [one.turns for one in asked]
    return AcrossPoint(pipeline, number, ndcg(found), ndcg(turns), merge, times)


def _deal(source: Collection, library: Library, number: int, progress: Callable[[str], None]) -> list[str]:
    """Write the documents of a collection into so many of ``library``, in turn; their names."""
    progress(f"Writing {number} collections")
    space = source.space()
    settings = CollectionSettings(**{**asdict(source.settings), "encoder": space.encoder, "indexes": _pooled(source)})
    names = [f"part-{part + 1}-of-{number}" for part in range(number)]
    made = [library.create(name, settings, space.info) for name in names]
    small = encoded(Image.new("RGB", (8, 8), "white"))
    by_document: dict[str, list[str]] = {}
    for page, ref in source.directory().refs.items():
        by_document.setdefault(ref.document, []).append(page)
    listed = sorted(source.records.listed(), key=lambda record: record.name)
    for place, part in enumerate(made):
        with Writer(part) as writer:
            for record in listed[place::number]:
                begun, pages = writer.begin_document(record), by_document.get(record.name, [])
                for start in range(0, len(pages), BATCH):
                    ids = pages[start : start + BATCH]
                    vectors = dict(space.embeddings(ids))
                    read = zip(ids, source.rebuilt(ids), strict=True)
                    if failed := writer.add_pages(begun, [(page, vectors[i], small) for i, page in read]):
                        raise InputError(f"A page could not be written: {failed[0].reason}")
                writer.finish_document(begun)
            writer.finish()
        part.close()
    return names


def _pooled(source: Collection) -> tuple[str, ...]:
    """The indexes of the first encoder that are worked out of its full vectors."""
    return tuple(name for name in source.space().indexes if name != "full")
