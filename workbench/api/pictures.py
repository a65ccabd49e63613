"""Page pictures as answers: looked up through the service, so that no path comes from outside, kept by the browser."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.responses import FileResponse, Response

from workbench.errors import NotFoundError
from workbench.types import PageRef

if TYPE_CHECKING:
    from workbench.service import Workbench

WEBP = "image/webp"


def picture(request: Request, workbench: Workbench, collection: str, ref: PageRef, size: str) -> Response:
    """The picture of a page (``size`` is ``page`` or ``thumb``), or 304; `NotFoundError` when there is none."""
    path = Path(workbench.page_image(collection, ref, size))
    try:
        status = path.stat()
    except OSError:
        raise NotFoundError(f"Page {ref.page} of this document has no picture.") from None
    etag = '"' + hashlib.sha256(f"{path}\0{status.st_mtime_ns}\0{status.st_size}".encode()).hexdigest()[:32] + '"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=86400"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return FileResponse(path, media_type=WEBP, headers=headers)
