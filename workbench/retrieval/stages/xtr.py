"""XTR's scoring: MaxSim from each query vector's best page vectors alone (arXiv 2304.01982).

Each query vector fetches its ``k`` best of the vectors looked at; a page's score is made of those, and where a query
vector fetched none of a page, of the least similarity it did fetch. When all vectors are looked at, that is the most
the page can have, so with weights above 0 the score is never below the page's MaxSim, and the more are fetched, the
nearer it comes. It is an estimate, labelled as one, and scores of different queries cannot be compared: an index of
vectors scores the same way (LanceDB's does), and this says what that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import PipelineError
from workbench.retrieval.options import count
from workbench.retrieval.ordering import Candidates, Scored
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import Stage, Step, register
from workbench.timing import Stopwatch
from workbench.types import Float

BLOCK = 1 << 15
"""Page vectors widened to float32 and compared at once."""


def run(run: PipelineRun, step: Step, candidates: Candidates | None, k: int) -> Scored:
    """Pages by the best vectors that each query vector fetches from an index, and what is imputed for the rest."""
    (target,) = step.inputs
    query = run.prepared(target)
    asked = query.weights != 0
    index = run.mapped(target)
    cells, fresh = run.spaces[target.encoder].inverted_lists(target.index)
    numbers = cells.near(query.vectors[asked], step.count("probes"))
    there = np.zeros(len(cells.page_ids), np.bool_)
    wanted = index.positions[run.pages if candidates is None else candidates.rows]
    there[wanted[wanted >= 0]] = True
    numbers = numbers[there[cells.owners[numbers]]]
    kernel = Stopwatch()
    held, owners = cells.rows[numbers], cells.owners[numbers]
    found = token_retrieval(
        query.vectors[asked], query.weights[asked], index.vectors.flat, held, owners, step.count("tokens")
    )
    run.cost.kernel_ms += kernel.lap()
    run.cost.compared(len(cells.centres), cells.centres[:1].nbytes)
    run.cost.compared(len(held), index.vectors.row_bytes)
    run.cost.scored += len(found.pages)
    run.cost.cold |= fresh
    imputed = 1 - float(found.fetched.mean()) if found.fetched.size else 0.0
    run.cost.notes += (
        f"xtr looked at {len(held):,} of {len(cells.codes):,} vectors; {imputed:.0%} of the similarities behind "
        "these scores are imputed, so they are estimates.",
    )
    return Scored(index.rows[found.pages], found.scores)


def check(step: Step, start: int) -> None:
    """Refuse ways of searching the index, which is not searched but fetched from."""
    target = step.inputs[-1]
    searching = [f"{key}={value}" for key, value in target.options if key in ("query", "engine", "prune")]
    if searching or not target.stored.plain:
        what = ", ".join(searching) or "dtype and dims"
        raise PipelineError(f"'xtr' fetches single vectors as the encoder made them; leave {what} out.", start)


@dataclass(frozen=True, slots=True)
class TokenRetrieval:
    """What fetching vectors says of the pages that had any fetched, in ascending order of page.

    ``scores`` are weighted sums, as MaxSim; ``fetched (m, candidates) bool`` tells what is a similarity from what is
    imputed; ``imputed (m,)`` is what stands in for each query vector.
    """

    pages: NDArray[np.int64]
    scores: Float
    fetched: NDArray[np.bool_]
    imputed: Float


def token_retrieval(
    query: Float, weights: Float, flat: NDArray[Any], rows: NDArray[np.int64], owners: NDArray[np.int64], k: int
) -> TokenRetrieval:
    """Score pages from each query vector's k best among ``flat[rows]``; ``owners`` are the pages of those rows.

    ``query (m, d)``, ``weights (m,)``. Ties at the k-th are all fetched. k past the number of rows fetches all, which
    is MaxSim itself where all of a page's rows are looked at. `ValueError` for k below 1.
    """
    if k < 1:
        raise ValueError("token retrieval fetches at least one vector for each query vector")
    values = [np.zeros(0, np.float32) for _ in query]
    places = [np.zeros(0, np.int64) for _ in query]
    for first in range(0, len(rows), BLOCK):
        with np.errstate(invalid="ignore"):
            block = np.asarray(query, np.float32) @ np.asarray(flat[rows[first : first + BLOCK]], np.float32).T
        block[~np.isfinite(block)] = -np.inf  # a damaged vector is no match
        for i, similarities in enumerate(block):
            near = similarities if not len(values[i]) else np.concatenate([values[i], similarities])
            place = np.concatenate([places[i], np.arange(first, first + len(similarities))])
            if len(near) > k:
                taken = near >= np.partition(near, len(near) - k)[len(near) - k]
                near, place = near[taken], place[taken]
            values[i], places[i] = near, place
    imputed = np.asarray([value.min(initial=np.inf) for value in values], np.float32)
    pages, where = np.unique(owners[np.concatenate([*places, np.zeros(0, np.int64)])], return_inverse=True)
    best = np.full((len(query), len(pages)), -np.inf)
    at = 0
    for i, value in enumerate(values):
        np.maximum.at(best[i], where[at : at + len(value)], value)
        at += len(value)
    fetched = np.isfinite(best)
    filled = np.where(fetched, best, imputed[:, None].astype(np.float64))
    scores = np.asarray(np.asarray(weights, np.float64) @ filled, np.float32)
    return TokenRetrieval(pages, scores, fetched, imputed)


register(
    Stage(
        run=run,
        name="xtr",
        summary="token retrieval: each query token's best vectors of an index; similarities that none fetched are "
        "imputed",
        check_own=check,
        cost="the centres of the cells, and the vectors in the cells looked in, once for all tokens",
        source="XTR, arXiv 2304.01982; inverted file as PLAID, arXiv 2205.09707",
        options={
            "tokens": count("vectors that each query token fetches", 1000),
            "probes": count("cells of similar vectors that each query token looks in; 0: everywhere", 8, 0),
        },
        least=1,
        most=1,
        example=("full",),
        ends_in="stage",
        experimental=True,
    )
)
