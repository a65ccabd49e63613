"""What a question searches: the pages of its own document, of its dataset, or all there are; and who is asked there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.errors import DatasetError
from workbench.evaluation.datasets import Dataset, Question
from workbench.evaluation.locating import LocatedPages
from workbench.retrieval import document_filter

SCOPES = ("document", "corpus", "union")


def restriction(dataset: Dataset, places: LocatedPages, scope: str) -> Callable[[Question], str]:
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
    # A dataset about a collection's pages has all of them for its corpus, labelled or not.
    part = places.others and not dataset.collection
    whole = documents_filter(sorted(set(places.names.values()))) if part else ""
    return lambda query: whole


def documents_filter(names: Sequence[str]) -> str:
    """The filter text that keeps some documents."""
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    return f"document in ({quoted})"


def in_scope(dataset: Dataset, scope: str) -> list[Question]:
    """The questions that a scope asks."""
    if scope not in SCOPES:
        raise DatasetError(f"There is no scope '{scope}'; there are {', '.join(SCOPES)}.")
    if scope == "document":
        found = [query for query in dataset.queries if query.document]
    else:
        tagged = {_part(query) for query in dataset.queries if "self_contained" in query.tags}
        found = [
            query
            for query in dataset.queries
            if _part(query) not in tagged or query.tags.get("self_contained") == ("true",)
        ]
    if not found:
        need = "name a document" if scope == "document" else "are self-contained"
        raise DatasetError(f"Dataset '{dataset.name}' has no questions that {need}, which scope '{scope}' asks for.")
    return found


def _part(query: Question) -> str:
    """The dataset a question came from, where several were put together."""
    return next(iter(query.tags.get("dataset", ())), "")
