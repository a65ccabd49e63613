"""What is exported: a search's result with the page behind each hit, its picture and why it scores what it scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workbench.heatmap import USUAL, Look
from workbench.types import Explanation, Hit, PageRef, SearchResult
from workbench.types.across import AcrossHit, AcrossResult


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of a result, or one that a person named (``hit`` is None where the search does not find it).

    ``own`` is the search of its collection that found it, or did not; ``across`` where it stands among the pages of
    several. ``explanation`` is None where it was not asked for or there are no vectors to explain by; ``picture`` gives
    the file of the whole page and raises `NotFoundError` where there is none; ``dpi`` is what the page was rendered at,
    ``size`` its pixels then (0, 0 where it is not known).
    """

    ref: PageRef
    hit: Hit | None
    own: SearchResult
    explanation: Explanation | None
    picture: Callable[[], Path]
    size: tuple[int, int] = (0, 0)
    dpi: int = 0
    across: AcrossHit | None = None

    @property
    def rank(self) -> int | None:
        """In the list that is exported."""
        return self.across.rank if self.across else self.hit.rank if self.hit else None

    @property
    def name(self) -> str:
        """The page, and of several collections also which one it is of."""
        return f"{self.own.collection}/{self.ref}" if self.across else str(self.ref)


@dataclass(frozen=True, slots=True)
class Found:
    """A result to export; ``filter`` is what was searched where, ``made`` the date and time, ``command`` what repeats
    it, ``look`` how its heat is shown."""

    result: SearchResult | AcrossResult
    pages: tuple[FoundPage, ...]
    filter: str = ""
    made: str = ""
    command: str = ""
    look: Look = USUAL

    @property
    def hits(self) -> tuple[Hit, ...]:
        """All that was found, each as the search of its collection has it."""
        if isinstance(self.result, AcrossResult):
            return tuple(found.hit for found in self.result.hits)
        return self.result.hits

    @property
    def query(self) -> str:
        """The query as it is shown."""
        return str(self.result.query_text)
