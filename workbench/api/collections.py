"""Routes of what there is: collections, their documents and pages, models and kinds of index."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response

from workbench.answers.collections import Collection, Named, PageText
from workbench.answers.jobs import JobState
from workbench.answers.models import ModelOffer
from workbench.api.pictures import AS_WEBP
from workbench.api.pictures import page_picture as picture_of
from workbench.api.requests import FieldsRequest, GetRequest, NewCollection, Page, page_ref
from workbench.api.state import Bench
from workbench.encoders import Advice
from workbench.types import CollectionInfo, DocumentFields, DocumentInfo, ModelStatus, Receipt

router = APIRouter()


@router.get("/collections", tags=["Collections"])
def collections(workbench: Bench) -> list[CollectionInfo]:
    """All collections that can be opened, by name."""
    return workbench.collections()


@router.post("/collections", tags=["Collections"], status_code=201)
def create_collection(workbench: Bench, wanted: NewCollection) -> CollectionInfo:
    """Make an empty collection."""
    return workbench.create_collection(wanted.name, wanted.settings(), wanted.also)


@router.get("/collections/{collection}", tags=["Collections"])
def collection(workbench: Bench, collection: str) -> Collection:
    """One collection, and questions to try on it."""
    return Collection(info=workbench.collection(collection), examples=workbench.sample_queries(collection))


@router.delete("/collections/{collection}", tags=["Collections"])
def delete_collection(workbench: Bench, collection: str) -> Receipt:
    """Delete a collection and everything in it; the answer says what was removed."""
    return workbench.delete_collection(collection)


@router.get("/collections/{collection}/documents", tags=["Collections"])
def documents(workbench: Bench, collection: str) -> list[DocumentInfo]:
    """The documents of a collection, by name, with the pages that failed and why."""
    return workbench.documents(collection)


@router.patch("/collections/{collection}/documents", tags=["Collections"])
def change_fields(workbench: Bench, collection: str, body: FieldsRequest) -> list[DocumentFields]:
    """Change tags and fields of documents, which filters find them by at once; nothing is read again."""
    return workbench.change_fields(collection, body.documents, body.change())


@router.delete("/collections/{collection}/documents/{document:path}", tags=["Collections"])
def delete_document(workbench: Bench, collection: str, document: str) -> Receipt:
    """Delete a document; none of its pages can be found any more. The answer says what was removed."""
    return workbench.delete_document(collection, document)


@router.get("/collections/{collection}/page", tags=["Pages"])
def page(workbench: Bench, collection: str, page: Page) -> PageText:
    """A page's size and text."""
    return PageText.of(workbench.page(page_ref(page), collection))


@router.get(
    "/collections/{collection}/picture",
    tags=["Pages"],
    response_class=Response,
    responses=AS_WEBP,
)
def page_picture(
    workbench: Bench, request: Request, collection: str, page: Page, size: Literal["page", "thumb"] = "page"
) -> Response:
    """The picture of a page."""
    return picture_of(request, workbench, collection, page_ref(page), size)


@router.get("/models", tags=["Models"])
def models(workbench: Bench) -> list[ModelStatus]:
    """Every model: what it is, whether it can be used here, and where it stands."""
    return workbench.models()


@router.get("/models/advice", tags=["Models"])
def model_advice(workbench: Bench) -> Advice:
    """The best model that this machine can run, and why."""
    return workbench.model_advice()


@router.get("/models/{model}/offer", tags=["Models"])
def model_offer(workbench: Bench, model: str) -> ModelOffer:
    """What getting a model takes, as the hub says now: bytes, licence, room on the disk."""
    return ModelOffer.of(workbench.model_offer(model))


@router.post("/models/{model}/get", tags=["Models"], status_code=202)
def get_model(workbench: Bench, model: str, body: GetRequest) -> JobState:
    """Fetch a model in the background; `GET /jobs/{job}` tells how many bytes are here."""
    return JobState.of(workbench.start_get(model, body.licence))


@router.post("/models/{model}/load", tags=["Models"], status_code=202)
def load_model(workbench: Bench, model: str) -> ModelStatus:
    """Load a model in the background; `GET /models` tells how it goes."""
    return workbench.start_model(model)


@router.post("/models/{model}/unload", tags=["Models"])
def unload_model(workbench: Bench, model: str) -> ModelStatus:
    """Free a model's memory."""
    return workbench.unload_model(model)


@router.get("/indexes", tags=["Models"])
def indexes(workbench: Bench) -> list[Named]:
    """The kinds of index that an encoder's vectors can have."""
    return Named.all(workbench.index_kinds())
