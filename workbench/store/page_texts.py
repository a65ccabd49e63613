"""The text of pages as the arrays of words take it, read from the pages table, with what layout says of each word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.store.postings import PageText
from workbench.store.tables import within

_COLUMNS = ["page_id", "page", "width", "height", "words", "lines", "boxes"]


def page_texts(table: Any, page_ids: Sequence[str]) -> Iterator[tuple[str, PageText]]:
    """The texts of these pages, by id, in any order."""
    rows = table.search().where(within("page_id", page_ids)).select(_COLUMNS).to_arrow().combine_chunks()
    ids = rows["page_id"].to_pylist()
    words = rows["words"].to_pylist()
    lines = _parts(rows["lines"], 1)
    for page, told, line in zip(ids, words, lines, strict=True):
        yield page, PageText(told, line[:, 0].astype(np.int32), np.zeros(len(told), np.int32))


def _parts(column: Any, width: int) -> Iterator[NDArray[Any]]:
    """The lists of a column as arrays ``(n, width)``, without a Python value for each number."""
    for chunk in column.chunks:
        offsets = chunk.offsets.to_numpy()
        values = chunk.values if width == 1 else chunk.values.values
        first = 0 if width == 1 else chunk.values.offset
        flat = values.to_numpy(zero_copy_only=False)[first * width :].reshape(-1, width)
        for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
            yield flat[start:end]
