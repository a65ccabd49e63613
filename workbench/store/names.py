"""Names that documents have in a collection: each its own, whatever their files are called."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from workbench.store.schema import DocumentRecord


def free_name(record: DocumentRecord, taken: set[str]) -> str:
    """The document's name, or, when another holds it, its name with folders of its path, or with a number."""
    if record.name not in taken:
        return record.name
    folders = list(PurePosixPath(Path(record.source).as_posix()).parts[:-1])[::-1]
    name = record.name
    for folder in (part for part in folders if part.strip("/:\\")):
        name = f"{folder}/{name}"
        if name not in taken:
            return name
    return next(candidate for n in range(2, len(taken) + 3) if (candidate := f"{record.name} ({n})") not in taken)
