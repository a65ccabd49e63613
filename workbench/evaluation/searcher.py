"""What evaluations ask of the workbench, part by part; whatever has these methods will do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from workbench.regions import Area
from workbench.types import CollectionInfo, DocumentInfo, Explanation, PageRef, SearchResult, StoredPage


class SearchPart(Protocol):
    """Searches."""

    def search(self, query: str, collection: str, pipeline: str, k: int | None, filter: str) -> SearchResult:
        """As `Workbench.search`."""
        ...


class ExplanationPart(Protocol):
    """Says why."""

    def explain(self, query: str, ref: PageRef, collection: str, encoder: str = "", pipeline: str = "") -> Explanation:
        """As `Workbench.explain`."""
        ...

    def areas(self, ref: PageRef, collection: str) -> Sequence[Area]:
        """The parts that a page falls into."""
        ...


class LibraryPart(Protocol):
    """Knows collections, their documents and pages."""

    def info(self, name: str) -> CollectionInfo:
        """A collection in figures."""
        ...

    def documents(self, name: str) -> Sequence[DocumentInfo]:
        """The documents of a collection."""
        ...

    def page(self, ref: PageRef, collection: str) -> StoredPage:
        """A page's words and where they come from; `NotFoundError` when it is not there."""
        ...

    def page_image(self, collection: str, ref: PageRef, size: str = "page") -> Path:
        """The file of a page's picture, ``page`` or ``thumb``."""
        ...


class Searcher(Protocol):
    """The parts of the workbench that are asked."""

    @property
    def library(self) -> LibraryPart:
        """What there is."""
        ...

    @property
    def searches(self) -> SearchPart:
        """What answers."""
        ...

    @property
    def explanations(self) -> ExplanationPart:
        """What says why."""
        ...
