"""What there is: collections, their pages, and what a person can choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

from workbench.answers import Answer
from workbench.answers.explanations import HeatLooks
from workbench.answers.searches import NamedPage
from workbench.types import CollectionInfo, DocumentFields, DocumentInfo, Job, Quarantined, Receipt, StoredPage


class PutAway(NamedPage):
    """A page that is kept out of search, or a whole document (`number` 0, and `page` its name), and why."""

    reason: str
    since: str = Field(description="ISO 8601, in UTC.")

    @classmethod
    def of(cls, value: Quarantined) -> PutAway:
        """From an entry of the quarantine."""
        return cls.like(value, page=str(value), number=value.page)


class Collection(BaseModel):
    """A collection: what is in it, its encoders' vectors (`spaces`) and their indexes, and what settings made it."""

    info: CollectionInfo
    examples: list[str] = Field(description="Questions to try on it; none but for the sample.")
    documents: list[DocumentInfo] = Field(description="By name, with the pages that failed and why.")
    quarantine: list[PutAway]


class Removed(Answer):
    """What a deletion removed, in numbers and in one sentence."""

    collection: str
    document: str = Field(description="Empty where all of the collection was deleted.")
    pages: int
    uploads: int = Field(description="Copies of the files that were sent.")
    pictures: int = Field(description="Those files as pictures to search with.")
    labels: int = Field(description="Judgements of the pages.")
    searches: list[str] = Field(description="Saved searches that pointed at it.")
    notes: list[str] = Field(description="What stays, and why.")
    sentence: str
    found: int = Field(0, description="Pages that a search for the document's own words still finds: none.")
    job: str = Field("", description="Id of the job that deletes it later, where it had to wait; nothing is gone yet.")

    @classmethod
    def of(cls, value: Receipt, found: int = 0) -> Removed:
        """From a receipt, and what was still found afterwards."""
        return cls.like(value, found=found, job="")

    @classmethod
    def queued(cls, job: Job, document: str = "") -> Removed:
        """From the job that deletes later."""
        what = document or f"The collection {job.collection}"
        sentence = f"{what} is deleted as soon as the work on the collection has ended."
        empty = Receipt(job.collection, document)
        return cls.of(empty).model_copy(update={"job": job.id, "sentence": sentence})


class Tagged(BaseModel):
    """What documents bear of a person's own."""

    collection: str
    documents: list[DocumentFields]
    notes: list[str] = Field(description="What a table of fields says of files that are not there.")

    @classmethod
    def of(cls, collection: str, documents: Sequence[DocumentInfo], notes: Sequence[str] = ()) -> Tagged:
        """From the documents as they are now."""
        bears = [DocumentFields(one.name, one.tags, one.meta) for one in documents]
        return cls(collection=collection, documents=bears, notes=list(notes))


class PageText(NamedPage):
    """A page's size in pixels, its words as text (a line each), and where they come from."""

    page_id: str = Field(description="Hash of its content: it changes when the page does, and its picture with it.")
    pages: int = Field(description="Pages of its document.")
    width: int
    height: int
    text: str
    words: int
    source: str = Field(description="`text` (text layer), `ocr`, `mixed`, or `none` for a page without words.")
    tags: list[str]
    shows: list[str] | None = Field(
        description="Kinds of figure on it, as chart, map, table or photograph; null where no encoder looked for them."
    )
    quality: int | None = Field(
        description="How much of it could be read, in per cent; null where nothing was seen to be read, words are "
        "still to be read, or were read before Pagelens 0.3.0."
    )
    notice: str = Field(description="What of it could not be read, in a sentence; empty where that is nothing.")
    language: str = Field(description="Of its words, as `en` or `de`; empty where that is not known.")
    year: int = Field(description="When its file says that it was made; 0 where that is not known.")

    @classmethod
    def of(cls, page: StoredPage) -> PageText:
        """From a stored page."""
        return cls.like(
            page,
            **cls.parts(page.ref),
            pages=page.document_pages,
            width=page.size[0],
            height=page.size[1],
            text=page.words.text,
            words=len(page.words),
            source=page.words.source,
            shows=None if page.shows is None else list(page.shows),
        )


class Named(BaseModel):
    """Something a request can name, and what it is."""

    name: str
    summary: str

    @classmethod
    def all(cls, mapping: Any) -> list[Named]:
        """From a mapping of names to summaries."""
        return [cls(name=name, summary=summary) for name, summary in mapping.items()]


class Preset(BaseModel):
    """A pipeline with a name, and when to choose it."""

    name: str
    pipeline: str
    reason: str


class FileKind(BaseModel):
    """A kind of file that this machine can read, and what such files' names end with."""

    name: str
    suffixes: list[str]


class FilterField(Named):
    """A field that a filter can test."""

    number: bool = Field(description="Whether it is compared as a number.")


class Weights(BaseModel):
    """What parts of a query weigh beside a text of weight 1."""

    but_not: float = Field(description="A text to stay away from, taken off.")
    good: float = Field(description="All pages marked as good, together.")
    bad: float = Field(description="All pages marked as bad, together; taken off.")


class WarmUp(BaseModel):
    """Whether the default model is loaded yet: `cold`, `warming`, `ready`, or `failed` with the reason."""

    state: str
    detail: str


class Overview(BaseModel):
    """Everything that is needed before a collection is chosen."""

    may_edit: bool = Field(description="Whether the account that asks may change anything, or only look.")
    may_name: list[str] | None = Field(
        description="What an account that is limited to collections may call another one; null: anything."
    )
    collections: list[CollectionInfo]
    sample: str = Field(
        description="The collection that `POST /sample` makes; empty where its pages are there, or the account may not."
    )
    pipelines: list[Preset]
    indexes: list[Named]
    stages: list[Named] = Field(description="What a pipeline can be made of, with what each is.")
    fields: list[FilterField]
    meta: str = Field(description="What the fields of a person's own (`meta.NAME`) are, in a filter.")
    weights: Weights
    heat: HeatLooks
    model: WarmUp
    kinds: Mapping[str, str] = Field(description="What a kind of model makes of a page, in words.")
    max_upload_mb: int
    readable: list[FileKind] = Field(description="Files that can be added here; office files where LibreOffice is.")
