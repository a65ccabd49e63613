"""Marked pages as one PDF, a page each, at the size they have on paper."""

from __future__ import annotations

import io

from workbench.errors import InputError, NotFoundError
from workbench.exports.annotated import annotated
from workbench.exports.found import Found

MAX_PAGES = 100
"""Pages of one file at most."""
DPI = 144  # where it is not known what a page was rendered at


def to_pdf(found: Found) -> bytes:
    """Every page that has a picture, heat and outlines drawn into it; `InputError` where there is none or too many.

    One page is held at a time: each is appended to the file made so far.
    """
    if len(found.pages) > MAX_PAGES:
        raise InputError(
            f"A PDF of marked pages holds {MAX_PAGES} at most; ask for fewer than {len(found.pages)} results."
        )
    out = io.BytesIO()
    for page in found.pages:
        try:
            picture = annotated(found, page)
        except NotFoundError:
            continue
        # The stored picture may be smaller than the page was rendered; its size on paper stays.
        scale = picture.width / page.size[0] if page.size[0] else 1.0
        picture.save(
            out,
            "PDF",
            resolution=(page.dpi or DPI) * scale,
            quality=85,
            append=bool(out.tell()),
            title=f"Pages found for: {found.query}",
            producer="Pagelens",
        )
    if not out.tell():
        raise InputError("No page was found that has a picture; there is nothing to draw into a PDF.")
    return out.getvalue()
