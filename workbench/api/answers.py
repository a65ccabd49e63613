"""What the API answers: models made of the service's values, so that each answer has a schema.

A page is written ``report.pdf#page=12``, a box as ``[x0, y0, x1, y1]`` in fractions of the page from its top left,
times in the unit their name ends with. Values that are plain already go out as they are, by the dataclass itself.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, Field

from workbench import heatmap
from workbench.comparison import Comparison, Contrast, SearchCost, cost
from workbench.types import (
    CollectionInfo,
    DocumentOutcome,
    Explanation,
    Geometry,
    IngestPlan,
    Job,
    JobStage,
    LedgerRow,
    PlannedFile,
    Region,
    SearchResult,
    StageScore,
    StageTrace,
    StoredPage,
    Trace,
    Verdict,
    bottleneck,
)
from workbench.types import Evidence as Found
from workbench.types import Hit as FoundPage


class Failure(BaseModel):
    """Why a request was not fulfilled."""

    error: str = Field(description="One sentence: what happened, and what to do.")


class Collection(BaseModel):
    """A collection: what is in it, its encoders' vectors (`spaces`) and their indexes, and what settings made it."""

    info: CollectionInfo
    examples: list[str] = Field(description="Questions to try on it; none but for the sample.")


class PageHit(BaseModel):
    """A page found, with what each stage said of it; a stage that missed it is absent."""

    rank: int
    page: str
    score: float
    score_kind: str = Field(description="`exact`: the model's own MaxSim over all vectors; else `approximate`.")
    stages: list[StageScore]

    @classmethod
    def of(cls, hit: FoundPage) -> PageHit:
        """From a hit."""
        return cls(rank=hit.rank, page=str(hit.ref), score=hit.score, score_kind=str(hit.kind), stages=list(hit.stages))


class SearchTrace(BaseModel):
    """What each stage cost, measured; `total_ms` is their sum."""

    total_ms: float
    stages: list[StageTrace]

    @classmethod
    def of(cls, trace: Trace) -> SearchTrace:
        """From a trace."""
        return cls(total_ms=trace.total_ms, stages=list(trace.stages))


class Search(BaseModel):
    """The pages found, best first, and what finding them cost. `complete` is false while later stages are to run."""

    query: str
    collection: str
    encoder: str
    pipeline: str
    complete: bool
    hits: list[PageHit]
    notes: list[str] = Field(description="What the search could not see, in sentences.")
    verdict: Verdict | None = Field(description="Only where the pipeline was calibrated over the collection.")
    trace: SearchTrace

    @classmethod
    def of(cls, result: SearchResult) -> Search:
        """From a search result."""
        return cls(
            query=result.query_text,
            collection=result.collection,
            encoder=result.encoder,
            pipeline=result.pipeline,
            complete=result.complete,
            hits=[PageHit.of(hit) for hit in result.hits],
            notes=list(result.notes),
            verdict=result.verdict,
            trace=SearchTrace.of(result.trace),
        )


class Token(BaseModel):
    """A query token as the encoder has it."""

    token: int
    label: str
    weight: float
    heat_weight: float = Field(description="What it counts in the heat of several: its rarity, 1 for the rarest.")


class Places(BaseModel):
    """Where the page's vectors lie: a box each, and their cell (row-major) where they form a grid, -1 for none."""

    boxes: list[tuple[float, float, float, float]]
    grid: tuple[int, int] | None = Field(description="Rows and columns.")
    cells: list[int]

    @classmethod
    def of(cls, geometry: Geometry) -> Places:
        """From a geometry; boxes to six decimals, a hundredth of a pixel of any page."""
        boxes = [(a, b, c, d) for a, b, c, d in geometry.boxes.astype(float).round(6).tolist()]
        return cls(boxes=boxes, grid=geometry.grid, cells=geometry.cell.tolist())


class Explained(BaseModel):
    """Why a page scores what it scores: the ledger, whose contributions add up to the score, and regions by share."""

    query: str
    collection: str
    encoder: str
    page: str
    score: float
    tokens: list[Token]
    ledger: list[LedgerRow]
    regions: list[Region]
    places: Places | None = Field(None, description="Only with `similarities`.")
    heat: list[float] | None = Field(
        None,
        description="By page vector, as drawn: the mean similarity, tokens by `heat_weight`. Only with `similarities`.",
    )
    similarities: list[list[float]] | None = Field(
        None, description="Query token by page vector, cosine; only when asked for."
    )

    @classmethod
    def of(cls, explanation: Explanation, collection: str, similarities: bool) -> Explained:
        """From an explanation."""
        query = explanation.query
        return cls(
            query=query.text,
            collection=collection,
            encoder=explanation.encoder,
            page=str(explanation.ref),
            score=explanation.score,
            tokens=[
                Token(token=i, label=label, weight=float(weight), heat_weight=float(heat_weight))
                for i, (label, weight, heat_weight) in enumerate(
                    zip(query.labels, query.weights, explanation.heat_weights, strict=True)
                )
            ],
            ledger=list(explanation.ledger),
            regions=list(explanation.regions),
            places=Places.of(explanation.geometry) if similarities else None,
            heat=heatmap.values(explanation).astype(float).round(5).tolist() if similarities else None,
            similarities=explanation.similarities.astype(float).round(5).tolist() if similarities else None,
        )


class Difference(BaseModel):
    """What a query token adds to A, to B, and A minus B, with where on each page it was met."""

    token: int
    label: str
    a: LedgerRow
    b: LedgerRow
    difference: float


