"""A service over the same collections in which one has more indexes than are on disk: made in memory, and let go again.

A trial index is worked out from the stored full vectors exactly as ``collections index`` would, so that pipelines over
it are searched, timed and traced by the engine itself, and the collection stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import InputError
from workbench.representations import FittedIndex
from workbench.retrieval import PRESETS, Pipeline, Step
from workbench.service import Workbench
from workbench.settings import Settings
from workbench.store import Collection, EncoderVectors, FlatVectors
from workbench.store.inverted_lists import InvertedLists, build
from workbench.store.manifest import IndexRecord
from workbench.store.page_ids import PageIds
from workbench.store.table_vectors import PageVectors

FULL = "full"
BATCH = 64
"""Pages whose full vectors are in memory at once."""


class TrialVectors(EncoderVectors):
    """A space with further indexes in memory."""

    def __init__(self, space: EncoderVectors, collection: Collection) -> None:
        super().__init__(collection.catalog, space.record, space.primary)
        self._trials: dict[str, tuple[FlatVectors, FittedIndex]] = {}
        self._lists: dict[str, InvertedLists] = {}

    @property
    def indexes(self) -> tuple[str, ...]:
        """Names of its indexes, those in memory last."""
        return (*super().indexes, *self._trials)

    def fitted(self, name: str) -> FittedIndex:
        """As `EncoderVectors.fitted`."""
        return self._trials[name][1] if name in self._trials else super().fitted(name)

    def vectors(self, index: str) -> PageVectors:
        """As `EncoderVectors.vectors`; an index in memory keeps the pages it was made of."""
        return self._trials[index][0] if index in self._trials else super().vectors(index)

    def mapped(self, index: str) -> FlatVectors:
        """As `EncoderVectors.mapped`; an index in memory as `vectors`."""
        return self._trials[index][0] if index in self._trials else super().mapped(index)

    def inverted_lists(self, index: str) -> tuple[InvertedLists, bool]:
        """As `EncoderVectors.inverted_lists`; those of an index in memory are in memory too."""
        if index not in self._trials:
            return super().inverted_lists(index)
        fresh = index not in self._lists
        if fresh:
            held = self._trials[index][0]
            self._lists[index] = build(held.flat, held.page_ids, held.starts, held.lengths)
        return self._lists[index], fresh

    def take(self, name: str) -> None:
        """Make an index in memory; `InputError` as `Writer.add_index`."""
        if name in self.indexes:
            return
        IndexRecord.of(name, self.info)  # refuses what these vectors cannot have
        pages = list(super().vectors(FULL).page_ids)
        fitted = self.fit(name, sorted(pages))
        arrays: dict[str, NDArray[Any]] = {}
        for start in range(0, len(pages), BATCH):
            for page, embedding in self.embeddings(pages[start : start + BATCH]):
                arrays[page] = fitted.derive(embedding).rows
        lengths = np.asarray([len(arrays[page]) for page in pages], np.int64)
        flat = np.concatenate([arrays[page] for page in pages])
        self._trials[name] = FlatVectors(flat, PageIds.of(pages), np.cumsum(lengths) - lengths, lengths), fitted

    def drop(self, name: str) -> None:
        """Let go of an index in memory."""
        self._trials.pop(name, None)
        self._lists.pop(name, None)


class TrialCollection(Collection):
    """A collection whose spaces are trial ones."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._tried: dict[str, TrialVectors] = {}

    def space(self, encoder_id: str = "") -> TrialVectors:
        """As `Collection.space`."""
        space = super().space(encoder_id)
        return self._tried.setdefault(space.encoder, TrialVectors(space, self))


class Trial(Workbench):
    """The service with one collection on trial."""

    def __init__(self, settings: Settings, name: str) -> None:
        super().__init__(settings)
        self._trial = TrialCollection(self.opened.get(name).path)
        self.opened.hold(self._trial)

    def why_not(self, pipeline: Pipeline) -> str:
        """Why a pipeline compares what the vectors cannot have, in a sentence; empty where they can have it."""
        try:
            for leaf in pipeline.vector_leaves():
                IndexRecord.of(leaf.index, self._trial.space(leaf.encoder).info)
        except InputError as error:
            return str(error)
        return ""

    @contextmanager
    def holding(self, pipeline: Pipeline) -> Iterator[None]:
        """Every index that a pipeline compares, those that the collection lacks in memory for as long as this lasts."""
        taken = []
        try:
            for leaf in pipeline.vector_leaves():
                space = self._trial.space(leaf.encoder)
                if leaf.index not in space.indexes:
                    space.take(leaf.index)
                    taken.append((space, leaf.index))
            yield
        finally:
            for space, index in taken:
                space.drop(index)

    def preset(self, text: str) -> Pipeline:
        """A pipeline text, or a preset fitted to the indexes that the collection has on disk."""
        parsed = Pipeline.parse(text)
        return parsed.fitted(self._trial.space().indexes) if text.strip() in PRESETS else parsed

    def stored(self, pipeline: Pipeline) -> tuple[float, float]:
        """Vectors, and their bytes, that a page has in the indexes a pipeline reads; one named twice counts once."""
        vectors = size = 0.0
        compared = {(leaf.encoder, leaf.index) for leaf in pipeline.vector_leaves()}
        for encoder, index in compared | {(encoder, FULL) for encoder in _fed_back(pipeline.steps)}:
            held = self._trial.space(encoder).vectors(index)
            rows = int(held.lengths.sum()) / max(len(held.page_ids), 1)
            vectors += rows
            size += rows * held.row_bytes
        return vectors, size


def _fed_back(steps: Iterable[Step]) -> Iterator[str]:
    """The encoders whose full vectors of pages become queries, which no stage of the pipeline need compare."""
    for step in steps:
        if step.name == "prf":
            yield step.inputs[-1].encoder
        yield from _fed_back(step.inputs)
