"""What the API is asked with: the bodies of its requests, checked when they arrive."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from fastapi import Query as InAddress
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    StrictInt,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from workbench.answers.explanations import HeatLook
from workbench.documents import Way
from workbench.documents.languages import named
from workbench.errors import InputError
from workbench.exports import FORMATS
from workbench.heatmap import Look
from workbench.ingestion import FileFields
from workbench.retrieval import filters, grammar
from workbench.service.saved_views import LONGEST_ADDRESS
from workbench.service.searches import MAX_PARTS, MAX_QUERY, read_query
from workbench.settings import POOLED_INDEXES, CollectionSettings
from workbench.store import FieldsChange
from workbench.store.fields import MAX_FIELDS, MAX_TAGS, MAX_VALUE
from workbench.types import Box, PageRef, Query
from workbench.types.queries import MAX_REPAIRS, MAX_WEIGHT
from workbench.types.text import wellformed

LONGEST_NAME = 1_000
"""Characters of the name of anything: documents are named by paths, and no system has longer ones in use."""
MAX_BOXES = 50
"""Boxes that a picture may have drawn into it: more hide the page."""
MAX_COLLECTIONS = 1_000
"""Collections that one search may name: each is searched, and some hits of each are in memory."""
MAX_MEASURED = 50
"""Pipelines, or measures, that one evaluation may name."""
MAX_LINES = 1_000_000
"""Characters of queries that are compared at once: a few hundred each for as many as are taken."""
MAX_PIECE = 25
"""Queries of one answer at most, so that rows are shown as they come and a person can stop."""
MAX_TOKENS = 10_000
"""Tokens of a query that a request may name: more than an encoder makes of the longest query there may be."""


def _question(value: Any) -> Any:
    if isinstance(value, str | dict):
        # Half a character is none, here as in what is searched: an answer that repeats the query could not be sent.
        return json.loads(wellformed(json.dumps(value, ensure_ascii=False)))
    raise PydanticCustomError("query", "a query is a text, or an object with a list of 'parts'")


def _text(value: str) -> str:
    if wellformed(value) != value:
        raise PydanticCustomError("surrogate", "it holds half of a character (a lone surrogate), which is no text")
    return value


Text = Annotated[str, AfterValidator(_text)]
Name = Annotated[Text, Field(max_length=LONGEST_NAME)]
PageText = Annotated[Name, Field(description="A page, as `report.pdf#page=12`.", examples=["report.pdf#page=12"])]
Page = Annotated[str, InAddress(description="A page, as `report.pdf#page=12` (in an address, `#` is written `%23`).")]
Boxes = Annotated[
    list[Name],
    InAddress(max_length=MAX_BOXES, description="Boxes to outline, each `x0,y0,x1,y1` in fractions; may be repeated."),
]
Pipeline = Annotated[
    Text,
    Field(
        max_length=grammar.MAX_TEXT,
        description=f"A preset or a pipeline text, as `rows:256 > full:10`, of {grammar.MAX_STAGES} stages and "
        f"{grammar.MAX_NESTING} brackets inside each other at most.",
    ),
]
Filter = Annotated[
    Text,
    Field(
        max_length=filters.MAX_TEXT,
        description="Only pages that fit, as `document = 'report.pdf' and page >= 10`, by "
        f"{filters.MAX_TESTS} comparisons at most.",
    ),
]
Depth = Annotated[
    int | None,
    Field(
        ge=1,
        le=grammar.MAX_K,
        description="Pages to return by a preset, or a pipeline that states no number. One that does is run as it is "
        "written, and this shows at most so many of its pages.",
    ),
]
_WEIGHT = {"type": "number", "minimum": -MAX_WEIGHT, "maximum": MAX_WEIGHT, "not": {"const": 0}}


def _part(kind: str, **values: Any) -> dict[str, Any]:
    """The schema of a part of a query; ``values`` are what it has besides a kind and a weight."""
    return {
        "type": "object",
        "properties": {"kind": {"const": kind}, **values, "weight": _WEIGHT},
        "required": ["kind", *(name for name in values if name not in ("repairs", "literal"))],
    }


_PAGE = {"type": "string", "pattern": "#page=[1-9][0-9]{0,8}$", "maxLength": LONGEST_NAME}
_EDGE = {"type": "number", "minimum": 0, "maximum": 1}
_REPAIRS = {"type": "array", "items": {"type": "string"}, "maxItems": MAX_REPAIRS}
_LITERAL = {"type": "array", "items": {"type": "string"}, "maxItems": MAX_PARTS}
QUERY: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "minLength": 1, "maxLength": MAX_QUERY},
        {
            "type": "object",
            "properties": {
                "parts": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MAX_PARTS,
                    "items": {
                        "anyOf": [
                            _part("text", text={"type": "string", "minLength": 1, "maxLength": MAX_QUERY},
                                  literal=_LITERAL),
                            _part("picture", picture={"type": "string", "pattern": "^[0-9a-f]{64}$"}, repairs=_REPAIRS),
                            _part("region", page=_PAGE, box={"type": "array", "items": _EDGE, "minItems": 4,
                                                             "maxItems": 4}),
                            _part("mark", page=_PAGE),
                        ]
                    },
                }
            },
            "required": ["parts"],
        },
    ]
}  # fmt: skip
"""What a query is, in words of JSON Schema; `Query.from_dict` reads it, here as everywhere."""


class Request(BaseModel):
    """A body; a name it does not know is an error rather than ignored."""

    model_config = ConfigDict(extra="forbid")


class NewCollection(Request):
    """A collection to make; but for further encoders and indexes its settings stay what they are."""

    name: Name
    encoder: Name = Field("reader", description="Id of the encoder its pages get vectors of.")
    also: list[Name] = Field(default=[], max_length=16, description="Ids of further encoders.")
    dpi: int = Field(144, ge=36, le=600, description="Dots per inch that PDF pages are rendered at.")
    crop: bool = Field(False, description="Crop empty margins before encoding.")
    crop_furniture: bool = Field(False, description="Also crop page numbers and running heads.")
    ocr: bool = Field(True, description="Read pages that have no text layer.")
    words: Literal["", "none", "text", "later", "now"] = Field(
        "",
        description="Which words of a page are read, and when: by default now for an encoder that reads words, later "
        "(behind the vectors) for others, and only the text layer without `ocr`.",
    )
    languages: list[Name] = Field(
        [],
        max_length=16,
        description="Languages that OCR reads pages in, as `ru`, `rus` or `Russian`; without any, by what it sees. See "
        "`GET /languages`.",
    )
    indexes: list[Name] = Field(list(POOLED_INDEXES), max_length=32, description="Indexes to make of the vectors.")

    page_tokens: Literal["", "pictures", "visual", "official"] = Field(
        "",
        description="Vectors kept of a page, where the encoder has the choice; empty is its own way. official adds "
        "those of a page model's prompt, pictures what photographs look like to reader, which visual leaves out.",
    )

    def settings(self) -> CollectionSettings:
        """As the service takes them."""
        indexes = tuple(self.indexes)
        return CollectionSettings(
            self.encoder, self.dpi, self.crop, self.crop_furniture, self.ocr, indexes, self.page_tokens, self.words,
            named(self.languages),
        )  # fmt: skip


class RereadRequest(Request):
    """How stored pages of a document are read once more."""

    document: Name
    pages: list[Annotated[int, Field(ge=1, le=1_000_000)]] = Field(
        [], max_length=100_000, description="Their numbers; all of the document without any."
    )
    languages: list[Name] = Field(
        [],
        max_length=16,
        description="Languages to read in, as `ru` or `Russian`; without any, by what it sees.",
    )
    engine: Literal["auto", "built-in", "tesseract"] = Field("auto", description="Which OCR reads.")
    layer: bool = Field(True, description="Believe the file's own text layer; without it the picture alone counts.")
    another: bool = Field(
        False,
        description="What was hardly read, or all where nothing was, by what is to be tried next; it decides `pages`, "
        "`engine` and `layer` by itself.",
    )

    @model_validator(mode="after")
    def _decided_once(self) -> Self:
        if self.another and (self.pages or self.engine != "auto" or not self.layer):
            raise PydanticCustomError("another", "'another' decides pages, engine and layer by itself; leave them out")
        return self

    def way(self) -> Way:
        """As the service takes it."""
        return Way(named(self.languages), self.engine, self.layer)


class WatchRequest(Request):
    """A folder of the machine that Pagelens runs on, to be kept in step with a collection."""

    folder: Annotated[Text, Field(min_length=1, max_length=4096, description="Its path there.")]
    keep: bool = Field(False, description="Keep documents whose file is gone from the folder.")


class AskRequest(Request):
    """A query."""

    query: Annotated[Any, PlainValidator(_question), WithJsonSchema(QUERY)] = Field(
        description="What to look for, in words; or an object with weighted `parts` (text, picture, region, mark).",
        examples=["net interest income"],
    )

    def query_value(self) -> str | Query:
        """The query as the service takes it; `QueryError` when the object is none."""
        return self.query if isinstance(self.query, str) else read_query(self.query)


class QueryRequest(AskRequest):
    """A query to a collection."""

    collection: Name


Several = Annotated[
    list[Name],
    Field(max_length=MAX_COLLECTIONS, description="Their names, once each; all that there are without any."),
]


class AcrossRequest(AskRequest):
    """A search in several collections."""

    collections: Several = []
    pipeline: Annotated[
        Pipeline, Field(description="A preset or pipeline text for all of them; empty: each one's recommended preset.")
    ] = ""
    k: Depth = None
    filter: Filter = ""


class AcrossStagesRequest(AcrossRequest):
    """A search in several collections that is answered collection by collection."""

    passages: bool = Field(False, description="After the last collection, also give each page's passage and heat.")
    asked: bool = Field(
        False, description="A person asked this just now; it is kept by those collections whose searches are."
    )


class SearchRequest(QueryRequest):
    """A search."""

    pipeline: Pipeline = "two-stage"
    k: Depth = None
    filter: Filter = ""


class PlacedRequest(SearchRequest):
    """A search in one collection, or in several together."""

    collection: Name = Field("", description="The one that is searched; leave it out with `collections`.")
    collections: list[Name] | None = Field(
        None,
        max_length=MAX_COLLECTIONS,
        description="Those that are searched together in place of one `collection`, without any all that there are; an "
        "empty `pipeline`, or none, is then each one's recommended preset.",
    )

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if bool(self.collection) is (self.collections is not None):
            raise PydanticCustomError("place", "name one collection, as 'collection', or several, as 'collections'")
        if self.collections is not None and "pipeline" not in self.model_fields_set:
            self.pipeline = ""
        return self


class StagesRequest(SearchRequest):
    """A search that is answered stage by stage."""

    passages: bool = Field(False, description="After the last stage, also give each page's passage and heat.")
    asked: bool = Field(
        False, description="A person asked this just now; it is kept, where the collection's searches are."
    )


class PipelineRequest(Request):
    """A pipeline to read."""

    collection: Name
    pipeline: Annotated[Pipeline, Field(description="Empty: the one that is recommended for the collection.")] = ""
    k: Depth = None


class FacetsRequest(Request):
    """What the pages of some collections can be narrowed down to."""

    collections: list[Name] = Field(
        [], max_length=MAX_COLLECTIONS, description="Their names; all that there are without any."
    )
    filter: Filter = ""


class AddedTest(Request):
    """A test to add to a filter."""

    field: Name
    operator: Literal["=", "!=", "<", "<=", ">", ">=", "contains", "in"]
    value: Name


class FilterRequest(Request):
    """A filter to read, and a test to add to it."""

    filter: Filter = ""
    add: AddedTest | None = None


class WhyRequest(SearchRequest):
    """A search, and the page that was expected."""

    page: PageText


class EvidenceRequest(SearchRequest):
    """A search, and how much of what it finds to quote."""

    k: Annotated[int, Field(ge=1, le=100, description="Pages to quote from.")] = 5
    tokens: int = Field(1000, ge=10, le=100_000, description="Tokens it may take, at four characters each.")


class PageRequest(QueryRequest):
    """A page to explain the score of."""

    page: PageText
    encoder: Name = Field("", description="Whose score; else that which decides in the pipeline, or the first.")
    pipeline: Annotated[Pipeline, Field(description="A preset or pipeline text whose deciding encoder is meant.")] = ""


class ExplainRequest(PageRequest):
    """A page to explain the score of, and in how much detail."""

    heat: bool = Field(False, description="Also give where the page's vectors lie, and the heat of each.")
    similarities: bool = Field(
        False, description="Also give every query token's similarity to every page vector; and the heat."
    )


class CopyRequest(PlacedRequest):
    """A search to be copied as a program, and the address of this server as the asker knows it."""

    address: Name = ""


class SaveRequest(PlacedRequest):
    """A search to keep under a name."""

    name: Text = Field(max_length=LONGEST_NAME)


class ViewRequest(Request):
    """A place of the page to keep under a name."""

    name: Text = Field(max_length=LONGEST_NAME)
    collection: Name
    address: Text = Field(max_length=LONGEST_ADDRESS, description="From its `?` on.", examples=["?view=evaluate"])


class ExportRequest(PlacedRequest):
    """A search to take away, and in which form."""

    form: Name = Field("html", description=f"One of {', '.join(FORMATS)}.")
    page: Name = Field("", description="The one page to export, as `report.pdf#page=12`, instead of those found.")
    look: HeatLook = HeatLook()
    tokens: list[StrictInt] | None = Field(
        None, max_length=MAX_TOKENS, description="Query tokens whose heat is shown, from 0; all of them without."
    )
    encoder: Name = Field("", description="Whose heat is drawn; else that which decides in the pipeline.")

    def shown(self) -> Look:
        """The look as the service takes it; `InputError` for one that there is not."""
        tokens = None if self.tokens is None else tuple(self.tokens)
        return Look(tokens, self.look.join, self.look.range, self.look.colour, self.look.opacity)


class ContrastRequest(QueryRequest):
    """Two pages to compare the scores of."""

    a: PageText
    b: PageText
    collection_b: Name = Field("", description="The collection of `b`, where it is not that of `a`.")
    encoder: Name = ""
    pipeline: Pipeline = ""


class CompareRequest(QueryRequest):
    """A query to search by two pipelines."""

    a: Pipeline
    b: Pipeline
    k: Depth = None
    filter: Filter = ""


class CompareAcrossRequest(AskRequest):
    """A query to search several collections by, by two pipelines."""

    collections: Several = []
    a: Pipeline
    b: Pipeline
    k: Depth = None
    filter: Filter = ""


class CompareSetRequest(Request):
    """Many queries to search by two pipelines: of a dataset, or one a line; a piece of them at a time."""

    collection: Name
    a: Pipeline
    b: Pipeline
    k: Depth = None
    filter: Filter = ""
    dataset: Name = Field("", description="Whose queries are asked; else those of `lines`.")
    lines: Text = Field("", max_length=MAX_LINES, description="A query a line.")
    at: int = Field(0, ge=0, le=1_000_000, description="The first query of the piece, from 0.")
    many: int = Field(MAX_PIECE, ge=1, le=MAX_PIECE, description="Queries of the piece.")


Value = Annotated[Text, Field(max_length=MAX_VALUE)]
Tags = Annotated[list[Value], Field(max_length=MAX_TAGS)]
Meta = Annotated[dict[Value, Value | StrictInt | float | StrictBool], Field(max_length=MAX_FIELDS)]
MAX_FILES = 10_000
"""Files or documents that one request may name."""


class Borne(Request):
    """Tags and fields of a file."""

    tags: Tags = []
    meta: Meta = {}


class FieldsRequest(Request):
    """Tags and fields to change of documents; what is added or set wins over what is removed or cleared."""

    documents: list[Name] = Field(min_length=1, max_length=MAX_FILES)
    add: Tags = Field([], description="Tags to add.")
    remove: Tags = Field([], description="Tags to take away.")
    set: Meta = Field({}, description='Fields to set, as `{"year": 2024}`.')
    clear: Annotated[list[Value], Field(max_length=MAX_FIELDS)] = Field([], description="Fields to clear.")

    def change(self) -> FieldsChange:
        """As the service takes it; `InputError` for a tag or field that cannot be."""
        return FieldsChange.of(self.add, self.remove, self.set, self.clear)


class IngestRequest(Request):
    """An upload to index into a collection, which is made with the usual settings when there is none."""

    collection: Name
    batch: Name = Field(description="Id of the upload, as `POST /uploads` gave it.")
    tags: Tags = Field([], description="Tags of every file.")
    meta: Meta = Field({}, description="Fields of every file, by name.")
    fields: dict[str, Borne] = Field({}, max_length=MAX_FILES, description="More for some files, by file name.")
    replace: bool | Annotated[list[Name], Field(max_length=MAX_FILES)] = Field(
        False,
        description="Names of documents (the `namesake` of a planned file) that a different file of that name takes "
        "the place of; `true` for all. Others are kept, and the new one gets a number.",
    )
    without: Annotated[list[Name], Field(max_length=MAX_FILES)] = Field(
        [], description="Files to leave out, by the `source` of their planned file."
    )

    def borne(self) -> FileFields:
        """As the service takes them; `InputError` for a tag or field that cannot be."""
        named = {name: FieldsChange.of(one.tags, set=one.meta) for name, one in self.fields.items()}
        return FileFields(FieldsChange.of(self.tags, set=self.meta), named)


class RenameRequest(Request):
    """Another name for a collection."""

    name: Name


class EmbedRequest(Request):
    """An encoder whose vectors a collection's pages are to get."""

    encoder: Name


