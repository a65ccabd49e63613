"""Routes that look after a collection, and what there is to know about the machine."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from workbench.answers.collections import PutAway
from workbench.answers.jobs import JobState
from workbench.answers.upkeep import WAYS, SystemReport, TableState, Upkeep, Verified
from workbench.api.requests import ArchiveRequest, EncoderRequest, QuarantineRequest, RepairRequest, Text, page_ref
from workbench.api.state import Bench
from workbench.api.taking import disposition
from workbench.errors import InputError
from workbench.types import PageRef

router = APIRouter(tags=["Upkeep"])
TAR = {"application/x-tar": {"schema": {"type": "string", "format": "binary"}}}
What = Annotated[Text, Query(description="A page, as `report.pdf#page=12` (in an address, `#` is written `%23`).")]
Whole = Annotated[Text, Query(description="A whole document, by its name; instead of a page.")]


@router.get("/system")
def system(workbench: Bench) -> SystemReport:
    """Versions, the home folder, and what the doctor says of this machine."""
    found = workbench.system.info()
    return SystemReport.like(found, versions=dict(found.versions), checks=list(workbench.system.doctor()))


@router.get("/collections/{collection}/upkeep")
def upkeep(workbench: Bench, collection: str) -> Upkeep:
    """A collection's tables, quarantine and past searches, and what was last found and measured of it."""
    recall = workbench.maintenance.kept_recall(collection)
    measured = {row["kind"] for row in (recall or {}).get("rows", [])}
    return Upkeep(
        info=workbench.library.info(collection),
        tables=[TableState.like(table) for table in workbench.maintenance.tables(collection)],
        quarantine=quarantine(workbench, collection),
        audit=workbench.maintenance.kept_audit(collection),
        recall=recall,
        ways=[way for way in WAYS if way.kind in measured],
        latency=list(workbench.system.latency(collection)),
    )


@router.get("/collections/{collection}/verify")
def verify(workbench: Bench, collection: str) -> Verified:
    """Whether what is on disk fits together; reads all of it."""
    return Verified.of(collection, workbench.maintenance.verify(collection))


@router.post("/collections/{collection}/audit", status_code=202)
def audit(workbench: Bench, collection: str, body: EncoderRequest) -> JobState:
    """Look for suspicious pages and copies, in the background."""
    return JobState.of(workbench.maintenance.start_audit(collection, body.encoder))


@router.post("/collections/{collection}/recall", status_code=202)
def recall(workbench: Bench, collection: str, body: EncoderRequest) -> JobState:
    """Measure recall against the exact answer, in the background."""
    return JobState.of(workbench.maintenance.start_recall(collection, body.encoder))


@router.post("/collections/{collection}/compact", status_code=202)
def compact(workbench: Bench, collection: str) -> JobState:
    """Rewrite the collection without its dead bytes, in the background."""
    return JobState.of(workbench.maintenance.start_compact(collection))


@router.post("/collections/{collection}/repair", status_code=202)
def repair(workbench: Bench, collection: str, body: RepairRequest) -> JobState:
    """Make anew what can be of a damaged collection, in the background; its `message` says what was done and what is
    left, as `verify` does."""
    return JobState.of(workbench.maintenance.start_repair(collection, body.encoders, body.dpi))


@router.post("/collections/{collection}/export", status_code=202)
def export(workbench: Bench, collection: str, body: ArchiveRequest) -> JobState:
    """Write a collection for other programs, in the background: pages with their words, vectors, places and pictures.
    Once that is done, GET has it."""
    return JobState.of(workbench.archives.start(collection, body.formats))


@router.get("/collections/{collection}/export", response_class=FileResponse, responses={200: {"content": TAR}})
def exported(workbench: Bench, collection: str) -> FileResponse:
    """The export that was made last, as a tar of the folder that `pagelens ingest` takes in again."""
    headers = {"Content-Disposition": disposition(f"{collection}.tar"), "Cache-Control": "no-store"}
    return FileResponse(workbench.archives.file(collection), media_type="application/x-tar", headers=headers)


@router.delete("/collections/{collection}/export", status_code=204)
def remove_export(workbench: Bench, collection: str) -> None:
    """Take the export away; it also goes when a document of the collection is deleted."""
    workbench.archives.remove(collection)


@router.get("/collections/{collection}/quarantine")
def quarantine(workbench: Bench, collection: str) -> list[PutAway]:
    """What is kept out of search, the latest first."""
    return [PutAway.of(entry) for entry in workbench.maintenance.quarantined(collection)]


@router.post("/collections/{collection}/quarantine")
def put_away(workbench: Bench, collection: str, body: QuarantineRequest) -> list[PutAway]:
    """Keep a page, or a whole document, out of search without deleting anything; what is in quarantine now."""
    workbench.maintenance.quarantine(collection, _what(body.page, body.document), body.reason)
    return quarantine(workbench, collection)


@router.delete("/collections/{collection}/quarantine")
def release(workbench: Bench, collection: str, page: What = "", document: Whole = "") -> list[PutAway]:
    """Let a page, or a whole document, be found again; what is in quarantine now."""
    workbench.maintenance.release(collection, _what(page, document))
    return quarantine(workbench, collection)


def _what(page: str, document: str) -> PageRef | str:
    if bool(page) == bool(document):
        raise InputError("Name a page or a document, one of them.")
    return document or page_ref(page)
