"""The values that pass between the parts of Pagelens.

Everything here is a frozen dataclass with no behaviour beyond reading itself; every stage is ``value -> value``.
Arrays are numpy. Boxes are ``(x0, y0, x1, y1)`` as fractions of the *original* page (0..1, origin top left, cropping
already undone), so one box means the same place whatever made it. What this module does not do: read files, load
models, or touch a store.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

Float = NDArray[np.float32]
Int = NDArray[np.int32]
Box = tuple[float, float, float, float]

_PAGE_REF = re.compile(r"(?P<document>.+)#page=(?P<page>[1-9][0-9]*)", re.DOTALL)


@dataclass(frozen=True, order=True, slots=True)
class PageRef:
    """A page as a person names it: document name and 1-based page number, written ``report.pdf#page=12`` (RFC 8118)."""

    document: str
    page: int

    def __str__(self) -> str:
        return f"{self.document}#page={self.page}"

    @classmethod
    def parse(cls, text: str) -> PageRef:
        """Read ``report.pdf#page=12``; ``ValueError`` when the text is not of that form."""
        match = _PAGE_REF.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a page reference; write one as report.pdf#page=12")
        return cls(match["document"], int(match["page"]))


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a page in reading order, as parallel columns of length n.

    ``boxes (n, 4) float32`` page fractions; ``lines (n,) int32`` number of the text line a word stands in;
    ``ocr (n,) bool`` true where the word was read from the picture rather than from the PDF's text layer.
    """

    texts: tuple[str, ...]
    boxes: Float
    lines: Int
    ocr: NDArray[np.bool_]

    def __post_init__(self) -> None:
        n = len(self.texts)
        if self.boxes.shape != (n, 4) or self.lines.shape != (n,) or self.ocr.shape != (n,):
            raise ValueError(f"{n} words need boxes ({n}, 4), lines ({n},) and ocr ({n},)")

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def text(self) -> str:
        """The words as plain text, one text line a line."""
        parts: list[str] = []
        for i, word in enumerate(self.texts):
            parts.append("" if i == 0 else ("\n" if self.lines[i] != self.lines[i - 1] else " "))
            parts.append(word)
        return "".join(parts)

    @property
    def source(self) -> str:
        """``text`` (text layer), ``ocr``, ``mixed``, or ``none`` for a page without words."""
        if not self.texts:
            return "none"
        if self.ocr.all():
            return "ocr"
        return "mixed" if self.ocr.any() else "text"

    @classmethod
    def empty(cls) -> Words:
        """A page without words."""
        return cls((), np.zeros((0, 4), np.float32), np.zeros(0, np.int32), np.zeros(0, np.bool_))


@dataclass(frozen=True, slots=True)
class Page:
    """One page, read from its file.

    ``size`` is the rendered (width, height) in pixels before cropping; ``crop`` the part that encoders see, as
    fractions of it; ``image`` renders or decodes the whole page on call and is RGB.
    """

    ref: PageRef
    size: tuple[int, int]
    image: Callable[[], Image]
    words: Words
    content_hash: str
    crop: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class SeenPicture:
    """A picture as a model got it, after its processor resized it or cut it into tiles.

    ``image`` RGB; ``box`` the part of the page that it shows; ``label`` says which, as in "tile row 1, column 2".
    """

    image: Image
    box: Box
    label: str


@dataclass(frozen=True, slots=True)
class PageFailure:
    """A page that could not be read, embedded or stored, and why, in one sentence."""

    ref: PageRef
    reason: str


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where each of n vectors lies on its page.

    ``boxes (n, 4) float32`` page fractions; ``grid`` (rows, cols) or None; ``cell (n,) int32`` row-major index into the
    grid, -1 for a vector with no place (a global tile, or no grid at all).
    """

    boxes: Float
    grid: tuple[int, int] | None
    cell: Int

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True, slots=True)
class PageEmbedding:
    """``vectors (n, dim) float32`` with unit rows, their places, and optional ``salience (n,) float32``.

    ``labels`` is the text under each vector where the encoder knows it (the word, for `reader`), or empty.
    """

    vectors: Float
    geometry: Geometry
    labels: tuple[str, ...] = ()
    salience: Float | None = None


