"""What a file holds, found cheaply: a hash of its bytes, and how many pages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from workbench.documents.pdfium import PdfFile
from workbench.documents.pictures import PictureFile
from workbench.documents.sources import PDF_SUFFIXES, display_name
from workbench.errors import DocumentError


@dataclass(frozen=True, slots=True)
class DocumentProbe:
    """``content_hash`` is the sha256 of the file's bytes in hex, ``pages`` at least 1, ``bytes`` the file's size."""

    content_hash: str
    pages: int
    bytes: int


def probe(path: Path) -> DocumentProbe:
    """Hash a file and count its pages without drawing any; ``DocumentError`` with one sentence if it cannot be read."""
    file = open_document(path)
    try:
        return DocumentProbe(content_hash(path), file.pages, path.stat().st_size)
    finally:
        if isinstance(file, PdfFile):
            file.close()


def open_document(path: Path) -> PdfFile | PictureFile:
    """The file as a PDF or a picture, by what its first bytes say, then by its name; ``DocumentError`` if neither."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise DocumentError(f"{display_name(path.name)} cannot be opened ({reason}).") from error
    if head.startswith(b"%PDF-") or path.suffix.lower() in PDF_SUFFIXES:
        return PdfFile(path)
    return PictureFile(path)


def content_hash(path: Path) -> str:
    """The sha256 of a file's bytes in hex, read in blocks."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise DocumentError(f"{display_name(path.name)} cannot be read ({reason}).") from error
