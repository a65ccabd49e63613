"""What a search answers: hits, and what each stage cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from workbench.types.documents import PageRef
from workbench.types.queries import Query


class ScoreKind(StrEnum):
    """Whether a score is the model's own MaxSim over all vectors (exact), stands in for it (approximate), or is what a
    reranker says of query and page (model)."""

    EXACT = "exact"
    APPROXIMATE = "approximate"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class StageScore:
    """Rank (from 1) and score of one page in one stage.

    ``scored`` is false where the stage's encoder has no vectors of the page: it ranks after all that have a score, and
    ``score`` is 0.
    """

    name: str
    rank: int
    score: float
    score_kind: ScoreKind
    scored: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """A page found: final rank and score, what each stage said of it (a fused leg that missed it is absent), and how
    many words it has, where a stage went by words."""

    page_id: str
    ref: PageRef
    rank: int
    score: float
    score_kind: ScoreKind
    stages: tuple[StageScore, ...]
    words: int | None = None

    @property
    def scored(self) -> bool:
        """Whether the last stage had vectors of the page; if not, its score is 0 and it ranks after those that have."""
        return not self.stages or self.stages[-1].scored


@dataclass(frozen=True, slots=True)
class Lifted:
    """A stretch of the query that refers to pages, what it was taken for, and how many pages it lifted."""

    text: str
    means: tuple[str, ...]
    pages: int


@dataclass(frozen=True, slots=True)
class StageTrace:
    """What one stage cost, measured.

    ``ms`` wall milliseconds, of which ``kernel_ms`` in the MaxSim kernel (its reads of the memory map included);
    ``vectors_compared`` page vectors scored; ``bytes_read`` vector bytes read from the store;
    ``cold`` true when the stage had to load something a warm process keeps (a model, an index map);
    ``scored`` pages that it really scored, fewer than came in where it prunes, and the stages it takes counted one by
    one; ``weights`` the weight of each
    query token, by its label, where the stage gave them others than the encoder did; ``lifted`` what in the query
    referred to pages that the stage therefore lifted; ``device`` the graphics card that compared vectors, the bytes
    that it holds of them, and whether that is all (warm); ``approximate`` the index that named the candidates, how far
    it was looked into, and how many it named.
    """

    name: str
    ms: float
    candidates_in: int = 0
    candidates_out: int = 0
    vectors_compared: int = 0
    bytes_read: int = 0
    kernel_ms: float = 0.0
    cold: bool = False
    cache_hit: bool = False
    scored: int = 0
    weights: tuple[tuple[str, float], ...] = ()
    lifted: tuple[Lifted, ...] = ()
    device: str = ""
    approximate: str = ""

    @property
    def encoding(self) -> bool:
        """Whether it encoded the query: ``encode``, or ``encode@ID`` where several encoders did."""
        return self.name.partition("@")[0] == "encode"


@dataclass(frozen=True, slots=True)
class Trace:
    """The stages of one search in order; ``total_ms`` is the sum of the parts, overhead included as a part."""

    stages: tuple[StageTrace, ...]

    @property
    def total_ms(self) -> float:
        """Wall milliseconds of the whole search."""
        return sum(stage.ms for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a search found what was looked for, by a calibration of its pipeline over its collection.

    ``probability`` that no page is relevant, from 0 to 1; ``statement`` and ``basis`` (what it was fitted with) are
    sentences.
    """

    state: Literal["found", "uncertain", "nothing"]
    probability: float
    statement: str
    basis: str

    @property
    def relevant(self) -> bool:
        """Whether some page may be relevant, for all that is known."""
        return self.state != "nothing"


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to one search. ``complete`` is false while later stages are still to run.

    ``encoder`` is the one whose stage decided, the last that compares vectors (the collection's first where none does);
    ``notes`` are sentences on what the search could not see, as pages that still lack an encoder's vectors; ``query``
    is what was looked for, ``query_text`` the same as it is shown; ``verdict`` only where the pipeline was calibrated
    over the collection.
    """

    query_text: str
    collection: str
    encoder: str
    pipeline: str
    hits: tuple[Hit, ...]
    trace: Trace
    complete: bool = True
    notes: tuple[str, ...] = ()
    query: Query = field(default_factory=Query.empty)
    verdict: Verdict | None = None

    @property
    def lifted(self) -> tuple[Lifted, ...]:
        """What in the query referred to pages, each once, as the last stage took it."""
        return tuple({each.text: each for stage in self.trace.stages for each in stage.lifted}.values())
