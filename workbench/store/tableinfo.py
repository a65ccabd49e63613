"""What a collection's tables take on disk, and which rows their indexes lack: for a person to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.store.files import intact
from workbench.types.system import TableIndex, TableInfo

if TYPE_CHECKING:
    from workbench.store.collection import Collection

_OWN = {"documents": "files", "pages": "pages, with their words", "gaps": "pages an encoder failed on"}


def tables(collection: Collection) -> tuple[TableInfo, ...]:
    """Every table, those of the vectors last. No vector is read."""
    held = {name: _OWN[name] for name in _OWN if collection.catalog.has_table(name)}
    for space in collection.spaces():
        for index in space.record.indexes:
            held[index.table] = f"vectors: {index.name} by {space.encoder}"
    with intact(collection.name):
        return tuple(_table(collection, name, holds) for name, holds in held.items())


def _table(collection: Collection, name: str, holds: str) -> TableInfo:
    table = collection.catalog.table(name)
    stats: dict[str, Any] = table.stats()
    return TableInfo(
        name,
        holds,
        int(stats["num_rows"]),
        collection.catalog.table_bytes(name),
        int(stats["total_bytes"]),
        int(stats["fragment_stats"]["num_fragments"]),
        len(table.list_versions()),
        tuple(_index(table, index) for index in table.list_indices()),
    )


def _index(table: Any, index: Any) -> TableIndex:
    stats = table.index_stats(index.name)
    indexed, unindexed = (0, 0) if stats is None else (int(stats.num_indexed_rows), int(stats.num_unindexed_rows))
    return TableIndex(f"{index.name} ({', '.join(index.columns)})", str(index.index_type), indexed, unindexed)
