"""Pages kept out of search without being deleted, beside the collection in ``quarantine.json``.

A page is named by its id, which is made of its file's content: the mark survives deleting and ingesting the same bytes
again, and leaves other versions of the file alone. A whole document is named by the part of the id its pages share.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from filelock import FileLock

from workbench.errors import StoreError
from workbench.store.directory import PageDirectory
from workbench.store.files import write_whole
from workbench.types import Quarantined

FILE = "quarantine.json"
Signature = tuple[int, int, int]
_NONE: Signature = (0, 0, 0)


@dataclass(frozen=True)
class Quarantine:
    """What is kept out, by page id or by the part of it that all pages of a file share."""

    entries: Mapping[str, Quarantined] = field(default_factory=dict)
    signature: Signature = _NONE

    def __bool__(self) -> bool:
        return bool(self.entries)

    def of(self, page_id: str) -> Quarantined | None:
        """Why a page is kept out, or None; its own entry comes before its document's."""
        return self.entries.get(page_id) or self.entries.get(page_id.partition(":")[0])

    def without(self, directory: PageDirectory) -> PageDirectory:
        """The pages of a directory that a search may find."""
        refs = {page: ref for page, ref in directory.refs.items() if self.of(page) is None}
        return PageDirectory(directory.version, refs)


def signature(folder: Path) -> Signature:
    """What changes whenever the list does: cheap enough to be asked in every query."""
    try:
        stat = os.stat(os.path.join(folder, FILE))
    except OSError:
        return _NONE
    return stat.st_mtime_ns, stat.st_ino, stat.st_size


def read(folder: Path) -> Quarantine:
    """The list as it is on disk. `StoreError` when it is damaged: a page kept out must not come back by accident."""
    seen = signature(folder)
    try:
        rows = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Quarantine({key: Quarantined(**row) for key, row in rows.items()}, seen)
    except FileNotFoundError:
        return Quarantine()
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise StoreError(
            f"The quarantine of collection '{folder.name}' cannot be read ({error}); mend or delete {folder / FILE}."
        ) from None


def change(folder: Path, add: Mapping[str, Quarantined], drop: frozenset[str] = frozenset()) -> Quarantine:
    """Add and drop entries. Safe against another process doing so, and while an ingest writes."""
    with FileLock(folder / f"{FILE}.lock"):
        entries = {key: entry for key, entry in {**read(folder).entries, **add}.items() if key not in drop}
        if entries:
            write_whole(folder / FILE, json.dumps({key: asdict(entry) for key, entry in entries.items()}))
        else:
            (folder / FILE).unlink(missing_ok=True)
        return read(folder)
