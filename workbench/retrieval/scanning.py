"""One stage that compares vectors: which pages' vectors it reads, and which it can do without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from workbench.retrieval import pruning
from workbench.retrieval.ordering import Scored
from workbench.retrieval.step import Step
from workbench.timing import Stopwatch
from workbench.types import Candidates, Float, QueryEmbedding

if TYPE_CHECKING:
    from workbench.store import Space


@dataclass(slots=True)
class Work:
    """What a step did: vectors compared and their bytes, milliseconds in the kernel, pages scored, weights, notes."""

    vectors: int = 0
    bytes: int = 0
    kernel_ms: float = 0.0
    scored: int = 0
    cold: bool = False
    weights: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()

    def compared(self, vectors: int, of: NDArray[Any]) -> None:
        """Count so many rows of an array."""
        self.vectors += vectors
        self.bytes += vectors * of.shape[1] * of.dtype.itemsize


class Scan:
    """A vector stage at work over one index of a space, by a query whose weights are the stage's."""

    def __init__(self, space: Space, step: Step, query: QueryEmbedding, work: Work) -> None:
        asked = query.weights != 0  # a token that weighs nothing need not be compared
        self.space, self.step, self.work = space, step, work
        self.vectors, self.weights = query.vectors[asked], query.weights[asked]
        if step.option("query") == "mean":
            self.vectors, self.weights = mean_of(self.vectors, self.weights), np.ones(1, np.float32)
        self.index, self.form = space.vectors(step.index), space.form(step.index)

    def lance(self, keep: int, where: str | None) -> list[tuple[str, float]]:
        """By the library's own search. It has no weights: a query's scale its vectors, so none may be negative."""
        found = self.space.lance_maxsim(self.step.index, self.vectors * self.weights[:, None], keep, where)
        self.work.scored += len(found)
        return found

    def everything(self, keep: int) -> Scored:
        """Every page of the index."""
        return self._scored(self.index.page_ids, np.arange(len(self.index.page_ids)), keep, None)

    def among(self, given: Candidates, keep: int) -> Scored:
        """The pages given; those of which the index has no vectors come as unscored."""
        there = [page in self.index.row_of for page in given.ids]
        pages = [page for page, held in zip(given.ids, there, strict=True) if held]
        rows = np.asarray([self.index.row_of[page] for page in pages], np.int64)
        unscored = [page for page, held in zip(given.ids, there, strict=True) if not held]
        ranked = sum(there[: len(given) - given.unscored])
        before = given.scores[: len(there)][np.asarray(there, np.bool_)][:ranked] if len(given.scores) else None
        found = self._scored(pages, rows, keep, before)
        return Scored(found.ids, found.scores, unscored)

    def _scored(self, pages: Sequence[str], rows: NDArray[np.int64], keep: int, before: Float | None) -> Scored:
        """Scores of pages, best first-stage order first; ``before`` are the scores of those that have one there."""
        starts, lengths = self.index.starts[rows], self.index.lengths[rows]
        prune, patience = self.step.option("prune"), self.step.count("exit")
        kernel = Stopwatch()

        def score(at: NDArray[np.int64] | slice) -> Float:
            kernel.lap()
            scores = self.form.score(self.vectors, self.weights, self.index.flat, starts[at], lengths[at])
            self.work.kernel_ms += kernel.lap()
            self.work.compared(int(lengths[at].sum()), self.index.flat)
            self.work.scored += len(scores)
            return scores

        if prune == "none" and not patience:
            return Scored(pages, score(slice(None)))
        chosen = np.arange(len(pages))
        bounds: Float | None = None
        if prune == "safe":
            cells, fresh = self.space.cells(self.step.index)
            bounds = cells.bounds(self.vectors, self.weights, rows)
            self.work.compared(len(cells.centres), cells.centres)
            self.work.cold |= fresh
        elif prune != "none" and before is not None:
            mode = cast(Literal["relative", "gap"], prune)
            kept = pruning.prune(before, keep, self.step.number("alpha"), mode)
            chosen = np.r_[np.arange(kept), np.arange(len(before), len(pages))]
        found = pruning.rerank(len(chosen), keep, lambda at: score(chosen[at]), patience, bounds)
        return Scored([pages[i] for i in chosen[found.positions]], found.scores)


def mean_of(query: Float, weights: Float) -> Float:
    """The weighted mean of query vectors, of length 1: ``(1, d) float32``."""
    mean = (query * weights[:, None]).sum(axis=0, keepdims=True)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)
