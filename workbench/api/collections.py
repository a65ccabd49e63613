"""Routes of what there is: collections, their documents and pages, models and kinds of index."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from workbench.answers.collections import Collection, Named, PageText, PutAway, Removed
from workbench.answers.jobs import JobState
from workbench.answers.models import AdviceInWords, ModelInWords, ModelOffer
from workbench.api.pictures import AS_WEBP, content
from workbench.api.pictures import page_picture as picture_of
from workbench.api.requests import (
    Boxes,
    FieldsRequest,
    GetRequest,
    Name,
    NewCollection,
    Page,
    Pipeline,
    RenameRequest,
    Text,
    box_of,
    page_ref,
)
from workbench.api.state import Bench
from workbench.errors import CollectionBusyError, NotFoundError
from workbench.representations import METHODS
from workbench.retrieval import document_filter
from workbench.service import Workbench
from workbench.service.sample import examples
from workbench.service.searches import MAX_QUERY
from workbench.types import CollectionInfo, DocumentFields, DocumentInfo, ModelStatus, PageRef

router = APIRouter()


@router.get("/collections", tags=["Collections"])
def collections(workbench: Bench) -> list[CollectionInfo]:
    """All collections that can be opened, by name."""
    return workbench.library.all()


@router.post("/collections", tags=["Collections"], status_code=201)
def create_collection(workbench: Bench, wanted: NewCollection) -> CollectionInfo:
    """Make an empty collection."""
    return workbench.library.create(wanted.name, wanted.settings(), wanted.also)


@router.get("/collections/{collection}", tags=["Collections"])
def collection(workbench: Bench, collection: str) -> Collection:
    """One collection: its documents, what is kept out of search, and questions to try on it."""
    return Collection(
        info=workbench.library.info(collection),
        examples=examples(collection),
        documents=workbench.library.documents(collection),
        quarantine=[PutAway.of(entry) for entry in workbench.maintenance.quarantined(collection)],
    )


@router.delete("/collections/{collection}", tags=["Collections"])
def delete_collection(workbench: Bench, collection: str) -> Removed:
    """Delete a collection and everything in it; the answer says what was removed, or which job will when it is busy."""
    try:
        return Removed.of(workbench.deletions.collection(collection))
    except CollectionBusyError:
        return Removed.queued(workbench.deletions.start(collection))


@router.patch("/collections/{collection}", tags=["Collections"])
def rename_collection(workbench: Bench, collection: str, body: RenameRequest) -> CollectionInfo:
    """Give a collection another name; what is kept of it elsewhere goes by it too, but for saved evaluations."""
    return workbench.renaming.collection(collection, body.name)


@router.delete("/collections/{collection}/encoders/{encoder}", tags=["Collections"], status_code=204)
def remove_encoder(workbench: Bench, collection: str, encoder: str) -> None:
    """Take an encoder's vectors out of a collection; not those of its first."""
    workbench.library.remove_encoder(collection, encoder)


@router.get("/collections/{collection}/documents", tags=["Collections"])
def documents(workbench: Bench, collection: str) -> list[DocumentInfo]:
    """The documents of a collection, by name, with the pages that failed and why."""
    return workbench.library.documents(collection)


@router.patch("/collections/{collection}/documents", tags=["Collections"])
def change_fields(workbench: Bench, collection: str, body: FieldsRequest) -> list[DocumentFields]:
    """Change tags and fields of documents, which filters find them by at once; nothing is read again."""
    return workbench.library.change_fields(collection, body.documents, body.change())


@router.delete("/collections/{collection}/documents/{document:path}", tags=["Collections"])
def delete_document(workbench: Bench, collection: str, document: str) -> Removed:
    """Delete a document, then search for its own words: what was removed, and the pages that are still found (0).

    While something is at work on the collection it is queued instead; `job` names the job that deletes it.
    """
    words = _some_words(workbench, collection, document)
    try:
        receipt = workbench.deletions.document(collection, document)
    except CollectionBusyError:
        return Removed.queued(workbench.deletions.start(collection, document), document)
    left = (
        workbench.searches.search(words, collection, "bm25:10", filter=document_filter(document)).hits if words else ()
    )
    listed = sum(info.name == document for info in workbench.library.documents(collection))
    return Removed.of(receipt, len(left) + listed)


@router.get("/collections/{collection}/page", tags=["Pages"])
def page(workbench: Bench, collection: str, page: Page) -> PageText:
    """A page's size and text."""
    return PageText.of(workbench.library.page(page_ref(page), collection))


@router.get(
    "/collections/{collection}/picture",
    tags=["Pages"],
    response_class=Response,
    responses=AS_WEBP,
)
def page_picture(
    workbench: Bench,
    request: Request,
    collection: str,
    page: Page,
    size: Literal["page", "thumb"] = "page",
    boxes: Boxes = [],  # noqa: B006
    query: Annotated[Text, Query(max_length=MAX_QUERY, description="Words whose heat is drawn.")] = "",
    encoder: Annotated[Name, Query(description="Whose heat; else the collection's first, or that of `pipeline`.")] = "",
    pipeline: Annotated[Pipeline, Query(description="A pipeline whose deciding encoder is meant.")] = "",
) -> Response:
    """The picture of a page; with `boxes` and the heat of a `query` drawn into it, to show what an answer cites."""
    ref = page_ref(page)
    if not boxes and not query:
        return picture_of(request, workbench, collection, ref, size)
    made = workbench.exports.drawn(
        collection, ref, size, [box_of(text) for text in boxes], query, encoder=encoder, pipeline=pipeline
    )
    return content(request, made)


@router.get("/models", tags=["Models"])
def models(workbench: Bench) -> list[ModelInWords]:
    """Every model: what it is, whether it can be used here, and where it stands."""
    return [ModelInWords.of(model) for model in workbench.models.all()]


@router.get("/models/advice", tags=["Models"])
def model_advice(workbench: Bench) -> AdviceInWords:
    """The best model that this machine can run, and why."""
    return AdviceInWords.of(workbench.models.advice())


@router.get("/models/{model}/offer", tags=["Models"])
def model_offer(workbench: Bench, model: str) -> ModelOffer:
    """What getting a model takes, as the hub says now: bytes, licence, room on the disk."""
    return ModelOffer.like(workbench.models.offer(model))


@router.post("/models/{model}/get", tags=["Models"], status_code=202)
def get_model(workbench: Bench, model: str, body: GetRequest) -> JobState:
    """Fetch a model in the background; `GET /jobs/{job}` tells how many bytes are here."""
    return JobState.of(workbench.models.start_get(model, body.licence))


@router.post("/models/{model}/load", tags=["Models"], status_code=202)
def load_model(workbench: Bench, model: str) -> ModelStatus:
    """Load a model in the background; `GET /models` tells how it goes."""
    return workbench.models.load(model)


@router.post("/models/{model}/unload", tags=["Models"])
def unload_model(workbench: Bench, model: str) -> ModelStatus:
    """Free a model's memory."""
    return workbench.models.unload(model)


@router.get("/indexes", tags=["Models"])
def indexes() -> list[Named]:
    """The kinds of index that an encoder's vectors can have."""
    return Named.all({name: method.summary for name, method in METHODS.items()})


def _some_words(workbench: Workbench, collection: str, document: str) -> str:
    """A few words of the document's first page, to look for afterwards; empty when it has none."""
    try:
        texts = workbench.library.page(PageRef(document, 1), collection).words.texts
    except NotFoundError:
        return ""
    return " ".join([text for text in texts if len(text) > 3 and text.isalnum()][:8])
