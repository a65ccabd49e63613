"""The forms that a result can be taken away in, and what writes each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workbench.errors import InputError
from workbench.exports.found import Found

Write = Callable[[Found], bytes]
NAME = 60
"""Letters of the query in a file's name at most."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A kind of file: its suffix without a dot, its media type, what it holds, and whether pages are explained in it.

    ``text`` forms are UTF-8; ``single`` ones hold one page, the best or the one that is named.
    """

    name: str
    media_type: str
    summary: str
    write: Write
    explained: bool = True
    text: bool = True
    single: bool = False


def _csv(found: Found) -> bytes:
    from workbench.exports.values import to_spreadsheet

    return to_spreadsheet(found).encode()


def _json(found: Found) -> bytes:
    from workbench.exports.values import to_json

    return to_json(found).encode()


def _trec(found: Found) -> bytes:
    from workbench.exports.values import to_trec

    return to_trec(found).encode()


def _html(found: Found) -> bytes:
    from workbench.exports.page import to_html

    return to_html(found).encode()


def _png(found: Found) -> bytes:
    from workbench.exports.annotated import to_png

    if not found.pages:
        raise InputError("No page was found; there is nothing to draw.")
    return to_png(found, found.pages[0])


def _pdf(found: Found) -> bytes:
    from workbench.exports.pdf import to_pdf

    return to_pdf(found)


FORMATS: Mapping[str, ExportFormat] = {
    form.name: form
    for form in (
        ExportFormat("csv", "text/csv; charset=utf-8", "a row a page, for a spreadsheet", _csv),
        ExportFormat("json", "application/json", "everything that is known of the search", _json),
        ExportFormat("trec", "text/plain; charset=utf-8", "a run for trec_eval and its family", _trec, explained=False),
        ExportFormat("html", "text/html; charset=utf-8", "one page to look at, with pictures and heat", _html),
        ExportFormat(
            "png", "image/png", "the best page, or the one named, with heat and parts", _png, text=False, single=True
        ),
        ExportFormat("pdf", "application/pdf", "the pages with heat and parts drawn in", _pdf, text=False),
    )
}


def export_format(name: str) -> ExportFormat:
    """A form by its name or suffix; `InputError` lists those there are."""
    found = FORMATS.get(name.strip().lower().removeprefix("."))
    if found is None:
        raise InputError(f"There is no form '{name}' to export in; there are {', '.join(FORMATS)}.")
    return found


def filename(found: Found, kind: ExportFormat) -> str:
    """A name for the file that any system takes: the query's words, and the page where it holds one."""
    what = f"{found.pages[0].ref.document} p{found.pages[0].ref.page}" if kind.single and found.pages else found.query
    return f"{_slug(what) or 'search'}.{kind.name}"


def _slug(text: str) -> str:
    return re.sub(r"[^\w]+", "-", text, flags=re.UNICODE).strip("-_")[:NAME].rstrip("-_")
