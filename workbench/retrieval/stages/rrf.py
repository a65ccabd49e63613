"""Several lists of pages made one by their ranks: reciprocal rank fusion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.retrieval.options import WEIGHTS, OptionSpec
from workbench.retrieval.ordering import Candidates, Scored
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import ANY, Column, Stage, Step, register
from workbench.store.snapshot import Rows
from workbench.types import Float

RRF_K = 60
"""The constant of the paper; ranks far down then differ little."""


def run(run: PipelineRun, step: Step, candidates: Candidates | None, k: int) -> Scored:
    """By rank over the inputs; a page that one of them has no vectors of gets nothing from it."""
    lists = [run.best(taken, candidates, taken.k or k) for taken in step.inputs]
    rows = np.unique(np.concatenate([found.rows for found in lists]))
    return Scored(rows, rrf(rows, [found.ranked for found in lists], step.weights(), step.number("k")))


def again(step: Step, inputs: Sequence[Column], said: Float) -> Float:
    """The same over pages of several collections: they are ranked together by what each input says of them."""
    columns = [(np.flatnonzero(np.isfinite(column.told)), column.told) for column in inputs]
    lists = [rows[np.argsort(-told[rows], kind="stable")] for rows, told in columns]
    return rrf(np.arange(len(said)), lists, step.weights(), step.number("k"))


def rrf(rows: Rows, lists: Sequence[Rows], weights: Sequence[float], k: float = RRF_K) -> Float:
    """Reciprocal rank fusion (Cormack et al. 2009) of ``rows``, ascending: ``(rows,) float32``.

    The sum over lists of ``weight / (k + rank)``, ranks from 1; each list holds some of the rows, best first. A page
    that a list lacks gets nothing from it.
    """
    totals = np.zeros(len(rows), np.float64)
    for found, weight in zip(lists, weights, strict=True):
        totals[np.searchsorted(rows, found)] += weight / (k + np.arange(1, len(found) + 1))
    return totals.astype(np.float32)


register(
    Stage(
        run=run,
        name="rrf",
        summary="reciprocal rank fusion: the sum of 1 / (k + rank)",
        cost="the stages it fuses",
        source="Cormack et al. 2009",
        options={"k": OptionSpec("the constant k", str(RRF_K), number=True), "weights": WEIGHTS},
        least=2,
        most=ANY,
        again=again,
    )
)