class EncoderRequest(Request):
    """Whose vectors are meant."""

    encoder: Name = Field("", description="The collection's first if not said.")


class RepairRequest(Request):
    """What the tables of a collection without a manifest do not say."""

    encoders: list[Name] = Field([], description="Encoders that made the vectors, if they are not found.")
    dpi: int | None = Field(None, ge=1, description="The resolution that pages were drawn at.")


class ArchiveRequest(Request):
    """How a collection is written for other programs."""

    formats: list[Name] = Field(["parquet"], description="`parquet`, `npz`, or both.")


class QuarantineRequest(Request):
    """A page, or a whole document, to keep out of search."""

    page: Name = Field("", description="A page, as `report.pdf#page=12`.")
    document: Name = Field("", description="A document, instead of a page.")
    reason: Text = Field("", max_length=500)


class EvaluationRequest(Request):
    """Pipelines to measure on a dataset."""

    dataset: Name
    collection: Name
    pipelines: Annotated[list[Pipeline], Field(min_length=1, max_length=MAX_MEASURED)] = Field(
        description="Presets or pipeline texts; choices in braces stand for all of them.", examples=[["exact"]]
    )
    scope: Name = Field("", description="The dataset's own if not said.")
    measures: list[Name] = Field([], max_length=MAX_MEASURED, description="As `nDCG@5`; the usual ones if none.")


