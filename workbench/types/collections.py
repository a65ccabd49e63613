"""Collections as they are listed: documents, indexes, and the vectors of each encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.types.ingestion import PageFailureRecord, PageNotice


@dataclass(frozen=True, slots=True)
class PageGap:
    """A page that is in the collection without the vectors of one of its encoders, which failed on it, and why."""

    page: int
    encoder: str
    reason: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A page kept out of search, or a whole document (``page`` 0), and why; ``since`` is an ISO time in UTC.

    ``document`` is its name when it was put away; another name or version of the file may be there by now.
    """

    document: str
    page: int
    reason: str
    since: str

    def __str__(self) -> str:
        return f"{self.document}#page={self.page}" if self.page else self.document


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document of a collection. ``bytes`` counts its vectors and pictures in the store; ``gaps`` are by page.

    ``tags`` and ``meta`` (fields of a person's own) are what filters find it by. ``words`` says where its words came
    from; of ``unread`` pages those in their pictures are still to be read. ``notices`` are of pages that are in and of
    which something could not be read, in a sentence each. ``verdict`` says how well it was read (see
    `store.legibility`), and ``reading`` why.
    """

    name: str
    pages: int
    indexed: int
    failed: tuple[PageFailureRecord, ...]
    content_hash: str
    bytes: int
    added: str
    words: str = "text"
    tags: tuple[str, ...] = ()
    gaps: tuple[PageGap, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)
    unread: int = 0
    notices: tuple[PageNotice, ...] = ()
    verdict: str = "good"
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """A folder that a collection is kept in step with; documents whose file is gone from it are deleted, or kept."""

    collection: str
    folder: str
    keep: bool = False


@dataclass(frozen=True, slots=True)
class DocumentFields:
    """What a person tagged a document with, and the fields they set."""

    name: str
    tags: tuple[str, ...]
    meta: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """One index of a collection: vectors and bytes per page, dtype."""

    name: str
    pages: int
    vectors: int
    dim: int
    dtype: str
    bytes: int


@dataclass(frozen=True, slots=True)
class SpaceInfo:
    """One encoder's vectors of a collection; ``primary`` for the encoder the collection was made with.

    Of the collection's pages it holds the vectors of ``pages``; on ``failed`` its encoder failed, and ``missing`` are
    still to be embedded.
    """

    encoder: str
    kind: str
    dim: int
    primary: bool
    pages: int
    failed: int
    missing: int
    bytes: int
    indexes: tuple[IndexInfo, ...]

    @property
    def complete(self) -> bool:
        """Whether it holds the vectors of every page its encoder could take."""
        return self.missing == 0


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """A collection as the Library shows it; ``settings`` is what made it (manifest).

    ``encoder`` and ``indexes`` are those of the first of its ``spaces``, which has a vector stage's say where a
    pipeline names no encoder. ``quarantined`` of its ``pages`` are kept out of search; of
    ``unread`` ones the words in their pictures are still to be read.
    """

    name: str
    encoder: str
    documents: int
    pages: int
    failed_pages: int
    bytes: int
    indexes: tuple[IndexInfo, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    spaces: tuple[SpaceInfo, ...] = ()
    quarantined: int = 0
    unread: int = 0
