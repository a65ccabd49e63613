"""What the pages of an encoder become in the tables of its indexes; nothing here writes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from workbench.errors import DiskFullError
from workbench.representations import FittedIndex
from workbench.store.encoder_vectors import EncoderVectors
from workbench.store.files import is_disk_full
from workbench.store.manifest import FULL
from workbench.store.schema import full_table, vectors_table
from workbench.types import PageEmbedding

log = logging.getLogger(__name__)

Made = TypeVar("Made")
Derive = Callable[[FittedIndex, PageEmbedding], NDArray[Any]]
"""Makes the rows of a page in an index of that form."""
_UNIT = 1e-2


def attempted(make: Callable[[], Made]) -> Made | str:
    """What is made of a page, or why it cannot be stored: it must not cost its batch. A full disk is everybody's."""
    try:
        return make()
    except Exception as error:
        if isinstance(error, DiskFullError) or is_disk_full(error):
            raise
        log.exception("a page could not be stored")
        return f"The page could not be stored: {error}"


def derive(fitted: FittedIndex, page: PageEmbedding) -> NDArray[Any]:
    """The rows of a page in an index of that form."""
    return fitted.derive(page).rows


@dataclass(frozen=True, slots=True)
class Ready:
    """A page's vectors for every index of a space: ``pooled`` in the order of the space's indexes."""

    embedding: PageEmbedding
    pooled: tuple[NDArray[Any], ...]


class EncoderRows:
    """The rows of pages in the tables of one space."""

    def __init__(self, space: EncoderVectors, derive: Derive) -> None:
        self._space = space
        self._derive = derive
        self._pooled = [index for index in space.record.indexes if index.name != FULL]

    def prepare(self, embedding: PageEmbedding) -> Ready | str:
        """A page's vectors ready to be written, or why they cannot be stored."""
        return unfit(embedding, self._space.dim) or attempted(lambda: self._ready(embedding))

    def _ready(self, embedding: PageEmbedding) -> Ready:
        fitted_indexes = [self._space.fitted(index.name) for index in self._pooled]
        return Ready(embedding, tuple(self._derive(fitted, embedding) for fitted in fitted_indexes))

    def tables(self, ids: Sequence[str], pages: Sequence[Ready]) -> Mapping[str, pa.Table]:
        """The rows of these pages by table, in the order in which they are written: full ones last, so that a page with
        full vectors is whole."""
        if not ids:
            return {}
        found = {
            index.table: vectors_table(index.dim, index.dtype, ids, [page.pooled[i] for page in pages])
            for i, index in enumerate(self._pooled)
        }
        full = self._space.index(FULL)
        return {**found, full.table: full_table(full.dim, full.dtype, ids, [page.embedding for page in pages])}


def unfit(embedding: PageEmbedding, dim: int) -> str:
    """Why an embedding cannot be stored, in one sentence; empty when it can."""
    vectors, places = embedding.vectors, embedding.geometry
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        return f"The encoder gave vectors of shape {vectors.shape}; this collection holds {dim} numbers a vector."
    n = len(vectors)
    if n == 0 or places.boxes.shape != (n, 4) or places.cell.shape != (n,) or len(embedding.labels) not in (0, n):
        return (
            f"The encoder gave {n} vectors, {len(places)} places and {len(embedding.labels)} labels, which do not fit."
        )
    if not np.isfinite(places.boxes).all():
        return "The encoder gave places that are not numbers."
    norms = np.linalg.norm(vectors.astype(np.float32), axis=1)
    if not np.isfinite(norms).all() or np.abs(norms - 1).max() > _UNIT:
        return "The encoder gave vectors that are not finite or not of length 1."
    return ""