class Contrasted(BaseModel):
    """Two pages' scores and their difference, as a sum over query tokens, largest for A first."""

    query: str
    encoder: str
    a: str
    b: str
    score_a: float
    score_b: float
    difference: float
    rows: list[Difference]

    @classmethod
    def of(cls, value: Contrast) -> Contrasted:
        """From a contrast."""
        return cls(
            query=value.query,
            encoder=value.encoder,
            a=str(value.a),
            b=str(value.b),
            score_a=value.score_a,
            score_b=value.score_b,
            difference=value.difference,
            rows=[
                Difference(token=row.token, label=row.label, a=row.a, b=row.b, difference=row.difference)
                for row in value.rows
            ],
        )


class MovedPage(BaseModel):
    """A page's ranks in both lists, null where a list lacks it; `difference` is how many ranks it is higher in B."""

    page: str
    rank_a: int | None
    rank_b: int | None
    difference: int | None


class Compared(BaseModel):
    """Two results of one query: what they share (0 nothing, 1 all), every page's move, and what each took."""

    k: int
    shared: int
    overlap: float
    rbo: float
    moves: list[MovedPage]
    a: Search
    b: Search
    cost_a: SearchCost
    cost_b: SearchCost

    @classmethod
    def of(cls, value: Comparison) -> Compared:
        """From a comparison."""
        return cls(
            k=value.k,
            shared=value.shared,
            overlap=value.overlap,
            rbo=value.rbo,
            moves=[
                MovedPage(page=str(m.ref), rank_a=m.rank_a, rank_b=m.rank_b, difference=m.difference)
                for m in value.moves
            ],
            a=Search.of(value.a),
            b=Search.of(value.b),
            cost_a=cost(value.a),
            cost_b=cost(value.b),
        )


class Quote(BaseModel):
    """A part of a page to quote: its place, its text, and how much of the page's MaxSim it won."""

    page: str
    box: tuple[float, float, float, float]
    kind: str
    won: float
    text: str

    @classmethod
    def of(cls, value: Found) -> Quote:
        """From evidence."""
        part = value.region
        return cls(page=str(value.ref), box=part.box, kind=part.kind, won=value.won, text=part.text)


class PageText(BaseModel):
    """A page's size in pixels, its words as text (a line each), and where they come from."""

    page: str
    pages: int = Field(description="Pages of its document.")
    width: int
    height: int
    text: str
    source: str = Field(description="`text` (text layer), `ocr`, `mixed`, or `none` for a page without words.")
    tags: list[str]

    @classmethod
    def of(cls, page: StoredPage) -> PageText:
        """From a stored page."""
        return cls(
            page=str(page.ref),
            pages=page.document_pages,
            width=page.size[0],
            height=page.size[1],
            text=page.words.text,
            source=page.words.source,
            tags=list(page.tags),
        )


class Plan(BaseModel):
    """What indexing an upload would do, and its likely cost on this machine."""

    files: list[PlannedFile]
    pages: int
    pages_to_read: int
    seconds: float
    bytes: int
    words: str = Field(description="Which words are read, and when: none, text, later or now.")

    @classmethod
    def of(cls, plan: IngestPlan) -> Plan:
        """From a plan."""
        return cls(
            files=list(plan.files),
            pages=plan.pages,
            pages_to_read=plan.pages_to_read,
            seconds=plan.seconds,
            bytes=plan.bytes,
            words=plan.words,
        )


class Stage(BaseModel):
    """A stage of a job. Stages overlap; `seconds` are those of all its `workers`."""

    name: str
    done: int
    total: int
    seconds: float
    workers: int
    pages_per_second: float = Field(description="What it gets through while it works, with all its workers.")

    @classmethod
    def of(cls, stage: JobStage) -> Stage:
        """From a stage."""
        return cls(**asdict(stage), pages_per_second=round(stage.pages_per_second, 3))


class JobState(BaseModel):
    """Work in the background. `state`: waiting, running, stopping, stopped, done, failed or interrupted."""

    id: str
    collection: str
    kind: str
    encoder: str
    state: str
    active: bool = Field(description="Whether it is still going to change.")
    message: str
    started: str
    pages_done: int
    pages_total: int
    seconds: float
    pages_per_second: float
    eta_seconds: float | None
    current: str
    stages: list[Stage]
    bottleneck: str = Field(description="The stage that the others wait for; empty before one is known.")
    documents: list[DocumentOutcome]

    @classmethod
    def of(cls, job: Job) -> JobState:
        """From a job."""
        progress = job.progress
        return cls(
            id=job.id,
            collection=job.collection,
            kind=job.kind,
            encoder=job.encoder,
            state=job.state,
            active=job.active,
            message=job.message,
            started=job.started,
            pages_done=progress.pages_done,
            pages_total=progress.pages_total,
            seconds=progress.seconds,
            pages_per_second=progress.pages_per_second,
            eta_seconds=progress.eta_seconds,
            current=progress.current,
            stages=[Stage.of(stage) for stage in progress.stages],
            bottleneck=bottleneck(progress.stages),
            documents=list(progress.documents),
        )


class Named(BaseModel):
    """Something a request can name, and what it is."""

    name: str
    summary: str

    @classmethod
    def all(cls, mapping: Any) -> list[Named]:
        """From a mapping of names to summaries."""
        return [cls(name=name, summary=summary) for name, summary in mapping.items()]


class Batch(BaseModel):
    """An upload that was opened."""

    batch: str


class KeptPicture(BaseModel):
    """A picture that was kept, by its hash: a part `{"kind": "picture", "picture": HASH}` of a query names it."""

    picture: str


class Received(BaseModel):
    """A file that was received."""

    bytes: int


class Session(BaseModel):
    """A session: send its token as `Authorization: Bearer TOKEN`."""

    token: str
    idle_seconds: float = Field(description="Unused for so long, it ends.")


class Version(BaseModel):
    """What answers."""

    name: str
    version: str
