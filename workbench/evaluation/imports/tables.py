"""Parquet files of a folder as tables of rows, told apart by their columns.

Hub datasets lay their tables out as ``CONFIG/SPLIT-00000-of-00003.parquet`` (``data/`` for the only one). The split
``test`` is taken where there are several. What this module does not do: know what the rows mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import DatasetError

BATCH = 8
"""Rows in memory at once where they hold pictures."""
_PART = re.compile(r"(?P<split>.+?)(-\d{5}-of-\d{5}(-[0-9a-f]+)?)?\.parquet")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of one configuration and split, perhaps in several files."""

    config: str
    split: str
    files: tuple[Path, ...]
    columns: frozenset[str]

    def rows(self, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """Its rows in order, or only some columns of them; columns with hyphens or underscores are the same."""
        import pyarrow.parquet as parquet

        for path in self.files:
            with parquet.ParquetFile(path) as file:
                names = None
                if columns is not None:
                    names = [name for name in file.schema_arrow.names if plain(name) in columns]
                for batch in file.iter_batches(batch_size=BATCH, columns=names):
                    for row in batch.to_pylist():
                        yield {plain(name): value for name, value in row.items()}


def plain(column: str) -> str:
    """``query-id``, ``query_id`` and ``_id`` as ``query_id`` and ``id``."""
    return column.replace("-", "_").lower().lstrip("_")


def tables(folder: Path) -> list[SourceTable]:
    """Every table below a folder; `DatasetError` for a file that is no parquet."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    parts: dict[tuple[str, str], list[Path]] = {}
    for path in sorted(folder.rglob("*.parquet")):
        match = _PART.fullmatch(path.name)
        inside = path.parent.relative_to(folder).parts
        config = inside[-1] if inside and inside[-1] != "data" else inside[-2] if len(inside) > 1 else ""
        split = match["split"] if match else path.stem
        parts.setdefault((config, split), []).append(path)
    found = []
    for (config, split), files in parts.items():
        try:
            names = parquet.read_schema(files[0]).names
        except (arrow.ArrowException, OSError) as error:
            raise DatasetError(f"'{files[0].name}' is not a table that can be read ({error}).") from None
        found.append(SourceTable(config, split, tuple(files), frozenset(map(plain, names))))
    splits = {table.split for table in found}
    return [table for table in found if table.split == "test"] if "test" in splits else found
