"""What a deletion takes away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Gone:
    """What leaves: a document of a collection, or all of it (``document`` empty).

    ``contents`` are the sizes in bytes of the files that were indexed, by their sha256.
    """

    collection: str
    document: str = ""
    contents: Mapping[str, int] = field(default_factory=dict)

    def names(self, document: str) -> bool:
        """Whether a document of the collection is, or is among, what leaves."""
        return self.document in ("", document)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a deletion removed: pages with their words, vectors and pictures, and what was kept elsewhere of them.

    ``uploads`` are copies of the files that were sent, ``pictures`` those files as pictures to search with, ``labels``
    judgements of the pages, ``searches`` the names of saved searches that pointed at them. ``notes`` say in sentences
    what stays, and why.
    """

    collection: str
    document: str
    pages: int = 0
    uploads: int = 0
    pictures: int = 0
    labels: int = 0
    searches: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, gone: Gone, **removed: Any) -> Receipt:
        """What one of those that keep something of what leaves has removed of it; the names are the fields'."""
        return cls(gone.collection, gone.document, **removed)

    def __add__(self, other: Receipt) -> Receipt:
        """What both say is removed."""
        return replace(
            self,
            pages=self.pages + other.pages,
            uploads=self.uploads + other.uploads,
            pictures=self.pictures + other.pictures,
            labels=self.labels + other.labels,
            searches=self.searches + other.searches,
            notes=self.notes + other.notes,
        )

    @property
    def sentence(self) -> str:
        """What was removed, in one sentence."""
        counted = (
            (self.pages, "page with its words, vectors and pictures", "pages with their words, vectors and pictures"),
            (self.uploads, "uploaded file", "uploaded files"),
            (self.pictures, "picture to search with", "pictures to search with"),
            (self.labels, "judgement", "judgements"),
            (len(self.searches), "saved search", "saved searches"),
        )
        parts = [f"{count:,} {one if count == 1 else many}" for count, one, many in counted if count]
        return f"Removed: {', '.join(parts) or 'nothing'}."
