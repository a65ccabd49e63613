"""A stage whose list is led by the pages that the question refers to: "page 12", "the last slide", "Figure 3".

A page that is meant gains ``by`` standard deviations of the scores of the stage inside, so that it comes first unless
others fit the words far better: people count pages in two ways, and captions are missed. A question that refers to
nothing is answered as by the stage alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from workbench.retrieval.options import share
from workbench.retrieval.ordering import Candidates, Scored
from workbench.retrieval.references import meant, references
from workbench.retrieval.run import PipelineRun
from workbench.retrieval.step import Column, Stage, Step, register
from workbench.store.snapshot import Rows
from workbench.types import Float, Lifted, Reference, TextPart


def run(run: PipelineRun, step: Step, candidates: Candidates | None, k: int) -> Scored:
    """The scores of the stage inside, those of meant pages raised; one that it does not name joins as its worst."""
    found = run.every(step.inputs[0], candidates)
    told = list(_told(run))
    if not told:
        return found
    among = run.pages if candidates is None else candidates.rows
    there = np.zeros(len(run.snapshot), np.bool_)
    for _, rows in told:
        there[rows] = True
    run.cost.lifted = tuple(
        Lifted(reference.text, reference.means, int(np.isin(among, rows).sum())) for reference, rows in told
    )
    added = np.setdiff1d(among[there[among]], np.r_[found.rows, found.unscored])
    worst = found.scores.min() if len(found.scores) else np.float32(0)
    spread = float(found.scores.std()) if len(found.scores) else 0.0
    rows = np.r_[found.rows, added]
    scores = np.r_[found.scores, np.full(len(added), worst, np.float32)]
    gain = np.float32(step.number("by") * (spread or 1.0))
    return Scored(rows, np.asarray(scores + gain * there[rows], np.float32), found.unscored)


def again(step: Step, inputs: Sequence[Column], said: Float) -> Float:
    """The same over pages of several collections: what was lifted in its own is lifted among all of them."""
    inside = inputs[0].told
    named = np.isfinite(inside)
    worst = inside[named].min() if named.any() else np.float32(0)
    spread = float(inside[named].std()) if named.any() else 0.0
    lifted = np.isfinite(said) & ~(said <= inputs[0].said)
    gain = np.float32(step.number("by") * (spread or 1.0))
    return np.where(lifted, np.where(named, inside, worst) + gain, inside).astype(np.float32)


def _told(run: PipelineRun) -> Iterator[tuple[Reference, Rows]]:
    """What the wanted texts of the query refer to, with the rows of the pages that are meant."""
    for part in run.query.parts:
        if isinstance(part, TextPart) and part.weight > 0:
            for reference in references(part.text):
                if reference.text not in part.literal:
                    yield reference, meant(run.snapshot, reference, run.among)


register(
    Stage(
        run=run,
        name="lift",
        summary="what a stage says, led by the pages that the question refers to (page 12, the cover, Figure 3)",
        cost="the stage it takes",
        options={"by": share("standard deviations that a page gains", 2.5)},
        least=1,
        most=1,
        example=("rows",),
        again=again,
    )
)
