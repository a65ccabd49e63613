"""Rows written to files of a table by one process and committed by another, with no row passing between them.

This is Lance's own way, by ``pylance`` (extra ``scale``): whoever has rows writes files of them, which nobody sees; who
holds the collection's lock appends their descriptions to the table, in one commit for many. Files that nobody commits
are dropped by a tidying of the table a week later (LanceDB cannot tell them from files about to be committed).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from workbench.store.storage import Storage
from workbench.store.tables import FOLDER

ROWS = 4096
"""Rows of a file at most: a file is what a reader fetches at once, and what is done again when its writer is lost."""


@dataclass(frozen=True, slots=True)
class Fragments:
    """Files of a table that are not part of it yet: the pages whose rows they hold, and Lance's JSON for each file."""

    pages: tuple[str, ...]
    files: tuple[str, ...]


def write_fragments(storage: Storage, table: str, rows: pa.Table) -> Fragments:
    """Write rows to files of a table; they show only once they are appended."""
    from lance.fragment import write_fragments

    written = write_fragments(
        rows, _uri(storage, table), mode="append", max_rows_per_file=ROWS, storage_options=_options(storage)
    )
    files = tuple(json.dumps(fragment.to_json()) for fragment in written)
    return Fragments(tuple(rows["page_id"].to_pylist()), files)


def append_fragments(storage: Storage, table: str, written: Iterable[Fragments]) -> None:
    """Make files that `write_fragments` wrote part of a table, in one commit."""
    import lance
    from lance.fragment import FragmentMetadata

    files = [FragmentMetadata.from_json(file) for one in written for file in one.files]
    if files:
        place, options = _uri(storage, table), _options(storage)
        version = lance.dataset(place, storage_options=options).version
        operation = lance.LanceOperation.Append(files)
        lance.LanceDataset.commit(place, operation, read_version=version, storage_options=options)


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Rows of several tables of one schema as one, each column in one piece."""
    return pa.concat_tables(tables).combine_chunks()


def _uri(storage: Storage, table: str) -> str:
    return f"{storage.uri}/{FOLDER}/{table}.lance"


def _options(storage: Storage) -> dict[str, Any] | None:
    return dict(storage.options) or None
