"""What the API is asked with: the bodies of its requests, checked when they arrive."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.convertors import Convertor, register_url_convertor

from workbench.errors import InputError, QueryError
from workbench.settings import POOLED_INDEXES, CollectionSettings
from workbench.types import PageRef, Query


class _Name(Convertor[str]):
    """A document's name in a path, to its end: with slashes, and with line ends, where Starlette's ``path`` stops."""

    regex = r"[\s\S]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("name", _Name())

PageText = Annotated[str, Field(description="A page, as `report.pdf#page=12`.", examples=["report.pdf#page=12"])]
Pipeline = Annotated[str, Field(description="A preset or a pipeline text, as `rows:256 > full:10`.")]
Filter = Annotated[str, Field(description="Only pages that fit, as `document = 'report.pdf' and page >= 10`.")]
Depth = Annotated[int | None, Field(ge=1, le=100_000, description="Pages to return; else what the pipeline says.")]


class Request(BaseModel):
    """A body; a name it does not know is an error rather than ignored."""

    model_config = ConfigDict(extra="forbid")


class NewCollection(Request):
    """A collection to make; but for further encoders and indexes its settings stay what they are."""

    name: str
    encoder: str = Field("reader", description="Id of the encoder its pages get vectors of.")
    also: list[str] = Field(default=[], description="Ids of further encoders.")
    dpi: int = Field(144, ge=36, le=600, description="Dots per inch that PDF pages are rendered at.")
    crop: bool = Field(False, description="Crop empty margins before encoding.")
    crop_furniture: bool = Field(False, description="Also crop page numbers and running heads.")
    ocr: bool = Field(True, description="Read pages that have no text layer.")
    indexes: list[str] = Field(list(POOLED_INDEXES), description="Indexes to make of the vectors.")

    def settings(self) -> CollectionSettings:
        """As the service takes them."""
        return CollectionSettings(self.encoder, self.dpi, self.crop, self.crop_furniture, self.ocr, tuple(self.indexes))


class Asking(Request):
    """A query to a collection."""

    collection: str
    query: str | dict[str, Any] = Field(
        description="What to look for, in words; or an object with weighted `parts` (text, picture, region, mark).",
        examples=["net interest income"],
    )

    def asked(self) -> str | Query:
        """The query as the service takes it; `QueryError` when the object is none."""
        if isinstance(self.query, str):
            return self.query
        try:
            return Query.from_dict(self.query)
        except ValueError as error:
            raise QueryError(str(error)) from None


class SearchRequest(Asking):
    """A search."""

    pipeline: Pipeline = "two-stage"
    k: Depth = None
    filter: Filter = ""


class WhyRequest(SearchRequest):
    """A search, and the page that was expected."""

    page: PageText


class EvidenceRequest(SearchRequest):
    """A search, and how much of what it finds to quote."""

    k: Annotated[int, Field(ge=1, le=100, description="Pages to quote from.")] = 5
    tokens: int = Field(1000, ge=10, le=100_000, description="Tokens it may take, at four characters each.")


class ExplainRequest(Asking):
    """A page to explain the score of."""

    page: PageText
    encoder: str = Field("", description="Whose score; else that which decides in the pipeline, or the first.")
    pipeline: Annotated[str, Field(description="A preset or pipeline text whose deciding encoder is meant.")] = ""
    similarities: bool = Field(False, description="Also give every query token's similarity to every page vector.")


class ContrastRequest(Asking):
    """Two pages to compare the scores of."""

    a: PageText
    b: PageText
    encoder: str = ""
    pipeline: str = ""


class CompareRequest(Asking):
    """A query to search by two pipelines."""

    a: Pipeline
    b: Pipeline
    k: Depth = None
    filter: Filter = ""


class IngestRequest(Request):
    """An upload to index into a collection, which is made with the usual settings when there is none."""

    collection: str
    batch: str = Field(description="Id of the upload, as `POST /uploads` gave it.")
    replace: bool | list[str] = Field(
        False,
        description="Names of documents (the `namesake` of a planned file) that a different file of that name takes "
        "the place of; `true` for all. Others are kept, and the new one gets a number.",
    )


class EmbedRequest(Request):
    """An encoder whose vectors a collection's pages are to get."""

    encoder: str


class IndexRequest(Request):
    """An index to compute from stored vectors."""

    index: str = Field(description="A kind of index, as `rows` or `ward[factor=4]`.")
    encoder: str = Field("", description="Of whose vectors; the collection's first if not said.")


class LogInRequest(Request):
    """An account's name and password."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=1024)


def page_ref(text: str) -> PageRef:
    """A page reference; `InputError` for other texts."""
    try:
        return PageRef.parse(text)
    except ValueError as error:
        raise InputError(f"{error}.") from None
