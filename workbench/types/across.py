"""What a search over several collections answers: their hits as one list, and what each collection said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from workbench.types.queries import Query
from workbench.types.results import Hit, SearchResult

Merge = Literal["score", "ranks"]


@dataclass(frozen=True, slots=True)
class AcrossHit:
    """A page found in one of several collections: ``hit`` is what its own search says of it, rank and score there.

    ``rank`` (from 1) and ``score`` are those in the merged list; ``also`` are further collections that found the same
    page of the same file.
    """

    collection: str
    hit: Hit
    rank: int
    score: float
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CollectionAnswer:
    """What one of the collections said, and the wall milliseconds that it took.

    ``result`` is None where it could not be searched. ``reason`` is one sentence on why none of its pages is found,
    empty where some are. ``scale`` names what its scores compare with: those of collections of the same scale; empty:
    with no others.
    """

    collection: str
    ms: float
    result: SearchResult | None = None
    scale: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AcrossResult:
    """The answer of several collections to one search, best pages first.

    ``merge`` says what the order goes by: ``score`` where all scores are of one scale, else ``ranks``; ``statement``
    is the same in a sentence. ``complete`` is false while collections are still to be asked, of which ``answers`` has
    nothing yet; ``collections`` are all of them, in the order asked.
    """

    query_text: str
    collections: tuple[str, ...]
    hits: tuple[AcrossHit, ...]
    answers: tuple[CollectionAnswer, ...]
    merge: Merge
    statement: str
    complete: bool = True
    query: Query = field(default_factory=Query.empty)

    @property
    def total_ms(self) -> float:
        """Wall milliseconds of all collections, one after the other."""
        return sum(answer.ms for answer in self.answers)
