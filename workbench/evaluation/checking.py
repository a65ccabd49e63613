"""A dataset looked over before anything runs: what it holds, and what would spoil or slant its figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.documents import DocumentProbe, readers
from workbench.errors import DocumentError
from workbench.evaluation.datasets import Dataset
from workbench.evaluation.oddities import counts
from workbench.evaluation.rows import name_finder
from workbench.types import DocumentInfo, PageRef

SHOWN = 5


@dataclass(frozen=True, slots=True)
class DatasetCheck:
    """What was found: ``counts`` by what is counted, ``problems`` in sentences; no problem is good news.

    ``oddities`` are the rows that were left out or mended, by kind (`oddities.KINDS`).
    """

    name: str
    counts: dict[str, int]
    problems: tuple[str, ...]
    oddities: dict[str, int]


def check(dataset: Dataset, held: Sequence[DocumentInfo] = ()) -> DatasetCheck:
    """Open every file of the dataset and hold its labels against the pages there are.

    ``held`` are the documents of the collection that a dataset without files of its own is about.
    """
    probes: dict[str, DocumentProbe | DocumentInfo] = {document.name: document for document in held}
    unread: list[str] = []
    files = dataset.files()
    for name, found in zip(files, readers().probes(files.values()), strict=True):
        if isinstance(found, DocumentError):
            unread.append(str(found))
        else:
            probes[name] = found
    problems = (*dataset.warnings, *unread, *_files(probes), *_labels(dataset, probes), *_questions(dataset))
    return DatasetCheck(dataset.name, _counts(dataset, probes), problems, counts(dataset.oddities))


def _counts(dataset: Dataset, probes: Mapping[str, DocumentProbe | DocumentInfo]) -> dict[str, int]:
    grades = Counter(grade for pages in dataset.qrels.values() for grade in pages.values())
    languages = Counter(language for query in dataset.queries for language in query.tags.get("language", ()))
    return {
        "documents": len(probes) if dataset.collection else len(dataset.files()),
        "pages": sum(found.pages for found in probes.values()),
        "questions": len(dataset.queries),
        **{f"questions in {language}": count for language, count in sorted(languages.items())},
        "labels": sum(grades.values()),
        **{f"labels of grade {grade}": count for grade, count in sorted(grades.items()) if len(grades) > 1},
        "relevant pages": len({page for _, page in _relevant(dataset)}),
        "rows left out or mended": sum(oddity.count for oddity in dataset.oddities),
        "boxes": sum(len(boxes) for pages in dataset.boxes.values() for boxes in pages.values()),
    }


def _relevant(dataset: Dataset) -> set[tuple[str, str]]:
    return {(query, page) for query, pages in dataset.qrels.items() for page, grade in pages.items() if grade > 0}


def _files(probes: Mapping[str, DocumentProbe | DocumentInfo]) -> Iterator[str]:
    by_hash: dict[str, list[str]] = {}
    for name, found in probes.items():
        by_hash.setdefault(found.content_hash, []).append(name)
    for names in by_hash.values():
        if len(names) > 1:
            yield f"{_some(names)} have the same content; a collection takes it in once"


def _labels(dataset: Dataset, probes: Mapping[str, DocumentProbe | DocumentInfo]) -> Iterator[str]:
    find = name_finder(probes)
    refs = {page: PageRef.parse(page) for pages in dataset.qrels.values() for page in pages}
    refs = {page: PageRef(find(ref.document), ref.page) for page, ref in refs.items()}
    missing = sorted({ref.document for ref in refs.values() if ref.document not in probes})
    if missing:
        yield f"labels are about documents that are not there or cannot be read: {_some(missing)}"
    beyond = sorted(p for p, ref in refs.items() if ref.document in probes and ref.page > probes[ref.document].pages)
    if beyond:
        yield f"labels are on pages that their documents do not have: {_some(beyond)}"
    boxed = {(query, page) for query, pages in dataset.boxes.items() for page in pages} - _relevant(dataset)
    if boxed:
        yield f"{len(boxed)} pages have boxes for a question but no label that makes them relevant"
    elsewhere = sorted(
        query.id
        for query in dataset.queries
        if query.document and all(refs[page].document != find(query.document) for page in dataset.qrels[query.id])
    )
    if elsewhere:
        yield f"questions whose relevant pages are not in the document they name: {_some(elsewhere)}"


def _questions(dataset: Dataset) -> Iterator[str]:
    asked = Counter((" ".join(query.text.lower().split()), query.document) for query in dataset.queries)
    twice = sorted(text for (text, _), count in asked.items() if count > 1)
    if twice:
        yield f"{len(twice)} questions are asked more than once: {_some(twice)}"


def _some(items: list[str]) -> str:
    return ", ".join(items[:SHOWN]) + (f" and {len(items) - SHOWN} more" if len(items) > SHOWN else "")
