"""Takes a collection out as files that any program can read, and that another Pagelens can take in; see `exchange`."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
from filelock import Timeout

from workbench.documents.sources import EXPORT_MARK
from workbench.errors import CollectionBusyError, DiskFullError, InputError
from workbench.store import quarantine
from workbench.store.collection import Collection
from workbench.store.conditions import within
from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.exchange import BATCH, FORMATS, Contents, ExportedIndex, ExportedSpace, Files, Sink
from workbench.store.files import intact, is_disk_full, tree_bytes
from workbench.store.fitted import fitted_name
from workbench.store.images import SIDES, copy_image, image_file, image_name
from workbench.store.manifest import FULL
from workbench.store.schema import DOCUMENTS, FAILED, GAPS, PAGES, vectors_schema
from workbench.types import ProgressCallback


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to."""

    folder: Path
    pages: int
    bytes: int


def export(
    collection: Collection,
    target: Path,
    formats: Sequence[str] = ("parquet",),
    overwrite: bool = False,
    progress: ProgressCallback = lambda done, total: None,
) -> Exported:
    """Write a collection into the folder ``target``, which is there whole or not at all.

    ``progress`` hears how many of how many pages are done; memory does not grow with them. `InputError` for a folder
    that is there and not empty, unless it is an earlier export and ``overwrite``; `CollectionBusyError` while somebody
    writes to the collection; `DiskFullError` leaves nothing behind.
    """
    if not formats or not set(formats) <= set(FORMATS):
        raise InputError(f"An export is in {' or '.join(FORMATS)}, or both; not in '{', '.join(formats)}'.")
    target = target.absolute()
    _check(target, overwrite)
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        with _unchanging(collection):
            partial.mkdir(parents=True)
            pages = _write(collection, partial, formats, progress)
        size = tree_bytes(partial)
        _check(target, overwrite)
        if target.exists():
            old = partial.with_suffix(".old")
            target.rename(old)
            partial.rename(target)
            shutil.rmtree(old, ignore_errors=True)
        else:
            partial.rename(target)
    except Exception as error:
        if is_disk_full(error) and not isinstance(error, DiskFullError):
            raise DiskFullError(f"The disk has no room for the export {target.name}; nothing was written.") from error
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Exported(target, pages, size)


def _check(target: Path, overwrite: bool) -> None:
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not (target / EXPORT_MARK).is_file():
        raise InputError(f"'{target.name}' is there and is no export; choose a folder that is not there yet.")
    if not overwrite:
        raise InputError(f"The export '{target.name}' is there already; choose another folder, or say --overwrite.")


@contextmanager
def _unchanging(collection: Collection) -> Iterator[None]:
    """Keep writers out meanwhile. Where no lock can be written, nobody can write to the collection either."""
    lock = collection.storage.write_lock()
    try:
        lock.acquire()
    except Timeout:
        raise CollectionBusyError(
            f"An ingest is writing to collection '{collection.name}'; stop it or wait for it to end, then export."
        ) from None
    except OSError:
        pass
    try:
        yield
    finally:
        lock.release()


def _write(collection: Collection, folder: Path, formats: Sequence[str], progress: ProgressCallback) -> int:
    ids = collection.directory().ids
    tables = {
        "documents": _table(folder, "documents", DOCUMENTS, formats, _documents(collection)),
        "pages": _table(folder, "pages", PAGES, formats, _pages(collection, ids)),
        "gaps": _table(folder, "gaps", GAPS, formats, _gaps(collection)),
    }
    spaces = tuple(
        _space(collection, folder, number, space, formats) for number, space in enumerate(collection.spaces())
    )
    for done, page in enumerate(ids, 1):
        for size in SIDES:
            with suppress(FileNotFoundError):
                source = collection.storage.local(image_name(page, size))
                copy_image(source, image_file(folder / "pictures", page, size))
        progress(done, len(ids))
    with suppress(FileNotFoundError):
        (folder / quarantine.FILE).write_bytes(collection.storage.read(quarantine.FILE))
    Contents(collection.name, len(ids), collection.settings, spaces, tables).write(folder)
    return len(ids)


def _table(folder: Path, stem: str, schema: pa.Schema, formats: Sequence[str], rows: Iterator[pa.Table]) -> Files:
    with Sink(folder, stem, schema, formats) as sink:
        for batch in rows:
            sink.write(batch)
    return sink.files()


def _documents(collection: Collection) -> Iterator[pa.Table]:
    yield pa.Table.from_pylist([replace(record, sources=()).row() for record in collection.records.listed()], DOCUMENTS)


def _pages(collection: Collection, ids: Sequence[str]) -> Iterator[pa.Table]:
    """The pages that are in, in order, then those that failed."""
    yield from _of_pages(collection, "pages", ids)
    with intact(collection.name):
        yield collection.catalog.table("pages").search().where(f"status = '{FAILED}'").to_arrow()


def _gaps(collection: Collection) -> Iterator[pa.Table]:
    with intact(collection.name):
        if collection.catalog.has_table("gaps"):
            yield collection.catalog.table("gaps").search().to_arrow()


def _space(
    collection: Collection, folder: Path, number: int, space: EncoderVectors, formats: Sequence[str]
) -> ExportedSpace:
    ids, made = collection.directory().ids, []
    for index in space.record.indexes:
        stem = f"vectors/{number}-{_slug(space.encoder)}/{_slug(index.name)}"
        schema = vectors_schema(index.dim, index.dtype, index.name == FULL)
        files = _table(folder, stem, schema, formats, _of_pages(collection, index.table, ids))
        there = None
        with suppress(FileNotFoundError):
            fitted = collection.storage.read(fitted_name(index.table))
            there = f"{stem}.form.npz"
            (folder / there).write_bytes(fitted)
        made.append(ExportedIndex(index.name, index.dim, index.dtype, files, there))
    return ExportedSpace(space.info, tuple(made))


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "_", name).strip("_")


def _of_pages(collection: Collection, name: str, ids: Sequence[str]) -> Iterator[pa.Table]:
    """The rows of pages in a table, in the order of ``ids``, a batch of ids at a time; some may have none."""
    for start in range(0, len(ids), BATCH):
        wanted = ids[start : start + BATCH]
        with intact(collection.name):
            rows = (
                collection.catalog.table(name).search().where(within("page_id", wanted)).limit(len(wanted)).to_arrow()
            )
        place = {page: i for i, page in enumerate(rows["page_id"].to_pylist())}
        yield rows.take(pa.array([place[page] for page in wanted if page in place], pa.int64()))
