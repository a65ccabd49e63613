"""One search at work: what its stages share, and the loop that all of them go through.

A stage gives scores (`step.Run`); here they are recorded under the stage's name and cut to the best. Pages are rows of
one snapshot of the collection from the first stage to the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from workbench.retrieval import tokens
from workbench.retrieval.ordering import Candidates, Ranks, Scored, best
from workbench.retrieval.step import DEFAULT_PREFETCH, Step
from workbench.types import Float, Lifted, Query, QueryEmbedding, ScoreKind, StageScore
from workbench.types.filters import Filter

if TYPE_CHECKING:
    from workbench.encoders.rerankers import Reranker
    from workbench.store import Collection, CorpusPart, EncoderVectors, Snapshot
    from workbench.store.snapshot import IndexRows, Rows
    from workbench.store.table_vectors import PageVectors
    from workbench.store.vector_cache import FlatVectors


FULL = "full"
GLOBAL = "global"


@dataclass(slots=True)
class StageCost:
    """What a step did: vectors compared and their bytes, milliseconds in the kernel, pages scored, weights, notes.

    ``device`` and ``approximate`` as in a `StageTrace`.
    """

    vectors: int = 0
    bytes: int = 0
    kernel_ms: float = 0.0
    scored: int = 0
    cold: bool = False
    weights: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    lifted: tuple[Lifted, ...] = ()
    device: str = ""
    approximate: str = ""

    def compared(self, vectors: int, row_bytes: int) -> None:
        """Count so many vectors of so many bytes each."""
        self.vectors += vectors
        self.bytes += vectors * row_bytes


@dataclass(slots=True)
class PipelineRun:
    """The state of one search. ``allowed`` are the rows that the filter ``where`` leaves, ascending (None: all).

    ``records`` holds what each stage said, by its name; ``cost`` is that of the step that runs; in ``shared`` a stage
    keeps what it would work out again when it comes twice in a pipeline. ``rerankers`` are the models that stages name,
    by id. Words weigh ``among`` the pages of several collections where these are searched together.
    """

    collection: Collection
    snapshot: Snapshot
    query: Query
    spaces: Mapping[str, EncoderVectors]
    embeddings: Mapping[str, QueryEmbedding]
    where: Filter | None = None
    allowed: Rows | None = None
    rerankers: Mapping[str, Reranker] = field(default_factory=dict)
    among: CorpusPart | None = None
    records: dict[str, Ranks] = field(default_factory=dict)
    cost: StageCost = field(default_factory=StageCost)
    shared: dict[str, Float] = field(default_factory=dict)

    def best(self, step: Step, candidates: Candidates | None, k: int | None = None) -> Candidates:
        """The ``k`` best pages by a stage, of all pages or of the candidates; without ``k``, as many as it keeps."""
        k = k or step.k or DEFAULT_PREFETCH
        found = best(self._run(step, candidates, k), k, self._kind(step))
        self._record(step, found)
        return found

    def every(self, step: Step, candidates: Candidates | None) -> Scored:
        """All that a stage says of all pages, or of the candidates, in no order."""
        found = self._run(step, candidates, max(len(self.pages) if candidates is None else len(candidates), 1))
        self._record(step, found)
        return found

    @property
    def pages(self) -> Rows:
        """The rows that the filter leaves, ascending."""
        return np.arange(len(self.snapshot)) if self.allowed is None else self.allowed

    def index(self, step: Step) -> IndexRows[PageVectors]:
        """Where the pages lie in the index that a vector stage compares."""
        return self.snapshot.index(self.spaces[step.encoder], step.index)

    def mapped(self, step: Step) -> IndexRows[FlatVectors]:
        """The same for a stage that needs all vectors as one array."""
        return self.snapshot.mapped(self.spaces[step.encoder], step.index)

    def vectors(self, space: EncoderVectors, index: str, rows: Rows, most: int) -> list[tuple[int, Float]]:
        """The first ``most`` of these pages that an index has whole vectors of, with those: ``(n, d) float32``."""
        there = self.snapshot.index(space, index)
        held, found = there.vectors, list[tuple[int, Float]]()
        for row in rows.tolist():
            if len(found) == most:
                break
            at = int(there.positions[row])
            if at < 0:
                continue
            for block in held.blocks(np.asarray([at])):
                start, length = int(block.starts[0]), int(block.lengths[0])
                vectors = np.asarray(block.flat[start : start + length], np.float32)
                self.cost.compared(length, held.row_bytes)
                if np.isfinite(vectors).all():
                    found.append((row, vectors))
        return found

    def prepared(self, step: Step) -> QueryEmbedding:
        """The query with the weights that a vector stage gives its tokens; noted where they differ."""
        embedding = self.embeddings[step.encoder]
        found = weighted(step, embedding, self.query, self.snapshot, self.among)
        if tokens.changed(embedding.weights, found.weights):
            self.cost.weights += tuple(zip(found.labels, found.weights.tolist(), strict=True))
        return found

    def said(self, rows: Rows) -> list[tuple[StageScore, ...]]:
        """What each stage said of each page, in the order they ran; a stage that did not name it is absent."""
        columns = [[found and (name, *found) for found in record.of(rows)] for name, record in self.records.items()]
        kinds = [record.kind for record in self.records.values()]
        return [
            tuple(
                StageScore(found[0], found[1], found[2], kind, found[3])
                for found, kind in zip(each, kinds, strict=True)
                if found is not None
            )
            for each in zip(*columns, strict=True)
        ]

    def _run(self, step: Step, candidates: Candidates | None, k: int) -> Scored:
        found = step.stage.run(self, step, candidates, k)
        if lost := len(found.scores) - int(np.isfinite(found.scores).sum()):
            pages = "1 page has" if lost == 1 else f"{lost:,} pages have"
            self.cost.scored -= lost
            self.cost.notes += (f"{pages} no score in stage '{step.label}': the stored vectors are damaged.",)
            return found.finite()
        return found

    def _kind(self, step: Step) -> ScoreKind:
        if step.stage.reranks:
            return ScoreKind.MODEL
        return ScoreKind.EXACT if step.exact else ScoreKind.APPROXIMATE

    def _record(self, step: Step, found: Candidates | Scored) -> None:
        name, n = step.label, 2
        while name in self.records:
            name, n = f"{step.label}#{n}", n + 1
        self.records[name] = Ranks(found, self._kind(step))


def weighted(
    step: Step, embedding: QueryEmbedding, query: Query, snapshot: Snapshot, among: CorpusPart | None = None
) -> QueryEmbedding:
    """A query's embedding with the weights that a vector stage gives its tokens; see `tokens.prepared`."""
    text = " ".join(words for words, _ in query.weighted_words)
    part = snapshot.words_among(among) if step.weighs else None
    pages = len(snapshot) if part is None else part.corpus.pages
    return tokens.prepared(step, embedding, text, lambda words: snapshot.frequencies(words, among), pages)
