"""Comparing vectors: which pages' vectors a stage reads, and which it can do without."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from workbench import screening
from workbench.accelerator import accelerator
from workbench.retrieval import bandit, pruning
from workbench.retrieval.ordering import Candidates, Scored, none
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import Step
from workbench.settings import Settings
from workbench.store.ann import CANDIDATES, LEAST
from workbench.store.vector_cache import FlatVectors
from workbench.timing import Stopwatch
from workbench.types import Float, QueryEmbedding

if TYPE_CHECKING:
    from workbench.store.snapshot import IndexRows, Rows
    from workbench.store.table_vectors import PageVectors

FEWER = 4
"""A stage that keeps more than one page in so many compares all: an index would save nothing."""


def scan(run: PipelineRun, step: Step, candidates: Candidates | None, k: int, query: QueryEmbedding) -> Scored:
    """Score all pages or the candidates by the index that a step names; those it has no vectors of come unscored."""
    asked = query.weights != 0  # a token that weighs nothing need not be compared
    vectors, weights = query.vectors[asked], query.weights[asked]
    if step.option("query") == "mean":
        vectors, weights = mean_of(vectors, weights), np.ones(1, np.float32)
    if step.option("engine") == "lance" and candidates is None and (query.weights >= 0).all():
        return _by_lance(run, step, vectors * weights[:, None], k)
    index: IndexRows[PageVectors] | IndexRows[FlatVectors]
    index = run.mapped(step) if step.option("prune") == "safe" else run.index(step)
    if candidates is None and run.allowed is None:
        at = index.held
        if asks_ann(step, len(at)) and k * FEWER <= len(at):
            at = _named(run, step, vectors, weights, k)
        chosen, scores = _best(run, step, index.vectors, vectors, weights, at, k)
        return Scored(index.rows[at[chosen]], scores, index.lacking)
    rows = run.pages if candidates is None else candidates.rows
    at = index.positions[rows]
    there = at >= 0
    unscored = rows[~there]
    rows, at = rows[there], at[there]
    if step.option("prune") == "none" and not step.count("exit"):
        chosen, scores = _best(run, step, index.vectors, vectors, weights, at, k)
        return Scored(rows[chosen], scores, unscored)
    before = None
    if candidates is not None:
        before = candidates.scores[: len(candidates.ranked)][there[: len(candidates.ranked)]]
    pages = Scored(rows, np.zeros(0, np.float32), unscored)
    return _pruned(run, step, index.vectors, vectors, weights, pages, at, before, k)


def asks_ann(step: Step, pages: int) -> bool:
    """Whether a stage over so many pages, as the first of a search without a filter, asks an approximate index."""
    if not step.stage.vectors or not step.stored.single or not step.stored.encoding.lossless or pages < LEAST:
        return False
    least = _ann_pages()
    return step.option("engine") == "ann" or (step.option("engine") == "auto" and 0 < least <= pages)


@functools.cache
def _ann_pages() -> int:
    return Settings().ann_pages


def _named(run: PipelineRun, step: Step, vectors: Float, weights: Float, k: int) -> Rows:
    """The positions of the pages that an approximate index names for the ``k`` best, and of those it does not know.

    All pages, with a note, while the index is being made.
    """
    index, space = run.mapped(step), run.spaces[step.encoder]
    found = space.ann(step.index)
    if found is None:
        run.cost.notes += (f"The approximate index of '{step.label}' is being made; every page was compared.",)
        return index.held
    asked, sizes = space.fitted(step.index).query(vectors, weights)
    probes = found.probes(step.count("probes"))
    numbers = found.search(np.asarray(sizes @ asked, np.float32), k * CANDIDATES, probes)
    places, lacking = found.places(index.vectors)
    at = places[numbers]
    new = f" and {len(lacking):,} new pages" if len(lacking) else ""
    run.cost.approximate = (
        f"approximate: an index named {len(numbers):,} candidates from {probes:,} of {found.cells:,} cells{new}"
    )
    at = np.union1d(at[at >= 0], lacking)
    return at[index.rows[at] >= 0]


def _scores(
    run: PipelineRun,
    step: Step,
    held: PageVectors,
    vectors: Float,
    weights: Float,
    at: Rows,
    share: float = 1,
    most: int = 0,
) -> Float:
    """Scores of the pages at these positions of the index, by this share of the query's tokens; ``most`` as in
    `maxsim_of_ranges`."""
    fitted = run.spaces[step.encoder].fitted(step.index)
    scores = np.full(len(at), np.nan, np.float32)  # of a page that is gone meanwhile
    for block in held.blocks(at):
        kernel = Stopwatch()
        scores[block.places] = fitted.score(vectors, weights, block.flat, block.starts, block.lengths, most)
        run.cost.kernel_ms += kernel.lap()
        run.cost.compared(round(block.lengths.sum() * share), held.row_bytes)
    run.cost.scored += round(len(scores) * share)
    if (card := accelerator()) is not None and isinstance(held, FlatVectors):
        run.cost.device = str(card.held(held.flat) or "")
    return scores


def _best(
    run: PipelineRun, step: Step, held: PageVectors, vectors: Float, weights: Float, at: Rows, k: int
) -> tuple[Rows, Float]:
    """Of the pages at these positions of the index those among which the ``k`` best are, and their scores.

    All of them, unless the index is kept rounded as well, so much that it can be seen whose scores matter.
    """
    total = int(held.lengths[at].sum())
    few = k * FEWER > len(at) or total < screening.LEAST or not len(vectors)
    if few or not isinstance(held, FlatVectors) or held.screen is None or accelerator() is not None:
        return np.arange(len(at)), _scores(run, step, held, vectors, weights, at, most=k)
    kernel = Stopwatch()
    query, weighing = run.spaces[step.encoder].fitted(step.index).asked(vectors, weights)
    about, most = screening.estimates(query, weighing, held.screen, at, held.starts[at], held.lengths[at])
    cost = run.cost
    cost.kernel_ms += kernel.lap()
    vectors_before, scored_before = cost.vectors, cost.scored
    found = screening.best_of(about, most, k, lambda some: _scores(run, step, held, vectors, weights, at[some]))
    cost.bytes += total * held.screen.codes.shape[1]
    cost.vectors, cost.scored = vectors_before + total, scored_before + len(at)  # those compared twice count once
    return found


def _by_lance(run: PipelineRun, step: Step, query: Float, k: int) -> Scored:
    """By the library's own search. It has no weights: a query's scale its vectors, so none may be negative."""
    found = run.spaces[step.encoder].lance_maxsim(step.index, query, k, run.where)
    run.cost.scored += len(found)
    rows = run.snapshot.rows([page for page, _ in found])
    rows = np.where(np.isin(rows, run.pages), rows, -1)  # quoted words leave fewer pages than the filter
    scores = np.asarray([score for _, score in found], np.float32)
    rest = np.setdiff1d(run.pages, rows, assume_unique=True) if len(found) < k else none()
    return Scored(rows[rows >= 0], scores[rows >= 0], rest)


def _pruned(
    run: PipelineRun,
    step: Step,
    held: PageVectors,
    vectors: Float,
    weights: Float,
    pages: Scored,
    at: Rows,
    before: Float | None,
    k: int,
) -> Scored:
    """Scores of as many ``pages``, which lie ``at`` these positions, as it takes to have the ``k`` best.

    ``before`` are the scores that the stage before gave to the first of them, best first.
    """
    prune, patience = step.option("prune"), step.count("exit")
    if prune == "bandit":
        return _revealed(run, step, held, vectors, weights, pages, at, k)
    chosen = np.arange(len(at))
    bounds: Float | None = None
    if prune == "safe":
        cells, fresh = run.spaces[step.encoder].inverted_lists(step.index)
        bounds = cells.bounds(vectors, weights, at)
        bounds[np.isnan(bounds)] = np.inf  # of a damaged page; it is scored, and found to have no score
        run.cost.compared(len(cells.centres), cells.centres[:1].nbytes)
        run.cost.cold |= fresh
    elif prune != "none" and before is not None:
        kept = pruning.prune(before, k, step.number("alpha"), cast(Literal["relative", "gap"], prune))
        chosen = np.r_[np.arange(kept), np.arange(len(before), len(at))]
    found = pruning.rerank(
        len(chosen), k, lambda some: _scores(run, step, held, vectors, weights, at[chosen[some]]), patience, bounds
    )
    return Scored(pages.rows[chosen[found.positions]], found.scores, pages.unscored)


def _revealed(
    run: PipelineRun, step: Step, held: PageVectors, vectors: Float, weights: Float, pages: Scored, at: Rows, k: int
) -> Scored:
    """As `_pruned`, by `bandit.reveal`; what was drawn of all is a note."""
    tokens = np.random.default_rng(0).permutation(len(vectors))
    scored = run.cost.scored
    found = bandit.reveal(
        len(at),
        tokens,
        k,
        lambda token, some: _scores(
            run, step, held, vectors[token, None], weights[token, None], at[some], 1 / len(tokens)
        ),
    )
    run.cost.scored = scored + len(found.positions)
    cells = len(at) * len(tokens)
    run.cost.notes += (f"'{step.label}' looked at {found.cells:,} of {cells:,} pairs of a page and a query token.",)
    return Scored(pages.rows[found.positions], found.scores, pages.unscored)


def mean_of(query: Float, weights: Float) -> Float:
    """The weighted mean of query vectors, of length 1: ``(1, d) float32``."""
    mean = (query * weights[:, None]).sum(axis=0, keepdims=True)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)
