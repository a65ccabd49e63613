"""The text of pages as the arrays of words take it, read from the pages table, with what layout says of each word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.documents.structure import structure
from workbench.store.conditions import within
from workbench.store.postings import PageText

_COLUMNS = ["page_id", "width", "height", "words", "lines", "boxes"]


def page_texts(table: Any, page_ids: Sequence[str]) -> Iterator[tuple[str, PageText]]:
    """The texts of these pages, by id, in any order."""
    rows = table.search().where(within("page_id", page_ids)).select(_COLUMNS).to_arrow().combine_chunks()
    ids, sizes = rows["page_id"].to_pylist(), zip(rows["width"].to_pylist(), rows["height"].to_pylist(), strict=True)
    words, lines, boxes = rows["words"].to_pylist(), _parts(rows["lines"], 1), _parts(rows["boxes"], 4)
    for page, size, told, line, box in zip(ids, sizes, words, lines, boxes, strict=True):
        numbers = line[:, 0].astype(np.int32)
        found = structure(told, numbers, box, size)
        yield page, PageText(told, numbers, found.roles, found.names)


def _parts(column: Any, width: int) -> Iterator[NDArray[Any]]:
    """The lists of a column as arrays ``(n, width)``, without a Python value for each number."""
    for chunk in column.chunks:
        offsets = chunk.offsets.to_numpy()
        values = chunk.values if width == 1 else chunk.values.values
        first = 0 if width == 1 else chunk.values.offset
        flat = values.to_numpy(zero_copy_only=False)[first * width :].reshape(-1, width)
        for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
            yield flat[start:end]
