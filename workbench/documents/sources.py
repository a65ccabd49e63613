"""Which files to read: paths as a person gives them, turned into named sources."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.types import DocumentOutcome

PDF_SUFFIXES = frozenset({".pdf"})
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".gif"})
SUFFIXES = PDF_SUFFIXES | PICTURE_SUFFIXES
READABLE = "PDF, PNG, JPEG, WebP, TIFF, BMP or GIF"


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, and the name it goes by.

    ``name`` is the path relative to the folder that was given, or the file's own name, with ``/`` between the parts.
    """

    path: Path
    name: str


def display_name(path: Path | str) -> str:
    """A path as text that can be stored: ``/`` separators, Unicode NFC, undecodable bytes as U+FFFD."""
    text = path if isinstance(path, str) else path.as_posix()
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", text)


def discover(paths: Sequence[Path]) -> tuple[list[Source], list[DocumentOutcome]]:
    """The readable files among ``paths`` and below the folders among them, sorted by name, and the refused ones.

    A folder's other files and its dotfiles are passed over in silence; a file named directly that cannot be read is
    refused with a reason. Links are followed once, so a loop of links ends; a file reached twice is taken once. Two
    files that would share a name (from two folders given) take as much of their path as tells them apart.
    """
    found: dict[str, tuple[Path, Path]] = {}  # resolved path -> (path, what it was given below)
    refused: list[DocumentOutcome] = []
    for given in paths:
        path = Path(os.path.abspath(Path(given).expanduser()))
        try:
            mode = path.stat().st_mode
        except OSError as error:
            refused.append(_refusal(path.name or str(path), _why_not_opened(path, error)))
            continue
        if stat.S_ISDIR(mode):
            files = list(_walk(path, refused))
            if not files:
                refused.append(_refusal(path.name or str(path), f"The folder {path.name} holds no {READABLE} file."))
            for file in files:
                found.setdefault(os.path.realpath(file), (file, path))
        elif not stat.S_ISREG(mode):
            refused.append(_refusal(path.name, f"{path.name} is not a regular file; give a {READABLE} file."))
        elif path.suffix.lower() not in SUFFIXES:
            refused.append(_refusal(path.name, f"{path.name} is not a file Pagelens reads; give a {READABLE} file."))
        else:
            found.setdefault(os.path.realpath(path), (path, path.parent))
    return sorted(_named(found.values()), key=lambda source: source.name), refused


def _walk(folder: Path, refused: list[DocumentOutcome]) -> Iterator[Path]:
    """Readable files below ``folder``; each real directory is entered once, so loops of links end."""
    entered: set[str] = set()

    def unlisted(error: OSError) -> None:
        path = Path(error.filename or folder)
        refused.append(_refusal(path.name, _why_not_opened(path, error)))

    for at, folders, files in os.walk(folder, followlinks=True, onerror=unlisted):
        real = os.path.realpath(at)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(at, name)
            if not name.startswith(".") and path.suffix.lower() in SUFFIXES and path.is_file():
                yield path


def _named(files: Iterable[tuple[Path, Path]]) -> Iterator[Source]:
    """Give every file the shortest name, from its given folder outwards, that no other file has."""
    pending = [(path, len(path.relative_to(root).parts)) for path, root in files]
    while pending:
        names = [display_name(Path(*path.parts[-length:])) for path, length in pending]
        seen = Counter(names)
        clashes = []
        for name, (path, length) in zip(names, pending, strict=True):
            if seen[name] == 1 or length >= len(path.parts):
                yield Source(path, name)
            else:
                clashes.append((path, length + 1))
        pending = clashes


def _refusal(name: str, reason: str) -> DocumentOutcome:
    return DocumentOutcome(display_name(name), pages=0, indexed=0, skipped=0, reason=display_name(reason))


def _why_not_opened(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"There is no file or folder {path.name}; check the path."
    if isinstance(error, PermissionError):
        return f"{path.name} may not be read; change its permissions."
    return f"{path.name} cannot be opened ({(error.strerror or type(error).__name__).lower()})."
