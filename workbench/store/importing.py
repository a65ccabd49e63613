"""Takes an exported collection in: pages, vectors and pictures as they are; nothing is read or encoded again."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from workbench.documents.webp import SIDES
from workbench.errors import InputError, MismatchError
from workbench.representations import FittedIndex, Representation, State
from workbench.store import quarantine
from workbench.store.collection import Collection
from workbench.store.exchange import Contents, ExportedIndex, Files, batches
from workbench.store.fitted import load_state, read_fitted, write_fitted
from workbench.store.images import image_file
from workbench.store.manifest import FULL, IndexRecord, Manifest, SpaceRecord
from workbench.store.schema import COMPLETE, DOCUMENTS, GAPS, OK, PAGES, DocumentRecord, page_id, vectors_schema
from workbench.store.storage import Folder
from workbench.store.writer import Writer
from workbench.types import ProgressCallback

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Imported:
    """A document of an export: its name in the collection, its pages, those put in, and those there already."""

    name: str
    pages: int
    indexed: int
    skipped: int


def manifest_of(contents: Contents) -> Manifest:
    """The manifest of a new collection for what an export holds."""
    return Manifest(
        contents.settings,
        tuple(
            SpaceRecord(
                space.encoder,
                tuple(
                    replace(IndexRecord.of(index.name, space.encoder), dim=index.dim, dtype=index.dtype)
                    for index in space.indexes
                ),
            )
            for space in contents.spaces
        ),
    )


def documents_of(folder: Path, contents: Contents) -> list[DocumentRecord]:
    """The documents of an export; `InputError` for one that cannot be."""
    rows = [row for table in batches(folder, contents.tables["documents"], DOCUMENTS) for row in table.to_pylist()]
    for row in rows:
        if not _HASH.fullmatch(row["content_hash"] or ""):
            raise InputError(
                f"The export {folder.name} is damaged: a document in it has no content hash; export again."
            )
    return [replace(DocumentRecord.of(row), sources=(f"export:{row['content_hash']}",)) for row in rows]


def take_in(
    collection: Collection,
    folder: Path,
    progress: ProgressCallback = lambda done, total: None,
    stop: threading.Event | None = None,
) -> tuple[list[Imported], bool]:
    """Put what an export holds into a collection that has the same encoders and indexes; what is there is skipped.

    Killed or stopped at any moment, the same call does the rest; the second value says whether it was stopped.
    `MismatchError` for a collection of other encoders or indexes, `InputError` for a damaged export.
    """
    contents = Contents.read(folder)
    _fit(collection, folder, contents)
    records = {record.content_hash: record for record in documents_of(folder, contents)}
    counts = dict.fromkeys(records, 0)
    with Writer(collection) as writer:
        started = {key: writer.begin_document(record) for key, record in records.items()}
        have = {page_id(key, n) for key in records for n in collection.indexed_pages(key)}
        skipped = {key: len(collection.indexed_pages(key)) for key in records}
        streams = {
            space.index(index.name).table: _Rows(folder, index.files, _schema(index))
            for exported in contents.spaces
            for space in [collection.space(exported.encoder.id)]
            for index in exported.indexes
        }
        done = 0
        for rows in batches(folder, contents.tables["pages"], PAGES):
            if stop is not None and stop.is_set():
                return _outcomes(started, counts, skipped), True
            ids = _checked_ids(folder, rows, records)
            vectors = {table: stream.of(ids) for table, stream in streams.items()}
            new = [i for i, page in enumerate(ids) if page not in have]
            if new:
                wanted = {ids[i] for i in new}
                pages = _renamed(rows.take(pa.array(new, pa.int64())), started)
                pictures = {
                    (page, size): image_file(folder / "pictures", page, size) for page in wanted for size in SIDES
                }
                writer.restore(pages, {table: _only(held, wanted) for table, held in vectors.items()}, pictures)
                for row in pages.select(["content_hash", "status"]).to_pylist():
                    counts[row["content_hash"]] += row["status"] == OK
            done += len(ids)
            progress(min(done, contents.pages), contents.pages)
        for gaps in batches(folder, contents.tables["gaps"], GAPS):
            writer.restore_gaps(gaps)
        for key, record in records.items():
            if record.state == COMPLETE:
                writer.finish_document(started[key])
        if (folder / quarantine.FILE).is_file():
            quarantine.change(collection.storage, quarantine.read(Folder(folder)).entries)
        writer.finish()
    return _outcomes(started, counts, skipped), False


def _outcomes(
    started: Mapping[str, DocumentRecord], counts: Mapping[str, int], skipped: Mapping[str, int]
) -> list[Imported]:
    return [Imported(record.name, record.pages, counts[key], skipped[key]) for key, record in started.items()]


def _fit(collection: Collection, folder: Path, contents: Contents) -> None:
    """Check that the collection can hold the vectors as they are, and give it what its indexes were fitted to."""
    ids = [space.encoder.id for space in contents.spaces]
    if list(collection.encoders) != ids:
        raise MismatchError(
            f"The export {folder.name} has vectors of {', '.join(ids)}, collection '{collection.name}' those of "
            f"{', '.join(collection.encoders)}; take it into a new collection."
        )
    for exported in contents.spaces:
        space = collection.space(exported.encoder.id)
        space.check(exported.encoder)
        names = [index.name for index in exported.indexes]
        if sorted(names) != sorted(space.indexes):
            raise MismatchError(
                f"The export {folder.name} has the indexes {', '.join(names)}, collection '{collection.name}' "
                f"{', '.join(space.indexes)}; take it into a new collection."
            )
        for index in exported.indexes:
            if index.form is None:
                continue
            state, table = load_state(folder / index.form), space.index(index.name).table
            if not space.counts(index.name):
                write_fitted(collection.storage, table, FittedIndex(Representation.parse(index.name), state))
            elif not _same(state, read_fitted(collection.storage, table, index.name, space.dim).state):
                raise MismatchError(
                    f"'{index.name}' of the export {folder.name} was fitted on other pages than that of collection "
                    f"'{collection.name}'; take it into a new collection."
                )


def _same(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


def _schema(index: ExportedIndex) -> pa.Schema:
    return vectors_schema(index.dim, index.dtype, index.name == FULL)


def _checked_ids(folder: Path, rows: pa.Table, records: Mapping[str, DocumentRecord]) -> list[str]:
    """Ids of a batch of pages, each of a document of the export: they become names of files."""
    found = rows.select(["page_id", "content_hash", "page"]).to_pylist()
    for row in found:
        if row["content_hash"] not in records or row["page_id"] != page_id(row["content_hash"], row["page"]):
            raise InputError(f"The export {folder.name} is damaged: a page in it is of no document; export again.")
    return [row["page_id"] for row in found]


def _renamed(rows: pa.Table, started: Mapping[str, DocumentRecord]) -> pa.Table:
    """Rows of pages under the names and times that their documents have in this collection."""
    records = [started[key] for key in rows["content_hash"].to_pylist()]
    for column, values in (("document", [r.name for r in records]), ("added", [r.added for r in records])):
        at = rows.schema.get_field_index(column)
        rows = rows.set_column(at, rows.schema.field(at), pa.array(values, pa.string()))
    return rows


def _only(rows: pa.Table, wanted: set[str]) -> pa.Table:
    at = [i for i, page in enumerate(rows["page_id"].to_pylist()) if page in wanted]
    return rows.take(pa.array(at, pa.int64()))


class _Rows:
    """The rows of one index, read along with the pages, whose order they have; a page may have none."""

    def __init__(self, folder: Path, files: Files, schema: pa.Schema) -> None:
        self._folder, self._schema = folder, schema
        self._coming: Iterator[pa.Table] = batches(folder, files, schema)
        self._held = schema.empty_table()

    def of(self, ids: list[str]) -> pa.Table:
        """The rows of the next pages; `InputError` for vectors that are not numbers."""
        wanted, taken = set(ids), []
        while True:
            there: list[Any] = self._held["page_id"].to_pylist()
            count = next((i for i, page in enumerate(there) if page not in wanted), len(there))
            taken.append(self._held.slice(0, count))
            self._held = self._held.slice(count)
            following = next(self._coming, None) if not len(self._held) else None
            if following is None:
                return pa.concat_tables(taken)
            self._check(following)
            self._held = following

    def _check(self, rows: pa.Table) -> None:
        for chunk in rows["vectors"].chunks:
            numbers = chunk.flatten().flatten().to_numpy(zero_copy_only=False)
            if numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
                raise InputError(f"The export {self._folder.name} holds vectors that are not numbers; export again.")
