"""LanceDB itself: connecting, making a collection's tables, conditions as SQL, and vectors out of Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pyarrow as pa

from workbench.store import textindex
from workbench.store.manifest import Manifest
from workbench.store.schema import DOCUMENTS, FULL, PAGES, storable, table_name, vectors_schema
from workbench.types import Ragged

FOLDER = "lance"
# Without stable ids every compaction would renumber the rows.
_OPTIONS = {"new_table_enable_stable_row_ids": "true"}


def connect(path: Path) -> Any:
    """The LanceDB database of a collection; every handle sees every commit of every process."""
    return lancedb.connect(str(path / FOLDER), read_consistency_interval=timedelta(0), storage_options=_OPTIONS)


def create_tables(path: Path, manifest: Manifest) -> None:
    """Make the empty tables of a new collection, and the text index of its pages."""
    db = connect(path)
    encoder, dim = str(manifest.encoder["id"]), manifest.dim
    schemas = {table_name(index, encoder): vectors_schema(index, dim) for index in (*manifest.settings.indexes, FULL)}
    for name, schema, key in [
        ("documents", DOCUMENTS, "content_hash"),
        ("pages", PAGES, "page_id"),
        *((name, schema, "page_id") for name, schema in schemas.items()),
    ]:
        # Without a primary key, two upserts of one page at once would leave it twice.
        db.create_table(name, schema=schema).set_unenforced_primary_key(key)
    textindex.build(db.open_table("pages"))


def quoted(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + storable(value).replace("'", "''") + "'"


def within(column: str, values: Sequence[str]) -> str:
    """The SQL condition that a column is one of these texts."""
    return f"{column} IN ({', '.join(map(quoted, values))})" if values else "false"


def both(first: str, second: str | None) -> str:
    """Two SQL conditions joined by and."""
    return first if second is None else f"({first}) AND ({second})"


def ragged_batches(table: pa.Table) -> Iterator[tuple[list[str], Ragged]]:
    """The chunks of a vectors table as page ids and ragged arrays, without a copy.

    A chunk may be a slice: its offsets need not start at 0, and ``.values`` is always the whole child.
    """
    ids = table["page_id"].to_pylist()
    done = 0
    for chunk in table["vectors"].chunks:
        offsets = chunk.offsets.to_numpy().astype(np.int64)
        width = chunk.values.type.list_size
        numbers = chunk.values.values.to_numpy(zero_copy_only=True)
        flat = numbers[chunk.values.offset * width :].reshape(-1, width)[offsets[0] : offsets[-1]]
        yield ids[done : done + len(chunk)], Ragged(flat, offsets - offsets[0])
        done += len(chunk)
