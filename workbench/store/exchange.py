"""The files of an exported collection: Arrow tables as Parquet, as npz, and back, a batch of pages at a time.

A folder that `pagelens collections export` wrote holds, to be read with pyarrow or numpy alone:

* ``pagelens-export.json``: the version of this layout, what the pages were made with (``settings``), and for each
  encoder what it is (``encoder``) and its ``indexes``: name, ``dim`` and ``dtype`` of a row, the ``files`` that hold
  them, and ``form``, the file of what the index was fitted to (codebooks, directions), or null. ``tables`` lists the
  files of the three tables below.
* ``documents``: a row per file: name, content_hash (sha256), pages, bytes, added, state, tags, meta. ``source`` is
  empty: where the files lay is nobody else's business.
* ``pages``: a row per page: page_id (32 digits of the hash, ``:``, number), document, page, width, height, crop, text,
  words with boxes (x0, y0, x1, y1 as fractions of the page), lines and ocr; pictures (boxes), and the kinds of
  figure that it shows, null where nothing looked; figures (boxes), what they are compared by (sights,
  smalls, point_counts, and points, figure after figure; see `Figure`); status, and the reason where it failed.
* ``gaps``: pages that an encoder failed on, and why.
* ``vectors/ENCODER/INDEX``: a row per page: page_id, count, and vectors, ``count`` rows of ``dim`` numbers. ``full``
  has the model's own vectors (float16) and for each of them its place: boxes, the grid (rows, columns) and its cell
  in it (-1: none), and its label. The others are worked out of these.
* ``pictures/xx/ID-NUMBER.page.webp`` and ``.thumb.webp``, and ``quarantine.json`` where pages are kept out of search.

As Parquet each table is one file, with a row group a batch. As npz it is as many files as there are batches; a column
of lists is its values one after the other, and ``NAME_offsets``: page i has values ``[offsets[i]:offsets[i + 1]]``.
Texts are Unicode arrays, which numpy ends at trailing NUL characters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from workbench.atomic import write_whole
from workbench.documents.sources import EXPORT_MARK
from workbench.encoders import EncoderInfo
from workbench.errors import InputError
from workbench.folders import inside
from workbench.settings import CollectionSettings
from workbench.store.files import UNREADABLE
from workbench.store.schema import LATE_COLUMNS, completed

LAYOUT = 1
FORMATS = ("parquet", "npz")
BATCH = 128
"""Pages in a row group and in an npz file: some 30 MB of the vectors of a page model."""
Files = Mapping[str, Sequence[str]]
"""By format: the files of a table, in order, relative to the folder."""


@dataclass(frozen=True, slots=True)
class ExportedIndex:
    """An index: rows of ``dim`` numbers of a numpy ``dtype``, its files, and that of what it was fitted to, or none."""

    name: str
    dim: int
    dtype: str
    files: Files
    form: str | None


@dataclass(frozen=True, slots=True)
class ExportedSpace:
    """An encoder and its indexes, ``full`` last."""

    encoder: EncoderInfo
    indexes: tuple[ExportedIndex, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """What an export holds; the first of ``spaces`` is the collection's first encoder."""

    collection: str
    pages: int
    settings: CollectionSettings
    spaces: tuple[ExportedSpace, ...]
    tables: Mapping[str, Files]

    def write(self, folder: Path) -> None:
        """Write it, which makes a folder of files an export."""
        write_whole(folder / EXPORT_MARK, json.dumps({"layout": LAYOUT, **asdict(self)}, indent=1))

    @classmethod
    def read(cls, folder: Path) -> Contents:
        """Read it; `InputError` when it is damaged or of a newer layout."""
        try:
            record = json.loads((folder / EXPORT_MARK).read_text(encoding="utf-8"))
            if record["layout"] > LAYOUT:
                raise InputError(f"The export {folder.name} was written by a newer Pagelens; read it with that one.")
            spaces = tuple(
                ExportedSpace(
                    EncoderInfo.of(space["encoder"]),
                    tuple(ExportedIndex(**index) for index in space["indexes"]),
                )
                for space in record["spaces"]
            )
            if not spaces:
                raise ValueError("no encoder")
            settings = CollectionSettings.of(record["settings"])
            found = cls(record["collection"], record["pages"], settings, spaces, record["tables"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"The export {folder.name} is damaged: its {EXPORT_MARK} cannot be read; export again."
            ) from error
        return found


def is_export(folder: Path) -> bool:
    """Whether a path is a folder that an export made."""
    return (folder / EXPORT_MARK).is_file()


class Sink:
    """Writes one table in the formats wanted, a batch at a time; use it as a context manager."""

    def __init__(self, folder: Path, stem: str, schema: pa.Schema, formats: Sequence[str]) -> None:
        self._folder, self._stem, self._schema, self._formats = folder, stem, schema, formats
        self._parts = 0
        self._parquet: pq.ParquetWriter | None = None
        (folder / stem).parent.mkdir(parents=True, exist_ok=True)
        if "parquet" in formats:
            path = folder / f"{stem}.parquet"
            self._parquet = pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True)

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._parquet is not None:
            self._parquet.close()

    def write(self, table: pa.Table) -> None:
        """Write a batch."""
        table = completed(table, self._schema)
        if self._parquet is not None:
            self._parquet.write_table(table)
        if "npz" in self._formats:
            np.savez_compressed(self._folder / self._part(self._parts), allow_pickle=False, **arrays_of(table))
        self._parts += 1

    def files(self) -> Files:
        """What was written."""
        made = {"parquet": [f"{self._stem}.parquet"], "npz": [self._part(i) for i in range(self._parts)]}
        return {form: made[form] for form in self._formats}

    def _part(self, number: int) -> str:
        return f"{self._stem}.{number:05d}.npz"


