"""What was found: pages with their ranks and scores, and what each stage cost."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from workbench.answers import Answer
from workbench.retrieval.pipeline import PipelineReading
from workbench.types import Box, Hit, Lifted, PageRef, Passage, SearchResult, StageScore, StageTrace, Trace, Verdict
from workbench.types.across import AcrossHit, AcrossResult, CollectionAnswer, Merge


class NamedPage(Answer):
    """A page by its name, and the two parts of that name."""

    page: str = Field(description="The page, as `report.pdf#page=12`.")
    document: str = Field(description="Its document; empty where a name made elsewhere is none of a page here.")
    number: int = Field(description="Its number in the document, from 1; 0 where the name is none of a page here.")

    @classmethod
    def parts(cls, ref: PageRef) -> dict[str, Any]:
        """The three values of a reference."""
        return {"page": str(ref), "document": ref.document, "number": ref.page}


class PageHit(NamedPage):
    """A page found, with what each stage said of it; a stage that missed it is absent."""

    page_id: str = Field(description="Hash of its content: it changes when the page does, and its picture with it.")
    rank: int
    score: float
    score_kind: str = Field(
        description="`exact`: the model's own MaxSim over all vectors; `model`: a reranker's own; else `approximate`."
    )
    scored: bool = Field(description="False where the last stage has no vectors of it; its score is 0 then.")
    stages: list[StageScore]

    @classmethod
    def of(cls, hit: Hit) -> PageHit:
        """From a hit."""
        return cls.like(hit, **cls.parts(hit.ref), score_kind=str(hit.score_kind))


class SearchTrace(BaseModel):
    """What each stage cost, measured; `total_ms` is their sum."""

    total_ms: float
    stages: list[StageTrace]

    @classmethod
    def of(cls, trace: Trace) -> SearchTrace:
        """From a trace."""
        return cls(total_ms=trace.total_ms, stages=list(trace.stages))


class Search(Answer):
    """The pages found, best first, and what finding them cost. `complete` is false while later stages are to run."""

    query: str = Field(description="What was looked for, as it is shown.")
    parts: list[dict[str, Any]] = Field(description="The same as the parts of a query, to search for again.")
    collection: str
    encoder: str = Field(description="Whose vectors decided.")
    pipeline: str
    complete: bool
    hits: Sequence[PageHit]
    notes: list[str] = Field(description="What the search could not see, in sentences.")
    lifted: list[Lifted] = Field(
        description="What in the query referred to pages (`page 12`, `the last slide`), which were lifted; a text part "
        "that names the stretch in its `literal` is searched for as words alone."
    )
    verdict: Verdict | None = Field(description="Only where the pipeline was calibrated over the collection.")
    trace: SearchTrace

    @classmethod
    def of(cls, result: SearchResult) -> Search:
        """From a search result."""
        return cls.like(
            result,
            query=result.query_text,
            parts=result.query.as_dict()["parts"],
            hits=[PageHit.of(hit) for hit in result.hits],
            trace=SearchTrace.of(result.trace),
        )


class AcrossPageHit(PageHit):
    """A page found in one of several collections. `stages` are those of its collection's own search."""

    collection: str
    score: float = Field(description="What the merged order goes by: see `merge`.")
    own_rank: int = Field(description="Its rank in its collection alone.")
    own_score: float = Field(description="Its score there, of kind `score_kind`.")
    also: list[str] = Field(description="Further collections that found the same page of the same file.")

    @classmethod
    def of_several(cls, found: AcrossHit) -> AcrossPageHit:
        """From a hit of a merged list."""
        own = PageHit.of(found.hit)
        values = {name: getattr(own, name) for name in PageHit.model_fields} | {
            "rank": found.rank,
            "score": found.score,
        }
        return cls(**values, collection=found.collection, own_rank=own.rank, own_score=own.score, also=list(found.also))


class AnsweredCollection(Answer):
    """What one of several collections said to a search."""

    collection: str
    found: int = Field(description="Pages that it gave to be merged.")
    reason: str = Field(description="Why it gave none, as a sentence; empty where it did.")
    searched: bool = Field(description="False where it could not be searched at all.")
    encoder: str = Field(description="Whose vectors decided; empty where it could not be searched.")
    pipeline: str
    scale: str = Field(
        description="What its scores compare with: those of collections of the same scale. Empty: with no others."
    )
    ms: float = Field(description="Wall milliseconds that it took.")
    notes: list[str]
    lifted: list[Lifted]
    verdict: Verdict | None
    trace: SearchTrace | None

    @classmethod
    def of(cls, answer: CollectionAnswer) -> AnsweredCollection:
        """From what it said."""
        result = answer.result
        return cls.like(
            answer,
            found=len(result.hits) if result else 0,
            searched=result is not None,
            encoder=result.encoder if result else "",
            pipeline=result.pipeline if result else "",
            notes=list(result.notes) if result else [],
            lifted=list(result.lifted) if result else [],
            verdict=result.verdict if result else None,
            trace=SearchTrace.of(result.trace) if result else None,
        )


