"""Several lists of pages made one by the weighted sum of their scores.

A list that goes by words says little of a page that has few: a photograph without any has no chance against a page on
which one word of the question happens to stand. What it lacks is filled in, as missing values are, by what the other
lists say of the page, the more the fewer words there are: ``few / (few + words)`` of it, as a prior that weighs so many
words. Words that are there count in full, so no page loses by it.

Among candidates a single page with a rare word stands many standard deviations above the mean of a list by words, and
no other list can speak against it. ``peak`` is the most that a list's best page may say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

import numpy as np

from workbench.retrieval.options import WEIGHTS, OptionSpec, share
from workbench.retrieval.ordering import Candidates, Scored
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import ANY, Column, Stage, Step, register
from workbench.types import Float, Int

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
    few = step.number("few") if any(_reads(step)) else 0.0
    words = run.snapshot.word_counts if few else None
    return Scored(rows, _sum(step, columns, None if words is None else words[rows]))


def again(step: Step, inputs: Sequence[Column], said: Float) -> Float:
    """The same over pages of several collections: their scores are normalised together."""
    columns = [np.where(np.isneginf(column.told), np.float32(0), column.told) for column in inputs]
    return _sum(step, columns, inputs[0].words)


def _sum(step: Step, columns: Sequence[Float], words: Float | Int | None) -> Float:
    """The sum over pages of so many words each (None: not known)."""
    few, peak, norm = step.number("few"), step.number("peak"), cast(Norm, step.option("norm"))
    lacks: list[Float | None] = []
    if few and words is not None and norm != "none":
        lacking = np.asarray(few / (few + words), np.float32)
        lacks = [lacking if reads else None for reads in _reads(step)]
    return weighted_sum(columns, step.weights(), norm, lacks, peak)


def _reads(step: Step) -> list[bool]:
    """Which of the lists know a page by its words alone."""
    return [all(leaf.stage.reads for leaf in taken.leaves()) for taken in step.inputs]


def weighted_sum(
    columns: Sequence[Float],
    weights: Sequence[float],
    norm: Norm = "z",
    lacking: Sequence[Float | None] = (),
    peak: float = 0.0,
) -> Float:
    """The weighted sum of normalised scores of the same pages: ``(pages,) float32`` from one such column per list.

    NaN stands where a list cannot say anything of a page; it counts as the worst that the list says of any. With
    ``none``, a stage of one vector a page beside MaxSim is ColBERTer's sum (arXiv 2203.13088). ``lacking`` is how much
    each list lacks to judge each page, 0 to 1 (None: nothing): a page's score in it is at least what remains of it,
    filled up by the mean of the lists that lack nothing. A list that says the same of all pages stays as it is.
    ``peak`` is that of `normalised`.
    """
    normal = [_filled(column, norm, peak) for column in columns]
    lacks = list(lacking) or [None] * len(columns)
    whole = [(scores, weight) for scores, weight, lack in zip(normal, weights, lacks, strict=True) if lack is None]
    others = np.zeros(len(columns[0]), np.float32)
    for scores, weight in whole:
        others += np.float32(weight / (sum(weight for _, weight in whole) or 1)) * scores
    total = np.zeros(len(columns[0]), np.float32)
    for scores, weight, lack in zip(normal, weights, lacks, strict=True):
        if lack is not None and whole and (scores != scores[:1]).any():
            scores = np.maximum(scores, (1 - lack) * scores + lack * others)
        total += np.float32(weight) * scores
    return total


def _filled(column: Float, norm: Norm, peak: float) -> Float:
    """Normalised, with the worst score where there is none."""
    known = ~np.isnan(column)
    normal = normalised(column[known], norm, peak)
    filled = np.full(len(column), normal.min() if len(normal) else 0.0, np.float32)
    filled[known] = normal
    return filled


def normalised(column: Float, norm: Norm, peak: float = 0.0) -> Float:
    """z-scores, or scores from 0 to 1; zeros where all are equal, which says nothing; unchanged for ``none``.

    z-scores of which one is above ``peak`` are scaled down until the highest is ``peak``; 0: they stay as they are.
    """
    if norm == "none" or not len(column):
        return column
    wide = np.asarray(column, np.float64)
    low, spread = (wide.mean(), wide.std()) if norm == "z" else (wide.min(), np.ptp(wide))
    normal = (wide - low) / spread if spread > 1e-12 else np.zeros_like(wide)
    if peak and norm == "z":
        normal *= peak / max(peak, normal.max())
    return np.asarray(normal, np.float32)


register(
    Stage(
        run=run,
        name="sum",
        summary="weighted sum of scores, normalised or, for global and MaxSim scores of one model, as they are",
        cost="the stages it fuses, over every page they get",
        source="ColBERTer, arXiv 2203.13088 (norm=none)",
        options={
            "norm": OptionSpec("z-score, min-max, or none", "z", ("z", "minmax", "none")),
            "weights": WEIGHTS,
            "few": share("words up to which the other lists judge a page as much as its own do; 0: never", 10),
            "peak": OptionSpec("the highest z-score of a list, which is scaled down to it; 0: any", "0", number=True),
        },
        least=2,
        most=ANY,
        again=again,
    )
)