def batches(folder: Path, files: Files, schema: pa.Schema) -> Iterator[pa.Table]:
    """A table of an export, a batch at a time; `InputError` for a file that is lost, damaged or another's."""
    try:
        if files.get("parquet"):
            for name in files["parquet"]:
                with pq.ParquetFile(_inside(folder, name), page_checksum_verification=True) as file:
                    for batch in file.iter_batches(BATCH, columns=schema.names):
                        yield completed(pa.Table.from_batches([batch]), schema)
            return
        for name in files["npz"]:
            with np.load(_inside(folder, name), allow_pickle=False) as arrays:
                yield table_of(arrays, schema)
    except (*UNREADABLE, KeyError, TypeError) as error:
        raise InputError(f"A file of the export {folder.name} cannot be read ({error}); export again.") from error


def arrays_of(table: pa.Table) -> dict[str, NDArray[Any]]:
    """A batch as numpy arrays without objects; see the module."""
    found: dict[str, NDArray[Any]] = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if name in LATE_COLUMNS and column.null_count:  # arrays have no nulls, so a batch has it of all pages or none
            continue
        if pa.types.is_list(column.type):
            offsets = column.offsets.to_numpy().astype(np.int64)
            found[f"{name}_offsets"] = offsets - offsets[0]
            column = column.flatten()
        width = column.type.list_size if pa.types.is_fixed_size_list(column.type) else 0
        column = column.flatten() if width else column
        values = _strings(column) if pa.types.is_string(column.type) else column.to_numpy(zero_copy_only=False)
        found[name] = values.reshape(-1, width) if width else values
    return found


def table_of(arrays: Mapping[str, NDArray[Any]], schema: pa.Schema) -> pa.Table:
    """The batch that `arrays_of` took apart."""
    columns = []
    for field in schema:
        if field.name in LATE_COLUMNS and field.name not in arrays:
            columns.append(pa.nulls(len(arrays["page_id"]), field.type))
            continue
        kind, inner = field.type, field.type.value_type if pa.types.is_list(field.type) else field.type
        leaf = inner.value_type if pa.types.is_fixed_size_list(inner) else inner
        values = arrays[field.name]
        flat = pa.array(values.reshape(-1).tolist() if pa.types.is_string(leaf) else values.reshape(-1), leaf)
        if pa.types.is_fixed_size_list(inner):
            flat = pa.FixedSizeListArray.from_arrays(flat, inner.list_size)
        if pa.types.is_list(kind):
            offsets = arrays[f"{field.name}_offsets"].astype(np.int32)
            flat = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), flat)
        columns.append(flat.cast(kind))
    return pa.table(columns, schema=schema)


def _strings(column: pa.Array) -> NDArray[Any]:
    return np.asarray([text or "" for text in column.to_pylist()], np.str_)


def _inside(folder: Path, name: str) -> Path:
    """A file of the export; what its list names elsewhere is not read."""
    path = folder / name
    if not inside(path, folder):
        raise ValueError(f"{name} lies outside of it")
    return path
