"""Several lists of pages made one by the weighted sum of their scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

import numpy as np

from workbench.retrieval.ordering import Candidates, Scored
from workbench.retrieval.registry import ANY, WEIGHTS, Column, OptionSpec, Stage, register
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import Step
from workbench.types import Float

Norm = Literal["z", "minmax", "none"]


def run(run: PipelineRun, step: Step, candidates: Candidates | None, k: int) -> Scored:
    """A page that a text stage does not name scores 0 in it; one that a stage has no vectors of counts as its worst."""
    rows = run.pages if candidates is None else candidates.rows
    place = np.full(len(run.snapshot), -1, np.int64)
    place[rows] = np.arange(len(rows))
    columns = []
    for taken in step.inputs:
        found = run.every(taken, candidates)
        column = np.zeros(len(rows), np.float32)
        column[place[found.rows]] = found.scores
        column[place[found.unscored]] = np.nan
        columns.append(column)
    return Scored(rows, weighted_sum(columns, step.weights(), cast(Norm, step.option("norm"))))


def again(step: Step, inputs: Sequence[Column], said: Float) -> Float:
    """The same over pages of several collections: their scores are normalised together."""
    columns = [np.where(np.isneginf(column.told), np.float32(0), column.told) for column in inputs]
    return weighted_sum(columns, step.weights(), cast(Norm, step.option("norm")))


def weighted_sum(columns: Sequence[Float], weights: Sequence[float], norm: Norm = "z") -> Float:
    """The weighted sum of normalised scores of the same pages: ``(pages,) float32`` from one such column per list.

    NaN stands where a list cannot say anything of a page; it counts as the worst that the list says of any. With
    ``none``, a stage of one vector a page beside MaxSim is ColBERTer's sum (arXiv 2203.13088).
    """
    total = np.zeros(len(columns[0]), np.float32)
    for column, weight in zip(columns, weights, strict=True):
        known = ~np.isnan(column)
        normal = normalised(column[known], norm)
        filled = np.full(len(column), normal.min() if len(normal) else 0.0, np.float32)
        filled[known] = normal
        total += np.float32(weight) * filled
    return total


def normalised(column: Float, norm: Norm) -> Float:
    """z-scores, or scores from 0 to 1; zeros where all are equal, which says nothing; unchanged for ``none``."""
    if norm == "none" or not len(column):
        return column
    wide = np.asarray(column, np.float64)
    low, spread = (wide.mean(), wide.std()) if norm == "z" else (wide.min(), np.ptp(wide))
    return np.asarray((wide - low) / spread if spread > 1e-12 else np.zeros_like(wide), np.float32)


register(
    Stage(
        name="sum",
        summary="weighted sum of scores, normalised or, for global and MaxSim scores of one model, as they are",
        run=run,
        cost="the stages it fuses, over every page they get",
        source="ColBERTer, arXiv 2203.13088 (norm=none)",
        options={
            "norm": OptionSpec("z-score, min-max, or none", "z", ("z", "minmax", "none")),
            "weights": WEIGHTS,
        },
        least=2,
        most=ANY,
        again=again,
    )
)
