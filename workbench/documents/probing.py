"""What a file holds, found cheaply: a hash of its bytes, how many pages, and by what to tell that it changed since."""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from workbench.documents.office import as_pdf
from workbench.documents.pdfium import PdfFile
from workbench.documents.pictures import PictureFile
from workbench.documents.sources import OFFICE_SUFFIXES, PDF_SUFFIXES, display_name
from workbench.errors import ChangedError, DocumentError

Stamp = tuple[int, ...]
"""A file's device, number, size in bytes, and times of its last change in ns."""

GRAIN = 50_000_000  # ns; clocks of file systems tick up to every 10 ms, and two changes in one tick look like one


@dataclass(frozen=True, slots=True)
class DocumentProbe:
    """``content_hash`` is the sha256 of the file's bytes in hex, ``pages`` at least 1, ``bytes`` the file's size.

    ``stamp`` is what the file looked like from outside: as long as it does, its bytes are those that were hashed.
    """

    content_hash: str
    pages: int
    bytes: int
    stamp: Stamp = field(default=(), compare=False)


def probe(path: Path) -> DocumentProbe:
    """Hash a file and count its pages without drawing any; ``DocumentError`` with one sentence if it cannot be read.

    One that changes meanwhile is looked at once more, then it is a `ChangedError`. One that claims to have more pages
    than bytes has not, or shows the same few again and again: it would keep an ingest busy for days.
    """
    try:
        return _probe(path)
    except ChangedError:
        return _probe(path)


def _probe(path: Path) -> DocumentProbe:
    stamp = _settled(path)
    file = open_document(path)
    try:
        if file.pages > stamp[2]:
            raise DocumentError(
                f"{display_name(path.name)} claims to have {file.pages:,} pages, more than its {stamp[2]:,} bytes can "
                "hold; it is damaged or made to deceive, save it again with another program."
            )
        found = DocumentProbe(content_hash(path), file.pages, stamp[2], stamp)
    finally:
        file.close()
    check_unchanged(path, stamp)
    return found


def stamp_of(path: Path) -> Stamp:
    """What a file looks like from outside; ``DocumentError`` when it is not there."""
    try:
        stat = path.stat()
    except OSError as error:
        raise DocumentError(_not_opened(path, error)) from error
    # Content can be written without a trace in the time of modification, which anybody may set, but on POSIX not
    # without one in that of the last change; on Windows the latter is the time of creation and tells a replaced file.
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def check_unchanged(path: Path, stamp: Stamp) -> None:
    """`ChangedError` when the file is not any more what had this stamp."""
    try:
        same = stamp_of(path) == stamp
    except DocumentError:
        same = False
    if not same:
        raise ChangedError(f"{display_name(path.name)} changed while it was read; add it again when it is complete.")


def copied(path: Path, folder: Path) -> Path:
    """A copy of a file in ``folder``, under its name, for nobody else to change; `ChangedError` if it did meanwhile."""
    stamp = _settled(path)
    target = folder / path.name
    try:
        shutil.copyfile(path, target)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise DocumentError(f"{display_name(path.name)} cannot be copied ({reason}).") from error
    check_unchanged(path, stamp)
    return target


def open_document(path: Path) -> PdfFile | PictureFile:
    """The file as a PDF or a picture, by what its first bytes say, then by its name; ``DocumentError`` if neither.

    An office document is one as the PDF that LibreOffice makes of it.
    """
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise DocumentError(_not_opened(path, error)) from error
    suffix = path.suffix.lower()
    if head.startswith(b"%PDF-") or suffix in PDF_SUFFIXES:
        return PdfFile(path)
    if suffix in OFFICE_SUFFIXES and head:
        made = PdfFile(as_pdf(path))
        made.year = 0  # it was made just now
        return made
    return PictureFile(path)


def content_hash(path: Path) -> str:
    """The sha256 of a file's bytes in hex, read in blocks."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise DocumentError(f"{display_name(path.name)} cannot be read ({reason}).") from error


def _settled(path: Path) -> Stamp:
    """A file's stamp once its last change is older than a tick of the clock, so that the next one shows."""
    for _ in range(20):  # one that is written to all the time never settles
        stamp = stamp_of(path)
        age = time.time_ns() - max(stamp[3:])
        if not 0 <= age < GRAIN:
            break
        time.sleep((GRAIN - age) / 1e9)
    return stamp


def _not_opened(path: Path, error: OSError) -> str:
    reason = (error.strerror or type(error).__name__).lower()
    return f"{display_name(path.name)} cannot be opened ({reason})."