@dataclass(frozen=True, slots=True)
class QueryEmbedding:
    """``vectors (m, dim) float32`` with unit rows, a label and a weight ``(m,) float32`` per vector.

    ``policy`` names the rule that chose the tokens. MaxSim of a page is ``sum_i weights[i] * max_j vectors[i] . d_j``.
    """

    text: str
    vectors: Float
    labels: tuple[str, ...]
    weights: Float
    policy: str


@dataclass(frozen=True, slots=True)
class Ragged:
    """Many pages' vectors without padding: page i is ``flat[offsets[i]:offsets[i + 1]]``.

    ``flat (sum n, dim)`` float32 or float16; ``offsets (pages + 1,) int64``, from 0 to ``len(flat)``.
    """

    flat: NDArray[Any]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, i: int) -> NDArray[Any]:
        return self.flat[self.offsets[i] : self.offsets[i + 1]]


class ScoreKind(StrEnum):
    """Whether a score is the model's own MaxSim over all vectors (exact) or stands in for it (approximate)."""

    EXACT = "exact"
    APPROXIMATE = "approximate"


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a stage hands on: page ids best first, their scores, and the kind of score.

    The last ``unscored`` of them have no score, since the stage's encoder has no vectors of them; their place in
    ``scores`` holds 0.
    """

    ids: tuple[str, ...]
    scores: Float
    kind: ScoreKind
    unscored: int = 0

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class StageScore:
    """Rank (from 1) and score of one page in one stage.

    ``scored`` is false where the stage's encoder has no vectors of the page: it ranks after all that have a score, and
    ``score`` is 0.
    """

    name: str
    rank: int
    score: float
    kind: ScoreKind
    scored: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """A page found: final rank and score, and what each stage said of it (a fused leg that missed it is absent)."""

    page_id: str
    ref: PageRef
    rank: int
    score: float
    kind: ScoreKind
    stages: tuple[StageScore, ...]

    @property
    def scored(self) -> bool:
        """Whether the last stage had vectors of the page; if not, its score is 0 and it ranks after those that have."""
        return not self.stages or self.stages[-1].scored


@dataclass(frozen=True, slots=True)
class StageTrace:
    """What one stage cost, measured.

    ``ms`` wall milliseconds, of which ``kernel_ms`` in the MaxSim kernel (its reads of the memory map included);
    ``vectors_compared`` page vectors scored; ``bytes_read`` vector bytes read from the store;
    ``cold`` true when the stage had to load something a warm process keeps (a model, an index map).
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
class SearchResult:
    """The answer to one search. ``complete`` is false while later stages are still to run.

    ``encoder`` is the one whose stage decided, the last that compares vectors (the collection's first where none does);
    ``notes`` are sentences on what the search could not see, as pages that still lack an encoder's vectors.
    """

    query: str
    collection: str
    encoder: str
    pipeline: str
    hits: tuple[Hit, ...]
    trace: Trace
    complete: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One query token's part in a page's score: ``contribution = weight * similarity``, ``share`` of the page score."""

    token: int
    label: str
    weight: float
    similarity: float
    contribution: float
    share: float
    vector: int
    box: Box
    text: str


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the page (``text``, ``table``, ``figure`` or ``line``) with the relevance that falls on it.

    ``score`` is the mean of the heat map over the box; ``share`` the part of the page's MaxSim won inside it.
    """

    box: Box
    score: float
    text: str
    kind: str = "line"
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """A part of a page as something to quote: where it stands, its text, and how much of the page's MaxSim it won."""

    ref: PageRef
    region: Region
    won: float