class AcrossSearch(Answer):
    """The pages found in several collections, best first. `complete` is false while some are still to be asked."""

    query: str = Field(description="What was looked for, as it is shown.")
    parts: list[dict[str, Any]] = Field(description="The same as the parts of a query, to search for again.")
    collections: list[str] = Field(description="Those that are asked, in that order.")
    complete: bool
    hits: Sequence[AcrossPageHit]
    merge: Merge = Field(
        description="`score`: all scores are of one scale, and the list is in their order. `ranks`: they are not, and "
        "`score` is that of reciprocal rank fusion, one vote a scale."
    )
    statement: str = Field(description="The same as a sentence; empty where nothing was found.")
    answers: list[AnsweredCollection] = Field(description="What each collection said that has been asked so far.")
    total_ms: float

    @classmethod
    def of(cls, result: AcrossResult) -> AcrossSearch:
        """From the answer of several collections."""
        return cls.like(
            result,
            query=result.query_text,
            parts=result.query.as_dict()["parts"],
            hits=[AcrossPageHit.of_several(hit) for hit in result.hits],
            answers=[AnsweredCollection.of(answer) for answer in result.answers],
        )


class WonBy(BaseModel):
    """A query word and its part of what a page won."""

    label: str
    share: float


class PagePassage(NamedPage):
    """The lines of a page that answer best, one to three, and the page's heat, small enough to come with a result."""

    collection: str
    text: str = Field(description="Empty where no line won anything, as on a photograph.")
    marks: list[tuple[int, int]] = Field(description="Words of `text` that answer: from and to, in characters.")
    box: Box
    share: float = Field(description="The part of the page's MaxSim that these lines won.")
    words: list[WonBy] = Field(description="Query words that the page owes most to, most first.")
    heat: str = Field(
        description="Base64 of five bytes a place, hottest first: left, top, right and bottom as 255ths of the page, "
        "and how strong the heat is there, as 255ths."
    )

    @classmethod
    def of(cls, passage: Passage, collection: str) -> PagePassage:
        """From a passage of a page of a collection."""
        rows = np.column_stack([passage.places, passage.heat[:, None]])
        packed = np.rint(np.clip(rows, 0, 1) * 255).astype(np.uint8)
        return cls.like(
            passage,
            **cls.parts(passage.ref),
            collection=collection,
            words=[WonBy(label=label, share=share) for label, share in passage.words],
            heat=base64.b64encode(packed.tobytes()).decode("ascii"),
        )


class Passages(BaseModel):
    """The passages of some of the pages found."""

    passages: list[PagePassage]


class PipelineStep(BaseModel):
    """A stage of a pipeline as text, and how many pages it keeps, null where it does not say."""

    source: str
    k: int | None


class LackingIndex(BaseModel):
    """An index that is not there yet; `POST /collections/{collection}/index` makes it."""

    index: str
    encoder: str


class ReadPipeline(Answer):
    """A pipeline as it would run in a collection."""

    preset: str = Field(description="Empty for one that was written.")
    reason: str = Field(description="When to choose the preset.")
    pipeline: str
    steps: list[PipelineStep]
    k: int = Field(description="Pages that it returns.")
    lacking: list[LackingIndex]
    rival: str = Field(description="A preset that ranks by other evidence, to compare it with.")

    @classmethod
    def of(cls, value: PipelineReading) -> ReadPipeline:
        """From a reading."""
        return cls.like(
            value,
            steps=[PipelineStep(source=source, k=k) for source, k in value.steps],
            lacking=[LackingIndex(index=index, encoder=encoder) for index, encoder in value.lacking],
        )


class Clause(BaseModel):
    """A part of a filter that every page has to fit; `document` is the one that it names whole, if it does."""

    text: str
    document: str


class ReadFilter(BaseModel):
    """A filter, and the clauses that it joins by `and`."""

    filter: str
    clauses: list[Clause]

    @classmethod
    def of(cls, found: tuple[tuple[str, str], ...]) -> ReadFilter:
        """From clauses."""
        return cls(
            filter=" and ".join(text for text, _ in found),
            clauses=[Clause(text=text, document=document) for text, document in found],
        )


class Saved(Answer):
    """A search kept by name, to run again: `{"parts": parts}` is its query."""

    name: str
    query: str = Field(description="What it looks for, as it is shown.")
    parts: list[dict[str, Any]]
    collection: str = Field(description="Empty where several are searched together.")
    collections: list[str] | None = Field(
        description="Those that are searched together, none for all; null for one alone."
    )
    pipeline: str
    filter: str
    k: int | None
    added: str = Field(description="When it was saved, ISO 8601.")
