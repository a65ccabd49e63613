"""LanceDB itself: connecting, making a collection's tables, and vectors out of Arrow.

It is imported by what needs it first and no sooner, here and in its neighbours: it takes a third of the time in which a
server starts, which imports it behind its first answer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from workbench.encoders import EncoderInfo
from workbench.store import textindex
from workbench.store.manifest import FULL, IndexRecord, Manifest
from workbench.store.schema import DOCUMENTS, GAPS, PAGES, vectors_schema
from workbench.store.storage import Storage
from workbench.types import Ragged

Found = TypeVar("Found")
FOLDER = "lance"
OWN_TABLES = ("documents", "pages", "gaps")
_SAID = b"pagelens"
# Lance reads 8,192 rows at a time and 2 GiB ahead, which of pages with all their vectors would be some GB when a table
# is tidied: rows of 250 kB in batches of 60 MB instead. It asks for these when it first reads.
for _name, _value in {"LANCE_DEFAULT_BATCH_SIZE": 256, "LANCE_DEFAULT_IO_BUFFER_SIZE": 128 << 20}.items():
    os.environ.setdefault(_name, str(_value))
# Without stable ids every compaction would renumber the rows.
_OPTIONS = {"new_table_enable_stable_row_ids": "true"}


def load_lancedb() -> None:
    """Import LanceDB before somebody waits for it."""
    import lancedb  # noqa: F401


def connect(storage: Storage) -> Any:
    """The LanceDB database of a collection; its handles see commits of other processes after `Storage.fresh_for`."""
    import lancedb

    return lancedb.connect(
        f"{storage.uri}/{FOLDER}",
        read_consistency_interval=timedelta(seconds=storage.fresh_for),
        storage_options={**_OPTIONS, **storage.options},
    )


def create_tables(storage: Storage, manifest: Manifest) -> None:
    """Make the empty tables of a new collection, and the text index of its pages."""
    db = connect(storage)
    create_table(db, "documents", DOCUMENTS, "content_hash")
    create_table(db, "pages", _saying(PAGES, {"settings": manifest.settings.as_dict()}), "page_id")
    create_table(db, "gaps", GAPS, "id")
    for space in manifest.spaces:
        for index in space.indexes:
            create_index(db, index, space.encoder, primary=space is manifest.spaces[0])
    textindex.build(db.open_table("pages"))


def create_index(db: Any, index: IndexRecord, encoder: EncoderInfo, primary: bool = False) -> Any:
    """Make the empty table of an index. It says of itself what the manifest says of it, should that be lost."""
    schema = vectors_schema(index.dim, index.dtype, index.name == FULL)
    said = {"index": asdict(index), "encoder": asdict(encoder), "primary": primary}
    return create_table(db, index.table, _saying(schema, said), "page_id")


def said(table: Any) -> Mapping[str, Any]:
    """What a table says of itself; empty for one of an earlier Pagelens."""
    text = (table.schema.metadata or {}).get(_SAID)
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def _saying(schema: pa.Schema, what: Mapping[str, Any]) -> pa.Schema:
    return schema.with_metadata({_SAID: json.dumps(what).encode()})


def create_table(db: Any, name: str, schema: pa.Schema, key: str) -> Any:
    """Make an empty table. Without a primary key, two upserts of one row at once would leave it twice."""
    table = db.create_table(name, schema=schema)
    table.set_unenforced_primary_key(key)
    return table


def steadily(read: Callable[[], Found]) -> Found:
    """What a read of a table gives; read again once where a file was gone, since a tidying may have replaced it.

    Every handle sees the newest version when it is next asked.
    """
    try:
        return read()
    except Exception as error:
        if not is_replaced(error):
            raise
        return read()


def is_replaced(error: Exception) -> bool:
    """Whether a read met a file that was gone, since a tidying may have replaced it."""
    return "not found" in str(error).lower()


def columns(table: Any, where: str | None, names: Sequence[str]) -> Mapping[str, list[Any]]:
    """Columns of the rows that an SQL condition leaves, as Python values."""
    query = table.search()
    query = query.where(where) if where is not None else query
    found: dict[str, list[Any]] = steadily(query.select(list(names)).to_arrow).to_pydict()
    return found


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
