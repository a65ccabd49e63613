"""Routes that fill a collection: uploads, and the jobs that index them, embed pages again, or add an index."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from workbench.answers.jobs import JobState, Plan
from workbench.api.answers import Batch, Received
from workbench.api.pictures import RAW
from workbench.api.requests import EmbedRequest, IndexRequest, IngestRequest, RereadRequest, WatchRequest
from workbench.api.state import Bench, Doors, Staged
from workbench.documents.languages import Language, known
from workbench.errors import InputError, NotAllowedError
from workbench.folders import inside
from workbench.types import Watch

router = APIRouter(tags=["Ingesting"])
_NAMES = {errno.ENAMETOOLONG, errno.EINVAL, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EILSEQ}
"""What a file system says of a name that it does not take."""


class _TooLarge(Exception):
    """Ends an upload that is over the limit."""


@router.post("/uploads", status_code=201)
def open_upload(uploads: Staged) -> Batch:
    """Open an upload; send its files next, then start a job with it."""
    return Batch(batch=uploads.batch())


@router.put("/uploads/{batch}", openapi_extra=RAW, response_model=Received)
async def receive(
    workbench: Bench,
    uploads: Staged,
    request: Request,
    batch: str,
    name: str = Query(description="The file's name, or its path when it came in a folder."),
) -> Response:
    """One file of an upload, as the raw body; it is written as it arrives."""
    most, size = workbench.settings.max_upload_mb * 1024**2, 0
    try:
        with uploads.receiving(batch, name) as file:
            async for chunk in request.stream():
                size += len(chunk)
                if size > most:
                    raise _TooLarge
                await run_in_threadpool(file.write, chunk)
    except _TooLarge:
        return JSONResponse({"error": f"Larger than the limit of {most // 1024**2} MB."}, 413)
    except ClientDisconnect:
        return JSONResponse({"error": "The upload broke off; send the file again."}, 400)
    except OSError as error:
        if error.errno in _NAMES:
            raise InputError("That file name cannot be used here; shorten it.") from None
        free = shutil.disk_usage(uploads.root).free
        return JSONResponse({"error": f"The file could not be saved ({error.strerror}; {free} bytes free)."}, 507)
    return JSONResponse({"bytes": size})


@router.delete("/uploads/{batch}", status_code=204)
def discard(uploads: Staged, batch: str) -> None:
    """Throw an upload away."""
    uploads.discard(batch)


@router.post("/plan")
def plan(workbench: Bench, uploads: Staged, body: IngestRequest) -> Plan:
    """What indexing an upload would do, and its likely cost; nothing is changed."""
    paths = uploads.paths(body.batch)
    return Plan.like(workbench.ingestion.plan(paths, body.collection, replacing=body.replace, without=body.without))


@router.get("/jobs")
def jobs(workbench: Bench) -> list[JobState]:
    """Work in the background, newest first."""
    return [JobState.of(job) for job in workbench.jobs.all()]


@router.post("/jobs", status_code=202)
def start(workbench: Bench, uploads: Staged, body: IngestRequest) -> JobState:
    """Index an upload in the background. What is in the collection already is skipped, but gets its tags and fields."""
    paths = uploads.paths(body.batch)
    return JobState.of(
        workbench.ingestion.start(
            paths, body.collection, fields=body.borne(), replacing=body.replace, without=body.without
        )
    )


@router.get("/jobs/{job}")
def job(workbench: Bench, job: str) -> JobState:
    """One job as it is now."""
    return JobState.of(workbench.jobs.get(job))


@router.post("/jobs/{job}/stop", status_code=202)
def stop(workbench: Bench, job: str) -> JobState:
    """Stop after the pages at hand; what is committed stays."""
    return JobState.of(workbench.jobs.stop(job))


@router.post("/jobs/{job}/resume", status_code=202)
def resume(workbench: Bench, job: str) -> JobState:
    """Go on with a job that was stopped, failed or interrupted."""
    return JobState.of(workbench.jobs.resume(job))


@router.get("/languages", tags=["About"])
def languages() -> list[Language]:
    """Languages that pages can be read in by OCR, and how to have those that are not there."""
    return known()


@router.post("/collections/{collection}/reread", status_code=202)
def reread(workbench: Bench, collection: str, body: RereadRequest) -> JobState:
    """Read stored pages of a document another way, in the background; no file is needed.

    Their words change, and the vectors made of words; a page of which nothing is read that way stays as it was. What
    could hardly be read stands in the `notices` of a document.
    """
    way, pages = body.way(), tuple(body.pages)
    if body.another:
        way, pages = workbench.ingestion.another_way(collection, body.document, way.languages)
    return JobState.of(workbench.ingestion.start_read_again(collection, body.document, way, pages))


@router.get("/collections/{collection}/watches")
def watches(workbench: Bench, collection: str) -> list[Watch]:
    """Folders of the machine that the collection is kept in step with."""
    return workbench.watching.all(workbench.library.info(collection).name)


@router.post("/collections/{collection}/watches", status_code=201)
def watch(workbench: Bench, doors: Doors, collection: str, body: WatchRequest) -> Watch:
    """Keep a collection in step with a folder of the machine from now on, across restarts; jobs of kind `sync` tell.

    New and changed files are indexed, documents whose file is gone are deleted unless `keep`, a file that was moved is
    known by its content. Where a log-in is asked for, only folders below `PAGELENS_WATCH_FOLDERS` can be named.
    """
    folder = Path(body.folder)
    if doors is not None and not _below(folder, workbench.settings.watch_folders):
        raise NotAllowedError(
            "That folder is none that this server lets be followed; PAGELENS_WATCH_FOLDERS names those that it does."
        )
    return workbench.watching.follow(folder, collection, body.keep)


@router.delete("/collections/{collection}/watches", status_code=204)
def unwatch(workbench: Bench, collection: str, folder: Annotated[str, Query(min_length=1, max_length=4096)]) -> None:
    """Follow a folder no more; its documents stay."""
    workbench.watching.leave(Path(folder), collection)


def _below(folder: Path, allowed: Sequence[Path]) -> bool:
    return any(inside(folder.expanduser(), root.expanduser()) for root in allowed)


@router.post("/collections/{collection}/embed", status_code=202)
def embed(workbench: Bench, collection: str, body: EmbedRequest) -> JobState:
    """Give every page that lacks them an encoder's vectors, in the background."""
    return JobState.of(workbench.ingestion.start_embed(collection, body.encoder))


@router.post("/collections/{collection}/index", status_code=202)
def index(workbench: Bench, collection: str, body: IndexRequest) -> JobState:
    """Compute an index from the stored vectors, in the background."""
    return JobState.of(workbench.ingestion.start_index(collection, body.index, body.encoder))
