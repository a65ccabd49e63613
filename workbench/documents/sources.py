"""Which files to read: paths as a person gives them, turned into named sources."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path, PurePath

from workbench.types import DocumentOutcome

PICTURES: Mapping[str, frozenset[str]] = {
    "PNG": frozenset({".png"}),
    "JPEG": frozenset({".jpg", ".jpeg", ".jfif"}),
    "WebP": frozenset({".webp"}),
    "TIFF": frozenset({".tif", ".tiff"}),
    "BMP": frozenset({".bmp"}),
    "GIF": frozenset({".gif"}),
    "HEIC": frozenset({".heic", ".heif"}),
    "AVIF": frozenset({".avif"}),
}
"""Kinds of pictures, those first that people have most, and the suffixes of each."""
PDF_SUFFIXES = frozenset({".pdf"})
DRAWING_SUFFIXES = frozenset({".svg", ".svgz"})
OFFICE_SUFFIXES = frozenset(
    {".docx", ".doc", ".odt", ".rtf", ".pptx", ".ppt", ".ppsx", ".odp", ".xlsx", ".xls", ".ods"}
)
OFFICE = "office documents"
KINDS = {"PDF": PDF_SUFFIXES, **PICTURES, "SVG": DRAWING_SUFFIXES, OFFICE: OFFICE_SUFFIXES}
"""Every kind of file that is read, by its name; see `readable` for those that this machine can."""
SUFFIXES = frozenset().union(*KINDS.values())
READABLE = f"PDF, picture ({', '.join(PICTURES)}, SVG) or office"
WEB_SUFFIXES = frozenset({".html", ".htm", ".xhtml", ".mht", ".mhtml", ".webarchive", ".maff"})
_PRINT = "it is a saved web page; open it in a browser, print it to PDF, and add that"
EXPORT_MARK = "pagelens-export.json"
"""What makes a folder an export of a collection: its pictures are pages of documents, and not documents themselves."""
NAMED = 20
"""Files of a folder that are not read and yet named; of more, only how many there are of each kind, up to as many."""
_SYSTEM = frozenset(
    {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information"}
)
_NUMBERED = re.compile(r"(?P<stem>.*?)(?: \(\d+\))?(?P<suffix>\.[^./ ]*)?", re.DOTALL)


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


class Others:
    """What folders hold that is not read, as pipes and links that lead nowhere: the first by name, the rest counted."""

    def __init__(self) -> None:
        self._named: list[str] = []
        self._rest: Counter[str] = Counter()

    def add(self, name: str) -> None:
        """Take note of a file, by its path from the folder that was given."""
        suffix = PurePath(name).suffix.lower()
        if len(self._named) < NAMED:
            self._named.append(name)
        elif suffix in self._rest or len(self._rest) < NAMED:
            self._rest[suffix] += 1
        else:
            self._rest["other kinds"] += 1

    def outcomes(self) -> Iterator[DocumentOutcome]:
        """One for each that is named, and one for the rest of each suffix: "and 312 more of .txt"."""
        reason = f"Not read: it is no {READABLE} file."
        for name in self._named:
            yield replace(_refusal(name, f"Not read: {_PRINT}." if _is_web_page(name) else reason), left_out=True)
        for suffix, files in sorted(self._rest.items()):
            yield replace(_refusal(f"and {files:,} more of {suffix or 'no suffix'}", reason), left_out=True)


def discover(
    paths: Sequence[Path], home: Path | None = None, below: Path | None = None
) -> tuple[list[Source], list[DocumentOutcome]]:
    """The readable files among ``paths`` and below the folders among them, sorted by name, and the refused ones.

    A folder's other files are named too, as left out, but for dotfiles and what systems put there, and so are exports
    of collections in it, and ``home``, where collections live; a file named directly that cannot be read is refused
    with a reason. Links are followed once, so a loop of links ends; a file reached twice is taken once. Two files that
    would share a name take the name of the folder they were given with or lie in, or a number: a name tells nothing
    else of where they are. Folders below ``home`` are our own and name nothing. Files below ``below`` are named as if
    that folder had been given.
    """
    found: dict[str, tuple[Path, Path]] = {}  # resolved path -> (path, what it was given below)
    refused: list[DocumentOutcome] = []
    others = Others()
    for given in paths:
        path = Path(os.path.abspath(Path(given).expanduser()))
        try:
            mode = path.stat().st_mode
        except OSError as error:
            refused.append(_refusal(path.name or str(path), _why_not_opened(path, error)))
            continue
        if stat.S_ISDIR(mode):
            files = list(_walk(path, refused, others, home))
            if not files:
                refused.append(_refusal(path.name or str(path), f"The folder {path.name} holds no {READABLE} file."))
            for file in files:
                found.setdefault(os.path.realpath(file), (file, path))
        elif not stat.S_ISREG(mode):
            refused.append(_refusal(path.name, f"{path.name} is not a regular file; give a {READABLE} file."))
        elif _is_web_page(path.name):
            refused.append(_refusal(path.name, f"{path.name} is not read: {_PRINT}."))
        elif path.suffix.lower() not in SUFFIXES:
            refused.append(_refusal(path.name, f"{path.name} is not a file Pagelens reads; give a {READABLE} file."))
        else:
            root = below if below is not None and path.is_relative_to(below) else path.parent
            found.setdefault(os.path.realpath(path), (path, root))
    sources = sorted(_named(found.values(), home), key=lambda source: source.name)
    return sources, [*refused, *others.outcomes()]


def _walk(folder: Path, refused: list[DocumentOutcome], others: Others, home: Path | None) -> Iterator[Path]:
    """Readable files below ``folder``; each real directory is entered once, so loops of links end."""
    entered: set[str] = set()
    ours = home and os.path.realpath(home)

    def leave_out(at: str, reason: str) -> None:
        refused.append(replace(_refusal(os.path.relpath(at, folder.parent), f"Not read: {reason}."), left_out=True))

    def unlisted(error: OSError) -> None:
        path = Path(error.filename or folder)
        refused.append(_refusal(path.name, _why_not_opened(path, error)))

    for at, folders, files in os.walk(folder, followlinks=True, onerror=unlisted):
        real = os.path.realpath(at)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        if real == ours:
            folders.clear()
            leave_out(at, "it is where Pagelens keeps its collections")
            continue
        if EXPORT_MARK in files:
            folders.clear()
            leave_out(at, "it is an export of a collection; ingest that folder itself to take it in")
            continue
        folders[:] = sorted(name for name in folders if not _of_the_system(name))
        for name in sorted(files):
            path = Path(at, name)
            if _of_the_system(name):
                continue
            if path.suffix.lower() in SUFFIXES and path.is_file():
                yield path
            else:
                others.add(path.relative_to(folder).as_posix())


def _is_web_page(name: str) -> bool:
    return PurePath(name).suffix.lower() in WEB_SUFFIXES


def _of_the_system(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower() in _SYSTEM


def _named(files: Iterable[tuple[Path, Path]], home: Path | None) -> Iterator[Source]:
    """Give every file a name that no other file has, the shortest that tells it from the others."""
    found = [(path, root, display_name(path.relative_to(root))) for path, root in sorted(files)]
    taken, roots = set[str](), dict[str, set[Path]]()
    for _, root, name in found:
        roots.setdefault(name, set()).add(root)
    for path, root, name in found:
        ours = home is not None and root.is_relative_to(home)
        longer = len(roots[name]) > 1 and root.name and not ours
        chosen = free_name(f"{display_name(root.name)}/{name}" if longer else name, taken)
        taken.add(chosen)
        yield Source(path, chosen)


def free_name(name: str, taken: Container[str]) -> str:
    """The name, or, when it is taken, the first free one with a number: ``report (2).pdf``."""
    if name not in taken:
        return name
    parts = _NUMBERED.fullmatch(name)
    stem, suffix = (parts["stem"], parts["suffix"] or "") if parts else (name, "")
    return next(free for n in count(2) if (free := f"{stem} ({n}){suffix}") not in taken)


def _refusal(name: str, reason: str) -> DocumentOutcome:
    return DocumentOutcome(display_name(name), pages=0, indexed=0, skipped=0, reason=display_name(reason))


def _why_not_opened(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"There is no file or folder {path.name}; check the path."
    if isinstance(error, PermissionError):
        return f"{path.name} may not be read; change its permissions."
    return f"{path.name} cannot be opened ({(error.strerror or type(error).__name__).lower()})."