class NoteRequest(Request):
    """Tags and words about a question."""

    tags: Tags = []
    text: Text = Field("", max_length=10_000)


class JudgeRequest(Request):
    """How well a page answers a query."""

    collection: Name
    query: Text = Field(max_length=MAX_QUERY)
    page: PageText
    grade: StrictInt | None = Field(None, ge=0, le=3, description="0 not at all, to 3; null takes a grade back.")


class KeepRequest(Request):
    """Whether what is searched for in a collection is kept."""

    kept: bool


class BringRequest(Request):
    """A dataset by its folder's path on the server's machine, or a benchmark by its name."""

    path: Name = Field(min_length=1)


class DatasetRequest(Request):
    """A dataset to make of uploaded files over a collection."""

    name: Name
    collection: Name
    batch: Name = Field(description="Id of the upload, as `POST /uploads` gave it.")
    questions: Name = Field(description="Name of the uploaded file of questions: JSON lines, CSV, tabs or TREC.")
    labels: Name = Field("", description="Name of the uploaded file of labels, if there is one.")


class JudgedRequest(Request):
    """A collection whose judgements are to be a dataset, and its name."""

    collection: Name
    name: Name


class IndexRequest(Request):
    """An index to compute from stored vectors."""

    index: Name = Field(description="A kind of index, as `rows` or `ward[factor=4]`.")
    encoder: Name = Field("", description="Of whose vectors; the collection's first if not said.")


class GetRequest(Request):
    """The licence of a model that is to be fetched, as its offer says it: sending it back accepts it."""

    licence: Text = Field(max_length=2_000)


class LogInRequest(Request):
    """An account's name and password."""

    name: Text = Field(max_length=64)
    password: Text = Field(max_length=1024)


def box_of(text: str) -> Box:
    """A box of a page from ``x0,y0,x1,y1``; `InputError` for other texts."""
    try:
        x0, y0, x1, y1 = (float(edge) for edge in text.split(","))
    except ValueError:
        x0 = y0 = x1 = y1 = 0.0
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise InputError(
            f"'{text[:80]}' is no box; write four numbers from 0 to 1, x0,y0,x1,y1, with x0 < x1 and y0 < y1."
        )
    return x0, y0, x1, y1


def page_ref(text: str) -> PageRef:
    """A page reference; `InputError` for other texts."""
    try:
        return PageRef.parse(text)
    except ValueError as error:
        raise InputError(f"{error}.") from None
