"""Collections as one file each, for other programs: written in the background, kept until it is fetched or taken away.

It is an export (`store.exchange`) in a tar, whole or not there. What it holds is that of the moment it was made; once a
document is deleted it goes, so that nothing of the document stays behind.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

from workbench.errors import DiskFullError, InputError, NotFoundError, StateError
from workbench.ingestion import Jobs
from workbench.service.collections import Collections
from workbench.service.counted import Count, counted
from workbench.service.open_collections import OpenCollections
from workbench.store.exchange import FORMATS
from workbench.store.files import is_disk_full
from workbench.types import Gone, IngestReport, Job, Progress, Receipt

EXPORT = "export"


class Archives:
    """The archives of collections, one of each at most, in the home folder."""

    def __init__(self, home: Path, opened: OpenCollections, library: Collections, jobs: Jobs) -> None:
        self._folder = home / "state" / "archives"
        self._opened = opened
        self._library = library
        self._jobs = jobs
        jobs.does(EXPORT, self._run)

    def start(self, collection: str, formats: Sequence[str] = ("parquet",)) -> Job:
        """Queue the writing of a collection's archive, which replaces an earlier one; see `store.exporting`.

        `NotFoundError` without such a collection, `InputError` for other formats.
        """
        self._opened.get(collection)
        if not formats or not set(formats) <= set(FORMATS):
            raise InputError(f"An export is in {' or '.join(FORMATS)}, or both; not in '{', '.join(formats)}'.")
        return self._jobs.start(collection, {"collection": collection, "formats": [*formats]}, EXPORT)

    def file(self, collection: str) -> Path:
        """The archive of a collection; `NotFoundError` where none was made."""
        self._opened.get(collection)
        path = self._path(collection)
        if not path.is_file():
            raise NotFoundError(f"No export of '{collection}' is here to be fetched; have it made first.")
        return path

    def remove(self, collection: str) -> None:
        """Take an archive away; `NotFoundError` where there is none."""
        self.file(collection).unlink(missing_ok=True)

    def forget(self, gone: Gone) -> Receipt:
        """Remove the archive of a collection that leaves, or that a document of leaves, and what is made into one."""
        shutil.rmtree(self._making(gone.collection), ignore_errors=True)  # first, so that no archive comes after it
        with suppress(OSError):
            self._path(gone.collection).unlink(missing_ok=True)
        return Receipt.of(gone)

    def rename_collection(self, collection: str, name: str) -> None:
        """Let an archive be of a collection's new name; what a killed process left of one goes."""
        shutil.rmtree(self._making(collection), ignore_errors=True)
        with suppress(OSError):  # there is none
            self._path(collection).replace(self._path(name))

    def _path(self, collection: str) -> Path:
        return self._folder / f"{collection}.tar"

    def _making(self, collection: str) -> Path:
        """Where an archive is made; a process that was killed leaves it."""
        return self._folder / f".{collection}"

    def _run(self, request: Mapping[str, Any], report: Callable[[Progress], None], stop: Event) -> IngestReport:
        name = request["collection"]

        def work(count: Count) -> tuple[str, ...]:
            made = self._write(name, request["formats"], count)
            return (f"{made:,} pages of '{name}', {self._path(name).stat().st_size / 1e6:.1f} MB, can be fetched.",)

        return counted(EXPORT, name, report, stop, work)

    def _write(self, name: str, formats: Sequence[str], count: Count) -> int:
        """Export into a folder, and that into the archive, each file leaving the folder as it goes in."""
        making = self._making(name)
        folder, partial = making / "export", making / "archive.tar"
        shutil.rmtree(making, ignore_errors=True)
        try:
            made = self._library.export(name, folder, formats, progress=count)
            self._pack(name, folder, partial)
        except OSError as error:
            if is_disk_full(error):
                raise DiskFullError(f"The disk has no room for the export of '{name}'; nothing was kept.") from error
            raise
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return made.pages

    def _pack(self, name: str, folder: Path, partial: Path) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        try:
            with tarfile.open(partial, "w") as archive:
                for path in paths:
                    archive.add(path, f"{name}/{path.relative_to(folder).as_posix()}", filter=_anybody)
                    path.unlink()
            partial.replace(self._path(name))
        except FileNotFoundError as error:  # `forget` took it away
            raise StateError(
                f"A document of '{name}' was deleted while its export was made; have the export made again."
            ) from error


def _anybody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """A file of an archive, without who has it on this machine."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