@dataclass(frozen=True, slots=True)
class PooledView:
    """What one pooled stage saw of a page: its vectors' places (the union of the members) and similarities.

    ``boxes (k, 4)``, ``similarities (m, k)``, ``groups`` the source vectors of each pooled vector.
    """

    index: str
    boxes: Float
    similarities: Float
    groups: tuple[NDArray[np.int64], ...]
    score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a page scores what it scores for a query.

    ``similarities (m, n) float32`` query token x page vector; ``labels`` the text under each page vector, or empty.
    """

    ref: PageRef
    query: QueryEmbedding
    encoder: str
    score: float
    geometry: Geometry
    similarities: Float
    labels: tuple[str, ...]
    ledger: tuple[LedgerRow, ...]
    regions: tuple[Region, ...]
    pooled: tuple[PooledView, ...]


@dataclass(frozen=True, slots=True)
class WhyVerdict:
    """What became of one page in a search: ``found | lost | filtered | failed | absent``, and at which stage.

    For a page that a stage cut: its true ``rank`` there, what the stage kept, and the smallest K (``needs``) that would
    have kept it (None: no K would).
    """

    page: str
    verdict: str
    stage: str = ""
    rank: int | None = None
    keep: int | None = None
    needs: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PageFailureRecord:
    """A failed page as a report prints it."""

    page: int
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentOutcome:
    """What became of one file in an ingest; ``reason`` is set when the file itself could not be read (``pages`` 0)."""

    name: str
    pages: int
    indexed: int
    skipped: int
    failed: tuple[PageFailureRecord, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest (or adding an encoder) did, per document, and how long it took.

    ``notes`` are sentences on what was left undone although all pages went in, as vectors of another encoder.
    """

    collection: str
    documents: tuple[DocumentOutcome, ...]
    seconds: float
    stopped: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobStage:
    """How far one stage of an ingest is: ``done`` of ``total`` pages, and the seconds it has worked."""

    name: str
    done: int
    total: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Progress:
    """A snapshot of a running ingest: stages (read, embed, write, index), pages, and the outcomes so far."""

    stages: tuple[JobStage, ...]
    pages_done: int
    pages_total: int
    seconds: float
    current: str
    documents: tuple[DocumentOutcome, ...]

    @property
    def pages_per_second(self) -> float:
        """Pages committed per second of wall time."""
        return self.pages_done / self.seconds if self.seconds > 0 else 0.0

    @property
    def eta_seconds(self) -> float | None:
        """Seconds left at the rate so far; None before a page is done."""
        left = self.pages_total - self.pages_done
        return left / self.pages_per_second if self.pages_done else None


@dataclass(frozen=True, slots=True)
class Job:
    """Work in the background, ``waiting | running | stopping | stopped | done | failed | interrupted``.

    ``kind`` is ``ingest``, ``embed`` for adding the vectors of ``encoder`` to what is there, or ``index`` for adding an
    index of them.
    """

    id: str
    collection: str
    state: str
    progress: Progress
    message: str
    started: str
    kind: str = "ingest"
    encoder: str = ""

    @property
    def active(self) -> bool:
        """Whether it is still going to change."""
        return self.state in ("waiting", "running", "stopping")


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """What an ingest would do: files and pages, and its likely cost on this machine."""

    files: tuple[tuple[str, int, str], ...]
    """(document name, pages, note); the note is empty, or says why the file will be skipped or refused."""
    pages: int
    pages_to_read: int
    seconds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class PageGap:
    """A page that is in the collection without the vectors of one of its encoders, which failed on it, and why."""

    page: int
    encoder: str
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document of a collection. ``bytes`` counts its vectors and pictures in the store; ``gaps`` are by page."""

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
    pipeline names no encoder.
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


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """A model as a person chooses it: what it is, whether it can be used here, and where it stands now.

    ``parameters`` billions and ``download`` bytes, both about and 0 when unknown; ``folder`` where its weights are, or
    empty; ``reason`` why it is not ``available``, and ``command`` what cures that; ``state`` one of ``absent`` (no
    weights here), ``here``, ``loading``, ``loaded``, ``failed``; ``seconds_per_page`` as measured on this machine, None
    before that; ``device`` where it is loaded, or empty.
    """

    id: str
    name: str
    family: str
    kind: str
    dim: int
    parameters: float
    licence: str
    summary: str
    download: int
    folder: str
    available: bool
    reason: str
    command: str
    state: str
    seconds_per_page: float | None = None
    device: str = ""


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A committed page as read back: everything about it but its vectors."""

    page_id: str
    ref: PageRef
    document_pages: int
    size: tuple[int, int]
    crop: Box
    words: Words
    tags: tuple[str, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)
